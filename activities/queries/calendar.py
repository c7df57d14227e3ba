"""The month as a grid and the coming days as a list: what people look at to know what is on."""

from calendar import Calendar
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from django.db.models import F, Prefetch
from django.urls import reverse

from activities.enums import Kind
from activities.models import Activity, Obligation
from activities.queries.party_life import Occasion, between
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
    """One entry of a day: an activity, or a meeting of a Party organisation."""

    day: date
    title: str
    colour: str
    url: str
    is_plan: bool
    said: tuple[str, ...]  # what a reader who does not see colours is told after the title
    missing: tuple[str, ...] = ()
    note: tuple[str, ...] = ()  # time and place
    activity: Activity | None = None
    count: int = 1  # how many of the same name the day has

    @property
    def words(self) -> str:
        """What is told after the title, with what is lacking."""
        lacking = [f"缺{'、'.join(self.missing)}"] if self.missing else []
        return "，".join([*self.said, *lacking])


@dataclass(frozen=True)
class PartyLife:
    """Whose meetings stand in the calendar, and which of them the person may open."""

    names: Mapping[int, str] = field(default_factory=dict)  # organisations by pk
    kept: frozenset[int] = frozenset()


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


def events_between(
    activities, first: date, last: date, life: PartyLife | None = None
) -> dict[date, list[Event]]:
    """Return the events by day, both days included: meetings of the Party first."""
    rows = with_duties(
        activities.standing()
        .filter(held_on__range=(first, last))
        .order_by("held_on", F("starts_at").asc(nulls_last=True), "pk")
    )
    found: dict[date, list[Event]] = defaultdict(list)
    if life is not None:
        for occasion in between(life.names, first, last):
            found[occasion.held_on].append(_of_meeting(occasion, life))
    for row in rows:
        found[row.held_on].append(event_of(row))
    return found


def _of_meeting(occasion: Occasion, life: PartyLife) -> Event:
    """Return how the calendar shows a meeting: kind and host, nothing of its subject."""
    held = "已归档" if occasion.is_filed else "待归档"
    host = life.names[occasion.organisation]
    return Event(
        day=occasion.held_on,
        title=occasion.name,
        colour=COLOUR[Kind.PARTY],
        url=occasion.url_for(life.kept),
        is_plan=occasion.is_coming,
        said=(host, "已排期" if occasion.is_coming else held),
        note=(host,),
    )


def event_of(activity: Activity) -> Event:
    """Return how the calendar shows the activity; its duties and papers must be read along."""
    missing: tuple[str, ...] = ()
    if activity.is_held:
        asked = dict.fromkeys(
            name for obligation in activity.obligations.all() for name in obligation.duty.evidence
        )
        missing = tuple(missing_papers(activity, asked))
    note = []
    if activity.starts_at is not None:
        note.append(f"{activity.starts_at.hour}:{activity.starts_at:%M}")
    if activity.place:
        note.append(activity.place)
    return Event(
        day=activity.held_on,
        title=activity.title,
        colour=COLOUR[Kind(activity.kind)],
        url=reverse("activities:detail", args=[activity.pk]),
        is_plan=activity.is_coming,
        said=(activity.get_kind_display(), activity.get_state_display()),
        missing=missing,
        note=tuple(note),
        activity=activity,
    )


@dataclass(frozen=True)
class Month:
    """The weeks of a month, and how many of its events are held and lack papers."""

    weeks: tuple[tuple[Day, ...], ...]
    count: int
    held: int
    lacking: int


def month_of(
    activities, year: int, month: int, *, today: date, life: PartyLife | None = None
) -> Month:
    """Return the weeks of a month, from Monday, with the days before and after that fill them."""
    weeks = MONDAY_FIRST.monthdatescalendar(year, month)
    first, last = weeks[0][0], weeks[-1][-1]
    events = events_between(activities, first, last, life)
    special = {row.day: row for row in CalendarDay.objects.filter(day__range=(first, last))}
    inside = [event for rows in events.values() for event in rows if event.day.month == month]
    return Month(
        weeks=tuple(
            tuple(_day(day, month, today, special.get(day), events.get(day, [])) for day in week)
            for week in weeks
        ),
        count=len(inside),
        held=sum(not event.is_plan for event in inside),
        lacking=sum(bool(event.missing) for event in inside),
    )


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


def _same_together(events: Iterable[Event]) -> list[Event]:
    """Return the events of a day with those of the same name and state as one line."""
    lines: dict[tuple, Event] = {}
    for event in events:
        key = (event.title, event.said[-1], bool(event.missing), event.activity is None)
        same = lines.get(key)
        lines[key] = event if same is None else _together(same)
    return list(lines.values())


def _together(same: Event) -> Event:
    """Return the line for one more: it leads to the list of that day instead of one record."""
    if same.activity is None:
        url = same.url and reverse("party:meetings")
        return replace(same, count=same.count + 1, url=url, said=same.said[-1:])
    day = same.day
    url = f"{reverse('activities:records')}?year={day.year}&day={day.isoformat()}"
    return replace(same, count=same.count + 1, url=url)


def agenda(
    activities, *, first: date, days: int, today: date, life: PartyLife | None = None
) -> list[dict]:
    """Return the days that have something, as components/agenda.html shows them."""
    events = events_between(activities, first, first + timedelta(days=days), life)
    return [
        {"day": day, "word": day_word(day, today), "events": [_line(e) for e in rows]}
        for day, rows in sorted(events.items())
    ]


def day_word(day: date, today: date) -> str:
    """Return 今天, 明天 or 周六."""
    near = {today: "今天", today + timedelta(days=1): "明天"}
    return near.get(day, f"周{WEEKDAYS[day.weekday()]}")


def _line(event: Event) -> dict:
    lacking = [f"缺{'、'.join(event.missing)}"] if event.missing else []
    return {
        "title": event.title,
        "note": "，".join([*event.note, *lacking]),
        "kind": event.colour,
        "url": event.url,
    }
