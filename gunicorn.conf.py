"""How gunicorn runs the portal, in the demo and in the container; ``--bind`` comes from outside."""

import gc
import os
from typing import Any

# What a page may ask of the database; the settings read these when the application loads.
for name, milliseconds in {
    "STATEMENT_TIMEOUT_MS": "8000",
    "LOCK_TIMEOUT_MS": "3000",
    "IDLE_TRANSACTION_TIMEOUT_MS": "15000",
}.items():
    os.environ.setdefault(name, milliseconds)

workers = int(os.environ.get("WEB_CONCURRENCY") or 3)
worker_class = "gthread"
threads = 4
timeout = 30  # seconds without a sign of life; a long request of one thread is no such silence
graceful_timeout = 30
max_requests = 2000
max_requests_jitter = 200
limit_request_line = 4094
limit_request_fields = 60
preload_app = True
control_socket_disable = True
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108 - gunicorn's own advice


def post_worker_init(worker: Any) -> None:
    """What is loaded before the fork stays out of every later garbage collection."""
    gc.collect()
    gc.freeze()
