"""Telling people in time what is still to be done: once for each occasion, never when done."""

from datetime import date, datetime, timedelta

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils.timezone import localdate

from activities.actions.planning import when_and_where
from activities.deadlines import reminder_due
from activities.enums import SignUpState
from activities.models import Activity, Duty, Obligation
from activities.queries.people import office
from association import outbox
from association.models import CalendarDay
from association.working_days import UnknownYearError
from party.queries import keepers_of


@transaction.atomic
def remind(obligation: Obligation, *, now: datetime) -> int:
    """Remind of an unmet obligation, once for each lead of its rule: whoever has to see to it.

    For the association that is the office, for a Party organisation those who keep its ledger. A
    rule without leads after its day gets one reminder when it is overdue. Returns how many people
    get a message now.
    """
    today = localdate(now)
    duty, day = obligation.duty, obligation.last_day
    if day is None or not Obligation.objects.unmet().filter(pk=obligation.pk).exists():
        return 0
    lead = _lead_for_today(obligation, today)
    if lead is None:
        return 0
    left = (day - today).days
    if left < 0:
        slot, subject = f"late-{-lead}d", f"{obligation}还没有完成记录，已过最晚日期"
    else:
        slot, subject = f"due-{lead}d", f"{obligation}还差 {left} 天到期"
        if not left:
            subject = f"{obligation}今天到期"
    return outbox.post(
        f"obligation:{obligation.pk}:{slot}",
        to=_keepers(obligation),
        subject=subject,
        body=f"{duty.full_name}，最晚 {day.month}月{day.day}日。{_how_to_finish(duty)}",
        link=f"/activities/periods/{obligation.pk}/",
        about=obligation.organisation or obligation,
        now=now,
    )


def _keepers(obligation: Obligation):
    """Who is told: the keepers of the Party organisation, if it has any, else the office."""
    organisation = obligation.organisation
    return (organisation and keepers_of(organisation)) or office()


def _how_to_finish(duty: Duty) -> str:
    if duty.meeting:
        return "开完后在“三会一课”里登记，写好记录归档，这里自动算完成。"
    papers = "、".join(duty.evidence) or "照片或签到表"
    return f"办完后登记活动，并传上{papers}，再请同事核实。"


@transaction.atomic
def remind_guests(activity: Activity, *, now: datetime) -> int:
    """Tell those who have places for an activity when and where it is; once."""
    signed = activity.sign_ups.filter(state=SignUpState.TAKEN).values("signed_by")
    return outbox.post(
        f"activity:{activity.pk}:tomorrow:{activity.held_on.isoformat()}",
        to=get_user_model().objects.filter(is_active=True, pk__in=signed),
        subject=f"明天：{activity.title}"[:120],
        body=f"{when_and_where(activity)}。到现场扫组织者屏幕上的码签到；去不了请先取消报名。",
        link=f"/activities/{activity.pk}/",
        about=activity.organisation or activity,
        now=now,
    )


def _lead_for_today(obligation: Obligation, today: date) -> int | None:
    duty, day = obligation.duty, obligation.last_day
    if not duty.leads_in_workdays or day < today:
        return reminder_due(day, duty.lead_days, today)
    try:
        left = CalendarDay.objects.calendar().count(today, day)
    except UnknownYearError:
        return None  # it cannot be said how many working days are left, so nobody is told wrong
    return reminder_due(today + timedelta(days=left), duty.lead_days, today)
