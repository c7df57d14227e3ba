"""What the worker does for the activities room."""

from datetime import time, timedelta

from django.utils import timezone

from activities import actions
from activities.actions.sign_ups import LAPSE_JOB
from activities.models import ActionItem, Activity, Obligation, SignUp
from association import jobs
from association.errors import BusinessRuleError
from association.models import CalendarDay

LONGEST_LEAD = timedelta(days=3)  # of an action item
LOOK_BACK_DAYS = 200  # the longest reminder after a due day, with some days to spare


@jobs.periodic("activities.oblige", label="生成当年任务清单", every=jobs.DAY)
def oblige(job, **_future) -> dict:
    """Make what this year owes, and the next as soon as its working days are known."""
    now = timezone.now()
    year = timezone.localdate(now).year
    known = CalendarDay.objects.calendar().known_years
    years = [year] + [following for following in [year + 1] if following in known]
    return {str(each): actions.oblige(each, now=now) for each in years}


@jobs.periodic("activities.remind", label="提醒未完成的固定任务", every=jobs.DAY, at=time(9))
def remind(job, **_future) -> dict:
    """Remind of every obligation and action item that comes due; safe to run twice."""
    now = timezone.now()
    today = timezone.localdate(now)
    waiting = (
        Obligation.objects.unmet()
        .filter(
            period_start__lte=today,
            due_on__gte=today - timedelta(days=LOOK_BACK_DAYS),
            explained_at=None,
        )
        .select_related("duty", "organisation")
        .order_by("due_on", "pk")
    )
    told = 0
    for obligation in waiting:
        try:
            told += actions.remind(obligation, now=now)
        except BusinessRuleError as error:
            jobs.problem(job, str(obligation), str(error))
    for item in ActionItem.objects.open().filter(due_on__lte=today + LONGEST_LEAD).order_by("pk"):
        told += actions.remind_of_item(item, now=now)
    return {"told": told}


@jobs.periodic("activities.remind_guests", label="提醒明天的活动", every=jobs.DAY, at=time(17))
def remind_guests(job, **_future) -> dict:
    """Tell those who have signed up for tomorrow."""
    now = timezone.now()
    tomorrow = timezone.localdate(now) + timedelta(days=1)
    coming = Activity.objects.coming().filter(held_on=tomorrow, published_at__isnull=False)
    return {"told": sum(actions.remind_guests(each, now=now) for each in coming)}


@jobs.handler(LAPSE_JOB, label="候补名额到时让给下一家")
def lapse_offer(job, *, sign_up: int, **_future) -> dict:
    """Take back an offer that nobody has confirmed in time."""
    entry = SignUp.objects.filter(pk=sign_up).first()
    lapsed = entry is not None and actions.lapse(entry, now=timezone.now())
    return {"lapsed": lapsed}
