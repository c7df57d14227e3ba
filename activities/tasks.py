"""What the worker does for the activities room."""

from datetime import time, timedelta

from django.utils import timezone

from activities import actions
from activities.models import Obligation
from association import jobs
from association.errors import BusinessRuleError
from association.models import CalendarDay

LOOK_BACK_DAYS = 31  # an obligation longer overdue has been told about once already


@jobs.periodic("activities.oblige", label="生成当年任务清单", every=jobs.DAY)
def oblige(job, **_future) -> dict:
    """Make the obligations of this year, and of the next as soon as its working days are known."""
    now = timezone.now()
    year = timezone.localdate(now).year
    known = CalendarDay.objects.calendar().known_years
    years = [y for y in (year, year + 1) if y in known]
    return {str(y): actions.oblige(y, now=now) for y in years}


@jobs.periodic("activities.remind", label="提醒未完成的固定任务", every=jobs.DAY, at=time(9))
def remind(job, **_future) -> dict:
    """Remind the office of every obligation that comes due; safe to run twice."""
    now = timezone.now()
    today = timezone.localdate(now)
    waiting = (
        Obligation.objects.unmet()
        .filter(period_start__lte=today, due_on__gte=today - timedelta(days=LOOK_BACK_DAYS))
        .select_related("duty")
        .order_by("due_on", "pk")
    )
    told = 0
    for obligation in waiting:
        try:
            told += actions.remind(obligation, now=now)
        except BusinessRuleError as error:
            jobs.problem(job, str(obligation), str(error))
    return {"told": told}
