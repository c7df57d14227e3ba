"""The month as a grid and the coming days as a list: what people look at to know what is on."""

from calendar import Calendar
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, timedelta

from django.db.models import F, Prefetch

from activities.enums import Kind
from activities.models import Activity, Obligation
from activities.queries.records import missing_papers, with_evidence
from association.models import CalendarDay
from association.templatetags.ui import WEEKDAYS

# The colours of the calendar, see static/css/components.css.
COLOUR = {
    Kind.PARTY: "party",
    Kind.VOLUNTEER: "vol",
    Kind.TRAINING: "train",
    Kind.MEETING: "biz",
}
EVENTS_A_DAY = 4
MONDAY_FIRST = Calendar(0)


@dataclass(frozen=True)
class Event:
    """One entry of a day."""

    activity: Activity
    colour: str
    is_plan: bool
    missing: tuple[str, ...]
    count: int = 1  # how many of the same name the day has

    @property
    def words(self) -> str:
        """What a reader who does not see colours is told after the title."""
        said = [self.activity.get_kind_display(), self.activity.get_state_display()]
        if self.missing:
            said.append(f"缺{'、'.join(self.missing)}")
        return "，".join(said)


@dataclass(frozen=True)
class Day:
    """One field of the grid."""

    day: date
    is_out: bool
    is_weekend: bool
    is_today: bool
    note: str
    events: tuple[Event, ...]
    more: int


def with_duties(activities):
    """Return ``activities`` with their duties and papers read along, for the signs in a list."""
    links = Prefetch("obligations", Obligation.objects.select_related("duty"))
    return with_evidence(activities).prefetch_related(links)


def read_along(activity: Activity) -> Activity:
    """Return the activity with all that its page shows read along."""
    rows = Activity.objects.select_related("organisation", "series")
    return with_duties(rows).get(pk=activity.pk)


def events_between(activities, first: date, last: date) -> dict[date, list[Event]]:
    """Return the events of ``activities`` by day, both days included."""
    rows = with_duties(
        activities.standing()
        .filter(held_on__range=(first, last))
        .order_by("held_on", F("starts_at").asc(nulls_last=True), "pk")
    )
    found: dict[date, list[Event]] = defaultdict(list)
    for row in rows:
        found[row.held_on].append(event_of(row))
    return found


def event_of(activity: Activity) -> Event:
    """Return how the calendar shows the activity; its duties and papers must be read along."""
    missing: tuple[str, ...] = ()
    if activity.is_held:
        asked = dict.fromkeys(
            name for obligation in activity.obligations.all() for name in obligation.duty.evidence
        )
        missing = tuple(missing_papers(activity, asked))
    return Event(activity, COLOUR[Kind(activity.kind)], activity.is_coming, missing)


def month_grid(activities, year: int, month: int, *, today: date) -> list[list[Day]]:
    """Return the weeks of a month, from Monday, with the days before and after that fill them."""
    weeks = MONDAY_FIRST.monthdatescalendar(year, month)
    first, last = weeks[0][0], weeks[-1][-1]
    events = events_between(activities, first, last)
    special = {row.day: row for row in CalendarDay.objects.filter(day__range=(first, last))}
    return [
        [_day(day, month, today, special.get(day), events.get(day, [])) for day in week]
        for week in weeks
    ]


def _day(
    day: date, month: int, today: date, special: CalendarDay | None, events: list[Event]
) -> Day:
    is_out = day.month != month
    note = f"{day.month}月" if is_out and day.day == 1 else ""
    if special is not None and not is_out:
        note = "班" if special.is_working else "休"
    lines = _same_together(events)
    shown = lines if len(lines) <= EVENTS_A_DAY else lines[: EVENTS_A_DAY - 1]
    return Day(
        day=day,
        is_out=is_out,
        is_weekend=day.weekday() > 4 if special is None else not special.is_working,
        is_today=day == today,
        note=note,
        events=tuple(shown),
        more=sum(line.count for line in lines) - sum(line.count for line in shown),
    )


def _same_together(events: list[Event]) -> list[Event]:
    """Return the events of a day with those of the same name as one line."""
    lines: dict[tuple, Event] = {}
    for event in events:
        key = (event.activity.title, event.is_plan, bool(event.missing))
        same = lines.get(key)
        lines[key] = event if same is None else replace(same, count=same.count + 1)
    return list(lines.values())


def agenda(activities, *, first: date, days: int, today: date) -> list[dict]:
    """Return the days that have something, as components/agenda.html shows them."""
    events = events_between(activities, first, first + timedelta(days=days))
    return [
        {"day": day, "word": day_word(day, today), "events": [_line(e) for e in rows]}
        for day, rows in sorted(events.items())
    ]


def day_word(day: date, today: date) -> str:
    """Return 今天, 明天 or 周六."""
    near = {today: "今天", today + timedelta(days=1): "明天"}
    return near.get(day, f"周{WEEKDAYS[day.weekday()]}")


def _line(event: Event) -> dict:
    activity = event.activity
    said = []
    if activity.starts_at is not None:
        said.append(f"{activity.starts_at.hour}:{activity.starts_at:%M}")
    if activity.place:
        said.append(activity.place)
    if event.missing:
        said.append(f"缺{'、'.join(event.missing)}")
    return {
        "title": activity.title,
        "note": "，".join(said),
        "kind": event.colour,
        "url": f"/activities/{activity.pk}/",
    }


def month_counts(activities, year: int, month: int) -> dict[str, int]:
    """Return how many activities the month has, how many are held, how many lack papers."""
    first = date(year, month, 1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    events = [e for rows in events_between(activities, first, last).values() for e in rows]
    held = [event for event in events if not event.is_plan]
    return {
        "all": len(events),
        "held": len(held),
        "lacking": sum(bool(event.missing) for event in held),
    }
