"""Reads around meetings of the association: the year's meetings, the lists, one meeting."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from activities.enums import Programme, Rhythm
from activities.models import ActionItem, Activity, Obligation
from activities.queries.matrix import Cell, Reader, cells_of, counted
from activities.queries.people import office
from activities.rolling import LADDER, LIST_NAMES, rung

RECENT = 20


@dataclass(frozen=True)
class Rung:
    """One of the four lists: its open items, the most urgent first."""

    level: str
    name: str
    items: tuple[ActionItem, ...]


def lists_of(user, *, today: date) -> list[Rung]:
    """Return week, month, quarter and year with what stands on them today; one query."""
    items = (
        ActionItem.objects.visible_to(user)
        .open()
        .select_related("set_in", "owner")
        .order_by("due_on", "pk")
    )
    on: dict[str, list[ActionItem]] = {level: [] for level in LADDER}
    for item in items:
        on[item.level_on(today)].append(item)
    return [Rung(level, LIST_NAMES[level], tuple(on[level])) for level in LADDER]


def finished(user) -> Iterable[ActionItem]:
    """Return what was done or dropped last."""
    rows = ActionItem.objects.visible_to(user).exclude(done_at=None, dropped_at=None)
    return rows.select_related("set_in", "done_by").order_by("-done_at", "-pk")[:RECENT]


def meetings_now(user, *, today: date) -> list[Cell]:
    """Return for each kind of meeting the period that today is in, with how it stands.

    The summary of a quarter or a year is held after it: there the period that still counts.
    """
    rows = (
        Obligation.objects.visible_to(user)
        .standing()
        .filter(duty__programme=Programme.MEETINGS, counts_from__lte=today, counts_until__gte=today)
        .select_related("duty", "organisation")
        .prefetch_related(counted())
        .order_by("duty__order", "period_start", "pk")
    )
    return cells_of(rows, today)


def recent_meetings(user, *, today: date) -> list[Activity]:
    """Return the meetings of the house up to today, the latest first."""
    rows = (
        Activity.objects.visible_to(user)
        .standing()
        .filter(obligations__duty__programme=Programme.MEETINGS, held_on__lte=today)
        .select_related("minutes")
        .order_by("-held_on", "-pk")
        .distinct()
    )
    return list(rows[:RECENT])


def meeting_duties(activity: Activity) -> list[Obligation]:
    """Return the meetings of the house that the activity counts for, the highest rung first."""
    rows = activity.obligations.filter(duty__programme=Programme.MEETINGS).select_related("duty")
    return sorted(rows, key=lambda row: LADDER.index(rung(row.duty.rhythm)), reverse=True)


def carried_to(activity: Activity, level: str) -> list[ActionItem]:
    """Return what earlier meetings left to this one: open on its day and on its list then."""
    day = activity.held_on
    earlier = (
        ActionItem.objects.filter(
            set_in__held_on__lte=day, set_in__organisation=activity.organisation_id
        )
        .exclude(set_in=activity)
        .exclude(done_at__date__lt=day)
        .exclude(dropped_at__date__lt=day)
        .select_related("set_in", "owner")
        .order_by("due_on", "pk")
    )
    return [item for item in earlier if item.level_on(day) == level]


def meeting_before(activity: Activity, duties: list[Obligation]) -> Activity | None:
    """Return the last meeting of the same duty that has minutes."""
    return (
        Activity.objects.held()
        .filter(
            fulfilments__code__in=[duty.code for duty in duties],
            minutes__isnull=False,
            held_on__lte=activity.held_on,
        )
        .exclude(pk=activity.pk)
        .select_related("minutes")
        .order_by("-held_on", "-pk")
        .first()
    )


def names_of_the_office() -> list[str]:
    """Return the names of those who keep the activities, to choose an owner from."""
    return sorted({user.real_name for user in office() if user.real_name})


@dataclass(frozen=True)
class Figure:
    """How often a duty was met in the period that a meeting looks back on."""

    name: str
    done: int
    owed: int


def figures_for(activity: Activity, duties: list[Obligation], *, today: date) -> list[Figure]:
    """Return the counts of the quarter or year that is summed up; nothing for smaller meetings.

    The summary of a year looks back on the year before it (总结上年).
    """
    if not duties or level_of(duties) not in {Rhythm.QUARTER, Rhythm.YEAR}:
        return []
    start, end = duties[0].period_start, duties[0].period_end
    if level_of(duties) == Rhythm.YEAR:
        start, end = start.replace(year=start.year - 1), end.replace(year=end.year - 1)
    rows = (
        Obligation.objects.standing()
        .filter(organisation=activity.organisation_id, period_end__range=(start, end))
        .exclude(duty__rhythm=Rhythm.YEAR if level_of(duties) == Rhythm.QUARTER else "")
        .select_related("duty", "organisation")
        .prefetch_related(counted())
        .order_by("duty__order", "code", "period_start")
    )
    counts: dict[str, list] = {}
    for cell in cells_of(rows, today):
        count = counts.setdefault(cell.obligation.code, [cell.obligation.duty.name, 0, 0])
        count[1] += cell.state == "done"
        count[2] += 1
    return [Figure(*count) for count in counts.values()]


def level_of(duties: list[Obligation]) -> str:
    """Return the list that a meeting looks after."""
    return rung(duties[0].duty.rhythm) if duties else Rhythm.YEAR


def entry_of(cell: Cell, reader: Reader) -> str:
    """Return where the meeting of a cell is written up; nothing where it has not been set."""
    return reader.url_of(cell.activities[0]) if cell.activities else ""
