"""Who owes what in a year and how it stands: the completion matrix, and the list of what is due.

A fixed number of queries, however many duties and months there are.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Prefetch, Q
from django.urls import reverse

from activities.enums import ActivityState, OwedBy, Programme, Rhythm
from activities.models import Activity, Duty, Fulfilment, Obligation
from activities.queries.records import missing_papers, with_evidence
from party.models import PartyOrganisation

# From what somebody must act on to what needs nobody: the worst of several weeks shows.
STATES = ("over", "part", "now", "plan", "todo", "done")
WORDS = {
    "done": "已完成",
    "part": "待核实",
    "over": "未开展",
    "now": "本期待办",
    "plan": "已排期",
    "todo": "未到期",
}
LONG_SPAN = 5  # months from which on a cell has room for a title


@dataclass(frozen=True)
class Cell:
    """One obligation, or the weeks of one month, as the matrix shows it."""

    obligations: tuple[Obligation, ...]
    state: str
    words: str
    span: int
    activities: tuple[Activity, ...] = ()
    missing: tuple[str, ...] = ()
    done: int = 0
    is_current: bool = False

    @property
    def obligation(self) -> Obligation:
        """The obligation, of several weeks the first that still wants something."""
        return self.obligations[0]

    @property
    def activity(self) -> Activity | None:
        """The record that counts, or the one that is nearest to it."""
        return self.activities[0] if self.activities else None


@dataclass
class Row:
    """One duty of one host through the year."""

    duty: Duty
    organisation: PartyOrganisation | None = None
    cells: list[Cell] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The duty, of a group with the group's name."""
        is_group = self.organisation is not None and self.duty.owed_by == OwedBy.GROUP
        return f"{self.duty.name} {self.organisation.name}" if is_group else self.duty.name


def completion_matrix(
    year: int,
    *,
    today: date,
    programmes: Iterable[str] | None = None,
    hosts: Collection[int | None] = (None,),
    weeks_apart: bool = False,
) -> list[Row]:
    """Return duty by period what was done in ``year``, in the order of the programme.

    ``hosts`` are Party organisations by pk, and ``None`` for the association itself. The weeks
    of a month share one cell unless they are wanted apart.
    """
    rows: dict[tuple, Row] = {}
    weeks: dict[tuple, dict[int, list[Cell]]] = {}
    for obligation in _obligations(year, programmes, hosts):
        duty, key = obligation.duty, (obligation.code, obligation.organisation_id)
        row = rows.setdefault(key, Row(duty, obligation.organisation))
        row.duty = duty  # the latest version gives the name
        cell = cell_of(obligation, today)
        if duty.rhythm == Rhythm.WEEK and not weeks_apart:
            months = weeks.setdefault(key, {})
            months.setdefault(obligation.period_start.month, []).append(cell)
        else:
            row.cells.append(cell)
    for key, months in weeks.items():
        rows[key].cells += [_month_of_weeks(cells) for _, cells in sorted(months.items())]
    return sorted(rows.values(), key=lambda row: (row.duty.order, row.duty.code, row.name))


def six_ones_matrix(year: int, *, today: date) -> dict:
    """Return the rows of the six ones for the rooms above: ``{"six_ones": [{duty, cells}]}``."""
    rows = completion_matrix(year, today=today, programmes=[Programme.SIX_ONES])
    return {
        "six_ones": [
            {"duty": row.duty, "cells": [{"state": cell.state} for cell in row.cells]}
            for row in rows
        ]
    }


def _obligations(year: int, programmes: Iterable[str] | None, hosts: Collection[int | None]):
    named = [host for host in hosts if host is not None]
    whose = Q(organisation__in=named)
    if None in hosts:
        whose |= Q(organisation=None)
    obligations = (
        Obligation.objects.standing()
        .filter(whose, period_start__year=year)
        .select_related("duty", "organisation")
        .prefetch_related(counted())
        .order_by("duty__order", "code", "period_start")
    )
    if programmes is not None:
        obligations = obligations.filter(duty__programme__in=list(programmes))
    return obligations


def read_along(obligation: Obligation) -> Obligation:
    """Return the obligation with its records and their papers read along."""
    rows = Obligation.objects.select_related("duty", "organisation").prefetch_related(counted())
    return rows.get(pk=obligation.pk)


def counted() -> Prefetch:
    """Return the prefetch of the records that stand for an obligation, with their papers."""
    records = with_evidence(Activity.objects.standing())
    links = (
        Fulfilment.objects.filter(activity__in=Activity.objects.standing())
        .prefetch_related(Prefetch("activity", records))
        .order_by("activity__held_on", "activity_id")
    )
    return Prefetch("fulfilments", links)


def cell_of(obligation: Obligation, today: date) -> Cell:
    """Return how one obligation stands on the day ``today``."""
    linked = [link.activity for link in obligation.fulfilments.all()]
    records = [activity for activity in linked if activity.is_held]
    planned = [activity for activity in linked if activity.is_coming]
    verified = [record for record in records if record.state == ActivityState.VERIFIED]
    asked = obligation.duty.evidence
    lacking = {record.pk: missing_papers(record, asked) for record in records}
    full = [record for record in verified if not lacking[record.pk]]
    entered = [record for record in records if record not in verified]
    last = obligation.last_day
    missing: tuple[str, ...] = ()
    if len(full) >= obligation.times:
        state, shown = "done", full
    elif len(verified) >= obligation.times or (records and obligation.times == 1):
        state, shown = "part", verified or entered
        missing = tuple(lacking[shown[0].pk])
    elif last is not None and last < today:
        state, shown = "over", records or planned
    elif planned:
        state, shown = "plan", records + planned
    else:
        state, shown = ("now" if obligation.period_start <= today else "todo"), records
    return Cell(
        obligations=(obligation,),
        state=state,
        words=_words(obligation, state, missing, len(verified), bool(entered), planned),
        span=_span(obligation),
        activities=tuple(shown),
        missing=missing,
        done=len(verified),
        is_current=obligation.period_start <= today <= obligation.period_end,
    )


def _words(
    obligation: Obligation,
    state: str,
    missing: tuple[str, ...],
    done: int,
    is_waiting: bool,
    planned: list[Activity],
) -> str:
    counted = f"{done}/{obligation.times} 次，" if obligation.times > 1 and state != "done" else ""
    if state == "part":
        said = [f"缺{'、'.join(missing)}"] if missing else []
        if is_waiting and not done:
            said.append("待核实")
        return counted + ("，".join(said) or WORDS["part"])
    if state == "plan":
        day = planned[0].held_on
        return f"{counted}已排在{day.month}月{day.day}日"
    if state == "over" and obligation.explanation:
        return f"{counted}未开展：{obligation.explanation}"
    if state == "now" and obligation.due_on is None:
        return f"{counted}期限待定（{obligation.period_end.year} 年节假日安排还没有录入）"
    if state == "now":
        last = obligation.last_day
        return f"{counted}{last.month}月{last.day}日前"
    return counted + WORDS[state]


def _span(obligation: Obligation) -> int:
    return max(obligation.period_end.month - obligation.period_start.month + 1, 1)


def _month_of_weeks(cells: list[Cell]) -> Cell:
    """Return the weeks of a month as one cell: the worst state, and how many are done."""
    worst = min((cell.state for cell in cells), key=STATES.index)
    if worst == "todo" and any(cell.state == "done" for cell in cells):
        worst = "now"
    done = sum(cell.state == "done" for cell in cells)
    first = [cell for cell in cells if cell.state == worst]
    rest = [cell for cell in cells if cell.state != worst]
    return Cell(
        obligations=tuple(cell.obligation for cell in first + rest),
        state=worst,
        words=f"{done}/{len(cells)} 周，{WORDS[worst]}",
        span=1,
        activities=tuple(record for cell in first + rest for record in cell.activities),
        missing=tuple(dict.fromkeys(name for cell in cells for name in cell.missing)),
        done=done,
        is_current=any(cell.is_current for cell in cells),
    )


# ------------------------------------------------------------------ as the component draws it


def counts_of(rows: Iterable[Row]) -> dict[str, int]:
    """Return how many cells are in each state."""
    states = [cell.state for row in rows for cell in row.cells]
    return {state: states.count(state) for state in STATES}


def drawn_columns(year: int, *, today: date) -> list[dict]:
    """Return the months as components/matrix.html draws them."""
    current = today.month if today.year == year else None
    return [{"label": month, "current": month == current} for month in range(1, 13)]


def drawn_rows(rows: Iterable[Row], *, may_record: bool) -> list[dict]:
    """Return rows as the component draws them: words and a link in every cell."""
    return [
        {
            "name": row.name,
            "note": row.duty.get_rhythm_display(),
            "cells": [_drawn(row.duty, cell, may_record) for cell in row.cells],
        }
        for row in rows
    ]


def _drawn(duty: Duty, cell: Cell, may_record: bool) -> dict:
    period = cell.obligation.period
    if len(cell.obligations) > 1:
        period = f"{cell.obligation.period_start.year}年{cell.obligation.period_start.month}月"
    return {
        "span": cell.span,
        "state": cell.state,
        "text": _text(cell),
        "label": f"{period}{duty.name}，{cell.words}",
        "url": _target(cell, may_record),
    }


def _text(cell: Cell) -> str:
    """Return what is written into the cell; a month of one obligation has only its sign."""
    if len(cell.obligations) > 1:
        return f"{cell.done}/{len(cell.obligations)}"
    obligation, activity = cell.obligation, cell.activity
    if obligation.times > 1:
        return f"{cell.done}/{obligation.times} 次"
    if cell.span == 1:
        return str(activity.held_on.day) if cell.state == "plan" else ""
    if activity is None or cell.state in {"over", "now", "todo"}:
        return WORDS["over"] if cell.state == "over" else cell.words
    text = f"{activity.held_on.month}/{activity.held_on.day}"
    if cell.state == "plan":
        text = f"拟 {text}"
    return f"{text} {activity.title}" if cell.span > LONG_SPAN else text


def _target(cell: Cell, may_record: bool) -> str:
    """Return the record itself, the form to enter one, or the page of the duty."""
    obligation = cell.obligation
    if len(cell.obligations) == 1 and obligation.times == 1 and len(cell.activities) == 1:
        return reverse("activities:detail", args=[cell.activities[0].pk])
    if may_record and cell.state in {"over", "now"} and not cell.activities:
        return f"{reverse('activities:record')}?obligation={obligation.pk}"
    return reverse("activities:period", args=[obligation.pk])
