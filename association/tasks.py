"""The one Celery task of the portal, and the ground floor's own housekeeping."""

from datetime import datetime, time, timedelta
from time import monotonic

from celery import shared_task
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from association import jobs, sealing, sending

# A drain stops taking jobs after this; with the longest slice (60 s) it stays below the limits.
SECONDS = 25
# What leaves the portal has its own share: a slow mail server must not hold the jobs up.
SENDING_SECONDS = 15
KEPT = timedelta(days=30)
SEALED_EVERY = timedelta(minutes=10)


@shared_task(name="association.drain", ignore_result=True)
def drain(**_future) -> None:
    """Do what is due; ask for another drain when time was up before the work was."""
    _, more = jobs.run_due(seconds=SECONDS)
    sent = sending.send_due(seconds=SENDING_SECONDS)
    if more or sent:
        jobs.wake()


@jobs.periodic("association.tidy", label="清理过期会话与旧任务", every=jobs.DAY, at=time(3, 30))
def tidy(job, *, slot, **_future) -> dict:
    """Drop expired sessions and the rows of old periodic jobs."""
    SessionStore.clear_expired()
    return {"jobs": jobs.forget_periodic(datetime.fromisoformat(slot) - KEPT)}


@jobs.periodic("association.seal", label="封存操作记录", every=SEALED_EVERY)
def seal(job, *, slot, **_future) -> dict:
    """Put every audit line that waits under a seal."""
    began, sealed = monotonic(), 0
    while (made := sealing.seal_next(now=timezone.now())) is not None:
        sealed += made.count
        if monotonic() - began > SECONDS:
            raise jobs.NotYet
    return {"lines": sealed}
