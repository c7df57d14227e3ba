"""The portal over real HTTP: gunicorn as it runs for people, and a client with a clock."""

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import call_command

from accounts.models import User

ROOT = Path(settings.BASE_DIR)


class Client:
    """One browser's connection; ``get`` returns the body and how long it took."""

    def __init__(self, port: int, user: User | None = None) -> None:
        self.line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.headers = (
            {"Cookie": f"{settings.SESSION_COOKIE_NAME}={signed_in(user)}"} if user else {}
        )

    def get(self, path: str) -> tuple[bytes, float]:
        began = time.perf_counter()
        self.line.request("GET", path, headers=self.headers)
        answer = self.line.getresponse()
        body = answer.read()
        took = time.perf_counter() - began
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status}")
        return body, took


def signed_in(user: User) -> str:
    """Return the key of a session of ``user``, as a login leaves it."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return session.session_key


@contextmanager
def portal(*, workers: int = 2) -> Iterator[int]:
    """Run gunicorn on the present database; yield its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    collect()
    log = Path(settings.PORTAL_DATA) / "web.log"
    told = os.environ | {"WEB_CONCURRENCY": str(workers), "PYTHONPATH": str(ROOT)}
    gunicorn = Path(sys.executable).parent / "gunicorn"
    with log.open("w") as output:
        web = subprocess.Popen(
            [gunicorn, "association.wsgi", "--bind", f"127.0.0.1:{port}"],
            cwd=ROOT, env=told, stdout=output, stderr=output,
        )  # fmt: skip
    try:
        wait_for(port, web, log)
        yield port
    finally:
        web.terminate()
        web.wait(40)


@cache
def collect() -> None:
    """Collect and compress styles and scripts once, as an installation does."""
    call_command("collectstatic", interactive=False, verbosity=0)


def wait_for(port: int, web: subprocess.Popen, log: Path) -> None:
    limit = time.monotonic() + 60
    while time.monotonic() < limit and web.poll() is None:
        try:
            Client(port).get("/readyz")
        except (OSError, RuntimeError, http.client.HTTPException):
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"gunicorn did not answer:\n{log.read_text()[-2000:]}")
