"""What the worker does for the desk."""

from datetime import time

from django.utils import timezone

from association import jobs
from desk import actions


@jobs.periodic("desk.remind", label="按规则提醒", every=jobs.DAY, at=time(9))
def remind(job, **_future) -> dict:
    """Send the reminders of today, and of the days that were missed."""
    now = timezone.now()
    return {"told": actions.run_reminders(today=timezone.localdate(now), now=now)}
