"""Reads for the plan: what a change touches, and the plan of a year as plain values."""

from collections.abc import Iterable
from datetime import date

from django.db.models import Q, TextChoices

from activities.enums import ActivityState
from activities.models import COMING, Activity, SignUp


class Scope(TextChoices):
    ONE = "one", "只改这一次"
    FOLLOWING = "following", "这一次和以后的"
    ALL = "all", "整个系列"


def touched_by(activity: Activity, scope: str, *, today: date):
    """Return the activities that a change with ``scope`` reaches, in order; never past ones."""
    rows = Activity.objects.filter(state__in=COMING)
    if scope == Scope.ONE or activity.series_id is None:
        rows = rows.filter(pk=activity.pk)
    else:
        first = activity.held_on if scope == Scope.FOLLOWING else today
        rows = rows.filter(Q(pk=activity.pk) | Q(held_on__gte=max(first, today)))
        rows = rows.filter(series=activity.series_id)
    return rows.order_by("held_on", "pk")


def left_alone(activity: Activity, *, today: date) -> int:
    """Return how many of the series are past or held, so that no change reaches them."""
    if activity.series_id is None:
        return 0
    return (
        Activity.objects.filter(series=activity.series_id)
        .exclude(state=ActivityState.CANCELLED)
        .exclude(state__in=COMING, held_on__gte=today)
        .count()
    )


def signed_up_by_activity(activities: Iterable[Activity]) -> dict[int, list[SignUp]]:
    """Return the open sign-ups of each activity: whom a change concerns."""
    found: dict[int, list[SignUp]] = {}
    rows = (
        SignUp.objects.open()
        .filter(activity__in=[activity.pk for activity in activities])
        .select_related("pharmacy", "signed_by")
        .order_by("signed_at", "pk")
    )
    for row in rows:
        found.setdefault(row.activity_id, []).append(row)
    return found


def plan_rows(year: int) -> list[dict]:
    """Return what is planned for the year as plain values, for a version of the plan."""
    rows = (
        Activity.objects.filter(held_on__year=year)
        .planned_ahead()
        .standing()
        .prefetch_related("fulfilments")
        .order_by("held_on", "starts_at", "pk")
    )
    return [
        {
            "id": row.pk,
            "title": row.title,
            "day": row.held_on.isoformat(),
            "time": row.starts_at.isoformat("minutes") if row.starts_at else "",
            "place": row.place,
            "duties": sorted(link.code for link in row.fulfilments.all()),
        }
        for row in rows
    ]
