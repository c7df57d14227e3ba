"""The judged rows of a batch as a person reads them: what is new, what changes, what is wrong."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from members.enums import Verdict
from members.models import ImportBatch, ImportLine, ImportRow, ImportVerdict
from members.sheets import SheetKind, kind_of, staging

ROWS_A_PAGE = 50
STREAMED = 1000
SHOWN = 120  # characters of a cell


@dataclass(frozen=True)
class Change:
    """One field before and after; a blank before reads 未登记."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Problem:
    """What is wrong, in which cell, and what to do."""

    column: str
    text: str
    reason: str
    hint: str
    at: tuple[int, ...] = ()


@dataclass(frozen=True)
class Row:
    """One row of the sheet and what becomes of it."""

    number: int
    verdict: Verdict
    title: str
    note: str
    target: int | None
    cells: list[str]
    facts: list[tuple[str, str]] = field(default_factory=list)  # of a new record
    changes: list[Change] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True)
class Page:
    rows: list[Row]
    after: int | None  # row number after which the next page begins
    before: int | None


def page_of(batch: ImportBatch, verdict: str = "", *, after: int = 0, before: int = 0) -> Page:
    """Return a page of rows in the order of the sheet, those of one verdict or all."""
    found = ImportVerdict.objects.filter(batch=batch)
    if verdict:
        found = found.filter(verdict=verdict)
    if before:
        rows = list(found.filter(number__lt=before).order_by("-number")[: ROWS_A_PAGE + 1])
        more, rows = len(rows) > ROWS_A_PAGE, rows[:ROWS_A_PAGE][::-1]
        has_before, has_after = more, True
    else:
        rows = list(found.filter(number__gt=after).order_by("number")[: ROWS_A_PAGE + 1])
        has_before, has_after = after > 0, len(rows) > ROWS_A_PAGE
        rows = rows[:ROWS_A_PAGE]
    if not rows:
        return Page([], None, None)
    return Page(
        _shown(batch, kind_of(batch), rows),
        rows[-1].number if has_after else None,
        rows[0].number if has_before else None,
    )


def wrong_rows(batch: ImportBatch) -> Iterator[Row]:
    """Yield every row that cannot be taken, in the order of the sheet."""
    kind, after = kind_of(batch), 0
    wrong = ImportVerdict.objects.filter(batch=batch, verdict=Verdict.ERROR).order_by("number")
    while rows := list(wrong.filter(number__gt=after)[:STREAMED]):
        yield from _shown(batch, kind, rows)
        after = rows[-1].number


def _shown(batch: ImportBatch, kind: SheetKind, verdicts: Sequence[ImportVerdict]) -> list[Row]:
    numbers = [verdict.number for verdict in verdicts]
    lines = dict(
        ImportLine.objects.filter(batch=batch, number__in=numbers).values_list("number", "cells")
    )
    values = dict(
        ImportRow.objects.filter(batch=batch, number__in=numbers).values_list("number", "values")
    )
    cells = {number: lines.get(number, "").split(staging.UNIT) for number in numbers}
    texts = {number: staging.raw_texts(batch, kind, cells[number]) for number in numbers}
    wrong = {v.number for v in verdicts if v.verdict == Verdict.ERROR}
    reasons = staging.reasons_of(
        batch, ((place, text) for number in wrong for place, text in texts[number].items())
    )
    return [
        _row(
            batch, kind, each, cells[each.number], values[each.number], texts[each.number], reasons
        )
        for each in verdicts
    ]


def _row(batch, kind: SheetKind, verdict, cells, values, texts, reasons) -> Row:
    shown = kind.title(values, texts)
    return Row(
        number=verdict.number,
        verdict=Verdict(verdict.verdict),
        title=shown[0],
        note=shown[1],
        target=verdict.target,
        cells=cells,
        facts=_facts(kind, verdict, values),
        changes=_changes(kind, verdict.before or (), values),
        problems=_problems(batch, kind, verdict, texts, reasons),
    )


def _facts(kind: SheetKind, verdict, values) -> list[tuple[str, str]]:
    """Return what a new record will hold, but for what stands beside its name already."""
    if verdict.verdict != Verdict.NEW:
        return []
    said = [
        (column.label, column.labels.get(value, value))
        for column, value in zip(kind.columns, values, strict=True)
        if value is not None and column.code not in kind.in_title
    ]
    return [*said, ("", "新登记的单位")] if verdict.makes_parent else said


def _changes(kind: SheetKind, before: Sequence[str | None], values) -> list[Change]:
    return [
        Change(column.label, *(column.labels.get(text, text) for text in (old, values[at] or "")))
        for at, (column, old) in enumerate(zip(kind.columns, before, strict=False))
        if old is not None
    ]


def _problems(batch, kind: SheetKind, verdict, texts, reasons) -> list[Problem]:
    found = []
    for place, text in texts.items():
        if said := reasons.get((place, text)):
            column = kind.columns[place - 1]
            at = tuple(batch.mapping.get(column.code, ()))
            found.append(Problem(column.label, text[:SHOWN], *said, at))
    for fault in verdict.faults or ():
        if fault[1] == "unreadable":
            continue
        reason, hint = kind.sentence(fault)
        if not fault[0]:
            found.append(Problem("", "", reason, hint))
            continue
        column = kind.column(fault[0])
        text = texts.get(kind.place(fault[0]), "")
        at = tuple(batch.mapping.get(column.code, ()))
        found.append(Problem(column.label, text[:SHOWN], reason, hint, at))
    return found
