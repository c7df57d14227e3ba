"""The year for paper: every period with what was held, what is on file, and what is not."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date

from activities.enums import Programme
from activities.models import Activity
from activities.queries.matrix import Cell, Row, completion_matrix
from activities.queries.party_life import Occasion


@dataclass(frozen=True)
class Line:
    """One period of one duty, or one record of several in it."""

    period: str
    due_on: date | None
    held: str
    title: str
    place: str
    came: str
    state: str


@dataclass(frozen=True)
class Section:
    """One programme with its duties and their lines."""

    title: str
    duties: tuple[tuple[Row, tuple[Line, ...]], ...]


def sections(
    year: int, *, today: date, programmes: Iterable[str], hosts: Collection[int | None]
) -> list[Section]:
    """Return the ledger of ``year`` by programme and duty; periods to come are left out."""
    rows = completion_matrix(
        year, today=today, programmes=programmes, hosts=hosts, weeks_apart=True
    )
    found = []
    for programme in Programme:
        duties = tuple(
            (
                row,
                tuple(line for cell in row.cells if cell.state != "todo" for line in _lines(cell)),
            )
            for row in rows
            if row.duty.programme == programme
        )
        if duties:
            found.append(Section(programme.label, duties))
    return found


def _lines(cell: Cell) -> list[Line]:
    obligation = cell.obligation
    period = obligation.period.removeprefix(f"{obligation.period_start.year}年") or "全年"
    lines = [*_of_activities(cell.activities), *_of_meetings(cell.meetings)]
    first = lines[0] if lines else Line("", None, "", "", "", "", "")
    return [
        replace(first, period=period, due_on=obligation.due_on, state=cell.words),
        *lines[1:],
    ]


def _of_activities(activities: Iterable[Activity]) -> list[Line]:
    """Return a line for each name; events of the same name stand together."""
    by_name: dict[str, list[Activity]] = {}
    for activity in activities:
        by_name.setdefault(activity.title, []).append(activity)
    return [
        Line(
            period="",
            due_on=None,
            held=_days(same),
            title=title if len(same) == 1 else f"{title} ×{len(same)}",
            place="、".join(dict.fromkeys(a.place for a in same if a.place)),
            came=_came(same),
            state=same[0].get_state_display(),
        )
        for title, same in by_name.items()
    ]


def _of_meetings(meetings: Iterable[Occasion]) -> list[Line]:
    """Return a line for each meeting: its kind and day; the rest is in the ledger of the Party."""
    return [
        Line("", None, f"{row.held_on:%m-%d}", row.name, "", "", "已归档" if row.is_filed else "")
        for row in meetings
    ]


def _days(same: list[Activity]) -> str:
    first, last = same[0].held_on, same[-1].held_on
    return f"{first:%m-%d}" if first == last else f"{first:%m-%d} 至 {last:%m-%d}"


def _came(same: list[Activity]) -> str:
    """Return who came to all of them together; what nobody has written down is left out."""
    said = []
    if shops := sum(activity.shop_count for activity in same):
        said.append(f"{shops} 家药店" if len(same) == 1 else f"{shops} 家次")
    heads = [a.beneficiaries for a in same if a.beneficiaries is not None]
    if heads:
        said.append(f"受益 {sum(heads)} 人")
    hours = [a.hours for a in same if a.hours is not None]
    if hours:
        said.append(f"{sum(hours).normalize():f} 小时")
    return "，".join(said)
