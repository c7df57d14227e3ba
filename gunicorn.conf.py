"""How gunicorn runs the portal, in the demo and in the container; ``--bind`` comes from outside."""

import gc
import os
from typing import Any

workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
worker_class = "gthread"
threads = 4
timeout = 60  # seconds; the database cuts a statement after 8
graceful_timeout = 30
preload_app = True
control_socket_disable = True
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108 - gunicorn's own advice


def post_worker_init(worker: Any) -> None:
    """What is loaded before the fork stays out of every later garbage collection."""
    gc.collect()
    gc.freeze()
