"""Background work: a job is a row; Celery only wakes the drainer.

A door or an action enqueues a row in its own transaction; after the commit one bare ping wakes
a worker, and beat pings every 15 s, so that losing Redis loses nothing but a few seconds.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from association.celery import app
from association.models import Job


@dataclass(frozen=True)
class Handler:
    """What runs a kind of job: ``run(job, **payload)`` returns a JSON-safe result."""

    kind: str
    label: str
    run: Callable[..., dict | None]


HANDLERS: dict[str, Handler] = {}


class NotYet(Exception):  # noqa: N818 -- not an error: the slice is over, the job is not
    """The handler has stored its progress and wants to be claimed again."""


def handler(kind: str, *, label: str) -> Callable:
    """Register the function below as what runs jobs of ``kind``; ``label`` is for people."""

    def register(run):
        HANDLERS[kind] = Handler(kind, label, run)
        return run

    return register


def enqueue(
    kind: str,
    *,
    key: str,
    now: datetime,
    payload: dict | None = None,
    by=None,
    label: str = "",
    not_before: datetime | None = None,
    queue: str = "default",
) -> Job:
    """Ask for a job once; a second call with the same ``key`` returns the first row."""
    known = HANDLERS.get(kind)
    job, is_new = Job.objects.get_or_create(
        key=key,
        defaults={
            "kind": kind,
            "label": label or (known.label if known else kind),
            "queue": queue,
            "payload": payload or {},
            "not_before": not_before or now,
            "created_at": now,
            "created_by": by,
        },
    )
    if is_new:
        transaction.on_commit(wake, robust=True)
    return job


def wake() -> None:
    """Ping a worker; beat does the same every 15 s, so a lost ping only costs a wait."""
    app.send_task("association.drain", ignore_result=True, retry=False)


def progress(job: Job, done: int, total: int | None = None, item: str = "") -> None:
    """Store how far ``job`` has come, visible at once on the jobs page."""
    job.done_count, job.current_item = done, item[:200]
    if total is not None:
        job.total_count = total
    job.save(update_fields=["done_count", "total_count", "current_item"])
