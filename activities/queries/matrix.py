"""Who owes what in a year and how it stands: the completion matrix, and the list of what is due.

A fixed number of queries, however many duties and months there are.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Prefetch, Q
from django.urls import reverse

from activities.enums import ActivityState, OwedBy, Programme, Rhythm
from activities.models import Activity, Duty, Obligation
from activities.queries.party_life import NOTHING, Facts, Occasion, entry_url, facts_for
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
    meetings: tuple[Occasion, ...] = ()  # of the Party room, beside the activities
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

    @property
    def first(self) -> Activity | Occasion | None:
        """What the cell speaks of: an activity or a meeting, whichever was first."""
        both = [*self.activities, *self.meetings]
        return min(both, key=lambda each: each.held_on) if both else None

    @property
    def only(self) -> Activity | Occasion | None:
        """The one thing behind the cell, if there is exactly one."""
        both = [*self.activities, *self.meetings]
        return both[0] if len(self.obligations) == len(both) == 1 else None


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
    any_branch: Collection[int] | None = None,
) -> list[Row]:
    """Return duty by period what was done in ``year``, in the order of the programme.

    ``hosts`` are Party organisations by pk, and ``None`` for the association itself. The weeks
    of a month share one cell unless they are wanted apart. ``any_branch`` are the standing
    branches, for what the association owes and any branch may meet; read here if not given.
    """
    rows: dict[tuple, Row] = {}
    weeks: dict[tuple, dict[int, list[Cell]]] = {}
    obligations = list(_obligations(year, programmes, hosts))
    facts = facts_for(obligations, any_branch)
    for obligation in obligations:
        duty, key = obligation.duty, (obligation.code, obligation.organisation_id)
        row = rows.setdefault(key, Row(duty, obligation.organisation))
        row.duty = duty  # the latest version gives the name
        cell = cell_of(obligation, today, facts)
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
    return Prefetch("activities", records.order_by("held_on", "pk"))


def cells_of(obligations: Iterable[Obligation], today: date) -> list[Cell]:
    """Return how each obligation stands; their records must be read along."""
    rows = list(obligations)
    facts = facts_for(rows)
    return [cell_of(row, today, facts) for row in rows]


def cell_of(obligation: Obligation, today: date, facts: Facts = NOTHING) -> Cell:
    """Return how one obligation stands on the day ``today``.

    Verified activities with their papers count, and filed meetings of the Party room.
    """
    linked = list(obligation.activities.all())
    records = [activity for activity in linked if activity.is_held]
    planned = [activity for activity in linked if activity.is_coming]
    verified = [record for record in records if record.state == ActivityState.VERIFIED]
    lacking = {each.pk: missing_papers(each, obligation.duty.evidence) for each in records}
    full = [record for record in verified if not lacking[record.pk]]
    meetings = facts.of(obligation)
    filed = [meeting for meeting in meetings if meeting.is_filed]
    held = [meeting for meeting in meetings if not meeting.is_coming]
    coming = [meeting for meeting in meetings if meeting.is_coming]
    done = len(verified) + len(filed)
    last = obligation.last_day
    missing: tuple[str, ...] = ()
    shown: list[Activity] = records
    met: list[Occasion] = held
    if len(full) + len(filed) >= obligation.times:
        state, shown, met = "done", full, filed
    elif done >= obligation.times or ((records or held) and obligation.times == 1):
        state, shown = "part", verified or records
        missing = tuple(lacking[shown[0].pk]) if shown else ()
    elif last is not None and last < today:
        state, shown, met = "over", records or planned, held or coming
    elif planned or coming:
        state, shown, met = "plan", records + planned, held + coming
    else:
        state = "now" if obligation.period_start <= today else "todo"
    return Cell(
        obligations=(obligation,),
        state=state,
        words=_words(obligation, state, missing, done, tuple(shown), tuple(met)),
        span=_span(obligation),
        activities=tuple(shown),
        meetings=tuple(met),
        missing=missing,
        done=done,
        is_current=obligation.period_start <= today <= obligation.period_end,
    )


def _words(
    obligation: Obligation,
    state: str,
    missing: tuple[str, ...],
    done: int,
    shown: tuple[Activity, ...],
    met: tuple[Occasion, ...],
) -> str:
    counted = f"{done}/{obligation.times} 次，" if obligation.times > 1 and state != "done" else ""
    if state == "part":
        said = [f"缺{'、'.join(missing)}"] if missing else []
        if not done:
            said.append("待核实" if shown else "待归档")
        return counted + ("，".join(said) or WORDS["part"])
    if state == "plan":
        day = min(each.held_on for each in (*shown, *met) if each.is_coming)
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
        meetings=tuple(meeting for cell in first + rest for meeting in cell.meetings),
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


@dataclass(frozen=True)
class Reader:
    """For whom the cells are drawn: where a tap may lead them."""

    today: date
    may_record: bool = False
    kept: frozenset[int] = frozenset()  # Party organisations whose ledger they keep

    def url_of(self, what: Activity | Occasion) -> str:
        """Return the page of an activity or a meeting; nothing where they may not go."""
        if isinstance(what, Occasion):
            return what.url_for(self.kept)
        return reverse("activities:detail", args=[what.pk])

    def entry(self, obligation: Obligation, page: str = "record") -> str:
        """Return where they enter (or with ``page`` plan) what is owed; nothing if nowhere."""
        duty = obligation.duty
        if url := entry_url(obligation, kept=self.kept, today=self.today):
            return url
        if not self.may_record or (duty.meeting and obligation.organisation_id is not None):
            return ""
        return f"{reverse(f'activities:{page}')}?obligation={obligation.pk}"


@dataclass(frozen=True)
class Step:
    """What to do about a cell next: a word for the button and where it leads."""

    label: str
    url: str


def next_step(cell: Cell, reader: Reader) -> Step | None:
    """Return the one thing that brings the cell forward, if this person can do it."""
    first = cell.first
    if cell.state in {"part", "plan"} and first is not None:
        url = reader.url_of(first)
        if cell.state == "plan":
            label = "看排期"
        elif isinstance(first, Occasion):
            label = "去归档"
        else:
            label = "补材料" if cell.missing else "去核实"
    elif cell.state == "over":
        label, url = "登记", reader.entry(cell.obligation)
    else:
        label, url = "起草", reader.entry(cell.obligation, "schedule")
    return Step(label, url) if url else None


def drawn_rows(rows: Iterable[Row], reader: Reader) -> list[dict]:
    """Return rows as the component draws them: words and a link in every cell."""
    return [
        {
            "name": row.name,
            "note": row.duty.get_rhythm_display(),
            "cells": [_drawn(row.duty, cell, reader) for cell in row.cells],
        }
        for row in rows
    ]


def _drawn(duty: Duty, cell: Cell, reader: Reader) -> dict:
    period = cell.obligation.period
    if len(cell.obligations) > 1:
        period = f"{cell.obligation.period_start.year}年{cell.obligation.period_start.month}月"
    return {
        "span": cell.span,
        "state": cell.state,
        "text": _text(cell),
        "label": f"{period}{duty.name}，{cell.words}",
        "url": _target(cell, reader),
    }


def _text(cell: Cell) -> str:
    """Return what is written into the cell; a month of one obligation has only its sign."""
    if len(cell.obligations) > 1:
        return f"{cell.done}/{len(cell.obligations)}"
    obligation, first = cell.obligation, cell.first
    if obligation.times > 1:
        return f"{cell.done}/{obligation.times} 次"
    if cell.span == 1:
        return str(first.held_on.day) if cell.state == "plan" else ""
    if first is None or cell.state in {"over", "now", "todo"}:
        return WORDS["over"] if cell.state == "over" else cell.words
    text = f"{first.held_on.month}/{first.held_on.day}"
    if cell.state == "plan":
        text = f"拟 {text}"
    has_room = cell.span > LONG_SPAN and isinstance(first, Activity)
    return f"{text} {first.title}" if has_room else text


def _target(cell: Cell, reader: Reader) -> str:
    """Return the record itself, the form to enter one, or the page of the period."""
    obligation, only = cell.obligation, cell.only
    url = ""
    if only is not None and obligation.times == 1:
        url = reader.url_of(only)
    elif cell.state in {"over", "now"} and cell.first is None:
        url = reader.entry(obligation)
    return url or reverse("activities:period", args=[obligation.pk])
