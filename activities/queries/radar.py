"""What is still due, by when, and under which article."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import F

from activities.models import Obligation
from activities.queries.matrix import Cell, Reader, Step, cells_of, counted, next_step

SOON = timedelta(days=7)
LOOK_BACK = timedelta(days=31)
OPEN = frozenset({"over", "part", "now", "plan"})


TITLES = {
    "over": "已过期限",
    "week": "7 天内",
    "month": "本月内",
    "papers": "办过了，缺材料或等核实",
    "later": "以后",
    "unknown": "期限待定",
}


@dataclass(frozen=True)
class Line:
    """What is due, and what this person can do about it."""

    cell: Cell
    step: Step | None


@dataclass(frozen=True)
class Band:
    """What is due within one stretch of time."""

    key: str
    title: str
    lines: tuple[Line, ...]


def due_cells(user, *, today: date) -> list[Cell]:
    """Return what this person can still do something about, the most urgent first.

    What lacks papers or verification is in it; what was missed in a period that is over stays in
    for a month, unless somebody has said why. Unknown days come last.
    """
    rows = (
        Obligation.objects.visible_to(user)
        .standing()
        .filter(
            period_start__lte=_end_of_month(today),
            counts_until__gte=today - LOOK_BACK,
            explained_at=None,
        )
        .select_related("duty", "organisation")
        .prefetch_related(counted())
        .order_by(F("due_on").asc(nulls_last=True), "duty__order", "pk")
    )
    return [cell for cell in cells_of(rows, today) if cell.state in OPEN or _is_near(cell, today)]


def _is_near(cell: Cell, today: date) -> bool:
    last = cell.obligation.last_day
    return cell.state == "todo" and last is not None and last <= _end_of_month(today)


def radar(user, *, today: date, reader: Reader) -> list[Band]:
    """Return what is due, in bands: over, this week, this month, later, unknown, papers."""
    bands: dict[str, list[Cell]] = {key: [] for key in TITLES}
    month_end = _end_of_month(today)
    for cell in due_cells(user, today=today):
        last = cell.obligation.last_day
        if cell.state == "part":
            bands["papers"].append(cell)
        elif last is None:
            bands["unknown"].append(cell)
        elif last < today:
            bands["over"].append(cell)
        elif last <= today + SOON:
            bands["week"].append(cell)
        elif last <= month_end:
            bands["month"].append(cell)
        else:
            bands["later"].append(cell)
    return [
        Band(key, TITLES[key], tuple(Line(cell, next_step(cell, reader)) for cell in cells))
        for key, cells in bands.items()
        if cells
    ]


def _end_of_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
