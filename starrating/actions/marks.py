"""Marks of the department and the public, and bonus by hand: each rests on a source paper."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from association import audit, files
from association.errors import BusinessRuleError
from association.models import StoredFile
from members.queries import units_of
from starrating.actions.cycle import locked
from starrating.enums import AssessmentState, MarkKind
from starrating.item_points import AnswerError
from starrating.mark_sheet import (
    BONUS,
    Mark,
    MarkSheet,
    canonical_mark,
    marked_items,
    standing_digest,
    stands,
)
from starrating.models import Assessment, Cycle, MarkedShop, MarkPaper, StagedMarks
from starrating.models.marks import MARKABLE
from starrating.queries.marks import COUNTED_BY_ITSELF

NOT_TAKING_PART = (AssessmentState.DECLINED, AssessmentState.EXCUSED)
OWN_COMPANY = "您在该药店所属企业任职，须回避。请由同事录入。"
# One paper is written and taken back in one transaction; larger lists come by sub-district.
SHOPS_PER_SHEET = 5000


class MarkingClosedError(BusinessRuleError):
    """The cycle has left its review, or the shop does not take part."""


class PaperMissingError(BusinessRuleError):
    """A mark without its source paper is hearsay."""


class MarkRefusedError(BusinessRuleError):
    """A value does not fit its item; the sentence names shop and item."""


class NothingNewError(BusinessRuleError):
    """Every value stands there already."""


class MarksChangedError(BusinessRuleError):
    """Somebody else wrote or took back marks since the page was opened."""


class RecusedFromMarkingError(BusinessRuleError):
    """Nobody marks the shops of their own company, nor confirms or takes back such marks."""


class SecondPersonError(BusinessRuleError):
    """The paper waits for another person than the one who entered it."""


class PaperUndoneError(BusinessRuleError):
    """The paper was taken back already."""


class SheetSettledError(BusinessRuleError):
    """The uploaded sheet was written or set aside already."""


class SheetTooLongError(BusinessRuleError):
    """More shops than one transaction may hold."""


# ------------------------------------------------------------------ papers and what they say


@transaction.atomic
def open_paper(
    cycle: Cycle,
    *,
    kind: str,
    title: str,
    document_number: str = "",
    upload=None,
    stored: StoredFile | None = None,
    sheet_file: StoredFile | None = None,
    by,
    now: datetime,
) -> MarkPaper:
    """Register the paper that marks rest on; shops are then entered one by one.

    ``kind`` is ``department``, ``public`` or ``bonus``. ``upload`` is the paper itself, ``stored``
    a scan that is kept already, ``sheet_file`` the workbook that the marks came in.
    """
    cycle = _markable(cycle)
    _named(kind, title, document_number)
    if upload is not None:
        stored = files.accept(upload, by=by, now=now)
    paper = MarkPaper.objects.create(
        cycle=cycle,
        kind=kind,
        title=title.strip(),
        document_number=document_number.strip(),
        file=stored,
        sheet_file=sheet_file,
        needs_confirmation=kind == BONUS,
        entered_at=now,
        entered_by=by,
    )
    audit.record(
        "rating.mark_paper_opened",
        by=by,
        target=paper,
        now=now,
        cycle=cycle.name,
        kind=kind,
        document=paper.document_number,
    )
    return paper


def _named(kind: str, title: str, document_number: str) -> None:
    """Refuse a paper that nobody could find again."""
    if kind not in MarkKind.values:
        raise MarkRefusedError("没有这类评分，请从评分页重新进入。")
    if not title.strip():
        raise PaperMissingError("请写明材料名称，例如“2026 年度监督检查汇总表”。")
    if kind == BONUS and not document_number.strip():
        raise PaperMissingError("手工录入加分须写明材料的文号或编号。")


@transaction.atomic
def write_marks(
    paper: MarkPaper,
    marks: Mapping[int, Mapping[str, Mark]],
    *,
    seen: str | None = None,
    by,
    now: datetime,
) -> tuple[int, int]:
    """Write marks that stand in ``paper``; return how many values of how many shops are new.

    ``marks`` maps assessments to items to values; what is not in it stays, and a value that
    stands there already is not written again. ``seen`` is the ``standing_digest`` of the page
    that the person looked at: raises ``MarksChangedError`` when it is no longer true.
    """
    cycle = _markable(paper.cycle)
    paper = MarkPaper.objects.select_for_update(of=("self",)).get(pk=paper.pk)
    _refuse_settled(paper, by)
    rows = _locked_shops(cycle, marks)
    own = units_of([by])[by.pk]
    rules = cycle.scheme.rules
    items = marked_items(rules, paper.kind, counted=COUNTED_BY_ITSELF)
    checked = {
        pk: _checked(rows.get(pk), values, items, rules, own) for pk, values in marks.items()
    }
    if not any(checked.values()):
        raise PaperMissingError("没有填任何分值。请至少填一项。")
    label = str(paper)
    fresh = {
        pk: {c: m for c, m in values.items() if not stands(rows[pk].sheet, c, paper.kind, m, label)}
        for pk, values in checked.items()
    }
    if not any(fresh.values()):
        raise NothingNewError("没有要写入的：这些分值和现在的一样。")
    sheets = {pk: rows[pk].sheet for pk in checked}
    if seen is not None and seen != standing_digest(sheets, items, paper.kind):
        raise MarksChangedError("打开这一页之后有人改过这些评分，还没有写入。请看过再保存。")
    values, shops = _write(paper, rows, fresh, by=by, now=now)
    audit.record(
        "rating.marked",
        by=by,
        target=paper,
        now=now,
        cycle=cycle.name,
        document=paper.document_number,
        shops=shops,
        values=values,
    )
    return values, shops


@transaction.atomic
def enter_marks(
    cycle: Cycle,
    *,
    kind: str,
    title: str,
    document_number: str,
    marks: Mapping[int, Mapping[str, Mark]],
    upload=None,
    stored: StoredFile | None = None,
    sheet_file: StoredFile | None = None,
    seen: str | None = None,
    by,
    now: datetime,
) -> MarkPaper:
    """Register a paper and write all that stands in it, in one transaction.

    Bonus counts only after ``confirm_paper`` by a second person.
    """
    paper = open_paper(
        cycle,
        kind=kind,
        title=title,
        document_number=document_number,
        upload=upload,
        stored=stored,
        sheet_file=sheet_file,
        by=by,
        now=now,
    )
    write_marks(paper, marks, seen=seen, by=by, now=now)
    paper.refresh_from_db(fields=["value_count", "shop_count"])
    return paper


def source_key(paper: MarkPaper) -> str:
    """Where the values of ``paper`` stand in the sheet of an item.

    A mark takes the place of the one before it; a bonus stands beside those of other papers.
    """
    return f"paper/{paper.pk}" if paper.kind == BONUS else paper.kind


def _checked(assessment, values: Mapping[str, Mark], items: Mapping, rules, own) -> dict:
    """Return the values of one shop as they are stored, or refuse with shop and item named."""
    if assessment is None:
        raise MarkRefusedError("表里有一家药店不在本周期，请重新下载模板。")
    name = assessment.pharmacy.name
    if assessment.state in NOT_TAKING_PART:
        raise MarkingClosedError(f"{name}本周期不参评，不用录入评分。")
    if assessment.pharmacy.unit_id in own:
        raise RecusedFromMarkingError(f"{name}：{OWN_COMPANY}")
    checked = {}
    for code, mark in values.items():
        if code in COUNTED_BY_ITSELF and code not in items:
            raise MarkRefusedError(f"{code} 由已核实的活动自动计入，不用手工录入。")
        if code not in items:
            raise MarkRefusedError(f"{code} 不在这类评分里，请换一类录入。")
        try:
            checked[code] = canonical_mark(items[code], mark, rules)
        except AnswerError as error:
            raise MarkRefusedError(f"{name}“{items[code].name}”：{error}。") from error
    return checked


def _write(
    paper: MarkPaper, rows: Mapping[int, Assessment], fresh: Mapping, *, by, now
) -> tuple[int, int]:
    """Put the values into the sheets and beside the paper; return how many, of how many shops."""
    key, label = source_key(paper), str(paper)
    known = {m.assessment_id: m for m in paper.shops.filter(assessment__in=fresh)}
    made, again, written = [], [], []
    for pk, marks in fresh.items():
        if not marks:
            continue
        sheet = rows[pk].sheet
        line = known.get(pk) or MarkedShop(paper=paper, assessment_id=pk)
        is_new = line.pk is None or line.undone_at is not None
        if is_new:
            line.before, line.after = {}, {}
        paper.shop_count += is_new
        paper.value_count -= len(line.after)
        for code, mark in marks.items():
            entry = sheet.setdefault(code, {})
            line.before.setdefault(code, entry.get(key))
            entry[key] = line.after[code] = _entry(mark, paper, label, by=by, now=now)
        paper.value_count += len(line.after)
        line.entered_at, line.entered_by = now, by
        line.undone_at = line.undone_by = None
        (again if line.pk else made).append(line)
        written.append(rows[pk])
    MarkedShop.objects.bulk_create(made, batch_size=500)
    fields = ["before", "after", "entered_at", "entered_by", "undone_at", "undone_by"]
    MarkedShop.objects.bulk_update(again, fields, batch_size=500)
    _save(written)
    paper.save(update_fields=["value_count", "shop_count"])
    return sum(map(len, fresh.values())), len(written)


def _entry(mark: Mark, paper: MarkPaper, label: str, *, by, now: datetime) -> dict[str, Any]:
    entry = {
        "value": mark.value,
        "at": now.isoformat(),
        "by": by.pk,
        "paper": paper.pk,
        "label": label,
    }
    if mark.n is not None:
        entry["n"] = mark.n
    if mark.reason:
        entry["reason"] = mark.reason
    return entry


def _save(assessments: Iterable[Assessment]) -> None:
    """Write the sheets back, a thousand in one statement."""
    rows = list(assessments)
    with connection.cursor() as cursor:
        for start in range(0, len(rows), 1000):
            batch = rows[start : start + 1000]
            sheets = [json.dumps(row.sheet, ensure_ascii=False) for row in batch]
            cursor.execute(
                "UPDATE starrating_assessment AS a"
                " SET sheet = v.sheet::jsonb, sheet_version = a.sheet_version + 1"
                " FROM unnest(%s::bigint[], %s::text[]) AS v(id, sheet) WHERE a.id = v.id",
                [[row.pk for row in batch], sheets],
            )


# ------------------------------------------------------------------ the second person, the way back


@transaction.atomic
def confirm_paper(paper: MarkPaper, *, seen: int | None = None, by, now: datetime) -> MarkPaper:
    """Confirm by a second person that the bonus stands in the paper; from now on it counts.

    ``seen`` is the number of values on the page that the person looked at: raises
    ``MarksChangedError`` when more was entered or taken back since.
    """
    paper = _open(paper)
    if not paper.needs_confirmation or paper.confirmed_at is not None:
        raise SecondPersonError("这份材料不用再确认。")
    if paper.entered_by_id == by.pk:
        raise SecondPersonError("录入人不能自己确认，请另一位同事核对材料后确认。")
    if not paper.value_count:
        raise PaperMissingError("这份材料里还没有录入加分，不能确认。")
    if seen is not None and seen != paper.value_count:
        raise MarksChangedError("您打开这一页之后，录入人又改了内容。请重新看过再确认。")
    _refuse_own_company(paper.shops.filter(undone_at=None), by)
    paper.confirmed_at, paper.confirmed_by = now, by
    paper.save(update_fields=["confirmed_at", "confirmed_by"])
    audit.record("rating.marks_confirmed", by=by, target=paper, now=now, values=paper.value_count)
    return paper


@transaction.atomic
def undo_paper(paper: MarkPaper, *, by, now: datetime) -> tuple[MarkPaper, int]:
    """Take a whole paper back: what stood there before stands again.

    A value that a later paper has written over stays. Returns the paper and how many stayed.
    """
    paper = _open(paper)
    lines = list(paper.shops.filter(undone_at=None))
    _refuse_own_company(paper.shops.filter(undone_at=None), by)
    stayed = _take_back(paper, lines)
    paper.undone_at, paper.undone_by = now, by
    paper.save(update_fields=["undone_at", "undone_by"])
    audit.record("rating.marks_undone", by=by, target=paper, now=now, stayed=stayed)
    return paper, stayed


@transaction.atomic
def undo_shop(line: MarkedShop, *, by, now: datetime) -> tuple[MarkedShop, int]:
    """Take back what a paper says about one shop; the rest of the paper stays.

    Returns the line and how many of its values a later paper has written over.
    """
    paper = _open(line.paper)
    line = paper.shops.select_related("assessment__pharmacy").get(pk=line.pk)
    if line.undone_at is not None:
        raise PaperUndoneError("这家药店的评分已经撤回。")
    if paper.confirmed_at is not None:
        raise SecondPersonError("这份材料已由第二人确认，不能只撤回一家。请撤回整份后重新录入。")
    _refuse_own_company(paper.shops.filter(pk=line.pk), by)
    stayed = _take_back(paper, [line])
    line.undone_at, line.undone_by = now, by
    line.save(update_fields=["undone_at", "undone_by"])
    paper.shop_count -= 1
    paper.value_count -= len(line.after)
    paper.save(update_fields=["value_count", "shop_count"])
    audit.record(
        "rating.shop_marks_undone",
        by=by,
        target=paper,
        now=now,
        shop=line.assessment.pharmacy.name,
        values=len(line.after),
        stayed=stayed,
    )
    return line, stayed


def _take_back(paper: MarkPaper, lines: list[MarkedShop]) -> int:
    """Put back what stood before ``lines``; return how many values stay as a later paper has them.

    What stood before may itself have been taken back meanwhile: then what stood before that.
    """
    key = source_key(paper)
    rows = _locked_shops(paper.cycle, [line.assessment_id for line in lines])
    gone = _undone_before(paper, lines)
    stayed = 0
    for line in lines:
        sheet = rows[line.assessment_id].sheet
        for code, old in line.before.items():
            entry = sheet.get(code, {})
            if entry.get(key, {}).get("paper") != paper.pk:
                stayed += 1
                continue
            while old is not None and (line.assessment_id, old.get("paper")) in gone:
                old = gone[line.assessment_id, old["paper"]].get(code)
            if old is not None:
                entry[key] = old
                continue
            entry.pop(key)
            if not entry:
                sheet.pop(code)
    _save(rows.values())
    return stayed


def _undone_before(paper: MarkPaper, lines: list[MarkedShop]) -> dict[tuple[int, int], dict]:
    """What stood before the marks that were taken back already, by shop and paper."""
    shops = [line.assessment_id for line in lines]
    others = MarkedShop.objects.filter(assessment__in=shops, paper__kind=paper.kind)
    rows = others.exclude(pk__in=others.standing().values("pk")).values_list(
        "assessment", "paper", "before"
    )
    return {(shop, undone): before for shop, undone, before in rows}


# ------------------------------------------------------------------ between reading and writing


@transaction.atomic
def stage_sheet(
    cycle: Cycle,
    sheet: MarkSheet,
    *,
    kind: str,
    title: str,
    document_number: str = "",
    sheet_file: StoredFile,
    upload=None,
    notes: Iterable[str] = (),
    by,
    now: datetime,
) -> StagedMarks:
    """Keep what was read from a sheet until somebody has looked at it.

    Nothing counts yet. ``sheet_file`` is the workbook as it was handed in, ``upload`` a scan of
    the paper behind it.
    """
    cycle = _markable(cycle)
    _named(kind, title, document_number)
    if len(sheet.marks) > SHOPS_PER_SHEET:
        raise SheetTooLongError(
            f"一张表最多写入 {SHOPS_PER_SHEET} 家药店，这张有 {len(sheet.marks)} 家。"
            "请按片区下载模板，分几次上传。"
        )
    staged = StagedMarks.objects.create(
        cycle=cycle,
        kind=kind,
        title=title.strip(),
        document_number=document_number.strip(),
        sheet_file=sheet_file,
        file=files.accept(upload, by=by, now=now) if upload is not None else None,
        marks={
            pk: {code: list(mark) for code, mark in row.items()} for pk, row in sheet.marks.items()
        },
        rows=dict(sheet.rows),
        wrong=[[w.row, w.shop, w.heading, w.text, w.reason] for w in sheet.wrong],
        codes=list(sheet.codes),
        unknown=list(sheet.unknown),
        notes=list(notes),
        row_count=sheet.row_count,
        uploaded_at=now,
        uploaded_by=by,
    )
    audit.record(
        "rating.mark_sheet_uploaded",
        by=by,
        target=staged,
        now=now,
        cycle=cycle.name,
        shops=len(sheet.marks),
        wrong=len(sheet.wrong),
        sha256=sheet_file.sha256,
    )
    return staged


@transaction.atomic
def commit_sheet(staged: StagedMarks, *, seen: str | None = None, by, now: datetime) -> MarkPaper:
    """Write the good rows of a staged sheet as one paper, from what was read once.

    ``seen`` is the ``standing_digest`` of the preview. Raises ``MarksChangedError`` when
    somebody wrote in between, ``SheetSettledError`` on the second press.
    """
    staged = _unsettled(staged)
    paper = enter_marks(
        staged.cycle,
        kind=staged.kind,
        title=staged.title,
        document_number=staged.document_number,
        marks=staged.as_read,
        stored=staged.file,
        sheet_file=staged.sheet_file,
        seen=seen,
        by=by,
        now=now,
    )
    staged.paper = paper
    staged.save(update_fields=["paper"])
    return paper


@transaction.atomic
def discard_sheet(staged: StagedMarks, *, by, now: datetime) -> StagedMarks:
    """Set an uploaded sheet aside without writing anything."""
    staged = _unsettled(staged)
    staged.discarded_at, staged.discarded_by = now, by
    staged.save(update_fields=["discarded_at", "discarded_by"])
    audit.record("rating.mark_sheet_discarded", by=by, target=staged, now=now)
    return staged


def _unsettled(staged: StagedMarks) -> StagedMarks:
    rows = StagedMarks.objects.select_related("cycle", "file", "sheet_file")
    staged = rows.select_for_update(of=("self",)).get(pk=staged.pk)
    if staged.paper_id is not None:
        raise SheetSettledError("这张表已经写入，不用再写一次。")
    if staged.discarded_at is not None:
        raise SheetSettledError("这张表已经放弃。要用请重新上传。")
    return staged


# ------------------------------------------------------------------ locks and refusals in common


def _markable(cycle: Cycle) -> Cycle:
    """Lock the cycle, so that the gate and the marks do not pass each other."""
    cycle = locked(cycle)
    if cycle.state not in MARKABLE:
        raise MarkingClosedError("本周期的评审已经结束，不能再录入评分。")
    return cycle


def _locked_shops(cycle: Cycle, pks: Iterable[int]) -> dict[int, Assessment]:
    rows = Assessment.objects.select_related("pharmacy").select_for_update(of=("self",))
    return {row.pk: row for row in rows.filter(cycle=cycle, pk__in=list(pks)).order_by("pk")}


def _open(paper: MarkPaper) -> MarkPaper:
    """Lock the paper; refuse when it was taken back or the review is over."""
    cycle = locked(paper.cycle)
    paper = MarkPaper.objects.select_for_update(of=("self",)).get(pk=paper.pk)
    paper.cycle = cycle
    if paper.undone_at is not None:
        raise PaperUndoneError("这份材料已经撤回。")
    if cycle.state not in MARKABLE:
        raise MarkingClosedError("本周期的评审已经结束，评分不能再改。")
    return paper


def _refuse_settled(paper: MarkPaper, by) -> None:
    """Refuse to add to a paper that was taken back or confirmed, or to another's bonus paper."""
    if paper.undone_at is not None:
        raise PaperUndoneError("这份材料已经撤回，不能再往里加。请另登记一份材料。")
    if paper.confirmed_at is not None:
        raise SecondPersonError("这份材料已由第二人确认，不能再往里加。请另登记一份材料。")
    if paper.needs_confirmation and paper.entered_by_id != by.pk:
        raise SecondPersonError("加分材料由登记人一个人录入，别人才能确认。请另登记一份材料。")


def _refuse_own_company(lines, by) -> None:
    own = units_of([by])[by.pk]
    shop = (
        lines.filter(assessment__pharmacy__unit__in=own)
        .values_list("assessment__pharmacy__name", flat=True)
        .first()
    )
    if shop is not None:
        raise RecusedFromMarkingError(
            f"材料里有您任职企业的药店（{shop}），须回避。请另一位同事办理。"
        )
