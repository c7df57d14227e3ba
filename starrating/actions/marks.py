"""Marks of the department and the public, and bonus by hand: each rests on a source paper."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from association import audit, files
from association.errors import BusinessRuleError
from starrating.actions.review import units_of
from starrating.enums import AssessmentState, CycleState
from starrating.item_points import AnswerError
from starrating.mark_sheet import BONUS, DEPARTMENT, PUBLIC, Mark, canonical_mark, marked_items
from starrating.models import Assessment, Cycle, MarkPaper

MARKABLE = (CycleState.SELF_REVIEW, CycleState.REVIEW)
NOT_TAKING_PART = (AssessmentState.DECLINED, AssessmentState.EXCUSED)
OWN_COMPANY = "您在该药店所属企业任职，须回避。请由同事录入。"


class MarkingClosedError(BusinessRuleError):
    """The cycle has left its review, or the shop does not take part."""


class PaperMissingError(BusinessRuleError):
    """A mark without its source paper is hearsay."""


class MarkRefusedError(BusinessRuleError):
    """A value does not fit its item; the sentence names shop and item."""


class RecusedFromMarkingError(BusinessRuleError):
    """Nobody marks the shops of their own company."""


class SecondPersonError(BusinessRuleError):
    """The paper waits for another person than the one who entered it."""


class PaperUndoneError(BusinessRuleError):
    """The paper was taken back already."""


@transaction.atomic
def enter_marks(
    cycle: Cycle,
    *,
    kind: str,
    title: str,
    document_number: str,
    marks: Mapping[int, Mapping[str, Mark]],
    upload=None,
    stored=None,
    by,
    now: datetime,
) -> MarkPaper:
    """Write marks from one source paper: one shop by hand, or a whole sheet.

    ``kind`` is ``department``, ``public`` or ``bonus``; ``marks`` maps assessments to items to
    values, and what is not in it stays as it is. ``upload`` is the paper itself, ``stored`` a
    file that is kept already. Bonus counts only after ``confirm_paper`` by a second person.
    """
    if not title.strip():
        raise PaperMissingError("请写明材料名称，例如“2026 年度监督检查汇总表”。")
    if kind == BONUS and not document_number.strip():
        raise PaperMissingError("手工录入加分须写明材料的文号或编号。")
    cycle = Cycle.objects.select_related("scheme").get(pk=cycle.pk)
    if cycle.state not in MARKABLE:
        raise MarkingClosedError("本周期的评审已经结束，不能再录入评分。")
    files_by_pk = {
        row.pk: row
        for row in Assessment.objects.select_related("pharmacy")
        .select_for_update(of=("self",))
        .filter(cycle=cycle, pk__in=marks)
        .order_by("pk")
    }
    own = units_of([by])[by.pk]
    items = marked_items(cycle.scheme.rules, kind)
    fresh = {
        pk: _checked(files_by_pk.get(pk), values, items, cycle, own) for pk, values in marks.items()
    }
    if not any(fresh.values()):
        raise PaperMissingError("没有填任何分值。请至少填一项。")
    if upload is not None:
        stored = files.accept(upload, by=by, now=now)
    paper = MarkPaper.objects.create(
        cycle=cycle,
        kind=PUBLIC if kind == PUBLIC else DEPARTMENT,
        title=title.strip(),
        document_number=document_number.strip(),
        file=stored,
        needs_confirmation=kind == BONUS,
        entered_at=now,
        entered_by=by,
    )
    paper.value_count, paper.shop_count, paper.undo = _write(
        paper, files_by_pk, fresh, by=by, now=now
    )
    paper.save(update_fields=["value_count", "shop_count", "undo"])
    audit.record(
        "rating.marked",
        by=by,
        target=paper,
        now=now,
        cycle=cycle.name,
        document=paper.document_number,
        shops=paper.shop_count,
        values=paper.value_count,
    )
    return paper


def _checked(assessment, values: Mapping[str, Mark], items: Mapping, cycle: Cycle, own) -> dict:
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
        if code not in items:
            raise MarkRefusedError(f"{code} 不在这类评分里，请换一类录入。")
        try:
            checked[code] = canonical_mark(items[code], mark, cycle.scheme.rules)
        except AnswerError as error:
            raise MarkRefusedError(f"{name}“{items[code].name}”：{error}。") from error
    return checked


def _write(
    paper: MarkPaper, assessments: Mapping[int, Assessment], fresh: Mapping, *, by, now: datetime
) -> tuple[int, int, dict]:
    """Put the values into the sheets; return how many, of how many shops, and the undo."""
    undo: dict[str, dict] = {}
    count = 0
    label = str(paper)
    for pk, marks in fresh.items():
        sheet = assessments[pk].sheet
        for code, mark in marks.items():
            entry = sheet.setdefault(code, {})
            undo.setdefault(str(pk), {})[code] = entry.get(paper.kind)
            entry[paper.kind] = {
                "value": mark.value,
                "at": now.isoformat(),
                "by": by.pk,
                "paper": paper.pk,
                "label": label,
            }
            if mark.n is not None:
                entry[paper.kind]["n"] = mark.n
            if mark.reason:
                entry[paper.kind]["reason"] = mark.reason
            count += 1
    _save(assessments[pk] for pk, marks in fresh.items() if marks)
    return count, len(undo), undo


def _save(assessments) -> None:
    rows = list(assessments)
    for row in rows:
        row.sheet_version += 1
    Assessment.objects.bulk_update(rows, ["sheet", "sheet_version"], batch_size=500)


@transaction.atomic
def confirm_paper(paper: MarkPaper, *, by, now: datetime) -> MarkPaper:
    """Confirm by a second person that the bonus stands in the paper; from now on it counts."""
    paper = _locked(paper)
    if not paper.needs_confirmation or paper.confirmed_at is not None:
        raise SecondPersonError("这份材料不用再确认。")
    if paper.entered_by_id == by.pk:
        raise SecondPersonError("录入人不能自己确认，请另一位同事核对材料后确认。")
    paper.confirmed_at, paper.confirmed_by = now, by
    paper.save(update_fields=["confirmed_at", "confirmed_by"])
    audit.record("rating.marks_confirmed", by=by, target=paper, now=now)
    return paper


@transaction.atomic
def undo_paper(paper: MarkPaper, *, by, now: datetime) -> tuple[MarkPaper, int]:
    """Take a whole paper back: what stood there before stands again.

    A value that a later paper has written over stays. Returns the paper and how many stayed.
    """
    paper = _locked(paper)
    rows = {
        str(row.pk): row
        for row in Assessment.objects.select_for_update(of=("self",))
        .filter(pk__in=[int(pk) for pk in paper.undo])
        .order_by("pk")
    }
    stayed = 0
    for pk, before in paper.undo.items():
        sheet = rows[pk].sheet
        for code, old in before.items():
            entry = sheet.get(code, {})
            if entry.get(paper.kind, {}).get("paper") != paper.pk:
                stayed += 1
            elif old is None:
                entry.pop(paper.kind)
                if not entry:
                    sheet.pop(code)
            else:
                entry[paper.kind] = old
    _save(rows.values())
    paper.undone_at, paper.undone_by = now, by
    paper.save(update_fields=["undone_at", "undone_by"])
    audit.record("rating.marks_undone", by=by, target=paper, now=now, stayed=stayed)
    return paper, stayed


def _locked(paper: MarkPaper) -> MarkPaper:
    rows = MarkPaper.objects.select_related("cycle")
    paper = rows.select_for_update(of=("self",)).get(pk=paper.pk)
    if paper.undone_at is not None:
        raise PaperUndoneError("这份材料已经撤回。")
    if paper.cycle.state not in MARKABLE:
        raise MarkingClosedError("本周期的评审已经结束，评分不能再改。")
    return paper
