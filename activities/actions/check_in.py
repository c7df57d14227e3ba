"""Checking in on the spot: by the code on the organiser's screen, or by the organiser's tick."""

from datetime import datetime

from django.db import transaction
from django.utils.timezone import localdate

from accounts.permissions import allowed
from accounts.roles import Permission
from activities.actions.sign_ups import NotYourShopError
from activities.enums import CheckIn
from activities.models import Activity, Attendance
from activities.workflow import ACTIVITY
from association import audit
from association.errors import BusinessRuleError
from members.models import Pharmacy

MOST_PEOPLE = 200


class NotTodayError(BusinessRuleError):
    """Checking in is for the day of the activity."""


class PeopleError(BusinessRuleError):
    """The number of people cannot be right."""


@transaction.atomic
def check_in(
    activity: Activity,
    pharmacy: Pharmacy,
    *,
    people: int,
    way: str = CheckIn.CODE,
    by,
    now: datetime,
) -> Attendance:
    """Note that people of a shop are here. Sent twice it is one check-in; the number may change."""
    activity = Activity.objects.locked(activity.pk)
    ACTIVITY.after(activity.state, "attend")
    if activity.held_on != localdate(now):
        day = activity.held_on
        raise NotTodayError(f"这次活动在 {day.month}月{day.day}日，只能当天签到。")
    needed = Permission.ACTIVITY_SIGN_UP if way == CheckIn.CODE else Permission.ACTIVITY_MANAGE
    if not allowed(by, needed, pharmacy if way == CheckIn.CODE else activity):
        raise NotYourShopError("只能给自己的药店签到，请找组织者登记。")
    if not 1 <= people <= MOST_PEOPLE:
        raise PeopleError(f"到场人数请填 1 到 {MOST_PEOPLE}。")
    row, is_new = Attendance.objects.get_or_create(
        activity=activity,
        pharmacy=pharmacy,
        defaults={"people": people, "way": way, "checked_in_at": now, "checked_in_by": by},
    )
    if not is_new and row.people == people and row.checked_in_at is not None:
        return row
    if not is_new:
        row.people = people
        if row.checked_in_at is None:
            row.way, row.checked_in_at, row.checked_in_by = way, now, by
        row.save(update_fields=["people", "way", "checked_in_at", "checked_in_by"])
    audit.record(
        "activity.checked_in",
        by=by,
        target=activity,
        now=now,
        pharmacy=pharmacy.pk,
        people=people,
        way=way,
    )
    return row
