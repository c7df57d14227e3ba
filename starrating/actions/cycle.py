"""The stages of a cycle up to its review: plan, open, close entry, and who does not take part."""

from dataclasses import dataclass
from dataclasses import fields as dataclass_fields
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q
from django.utils.timezone import localtime

from accounts.models import User
from association import audit, outbox
from association.errors import BusinessRuleError
from members.models import Position
from starrating.enums import AssessmentState, CycleState, SchemeState
from starrating.models import Assessment, Cycle, Scheme
from starrating.queries.cycle import day_words, without_file
from starrating.queries.results import people_of
from starrating.workflow import ASSESSMENT, CYCLE

BATCH = 5000


class SchemeNotPublishedError(BusinessRuleError):
    """A cycle opens on a published scheme whose term has begun and not ended."""


class CycleDatesError(BusinessRuleError):
    """The dates of the cycle do not follow one another, or a name is taken.

    ``field`` names what was typed wrong, so that the form can say it there.
    """

    def __init__(self, sentence: str, field: str = "") -> None:
        super().__init__(sentence)
        self.field = field


class EntryStillOpenError(BusinessRuleError):
    """The last day of self-assessment has not passed."""


class ReasonMissingError(BusinessRuleError):
    """Leaving a shop out needs a reason that it can read."""


class ParticipationSettledError(BusinessRuleError):
    """Who takes part cannot be changed any more."""


@dataclass(frozen=True)
class Plan:
    """What a person enters about a cycle; days are both included."""

    name: str
    scheme: Scheme
    starts_on: date
    ends_on: date
    entry_closes_on: date
    review_closes_on: date
    valid_from: date
    valid_to: date
    newest_opening_on: date | None = None
    objection_working_days: int = 10
    publicity_working_days: int = 5
    expected_top_share: int | None = None


@transaction.atomic
def plan(draft: Plan, *, by, now: datetime) -> Cycle:
    """Draw up a cycle; nothing is open yet. Raises ``CycleDatesError`` naming the field."""
    cycle = Cycle(**_checked(draft, now=now), created_at=now, created_by=by)
    cycle.save()
    audit.record("cycle.planned", by=by, target=cycle, now=now, scheme=str(draft.scheme))
    return cycle


@transaction.atomic
def replan(cycle: Cycle, draft: Plan, *, by, now: datetime) -> Cycle:
    """Change a cycle that is not open yet. Raises ``CycleDatesError`` naming the field."""
    cycle = locked(cycle)
    cycle.state = CYCLE.after(cycle.state, "replan")
    fields = _checked(draft, now=now, own=cycle)
    changed = [name for name, value in fields.items() if getattr(cycle, name) != value]
    for name, value in fields.items():
        setattr(cycle, name, value)
    cycle.save(update_fields=list(fields))
    audit.record("cycle.replanned", by=by, target=cycle, now=now, changed=changed)
    return cycle


def _checked(draft: Plan, *, now: datetime, own: Cycle | None = None) -> dict:
    """Return what a plan says as the fields of the cycle, or refuse it with the field named."""
    fields = {field.name: getattr(draft, field.name) for field in dataclass_fields(draft)}
    fields["name"] = draft.name.strip()
    if not fields["name"]:
        raise CycleDatesError("请填写周期名称，例如“2026 年度”。", "name")
    same = Cycle.objects.filter(name=fields["name"]).exclude(state=CycleState.CANCELLED)
    if same.exclude(pk=own.pk if own else None).exists():
        raise CycleDatesError(f"已有名为“{fields['name']}”的周期，请换一个名称。", "name")
    today = localtime(now).date()
    newest = draft.newest_opening_on
    for is_wrong, sentence, field in (
        (draft.ends_on < draft.starts_on, "评定期的结束日不能早于开始日。", "ends_on"),
        (
            draft.entry_closes_on <= today,
            f"自评截止日要晚于今天（{day_words(today)}）。",
            "entry_closes_on",
        ),
        (
            draft.review_closes_on < draft.entry_closes_on,
            "评审截止日不能早于自评截止日。",
            "review_closes_on",
        ),
        (
            newest is not None and newest > draft.ends_on,
            "“开业不晚于”的日子不能晚于评定期结束日。",
            "newest_opening_on",
        ),
        (draft.valid_to < draft.valid_from, "星级有效期的结束日不能早于开始日。", "valid_to"),
        (
            draft.objection_working_days < 1,
            "异议期至少 1 个工作日。",
            "objection_working_days",
        ),
        (
            draft.publicity_working_days < 1,
            "公示期至少 1 个工作日。",
            "publicity_working_days",
        ),
        (
            (draft.expected_top_share or 0) > 100,
            "占比请填 0 到 100 之间的整数。",
            "expected_top_share",
        ),
    ):
        if is_wrong:
            raise CycleDatesError(sentence, field)
    return fields


@transaction.atomic
def open_(cycle: Cycle, *, by, now: datetime) -> int:
    """Open self-assessment for every eligible shop; return how many files were made.

    Repeating it while self-assessment runs adds only the shops that came since.
    """
    cycle = locked(cycle)
    is_first = cycle.state == CycleState.DRAFT
    cycle.state = CYCLE.after(cycle.state, "open")
    if is_first:
        _may_open(cycle, today=localtime(now).date())
        cycle.opened_at = now
        cycle.save(update_fields=["state", "opened_at"])
        audit.record("cycle.opened", by=by, target=cycle, now=now)
    made = open_assessments(cycle, now=now)
    if made:
        audit.record("cycle.assessments_opened", by=by, target=cycle, now=now, count=made)
        _invite(cycle, now=now)
    return made


def _may_open(cycle: Cycle, *, today: date) -> None:
    scheme = cycle.scheme
    if scheme.state != SchemeState.PUBLISHED:
        raise SchemeNotPublishedError("评分标准还没有发布。请先补齐依据并发布，再开放自评。")
    if not scheme.valid_from <= today <= scheme.valid_to:
        raise SchemeNotPublishedError(
            f"评分标准的有效期是 {day_words(scheme.valid_from)}至 {day_words(scheme.valid_to)}，"
            "今天不在其中。请换用有效的标准。"
        )
    if cycle.entry_closes_on < today:
        raise CycleDatesError(
            f"自评截止日 {day_words(cycle.entry_closes_on)}已经过了，请先改日期，再开放自评。",
            "entry_closes_on",
        )


@transaction.atomic
def extend(
    cycle: Cycle,
    *,
    entry_closes_on: date | None = None,
    review_closes_on: date,
    reason: str,
    by,
    now: datetime,
) -> Cycle:
    """Put the last days off, never forward; the shops that still owe something are told.

    ``entry_closes_on`` may change only while self-assessment runs.
    """
    cycle = locked(cycle)
    cycle.state = CYCLE.after(cycle.state, "extend")
    is_entry = cycle.state == CycleState.SELF_REVIEW and entry_closes_on is not None
    entry = entry_closes_on if is_entry else cycle.entry_closes_on
    if entry < cycle.entry_closes_on:
        raise CycleDatesError("只能往后延，不能提前。", "entry_closes_on")
    if review_closes_on < max(cycle.review_closes_on, entry):
        raise CycleDatesError("只能往后延，且不能早于自评截止日。", "review_closes_on")
    if (entry, review_closes_on) == (cycle.entry_closes_on, cycle.review_closes_on):
        raise CycleDatesError("两个日子都没有变。", "review_closes_on")
    if not reason.strip():
        raise ReasonMissingError("请写明延期的原因，药店能看到。")
    before = [cycle.entry_closes_on.isoformat(), cycle.review_closes_on.isoformat()]
    last_before = _still_owing(cycle)[1]
    cycle.entry_closes_on, cycle.review_closes_on = entry, review_closes_on
    cycle.save(update_fields=["entry_closes_on", "review_closes_on"])
    audit.record(
        "cycle.extended",
        by=by,
        target=cycle,
        now=now,
        reason=reason.strip(),
        before=before,
        after=[entry.isoformat(), review_closes_on.isoformat()],
    )
    which, last = _still_owing(cycle)
    if last != last_before:
        outbox.post(
            f"cycle:{cycle.pk}:extended:{last:%Y%m%d}",
            to=people_answering(cycle, which),
            subject=f"{cycle.name}星级自评延期到 {last.month}月{last.day}日",
            body=f"原因：{reason.strip()}。请在 {last.month}月{last.day}日 24:00 前交。",
            link="/ratings/mine/",
            now=now,
        )
    return cycle


def _still_owing(cycle: Cycle) -> tuple[Q, date]:
    """Return whose sheet is still to come, and the last day for it."""
    if cycle.state == CycleState.SELF_REVIEW:
        return Q(state__in=[AssessmentState.OPEN, AssessmentState.RETURNED]), cycle.entry_closes_on
    return Q(state=AssessmentState.RETURNED), cycle.review_closes_on


def open_assessments(cycle: Cycle, *, now: datetime) -> int:
    """Make the missing files of the shops that may take part; part of ``open_``."""
    missing = without_file(cycle).order_by("pk").values_list("pk", flat=True)
    rows = [Assessment(cycle=cycle, pharmacy_id=pk, opened_at=now) for pk in missing]
    Assessment.objects.bulk_create(rows, batch_size=BATCH, ignore_conflicts=True)
    return len(rows)


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
    """Remind the shops that still owe their sheet; once a day at most. Return how many got it.

    After self-assessment only a returned sheet can still be handed in.
    """
    cycle = Cycle.objects.get(pk=cycle.pk)
    CYCLE.after(cycle.state, "remind_late")
    which, last = _still_owing(cycle)
    is_returned = cycle.state == CycleState.REVIEW
    sent = outbox.post(
        f"cycle:{cycle.pk}:late:{localtime(now):%Y%m%d}",
        to=people_answering(cycle, which),
        subject=f"{cycle.name}星级自评{'退回的还没有补' if is_returned else '还没有交'}",
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
    """Call a cycle off before its review; shops that were asked to fill are told."""
    cycle = locked(cycle)
    cycle.state = CYCLE.after(cycle.state, "cancel")
    if not reason.strip():
        raise ReasonMissingError("请写明取消的原因。")
    cycle.save(update_fields=["state"])
    outbox.post(
        f"cycle:{cycle.pk}:cancelled",
        to=people_answering(cycle, Q()),
        subject=f"{cycle.name}星级评定已取消",
        body=f"原因：{reason.strip()}。不用再填自评；已填的内容留存，不作评定。",
        now=now,
    )
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
    """Leave a shop out of this cycle by decision of the secretariat (免评); the shop is told."""
    assessment = _settle(assessment, "excuse", reason, by=by, now=now)
    _tell(
        assessment,
        "excused",
        subject=f"{assessment.pharmacy.name}：{assessment.cycle.name}免评",
        body=f"原因：{assessment.closing_reason}。本周期不用填自评，也不评星。有疑问请联系协会。",
        now=now,
    )
    return assessment


@transaction.atomic
def decline(assessment: Assessment, *, reason: str, by, now: datetime) -> Assessment:
    """The shop does not wish to take part; joining is voluntary."""
    return _settle(assessment, "decline", reason or "药店自愿不参评", by=by, now=now)


@transaction.atomic
def readmit(assessment: Assessment, *, reason: str, by, now: datetime) -> Assessment:
    """Take a shop in again that was left out or had declined; it hands in once more.

    The counter-act of ``excuse`` and ``decline``. What was filled before still stands.
    """
    assessment = _in_play(assessment)
    assessment.state = ASSESSMENT.after(assessment.state, "readmit")
    if not reason.strip():
        raise ReasonMissingError("请写明恢复参评的原因，药店能看到。")
    assessment.closing_reason = ""
    assessment.confirmed_at = assessment.confirmed_by = None
    assessment.save(update_fields=["state", "closing_reason", "confirmed_at", "confirmed_by"])
    last = assessment.cycle.review_closes_on
    text = f"恢复参评：{reason.strip()}。请看过内容后再交一次。"
    assessment.notes.create(text=text, written_at=now, written_by=by)
    _tell(
        assessment,
        f"readmitted:{now:%Y%m%d%H%M%S}",
        subject=f"{assessment.pharmacy.name}：恢复参加{assessment.cycle.name}评定",
        body=f"{text}{last.month}月{last.day}日 24:00 截止。",
        now=now,
    )
    audit.record("rating.readmitted", by=by, target=assessment, now=now, reason=reason.strip())
    return assessment


def _settle(assessment: Assessment, act: str, reason: str, *, by, now: datetime) -> Assessment:
    assessment = _in_play(assessment)
    assessment.state = ASSESSMENT.after(assessment.state, act)
    if not reason.strip():
        raise ReasonMissingError("请写明原因，药店能看到。")
    assessment.closing_reason = reason.strip()
    assessment.save(update_fields=["state", "closing_reason"])
    audit.record(
        f"rating.{act}d", by=by, target=assessment, now=now, reason=assessment.closing_reason
    )
    return assessment


def _in_play(assessment: Assessment) -> Assessment:
    """Lock the file and refuse when its cycle has left the review."""
    rows = Assessment.objects.select_related("cycle", "pharmacy")
    assessment = rows.select_for_update(of=("self",)).get(pk=assessment.pk)
    if assessment.cycle.state not in {CycleState.SELF_REVIEW, CycleState.REVIEW}:
        raise ParticipationSettledError("本周期已过评审，不能再改参评情况。")
    return assessment


def _tell(assessment: Assessment, slot: str, *, subject: str, body: str, now: datetime) -> None:
    outbox.post(
        f"assessment:{assessment.pk}:{slot}",
        to=people_of(assessment.pharmacy),
        subject=subject,
        body=body,
        link=f"/ratings/{assessment.pk}/fill/",
        now=now,
    )


def locked(cycle: Cycle) -> Cycle:
    """Read the cycle again under a lock, so that two people cannot move it at once."""
    rows = Cycle.objects.select_related("scheme")
    return rows.select_for_update(of=("self",)).get(pk=cycle.pk)
