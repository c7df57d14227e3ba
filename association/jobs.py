"""Background work: a job is a row; Celery only wakes the drainer.

A door or an action enqueues a row in its own transaction; after the commit one bare ping wakes
a worker, and beat pings every 15 s, so that losing Redis loses nothing but a few seconds.

A room's ``tasks.py`` registers what runs a kind of job::

    @jobs.handler("members.commit_import", label="导入名册")
    def commit_import(job, *, batch_id, **_future) -> dict: ...

    @jobs.periodic("starrating.remind", label="提醒未提交的药店", every=DAY, at=time(8, 0))
    def remind(job, *, slot, **_future) -> dict: ...

The handler takes plain values by name, calls one action per record in its own transaction,
reports ``progress`` and ``problem``, and returns numbers. After at most 60 s it stores where it
is and raises ``NotYet``: the row is claimed again, after the others that wait.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cache
from time import monotonic

from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.module_loading import autodiscover_modules

from association import audit
from association.celery import app
from association.errors import BusinessRuleError
from association.models import Delivery, Heartbeat, Job, JobState

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 5
# Longer than CELERY_TASK_TIME_LIMIT: a job is never claimed while a living worker still runs it.
LEASE = timedelta(seconds=130)
DELIVERY_BATCH = 500
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WORKER = "worker"
# A beat every 15 s and the longest slice together stay below this.
QUIET_AFTER = timedelta(minutes=3)


@dataclass(frozen=True)
class Handler:
    """What runs a kind of job: ``run(job, **payload)`` returns a JSON-safe result."""

    kind: str
    label: str
    run: Callable[..., dict | None]


@dataclass(frozen=True)
class Schedule:
    """When a periodic kind is due: every ``every``, counted from ``at`` in Shanghai time."""

    kind: str
    every: timedelta
    at: time

    def slot(self, now: datetime) -> datetime:
        """Return the latest due moment that is not after ``now``."""
        zero = datetime(
            2024, 1, 1, self.at.hour, self.at.minute, tzinfo=timezone.get_default_timezone()
        )
        return zero + (now - zero) // self.every * self.every


HANDLERS: dict[str, Handler] = {}
SCHEDULES: dict[str, Schedule] = {}


class NotYet(Exception):  # noqa: N818 -- not an error: the slice is over, the job is not
    """The handler has stored its progress and wants to be claimed again."""


class Stopped(Exception):  # noqa: N818 -- not an error: a person cancelled the job
    """The job was cancelled while it ran; raised by ``progress``, caught by the drainer."""


class JobNotOpenError(BusinessRuleError):
    """The job has ended already."""


def handler(kind: str, *, label: str) -> Callable:
    """Register the function below as what runs jobs of ``kind``; ``label`` is for people."""

    def register(run):
        HANDLERS[kind] = Handler(kind, label, run)
        return run

    return register


def periodic(kind: str, *, label: str, every: timedelta, at: time = time(0, 0)) -> Callable:
    """Register the function below as periodic work: one job per (kind, slot).

    A second beat finds the row of the slot and adds nothing; after a missed night the next beat
    finds the row missing and adds it. The handler gets ``slot``, an ISO moment.
    """

    def register(run):
        SCHEDULES[kind] = Schedule(kind, every, at)
        return handler(kind, label=label)(run)

    return register


@cache
def discover() -> None:
    """Read ``tasks.py`` of every room, so that all handlers are known."""
    autodiscover_modules("tasks")


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
    discover()
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
    app.send_task("association.drain", ignore_result=True, retry=False, expires=60)


def progress(job: Job, done: int, total: int | None = None, item: str = "") -> None:
    """Store how far ``job`` has come, visible at once on the jobs page, and renew its lease.

    Raises ``Stopped`` when a person has cancelled the job meanwhile; do not catch it.
    """
    job.done_count, job.current_item = done, item[:200]
    fields = {"done_count": done, "current_item": job.current_item}
    if total is not None:
        job.total_count = fields["total_count"] = total
    if job.state == JobState.RUNNING:
        fields["lease_until"] = Now() + LEASE
    open_rows = Job.objects.filter(pk=job.pk).exclude(state=JobState.CANCELLED)
    if not open_rows.update(**fields):
        raise Stopped


def problem(job: Job, item: str, reason: str) -> None:
    """Add a line to what the person sees under 问题: which record, and why it was left out."""
    job.problems.append({"item": item, "reason": reason})
    job.save(update_fields=["problems"])


@transaction.atomic
def cancel(job: Job, *, by, now: datetime) -> Job:
    """Stop a job: at once while it waits, at its next step while it runs."""
    job = Job.objects.select_for_update(of=("self",)).get(pk=job.pk)
    if job.state not in {JobState.WAITING, JobState.RUNNING}:
        raise JobNotOpenError(f"这项任务{job.get_state_display()}，不用再取消。")
    job.state, job.finished_at, job.lease_until = JobState.CANCELLED, now, None
    job.save(update_fields=["state", "finished_at", "lease_until"])
    audit.record("job.cancelled", by=by, target=job, now=now, kind=job.kind)
    return job


@transaction.atomic
def retry(job: Job, *, by, now: datetime) -> Job:
    """Let a job that was parked or cancelled run again, with five fresh attempts."""
    job = Job.objects.select_for_update(of=("self",)).get(pk=job.pk)
    if job.state not in {JobState.FAILED, JobState.CANCELLED}:
        raise JobNotOpenError(f"这项任务{job.get_state_display()}，不用再做一次。")
    job.state, job.attempts, job.not_before, job.finished_at = JobState.WAITING, 0, now, None
    job.save(update_fields=["state", "attempts", "not_before", "finished_at"])
    audit.record("job.retried", by=by, target=job, now=now, kind=job.kind)
    transaction.on_commit(wake, robust=True)
    return job


# ------------------------------------------------------------------ the drainer


def run_due(
    *, clock: Callable[[], datetime] = timezone.now, seconds: float | None = None
) -> tuple[int, bool]:
    """Deliver what is posted, plan what is periodic, run what is due.

    Starts no further job after ``seconds``. Returns how many times a job was run, and whether
    more may be waiting.
    """
    discover()
    started, ran = monotonic(), 0
    Heartbeat.objects.update_or_create(name=WORKER, defaults={"seen_at": clock()})
    deliver_due(clock())
    plan_periodic(clock())
    while seconds is None or monotonic() - started < seconds:
        job = claim(clock())
        if job is None:
            return ran, False
        run(job, clock)
        deliver_due(clock())
        ran += 1
    return ran, True


def deliver_due(now: datetime) -> int:
    """Put waiting messages into their inboxes; claim and effect are one transaction."""
    delivered = 0
    while True:
        with transaction.atomic():
            due = (
                Delivery.objects.in_app()
                .filter(delivered_at=None, parked_at=None, not_before__lte=now)
                .select_for_update(skip_locked=True, of=("self",))
                .order_by("not_before", "id")
                .values_list("pk", flat=True)[:DELIVERY_BATCH]
            )
            count = Delivery.objects.filter(pk__in=list(due)).update(
                delivered_at=now, attempts=models.F("attempts") + 1
            )
        delivered += count
        if count < DELIVERY_BATCH:
            return delivered


def plan_periodic(now: datetime) -> None:
    """Make sure that the job of the current slot exists for every periodic kind."""
    wanted = {
        f"{schedule.kind}@{slot.isoformat()}": (schedule, slot)
        for schedule in SCHEDULES.values()
        for slot in (schedule.slot(now),)
    }
    known = set(Job.objects.filter(key__in=wanted).values_list("key", flat=True))
    for key, (schedule, slot) in wanted.items():
        if key not in known:
            enqueue(schedule.kind, key=key, now=now, payload={"slot": slot.isoformat()})


@transaction.atomic
def claim(now: datetime) -> Job | None:
    """Take the next due job, counting the attempt *before* it runs.

    A job that killed its worker comes back when its lease is over; after ``MAX_ATTEMPTS`` it is
    parked instead of looping for ever.
    """
    due = (
        Job.objects.filter(state__in=[JobState.WAITING, JobState.RUNNING], not_before__lte=now)
        .filter(Q(lease_until=None) | Q(lease_until__lte=now))
        .select_for_update(skip_locked=True, of=("self",))
        .order_by("not_before", "id")
    )
    while (job := due.first()) is not None:
        if job.attempts < MAX_ATTEMPTS:
            job.attempts += 1
            job.state, job.lease_until = JobState.RUNNING, now + LEASE
            job.save(update_fields=["attempts", "state", "lease_until"])
            return job
        _finish(job, JobState.FAILED, now, error=job.last_error or "运行中断。")
    return None


def run(job: Job, clock: Callable[[], datetime]) -> None:
    """Run one claimed job to its end, to the end of its slice or to its failure."""
    try:
        known = HANDLERS.get(job.kind)
        if known is None:
            raise LookupError(f"No handler for jobs of kind {job.kind!r}.")
        result = known.run(job, **job.payload)
    except NotYet:
        # The slice went well: the next one has its own five attempts and waits its turn.
        _release(job, clock(), attempts=0)
    except Stopped:
        logger.info("Job %s was cancelled while it ran.", job.pk)
    except BusinessRuleError as error:
        logger.info("Job %s refused: %s", job.pk, error)
        _finish(job, JobState.FAILED, clock(), error=str(error))
    except Exception as error:
        # The row keeps what happened and the log the traceback; one bad job stops no other.
        logger.exception("Job %s (%s) broke off.", job.pk, job.kind)
        reason = f"{type(error).__name__}: {error}"[:2000]
        if job.attempts >= MAX_ATTEMPTS:
            _finish(job, JobState.FAILED, clock(), error=reason)
        else:
            wait = timedelta(minutes=2 ** (job.attempts - 1))
            _release(job, clock() + wait, attempts=job.attempts, error=reason)
    else:
        job.result = result or {}
        _finish(job, JobState.DONE, clock())


def _release(job: Job, not_before: datetime, *, attempts: int, error: str = "") -> None:
    Job.objects.filter(pk=job.pk, state=JobState.RUNNING).update(
        state=JobState.WAITING,
        lease_until=None,
        not_before=not_before,
        attempts=attempts,
        last_error=error,
    )


def _finish(job: Job, state: JobState, now: datetime, *, error: str = "") -> None:
    Job.objects.filter(pk=job.pk).exclude(state=JobState.CANCELLED).update(
        state=state,
        lease_until=None,
        finished_at=now,
        current_item="",
        last_error=error,
        result=job.result,
        result_file=job.result_file_id,
        result_url=job.result_url,
    )


# ------------------------------------------------------------------ keeping house


def worker_is_quiet(now: datetime) -> bool:
    """Return whether no worker has drained for a while (or ever)."""
    return not Heartbeat.objects.filter(name=WORKER, seen_at__gt=now - QUIET_AFTER).exists()


def forget_periodic(before: datetime) -> int:
    """Drop the rows of periodic jobs that went well before ``before``; people's jobs stay."""
    done = Job.objects.filter(state=JobState.DONE, created_by=None, finished_at__lt=before)
    return done.filter(kind__in=SCHEDULES).delete()[0]
