"""A draft of the plan for a year: a working day for every obligation that has none yet."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, F, Q

from activities.enums import ActivityState
from activities.models import Activity, Obligation
from activities.plan_draft import carried_forward, proposed_day
from association.models import CalendarDay
from association.working_days import WorkingCalendar

SET_ASIDE = (ActivityState.CANCELLED, ActivityState.DISCARDED)


@dataclass(frozen=True)
class Proposal:
    """One line of the draft; ``day`` is empty where none can be reckoned, and ``note`` says why."""

    obligation: Obligation
    key: str  # of the line in the form
    title: str
    day: date | None
    note: str


def proposals(user, year: int, *, today: date, as_last_year: bool) -> list[Proposal]:
    """Return a line for each time that an obligation of ``year`` still has no activity for.

    The day follows from the rule of the duty; ``as_last_year`` takes the same weekday of last
    year's activities where there were any. Four queries.
    """
    calendar = CalendarDay.objects.calendar()
    rows = (
        Obligation.objects.visible_to(user)
        .standing()
        .filter(period_start__year=year, counts_until__gte=today)
        .annotate(
            linked=Count("fulfilments", filter=~Q(fulfilments__activity__state__in=SET_ASIDE))
        )
        .filter(linked__lt=F("times"))
        .select_related("duty", "organisation")
        .order_by("period_start", "duty__order", "pk")
    )
    last_year = _last_year(year) if as_last_year else {}
    found = []
    for row in rows:
        before = last_year.get((row.code, row.organisation_id), [])
        lines = _as_last_year(row, before, year, today, calendar)[: row.times - row.linked]
        for number in range(row.linked + len(lines), row.times):
            lines.append(_by_rule(row, number, today, calendar))
        found += lines
    return sorted(found, key=_place)


def _place(line: Proposal) -> tuple[bool, date]:
    return line.day is None, line.day or line.obligation.period_end


def _by_rule(row: Obligation, number: int, today: date, calendar: WorkingCalendar) -> Proposal:
    """Return a line for the ``number``-th time, counted from 0, spread over the period."""
    duty, opens, due_on = row.duty, row.counts_from, row.due_on
    if row.times > 1 and due_on is not None:
        part = (due_on - opens) // row.times
        opens, due_on = opens + number * part, opens + (number + 1) * part
    day = proposed_day(
        duty.rhythm,
        duty.due_rule,
        opens=opens,
        due_on=due_on,
        earliest=today,
        calendar=calendar,
    )
    note = "" if day else _why_not(row, today, calendar)
    return Proposal(row, f"{row.pk}-{number}", _title(row, number), day, note)


def _as_last_year(
    row: Obligation,
    before: list[Activity],
    year: int,
    today: date,
    calendar: WorkingCalendar,
) -> list[Proposal]:
    """Return a line for each of last year's activities that falls into this period."""
    found = []
    for activity in before:
        held = activity.held_on
        was_working = held.year not in calendar.known_years or calendar.is_working(held)
        day = carried_forward(held, year, was_working=was_working, calendar=calendar)
        if day is not None and max(row.counts_from, today) <= day <= row.counts_until:
            title = activity.title.replace(f"{year - 1}年", f"{year}年")
            note = f"去年 {held.month}月{held.day}日"
            found.append(Proposal(row, f"{row.pk}-y{activity.pk}", title, day, note))
    return found


def _last_year(year: int) -> dict[tuple, list[Activity]]:
    """Return last year's activities by duty and host, in order."""
    rows = (
        Activity.objects.filter(held_on__year=year - 1)
        .exclude(state__in=SET_ASIDE)
        .prefetch_related("fulfilments")
        .order_by("held_on", "pk")
    )
    found: dict[tuple, list[Activity]] = {}
    for row in rows:
        for link in row.fulfilments.all():
            found.setdefault((link.code, row.organisation_id), []).append(row)
    return found


def _title(row: Obligation, number: int) -> str:
    name = f"{row.period}{row.duty.name.removeprefix('一')}"
    return f"{name}（第 {number + 1} 次）" if row.times > 1 else name


def _why_not(row: Obligation, today: date, calendar: WorkingCalendar) -> str:
    if row.due_on is None or row.due_on.year not in calendar.known_years:
        return f"{row.period_end.year} 年节假日安排还没有录入，排不出工作日"
    return "最晚日期已过" if row.due_on < today else "期限内没有工作日了"
