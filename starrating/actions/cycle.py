"""The stages of a cycle up to its review: plan, open, close entry, and who does not take part."""

from datetime import date, datetime

from django.db import transaction
from django.db.models import Q
from django.utils.timezone import localtime

from accounts.models import User
from association import audit, outbox
from association.errors import BusinessRuleError
from members.models import Pharmacy, Position
from starrating.enums import AssessmentState, CycleState, SchemeState
from starrating.models import Assessment, Cycle, Scheme
from starrating.workflow import ASSESSMENT, CYCLE

BATCH = 5000


class SchemeNotPublishedError(BusinessRuleError):
    """A cycle rests on a published scheme that is valid on its days."""


class CycleDatesError(BusinessRuleError):
    """The dates of the cycle do not follow one another, or a name is taken."""


class EntryStillOpenError(BusinessRuleError):
    """The last day of self-assessment has not passed."""


class ReasonMissingError(BusinessRuleError):
    """Leaving a shop out needs a reason that it can read."""


class ParticipationSettledError(BusinessRuleError):
    """Who takes part cannot be changed any more."""


@transaction.atomic
def plan(
    *,
    name: str,
    scheme: Scheme,
    starts_on: date,
    ends_on: date,
    entry_closes_on: date,
    review_closes_on: date,
    valid_from: date,
    valid_to: date,
    newest_opening_on: date | None = None,
    objection_working_days: int = 10,
    publicity_working_days: int = 5,
    by,
    now: datetime,
) -> Cycle:
    """Draw up a cycle; nothing is open yet. Raises ``CycleDatesError`` naming the pair."""
    name = name.strip()
    if not name:
        raise CycleDatesError("请填写周期名称，例如“2026 年度”。")
    if Cycle.objects.filter(name=name).exists():
        raise CycleDatesError(f"已有名为“{name}”的周期，请换一个名称。")
    pairs = (
        (starts_on, ends_on, "评定期的结束日不能早于开始日。"),
        (entry_closes_on, review_closes_on, "评审截止日不能早于自评截止日。"),
        (valid_from, valid_to, "星级有效期的结束日不能早于开始日。"),
    )
    for first, last, sentence in pairs:
        if last < first:
            raise CycleDatesError(sentence)
    cycle = Cycle.objects.create(
        name=name,
        scheme=scheme,
        starts_on=starts_on,
        ends_on=ends_on,
        entry_closes_on=entry_closes_on,
        review_closes_on=review_closes_on,
        newest_opening_on=newest_opening_on,
        valid_from=valid_from,
        valid_to=valid_to,
        objection_working_days=objection_working_days,
        publicity_working_days=publicity_working_days,
        created_at=now,
        created_by=by,
    )
    audit.record("cycle.planned", by=by, target=cycle, now=now, scheme=str(scheme))
    return cycle


@transaction.atomic
def open_(cycle: Cycle, *, by, now: datetime) -> int:
    """Open self-assessment for every eligible shop; return how many files were made.

    Repeating it while self-assessment runs adds only the shops that came since.
    """
    cycle = locked(cycle)
    if cycle.state != CycleState.SELF_REVIEW:
        cycle.state = CYCLE.after(cycle.state, "open")
        if cycle.scheme.state != SchemeState.PUBLISHED:
            raise SchemeNotPublishedError("评分标准还没有发布。请先补齐依据并发布，再开放自评。")
        cycle.opened_at = now
        cycle.save(update_fields=["state", "opened_at"])
        audit.record("cycle.opened", by=by, target=cycle, now=now)
    made = open_assessments(cycle, now=now)
    if made:
        audit.record("cycle.assessments_opened", by=by, target=cycle, now=now, count=made)
        _invite(cycle, now=now)
    return made


def open_assessments(cycle: Cycle, *, now: datetime) -> int:
    """Make the missing files of the shops that may take part; part of ``open_``."""
    missing = (
        eligible(cycle)
        .exclude(pk__in=Assessment.objects.filter(cycle=cycle).values("pharmacy"))
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    rows = [Assessment(cycle=cycle, pharmacy_id=pk, opened_at=now) for pk in missing]
    Assessment.objects.bulk_create(rows, batch_size=BATCH, ignore_conflicts=True)
    return len(rows)


def eligible(cycle: Cycle):
    """Shops open for business that had joined by the end of the period, or whose day is unknown."""
    return Pharmacy.objects.active().filter(
        Q(joined_on=None) | Q(joined_on__lte=cycle.ends_on),
        Q(opened_on=None) | Q(opened_on__lte=cycle.ends_on),
    )


def _invite(cycle: Cycle, *, now: datetime) -> None:
    last = cycle.entry_closes_on
    outbox.post(
        f"cycle:{cycle.pk}:opened",
        to=people_answering(cycle, Q()),
        subject=f"{cycle.name}星级自评开始了",
        body=(
            f"请在 {last.month}月{last.day}日 24:00 前填好自评。"
            "参评自愿，不收费，约 25 分钟，可以分几次填。"
        ),
        link="/ratings/mine/",
        now=now,
    )


def people_answering(cycle: Cycle, which: Q):
    """The owners, else head offices, of the shops whose assessments match ``which``."""
    shops = Assessment.objects.filter(which, cycle=cycle).values("pharmacy")
    units = Assessment.objects.filter(which, cycle=cycle).values("pharmacy__unit")
    positions = Position.objects.current().exclude(role="staff")
    return User.objects.filter(
        positions__in=positions.filter(Q(pharmacy__in=shops) | Q(unit__in=units))
    ).distinct()


@transaction.atomic
def remind_late(cycle: Cycle, *, by, now: datetime) -> int:
    """Remind the shops that have not handed in; once a day at most. Return how many got it."""
    cycle = Cycle.objects.get(pk=cycle.pk)
    if cycle.state not in {CycleState.SELF_REVIEW, CycleState.REVIEW}:
        raise ParticipationSettledError("自评已经结束，不用再提醒。")
    late = Q(state__in=[AssessmentState.OPEN, AssessmentState.RETURNED])
    last = cycle.entry_closes_on
    sent = outbox.post(
        f"cycle:{cycle.pk}:late:{localtime(now):%Y%m%d}",
        to=people_answering(cycle, late),
        subject=f"{cycle.name}星级自评还没有交",
        body=f"{last.month}月{last.day}日 24:00 截止。已填的内容都在，接着填就行。",
        link="/ratings/mine/",
        now=now,
    )
    audit.record("cycle.late_reminded", by=by, target=cycle, now=now, count=sent)
    return sent


@transaction.atomic
def close_entry(cycle: Cycle, *, by, now: datetime) -> Cycle:
    """End self-assessment after its last day; returned sheets stay open for their shops."""
    cycle = locked(cycle)
    cycle.state = CYCLE.after(cycle.state, "close_entry")
    if localtime(now).date() <= cycle.entry_closes_on:
        day = cycle.entry_closes_on
        raise EntryStillOpenError(
            f"自评到 {day.year}年{day.month}月{day.day}日 24:00 截止，之后才能结束。"
        )
    cycle.save(update_fields=["state"])
    audit.record("cycle.entry_closed", by=by, target=cycle, now=now)
    return cycle


@transaction.atomic
def cancel(cycle: Cycle, *, reason: str, by, now: datetime) -> Cycle:
    """Call a cycle off before its review."""
    cycle = locked(cycle)
    cycle.state = CYCLE.after(cycle.state, "cancel")
    if not reason.strip():
        raise ReasonMissingError("请写明取消的原因。")
    cycle.save(update_fields=["state"])
    audit.record("cycle.cancelled", by=by, target=cycle, now=now, reason=reason.strip())
    return cycle


@transaction.atomic
def archive(cycle: Cycle, *, by, now: datetime) -> Cycle:
    """Put a finished cycle away; everything stays readable."""
    cycle = locked(cycle)
    cycle.state = CYCLE.after(cycle.state, "archive")
    cycle.save(update_fields=["state"])
    audit.record("cycle.archived", by=by, target=cycle, now=now)
    return cycle


@transaction.atomic
def excuse(assessment: Assessment, *, reason: str, by, now: datetime) -> Assessment:
    """Leave a shop out of this cycle by decision of the secretariat (免评)."""
    return _settle(assessment, "excuse", reason, by=by, now=now)


@transaction.atomic
def decline(assessment: Assessment, *, reason: str, by, now: datetime) -> Assessment:
    """The shop does not wish to take part; joining is voluntary."""
    return _settle(assessment, "decline", reason or "药店自愿不参评", by=by, now=now)


def _settle(assessment: Assessment, act: str, reason: str, *, by, now: datetime) -> Assessment:
    rows = Assessment.objects.select_related("cycle", "pharmacy")
    assessment = rows.select_for_update(of=("self",)).get(pk=assessment.pk)
    if assessment.cycle.state not in {CycleState.SELF_REVIEW, CycleState.REVIEW}:
        raise ParticipationSettledError("本周期已过评审，不能再改参评情况。")
    assessment.state = ASSESSMENT.after(assessment.state, act)
    if not reason.strip():
        raise ReasonMissingError("请写明原因，药店能看到。")
    assessment.closing_reason = reason.strip()
    assessment.save(update_fields=["state", "closing_reason"])
    audit.record(
        f"rating.{act}d", by=by, target=assessment, now=now, reason=assessment.closing_reason
    )
    return assessment


def locked(cycle: Cycle) -> Cycle:
    """Read the cycle again under a lock, so that two people cannot move it at once."""
    rows = Cycle.objects.select_related("scheme")
    return rows.select_for_update(of=("self",)).get(pk=cycle.pk)
