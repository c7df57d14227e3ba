"""Acts on the record of an activity: entering, correcting, verifying, undoing."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.utils.timezone import localdate

from activities.actions.counting import obligations_on, relink
from activities.credit_rules import earned
from activities.enums import ActivityState, CharityCode, CheckIn, Kind
from activities.models import (
    Activity,
    ActivityPaper,
    Attendance,
    CharityCredit,
    JointMark,
    Obligation,
)
from activities.workflow import ACTIVITY
from association import audit
from association.errors import BusinessRuleError
from association.models import StoredFile
from members.models import Pharmacy
from party.models import PartyOrganisation

SET_ASIDE = (ActivityState.CANCELLED, ActivityState.DISCARDED)


class FutureActivityError(BusinessRuleError):
    """What has not happened yet cannot be recorded."""


class HoursMissingError(BusinessRuleError):
    """Volunteer work is counted in hours."""


class NoPaperError(BusinessRuleError):
    """An activity without any paper cannot be verified."""


class NobodyAttendedError(BusinessRuleError):
    """Charity is credited to shops, and none is on the list."""


class SamePersonError(BusinessRuleError):
    """What earns points needs a second person."""


class ReasonMissingError(BusinessRuleError):
    """A counter-act says why."""


class AttendanceListError(BusinessRuleError):
    """The list of shops cannot be taken as it is."""


@dataclass(frozen=True)
class Report:
    """What a person enters about an activity."""

    title: str
    held_on: date
    duties: tuple[str, ...] = ()  # codes: duty/B01
    bonus: str = ""
    place: str = ""
    hours: Decimal | None = None
    beneficiaries: int | None = None
    beneficiaries_by: str = ""
    story: str = ""
    kind: str = ""  # empty: as its duty
    host: PartyOrganisation | None = None  # None: the association
    joint: tuple[str, ...] = ()  # codes of 八联八通


@transaction.atomic
def record(report: Report, *, by, now: datetime) -> Activity:
    """Enter an activity that was held; it counts once somebody has verified it."""
    obligations = _obligations_for(report, now=now)
    activity = Activity.objects.create(
        **_fields(report),
        kind=kind_of(report.kind, obligations, report.bonus),
        state=ACTIVITY.after(ACTIVITY.initial, "hold"),
        created_at=now,
        created_by=by,
        changed_at=now,
        recorded_at=now,
        recorded_by=by,
    )
    relink(activity, obligations)
    mark_joint(activity, report.joint)
    audit.record(
        "activity.recorded",
        by=by,
        target=activity,
        now=now,
        held_on=report.held_on.isoformat(),
        duties=list(report.duties),
        bonus=report.bonus,
    )
    return activity


@transaction.atomic
def hold(activity: Activity, report: Report, *, by, now: datetime) -> Activity:
    """Enter what came of a planned activity: from the plan it becomes the record."""
    activity = Activity.objects.locked(activity.pk)
    activity.state = ACTIVITY.after(activity.state, "hold")
    activity.recorded_at, activity.recorded_by = now, by
    _enter(activity, report, ["state", "recorded_at", "recorded_by"], now=now)
    audit.record(
        "activity.held",
        by=by,
        target=activity,
        now=now,
        held_on=report.held_on.isoformat(),
        duties=list(report.duties),
        bonus=report.bonus,
    )
    return activity


@transaction.atomic
def amend(activity: Activity, report: Report, *, by, now: datetime) -> Activity:
    """Correct what was entered, as long as nobody has verified it."""
    activity = Activity.objects.locked(activity.pk)
    activity.state = ACTIVITY.after(activity.state, "amend")
    changed = _enter(activity, report, ["state"], now=now)
    audit.record(
        "activity.amended",
        by=by,
        target=activity,
        now=now,
        changed=changed,
        duties=list(report.duties),
    )
    return activity


@transaction.atomic
def attend(
    activity: Activity,
    people: Mapping[int, int],
    *,
    gone: Collection[int] = (),
    by,
    now: datetime,
) -> int:
    """Put shops on the list; ``people`` gives for each shop how many of its staff came.

    A shop already on the list gets the new number; those in ``gone`` are taken off. Returns how
    many shops are on the list then.
    """
    activity = Activity.objects.locked(activity.pk)
    ACTIVITY.after(activity.state, "attend")
    if activity.held_on > localdate(now):
        raise AttendanceListError("活动还没到日子，当天再登记到场的药店。")
    if not people and not gone:
        raise AttendanceListError("请先勾选参加的药店。")
    if min(people.values(), default=1) < 1:
        raise AttendanceListError("参加人数至少 1 人。")
    known = set(Pharmacy.objects.filter(pk__in=people).values_list("pk", flat=True))
    if set(people) - known:
        raise AttendanceListError("名单里有的药店已经不在名册中，请刷新后重新勾选。")
    Attendance.objects.bulk_create(
        (
            Attendance(activity=activity, pharmacy_id=pk, people=n, way=CheckIn.LIST)
            for pk, n in people.items()
        ),
        update_conflicts=True,
        unique_fields=["activity", "pharmacy"],
        update_fields=["people"],
    )
    activity.attendances.filter(pharmacy__in=gone).delete()
    audit.record(
        "activity.attended", by=by, target=activity, now=now, shops=len(people), gone=len(gone)
    )
    return activity.attendances.count()


@transaction.atomic
def strike(activity: Activity, pharmacy: Pharmacy, *, by, now: datetime) -> None:
    """Take a shop off the list again."""
    activity = Activity.objects.locked(activity.pk)
    ACTIVITY.after(activity.state, "attend")
    deleted, _ = activity.attendances.filter(pharmacy=pharmacy).delete()
    if deleted:
        audit.record(
            "activity.attendance_struck", by=by, target=activity, now=now, pharmacy=pharmacy.pk
        )


@transaction.atomic
def attach(
    activity: Activity,
    stored: StoredFile,
    *,
    kind: str,
    filed_as: Collection[str] = (),
    by,
    now: datetime,
) -> ActivityPaper:
    """Add a photo or a paper; possible at any time until the record is discarded.

    ``filed_as`` says which of the papers asked for it is, in the words of the rule.
    """
    activity = Activity.objects.locked(activity.pk)
    if activity.state in SET_ASIDE:
        ACTIVITY.after(activity.state, "amend")
    paper = ActivityPaper.objects.create(
        activity=activity,
        stored=stored,
        kind=kind,
        filed_as=list(filed_as),
        added_at=now,
        added_by=by,
    )
    audit.record("activity.paper_added", by=by, target=activity, now=now, sha256=stored.sha256)
    return paper


@transaction.atomic
def verify(activity: Activity, *, by, now: datetime) -> Activity:
    """Confirm that it happened as recorded; from now on it counts and earns charity.

    Needs at least one paper; the minutes of a meeting are one. What earns points also needs a
    shop on the list and a verifier who did not enter it.
    """
    activity = Activity.objects.locked(activity.pk)
    activity.state = ACTIVITY.after(activity.state, "verify")
    if getattr(activity, "minutes", None) is None and not activity.papers.exists():
        raise NoPaperError("还没有照片或签到表，请先上传至少一份材料再核实。")
    attendances = list(activity.attendances.order_by("pharmacy_id"))
    if activity.bonus:
        if activity.recorded_by_id == by.pk:
            raise SamePersonError(
                "这次活动会给药店加分，登记人不能自己核实。请另一位同事登录后核实。"
            )
        if not attendances:
            raise NobodyAttendedError("要计公益加分，请先登记参加的药店。")
    activity.verified_at, activity.verified_by = now, by
    activity.verifications += 1
    activity.save(update_fields=["state", "verified_at", "verified_by", "verifications"])
    credits = _credit(activity, attendances, by=by, now=now)
    audit.record(
        "activity.verified",
        by=by,
        target=activity,
        now=now,
        bonus=activity.bonus,
        credited_shops=credits,
    )
    return activity


@transaction.atomic
def revoke(activity: Activity, *, reason: str, by, now: datetime) -> Activity:
    """Take a verification back: the record is open again, its credits are written off."""
    activity = Activity.objects.locked(activity.pk)
    activity.state = ACTIVITY.after(activity.state, "revoke")
    reason = _said(reason, "请写明为什么撤销核实，药店能看到。")
    activity.verified_at = activity.verified_by = None
    activity.save(update_fields=["state", "verified_at", "verified_by"])
    standing = activity.credits.filter(reverses=None, reversed_by=None)
    CharityCredit.objects.bulk_create(
        CharityCredit(
            activity=activity,
            pharmacy_id=credit.pharmacy_id,
            code=credit.code,
            quantity=-credit.quantity,
            unit=credit.unit,
            earned_on=credit.earned_on,
            round=credit.round,
            reverses=credit,
            reason=reason,
            entered_at=now,
            entered_by=by,
        )
        for credit in standing
    )
    audit.record("activity.revoked", by=by, target=activity, now=now, reason=reason)
    return activity


@transaction.atomic
def discard(activity: Activity, *, reason: str, by, now: datetime) -> Activity:
    """Set a mistaken record aside; it stays readable and counts for nothing."""
    activity = Activity.objects.locked(activity.pk)
    activity.state = ACTIVITY.after(activity.state, "discard")
    activity.discarded_at, activity.discarded_reason = now, _said(reason, "请写明作废原因。")
    activity.save(update_fields=["state", "discarded_at", "discarded_reason"])
    audit.record(
        "activity.discarded", by=by, target=activity, now=now, reason=activity.discarded_reason
    )
    return activity


def _said(reason: str, ask: str) -> str:
    if not reason.strip():
        raise ReasonMissingError(ask)
    return reason.strip()


def _fields(report: Report) -> dict:
    names = (
        "title",
        "held_on",
        "bonus",
        "place",
        "hours",
        "beneficiaries",
        "beneficiaries_by",
        "story",
    )
    return {name: getattr(report, name) for name in names} | {"organisation": report.host}


def _enter(activity: Activity, report: Report, moved: list[str], *, now: datetime) -> list[str]:
    """Write the report into the record; return the names of the fields that are different now."""
    obligations = _obligations_for(report, now=now)
    fields = _fields(report) | {
        "kind": report.kind or kind_of(activity.kind, obligations, report.bonus)
    }
    changed = [name for name, value in fields.items() if getattr(activity, name) != value]
    for name, value in fields.items():
        setattr(activity, name, value)
    activity.changed_at = now
    activity.sequence += bool({"title", "held_on", "place"} & set(changed))
    activity.save(update_fields=[*moved, *fields, "changed_at", "sequence"])
    relink(activity, obligations)
    mark_joint(activity, report.joint)
    return changed


def kind_of(said: str, obligations: Collection[Obligation], bonus: str) -> str:
    """Return the kind that was said, else that of the first duty, else what the bonus suggests."""
    if said:
        return said
    by_order = sorted(obligations, key=lambda obligation: obligation.duty.order)
    if by_order:
        return by_order[0].duty.kind
    return Kind.VOLUNTEER if bonus else Kind.MEETING


def mark_joint(activity: Activity, codes: Collection[str]) -> None:
    """File the activity under exactly these of the eight programmes."""
    activity.joint_marks.exclude(code__in=codes).delete()
    JointMark.objects.bulk_create(
        (JointMark(activity=activity, code=code) for code in codes), ignore_conflicts=True
    )


def _obligations_for(report: Report, *, now: datetime) -> list[Obligation]:
    """Return the obligations that the report counts for, by duty and day."""
    if report.held_on > localdate(now):
        raise FutureActivityError("活动日期不能晚于今天；还没办的活动，办完再登记。")
    if report.bonus == CharityCode.VOLUNTEER and report.hours is None:
        raise HoursMissingError("志愿服务按时长计分，请填写活动时长。")
    return obligations_on(report.held_on, report.duties, report.host)


def _credit(activity: Activity, attendances, *, by, now: datetime) -> int:
    """Write what each shop on the list earned; return how many shops."""
    if not activity.bonus:
        return 0
    rows = []
    for attendance in attendances:
        hours = attendance.hours or activity.hours
        quantity, unit = earned(activity.bonus, people=attendance.people, hours=hours)
        rows.append(
            CharityCredit(
                activity=activity,
                pharmacy_id=attendance.pharmacy_id,
                code=activity.bonus,
                quantity=quantity,
                unit=unit,
                earned_on=activity.held_on,
                round=activity.verifications,
                entered_at=now,
                entered_by=by,
            )
        )
    CharityCredit.objects.bulk_create(rows)
    return len(rows)
