"""What reviewers do with a handed-in sheet, and who gives them the case."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.roles import Role
from association import audit, outbox
from association.errors import BusinessRuleError
from members.models import Position
from members.queries import units_of
from starrating.enums import AssessmentState, CycleState
from starrating.models import Assessment, Cycle, ItemNote, ReviewAssignment
from starrating.self_assessment import (
    NOT_APPLICABLE,
    SELF,
    AnswerError,
    canonical_answer,
    owner_items,
)
from starrating.workflow import ASSESSMENT

REVIEWED = "reviewed"


class RecusedError(BusinessRuleError):
    """The reviewer belongs to the same company."""


class NotAssignedError(BusinessRuleError):
    """The case is not this reviewer's."""


class SheetHandedInAnewError(BusinessRuleError):
    """The shop has handed in another sheet than the one on the screen."""


class ReviewClosedError(BusinessRuleError):
    """The cycle has left its review."""


class NotConfirmedError(BusinessRuleError):
    """The shop has not confirmed a sheet that somebody else handed in."""


class ReasonMissingError(BusinessRuleError):
    """A return needs words that the shop can act on."""


class ReviewedValueError(BusinessRuleError):
    """A reviewed value does not fit its item."""


@transaction.atomic
def assign(assessment: Assessment, *, reviewer, by, now: datetime) -> ReviewAssignment:
    """Give the case to ``reviewer``; an earlier assignment ends. Raises ``RecusedError``."""
    assessment = _locked(assessment)
    _open_for_review(assessment)
    if Role.REVIEWER not in reviewer.area_roles:
        raise NotAssignedError(f"{reviewer}不是评审员，请先授予评审员角色。")
    if assessment.pharmacy.unit_id in units_of([reviewer])[reviewer.pk]:
        raise RecusedError(f"{reviewer}在该药店所属企业任职，须回避。请改派他人。")
    current = assessment.assignments.filter(ended_at=None).first()
    if current is not None and current.reviewer_id == reviewer.pk:
        return current
    if current is not None:
        current.ended_at = now
        current.save(update_fields=["ended_at"])
    made = ReviewAssignment.objects.create(
        assessment=assessment, reviewer=reviewer, assigned_at=now, assigned_by=by
    )
    audit.record(
        "rating.review_assigned", by=by, target=assessment, now=now, reviewer=str(reviewer)
    )
    return made


@transaction.atomic
def assign_evenly(cycle: Cycle, *, reviewers: Iterable, by, now: datetime) -> tuple[int, int]:
    """Share out the cases that nobody has; the one with fewest cases takes the next.

    Returns how many were given and how many found nobody who is free of ties to the company.
    Repeating it touches only what is still without a reviewer.
    """
    reviewers = [user for user in reviewers if Role.REVIEWER in user.area_roles]
    if not reviewers:
        raise NotAssignedError("还没有评审员。请先在“人员与角色”里授予评审员角色。")
    units = units_of(reviewers)
    load = Counter(
        ReviewAssignment.objects.filter(assessment__cycle=cycle, ended_at=None).values_list(
            "reviewer", flat=True
        )
    )
    waiting = (
        Assessment.objects.taking_part()
        .filter(cycle=cycle)
        .exclude(assignments__ended_at=None, assignments__isnull=False)
        .select_for_update(of=("self",))
        .order_by("pharmacy__unit", "pk")
        .values_list("pk", "pharmacy__unit")
    )
    rows, without = [], 0
    for pk, unit in waiting:
        free = [user for user in reviewers if unit not in units[user.pk]]
        if not free:
            without += 1
            continue
        chosen = min(free, key=lambda user: (load[user.pk], user.pk))
        load[chosen.pk] += 1
        rows.append(
            ReviewAssignment(assessment_id=pk, reviewer=chosen, assigned_at=now, assigned_by=by)
        )
    ReviewAssignment.objects.bulk_create(rows, batch_size=2000)
    audit.record(
        "rating.reviews_shared_out", by=by, target=cycle, now=now, given=len(rows), without=without
    )
    return len(rows), without


@transaction.atomic
def pass_(
    assessment: Assessment,
    *,
    values: Mapping[str, str] | None = None,
    opinion: str = "",
    seen: str | None = None,
    by,
    now: datetime,
) -> Assessment:
    """Finish the review: the reviewer's value stands beside the shop's, item by item.

    ``values`` holds what the reviewer found otherwise; every other item is taken as the shop
    answered it. A claim that an item does not apply is confirmed with the pass unless
    ``values`` gives the item a value. Raises ``NotConfirmedError`` while the shop has not
    confirmed, and ``ReviewedValueError`` naming the item. ``seen`` is the ``stamp`` of the
    sheet on the reviewer's screen: a sheet handed in anew is looked at anew.
    """
    assessment = _case_of(assessment, by, seen)
    after = ASSESSMENT.after(assessment.state, "pass")
    if assessment.confirmed_at is None:
        raise NotConfirmedError("药店还没有确认这份代填的自评，确认后才能通过。可先提醒药店。")
    scheme = assessment.cycle.scheme.rules
    items, given = owner_items(scheme), dict(values or {})
    stamp = {"at": now.isoformat(), "by": by.pk}
    changed = {}
    for code, item in items.items():
        entry = assessment.sheet.setdefault(code, {})
        mine = entry.get(SELF, {}).get("value")
        raw = given.get(code, "").strip()
        if not raw and NOT_APPLICABLE in entry:
            entry[NOT_APPLICABLE] |= {"confirmed_at": stamp["at"], "confirmed_by": by.pk}
            entry.pop(REVIEWED, None)
            continue
        try:
            value = canonical_answer(item, raw, scheme) if raw else mine
        except AnswerError as error:
            raise ReviewedValueError(f"“{item.name}”：{error}。") from error
        if value is None:
            raise ReviewedValueError(f"“{item.name}”没有可用的答案，请填写复核值或退回药店。")
        if NOT_APPLICABLE in entry:
            entry[NOT_APPLICABLE] |= {"refused_at": stamp["at"], "refused_by": by.pk}
        entry[REVIEWED] = {"value": value, **stamp}
        if value != mine:
            changed[code] = [mine, value]
    assessment.state = after
    assessment.sheet_version += 1
    assessment.reviewed_at, assessment.reviewed_by = now, by
    assessment.save(update_fields=["state", "sheet", "sheet_version", "reviewed_at", "reviewed_by"])
    assessment.notes.filter(answered_at=None).update(answered_at=now)
    audit.record(
        "rating.reviewed", by=by, target=assessment, now=now, changed=changed, opinion=opinion
    )
    return assessment


@transaction.atomic
def return_(
    assessment: Assessment,
    *,
    notes: Mapping[str, str] | None = None,
    opinion: str = "",
    seen: str | None = None,
    by,
    now: datetime,
) -> Assessment:
    """Send the sheet back with what is to be supplied, item by item or as a whole.

    The people who answer for the shop get a message. Raises ``ReasonMissingError`` when there
    is not a word for the shop.
    """
    assessment = _case_of(assessment, by, seen)
    assessment.state = ASSESSMENT.after(assessment.state, "return")
    scheme = assessment.cycle.scheme.rules
    known = owner_items(scheme)
    said = {code: text.strip() for code, text in (notes or {}).items() if text.strip()}
    if foreign := set(said) - set(known):
        raise ReviewedValueError(f"{'、'.join(sorted(foreign))} 不是药店自评的条目。")
    if not said and not opinion.strip():
        raise ReasonMissingError("退回要写明补什么，药店会看到。请在条目旁或意见栏里写一句。")
    if not said:
        said = {"": opinion.strip()}
    assessment.reviewed_at = assessment.reviewed_by = None
    assessment.confirmed_at = assessment.confirmed_by = None
    assessment.save(
        update_fields=["state", "reviewed_at", "reviewed_by", "confirmed_at", "confirmed_by"]
    )
    ItemNote.objects.bulk_create(
        ItemNote(assessment=assessment, item=code, text=text, written_at=now, written_by=by)
        for code, text in said.items()
    )
    lines = [f"{known[code].name}：{text}" if code else text for code, text in said.items()]
    last_day = assessment.cycle.review_closes_on
    outbox.post(
        f"assessment:{assessment.pk}:returned:{assessment.sheet_version}:{now:%Y%m%d%H%M%S}",
        to=User.objects.filter(
            positions__in=Position.objects.answering_for(assessment.pharmacy)
        ).distinct(),
        subject=f"{assessment.pharmacy.name}的自评要补 {len(lines)} 处",
        body="\n".join([*lines, f"请在 {last_day.month}月{last_day.day}日 24:00 前补好再提交。"]),
        link=f"/ratings/{assessment.pk}/fill/",
        now=now,
    )
    audit.record("rating.returned", by=by, target=assessment, now=now, notes=said)
    return assessment


def stamp(assessment: Assessment) -> str:
    """Return which handing-in of the sheet this is."""
    return assessment.submitted_at.isoformat() if assessment.submitted_at else ""


def _case_of(assessment: Assessment, reviewer, seen: str | None) -> Assessment:
    """Lock the case and refuse anybody whom it was not given to, or who is tied to the shop."""
    assessment = _locked(assessment)
    _open_for_review(assessment)
    if not assessment.assignments.filter(reviewer=reviewer, ended_at=None).exists():
        raise NotAssignedError("这家药店没有分派给您。请联系秘书处分派。")
    if assessment.pharmacy.unit_id in units_of([reviewer])[reviewer.pk]:
        raise RecusedError("您在该药店所属企业任职，须回避。请联系秘书处改派。")
    if seen is not None and seen != stamp(assessment):
        raise SheetHandedInAnewError("药店在这期间重新交过自评。请看过新的内容再决定。")
    return assessment


def _open_for_review(assessment: Assessment) -> None:
    if assessment.cycle.state not in {CycleState.SELF_REVIEW, CycleState.REVIEW}:
        raise ReviewClosedError("本周期的评审已经结束，不能再改。")
    if assessment.state in {AssessmentState.DECLINED, AssessmentState.EXCUSED}:
        raise ReviewClosedError("这家药店本周期不参评。")


def _locked(assessment: Assessment) -> Assessment:
    rows = Assessment.objects.select_related("cycle__scheme", "pharmacy")
    return rows.select_for_update(of=("self",)).get(pk=assessment.pk)
