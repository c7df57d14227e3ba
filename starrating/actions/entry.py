"""What a shop does with its own sheet: answer, put papers beside, hand in, confirm."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from association import audit, files
from association.errors import BusinessRuleError
from starrating.enums import AssessmentState
from starrating.models import Assessment, EvidenceFile
from starrating.queries.entry import why_closed
from starrating.self_assessment import (
    NOT_APPLICABLE,
    SELF,
    AnswerError,
    canonical_answer,
    changed_answers,
    owner_form,
    owner_items,
)
from starrating.workflow import ASSESSMENT

PAPERS_PER_ITEM = 6
# A form sent at 23:59:59 over a slow line still counts; the page says the deadline is 24:00.
UPLOAD_GRACE = timedelta(minutes=10)


class EntryClosedError(BusinessRuleError):
    """The sheet can no longer be written."""


class NotAnswerableError(BusinessRuleError):
    """The item is not the shop's to answer, or may not be claimed as not applicable."""


class SheetChangedError(BusinessRuleError):
    """Another phone wrote the same item since this page was opened."""


class BlanksLeftError(BusinessRuleError):
    """Something is not answered yet."""


class TooManyPapersError(BusinessRuleError):
    """Enough papers for this item."""


class AlreadyConfirmedError(BusinessRuleError):
    """Nothing is left to confirm."""


@dataclass(frozen=True)
class Saved:
    """What a save did: the sheet's new version, and a sentence for each refused item."""

    assessment: Assessment
    problems: dict[str, str]


@transaction.atomic
def save_answers(
    assessment: Assessment,
    *,
    answers: Mapping[str, str],
    na_reasons: Mapping[str, str] | None = None,
    seen: Mapping[str, str] | None = None,
    page: str = "",
    by,
    now: datetime,
) -> Saved:
    """Write the shop's answers; those that do not fit are named and left as they were.

    ``answers`` maps items to what was typed, an empty text takes an answer back. ``na_reasons``
    maps items to the reason why they do not apply. ``seen`` is what the person saw there: an
    answer that changed since is refused instead of overwritten, unless the same opened ``page``
    had written it, whose receipt was lost on the way. Raises ``EntryClosedError``.
    """
    assessment = _writable(assessment, now=now)
    scheme = assessment.cycle.scheme.rules
    items = owner_items(scheme)
    problems: dict[str, str] = {}
    fresh: dict[str, str] = {}
    for code, raw in answers.items():
        if code not in items:
            problems[code] = "这一条不由药店填写。"
        elif not raw.strip():
            fresh[code] = ""
        else:
            try:
                fresh[code] = canonical_answer(items[code], raw, scheme)
            except AnswerError as error:
                problems[code] = f"{error}。"
    stamp = {"at": now.isoformat(), "by": by.pk}
    sheet = assessment.sheet
    written = []
    for code in changed_answers(sheet, fresh):
        mine = sheet.get(code, {}).get(SELF, {})
        if not fresh[code] and not mine:
            continue
        stands = mine.get("value", "")
        is_stale = seen is not None and seen.get(code, stands) != stands
        if is_stale and not _is_own(mine, page, by):
            said = f"刚填了“{mine['value']}”" if mine else "刚清空了这一条"
            problems[code] = f"另一台手机{said}。请刷新这一页，看过再改。"
            continue
        entry = sheet.setdefault(code, {})
        if fresh[code]:
            entry[SELF] = {"value": fresh[code], **stamp} | ({"page": page} if page else {})
        else:
            entry.pop(SELF, None)
        written.append(code)
    for code, reason in (na_reasons or {}).items():
        if code not in items or not items[code].na:
            problems[code] = "这一条不能申请不适用，请如实填写。"
        elif _claim(sheet, code, reason.strip(), stamp):
            written.append(code)
    if written:
        assessment.sheet_version += 1
        assessment.saved_at = now
        assessment.save(update_fields=["sheet", "sheet_version", "saved_at"])
    return Saved(assessment, problems)


def _is_own(entry: dict, page: str, by) -> bool:
    """Whether the answer that stands there came from the same opened page."""
    return entry.get("page") == page if page else entry.get("by") == by.pk


def _claim(sheet: dict, code: str, reason: str, stamp: dict) -> bool:
    """Set or take back the claim that an item does not apply; return whether it changed."""
    entry = sheet.setdefault(code, {})
    if entry.get(NOT_APPLICABLE, {}).get("reason", "") == reason:
        return False
    if reason:
        entry[NOT_APPLICABLE] = {"reason": reason, **stamp}
        entry.pop(SELF, None)
    else:
        entry.pop(NOT_APPLICABLE)
    return True


@transaction.atomic
def attach(
    assessment: Assessment, *, item: str, upload, caption: str = "", by, now: datetime
) -> EvidenceFile:
    """Put a photo or paper beside ``item``; at most ``PAPERS_PER_ITEM`` stay there."""
    assessment = _writable(assessment, now=now, grace=UPLOAD_GRACE)
    scheme = assessment.cycle.scheme.rules
    if item not in owner_items(scheme):
        raise NotAnswerableError("这一条不由药店上传材料。")
    present = assessment.evidence_files.filter(item=item, removed_at=None)
    if present.count() >= PAPERS_PER_ITEM:
        raise TooManyPapersError(f"这一条已有 {PAPERS_PER_ITEM} 份材料，请先移除一份再传。")
    stored = files.accept(upload, by=by, now=now, kinds=files.PAPERS)
    paper = EvidenceFile.objects.create(
        assessment=assessment, item=item, file=stored, caption=caption, added_at=now, added_by=by
    )
    Assessment.objects.filter(pk=assessment.pk).update(saved_at=now)
    audit.record("rating.evidence_added", by=by, target=assessment, now=now, item=item)
    return paper


@transaction.atomic
def detach(paper: EvidenceFile, *, by, now: datetime) -> EvidenceFile:
    """Take a paper away from its item; the file itself stays on record."""
    assessment = _writable(paper.assessment, now=now)
    paper = EvidenceFile.objects.select_for_update(of=("self",)).get(pk=paper.pk)
    if paper.removed_at is None:
        paper.removed_at, paper.removed_by = now, by
        paper.save(update_fields=["removed_at", "removed_by"])
        audit.record("rating.evidence_removed", by=by, target=assessment, now=now, item=paper.item)
    return paper


@transaction.atomic
def restore(paper: EvidenceFile, *, by, now: datetime) -> EvidenceFile:
    """Put a removed paper back: the undo of ``detach``."""
    assessment = _writable(paper.assessment, now=now)
    paper = EvidenceFile.objects.select_for_update(of=("self",)).get(pk=paper.pk)
    present = assessment.evidence_files.filter(item=paper.item, removed_at=None)
    if present.count() >= PAPERS_PER_ITEM:
        raise TooManyPapersError(f"这一条已有 {PAPERS_PER_ITEM} 份材料，请先移除一份再恢复。")
    if paper.removed_at is not None:
        paper.removed_at = paper.removed_by = None
        paper.save(update_fields=["removed_at", "removed_by"])
        audit.record("rating.evidence_restored", by=by, target=assessment, now=now, item=paper.item)
    return paper


@transaction.atomic
def submit(assessment: Assessment, *, by, now: datetime) -> Assessment:
    """Hand in the sheet as the shop itself: submitted and confirmed in one act.

    Raises ``BlanksLeftError`` with the first line that misses something.
    """
    assessment = _complete(_writable(assessment, now=now, grace=UPLOAD_GRACE))
    assessment.state = ASSESSMENT.after(assessment.state, "submit")
    assessment.submitted_at, assessment.submitted_by = now, by
    assessment.confirmed_at, assessment.confirmed_by = now, by
    assessment.is_on_behalf = False
    assessment.save(
        update_fields=[
            "state",
            "submitted_at",
            "submitted_by",
            "confirmed_at",
            "confirmed_by",
            "is_on_behalf",
        ]
    )
    assessment.notes.filter(answered_at=None).update(answered_at=now)
    audit.record("rating.submitted", by=by, target=assessment, now=now)
    return assessment


@transaction.atomic
def hand_in_for_shop(assessment: Assessment, *, signed_paper=None, by, now: datetime) -> Assessment:
    """Hand in a sheet that somebody else typed: the shop confirms later.

    ``signed_paper`` is the upload of the signed sheet; the secretariat must bring it, a head
    office need not. Until the shop confirms, the assessment cannot be passed.
    """
    assessment = _complete(_writable(assessment, now=now, grace=UPLOAD_GRACE))
    assessment.state = ASSESSMENT.after(assessment.state, "submit")
    if signed_paper is not None:
        assessment.signed_paper = files.accept(signed_paper, by=by, now=now, kinds=files.PAPERS)
    assessment.submitted_at, assessment.submitted_by = now, by
    assessment.confirmed_at = assessment.confirmed_by = None
    assessment.is_on_behalf = True
    assessment.save(
        update_fields=[
            "state",
            "signed_paper",
            "submitted_at",
            "submitted_by",
            "confirmed_at",
            "confirmed_by",
            "is_on_behalf",
        ]
    )
    assessment.notes.filter(answered_at=None).update(answered_at=now)
    audit.record("rating.submitted_on_behalf", by=by, target=assessment, now=now)
    return assessment


@transaction.atomic
def confirm(assessment: Assessment, *, by, now: datetime) -> Assessment:
    """The shop says that what was handed in for it is its own word."""
    assessment = _locked(assessment)
    if assessment.state != AssessmentState.SUBMITTED or assessment.confirmed_at is not None:
        raise AlreadyConfirmedError("这份自评不需要再确认。")
    assessment.confirmed_at, assessment.confirmed_by = now, by
    assessment.save(update_fields=["confirmed_at", "confirmed_by"])
    audit.record("rating.confirmed", by=by, target=assessment, now=now)
    return assessment


def _complete(assessment: Assessment) -> Assessment:
    scheme = assessment.cycle.scheme.rules
    # A return counts as answered by handing in again; only true blanks hold the sheet back.
    blanks = [
        line for line in owner_form(scheme, assessment.sheet).open_lines if not line.is_answered
    ]
    if blanks:
        first = f"{blanks[0].number} {blanks[0].item.name}"
        raise BlanksLeftError(f"还有 {len(blanks)} 条没有填，请先填“{first}”，再提交。")
    return assessment


def _writable(
    assessment: Assessment, *, now: datetime, grace: timedelta = timedelta(0)
) -> Assessment:
    """Lock the assessment and refuse when its sheet is closed."""
    assessment = _locked(assessment)
    if reason := why_closed(assessment, now=now, grace=grace):
        raise EntryClosedError(reason)
    return assessment


def _locked(assessment: Assessment) -> Assessment:
    """Read the row again under a lock, so that two people cannot move it at once."""
    rows = Assessment.objects.select_related("cycle__scheme", "pharmacy")
    return rows.select_for_update(of=("self",)).get(pk=assessment.pk)
