"""Acts of the activities room: programme and periods, recording, verifying, undoing."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Q
from django.utils.timezone import localdate

from accounts.models import RoleGrant
from accounts.roles import GRANTS, Permission, Role
from activities.credit_rules import earned
from activities.deadlines import due_day, periods_of, reminder_due
from activities.enums import CharityCode, Programme
from activities.models import (
    Activity,
    ActivityPaper,
    Attendance,
    CharityCredit,
    Duty,
    Fulfilment,
    Obligation,
)
from activities.workflow import ACTIVITY
from association import audit, outbox
from association.errors import BusinessRuleError
from association.models import CalendarDay, StoredFile
from members.models import Pharmacy


class FutureActivityError(BusinessRuleError):
    """What has not happened yet cannot be recorded."""


class PeriodMissingError(BusinessRuleError):
    """The duties of that year have no periods yet."""


class DutyCountedTwiceError(BusinessRuleError):
    """One activity counts for one of the six only."""


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


@transaction.atomic
def load_programme(document: Mapping, *, now: datetime) -> int:
    """Enter the duties of a document; rows already there are left as they are."""
    entered = 0
    for row in document["duties"]:
        key = {"code": row["code"], "starts_on": row["starts_on"]}
        duty, is_new = Duty.objects.get_or_create(**key, defaults=row)
        if is_new:
            entered += 1
            audit.record("duty.loaded", by=None, target=duty, now=now, code=duty.code)
    return entered


@transaction.atomic
def oblige(year: int, *, now: datetime, by=None) -> int:
    """Make the obligations of ``year`` for every duty in force; return how many are new.

    Safe to repeat. Raises ``UnknownYearError`` while the working days of the year are unknown.
    """
    calendar = CalendarDay.objects.calendar()
    rows = [
        Obligation(
            duty=duty,
            period_start=start,
            period_end=end,
            due_on=due_day(duty.due_rule, start, end, calendar),
        )
        for duty in Duty.objects.order_by("order", "pk")
        for start, end in periods_of(year, duty.rhythm)
        if duty.starts_on <= start and (duty.ends_on is None or end <= duty.ends_on)
    ]
    there = set(
        Obligation.objects.filter(period_start__year=year).values_list("duty_id", "period_start")
    )
    fresh = [row for row in rows if (row.duty_id, row.period_start) not in there]
    Obligation.objects.bulk_create(fresh, ignore_conflicts=True)
    return len(fresh)


@transaction.atomic
def record(report: Report, *, by, now: datetime) -> Activity:
    """Enter an activity that was held; it counts once somebody has verified it."""
    obligations = _obligations_for(report, now=now)
    activity = Activity.objects.create(
        **_fields(report), recorded_at=now, recorded_by=by, state=ACTIVITY.initial
    )
    _link(activity, obligations)
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
def amend(activity: Activity, report: Report, *, by, now: datetime) -> Activity:
    """Correct what was entered, as long as nobody has verified it."""
    activity = _locked(activity)
    activity.state = ACTIVITY.after(activity.state, "amend")
    obligations = _obligations_for(report, now=now)
    fields = _fields(report)
    changed = [name for name, value in fields.items() if getattr(activity, name) != value]
    for name, value in fields.items():
        setattr(activity, name, value)
    activity.save(update_fields=["state", *fields])
    activity.fulfilments.exclude(obligation__in=obligations).delete()
    _link(activity, obligations)
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
    activity = _locked(activity)
    ACTIVITY.after(activity.state, "amend")
    if not people and not gone:
        raise AttendanceListError("请先勾选参加的药店。")
    if min(people.values(), default=1) < 1:
        raise AttendanceListError("参加人数至少 1 人。")
    known = set(Pharmacy.objects.filter(pk__in=people).values_list("pk", flat=True))
    if set(people) - known:
        raise AttendanceListError("名单里有的药店已经不在名册中，请刷新后重新勾选。")
    Attendance.objects.bulk_create(
        (Attendance(activity=activity, pharmacy_id=pk, people=n) for pk, n in people.items()),
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
    activity = _locked(activity)
    ACTIVITY.after(activity.state, "amend")
    deleted, _ = activity.attendances.filter(pharmacy=pharmacy).delete()
    if deleted:
        audit.record(
            "activity.attendance_struck", by=by, target=activity, now=now, pharmacy=pharmacy.pk
        )


@transaction.atomic
def attach(activity: Activity, stored: StoredFile, *, kind: str, by, now: datetime):
    """Add a photo or a paper; possible at any time until the record is discarded."""
    activity = _locked(activity)
    if not ACTIVITY.acts_from(activity.state):
        ACTIVITY.after(activity.state, "amend")
    paper = ActivityPaper.objects.create(
        activity=activity, stored=stored, kind=kind, added_at=now, added_by=by
    )
    audit.record("activity.paper_added", by=by, target=activity, now=now, sha256=stored.sha256)
    return paper


@transaction.atomic
def verify(activity: Activity, *, by, now: datetime) -> Activity:
    """Confirm that it happened as recorded; from now on it counts and earns charity.

    Needs at least one paper. What earns points also needs a shop on the list and a verifier
    who did not enter it.
    """
    activity = _locked(activity)
    activity.state = ACTIVITY.after(activity.state, "verify")
    if not activity.papers.exists():
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
    activity = _locked(activity)
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
    activity = _locked(activity)
    activity.state = ACTIVITY.after(activity.state, "discard")
    activity.discarded_at, activity.discarded_reason = now, _said(reason, "请写明作废原因。")
    activity.save(update_fields=["state", "discarded_at", "discarded_reason"])
    audit.record(
        "activity.discarded", by=by, target=activity, now=now, reason=activity.discarded_reason
    )
    return activity


@transaction.atomic
def remind(obligation: Obligation, *, now: datetime) -> int:
    """Remind the office of an unmet obligation: once for each lead time and once when overdue.

    Returns how many people get a message now.
    """
    today = localdate(now)
    duty, day = obligation.duty, obligation.due_on
    if not Obligation.objects.unmet().filter(pk=obligation.pk).exists():
        return 0
    if day < today:
        slot, subject = "overdue", f"{obligation}还没有完成记录，已过最晚日期"
    else:
        lead = reminder_due(day, duty.lead_days, today)
        if lead is None:
            return 0
        left = (day - today).days
        slot, subject = (
            f"due-{lead}d",
            f"{obligation}还差 {left} 天到期" if left else (f"{obligation}今天到期"),
        )
    return outbox.post(
        f"obligation:{obligation.pk}:{slot}",
        to=_office(),
        subject=subject,
        body=(
            f"{duty.full_name}，最晚 {day.month}月{day.day}日。"
            f"办完后登记活动，并传上{duty.papers or '照片或签到表'}，再请同事核实。"
        ),
        link=f"/activities/periods/{obligation.pk}/",
        now=now,
    )


def _office():
    """The people who keep the activities of the whole association."""
    keepers = [role for role in Role if Permission.ACTIVITY_MANAGE in GRANTS[role]]
    grants = RoleGrant.objects.in_force().filter(role__in=keepers, area=None)
    return get_user_model().objects.filter(is_active=True, pk__in=grants.values("user"))


def _locked(activity: Activity) -> Activity:
    """Read the row again under a lock, so that two people cannot move it at once."""
    return Activity.objects.select_for_update(of=("self",)).get(pk=activity.pk)


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
    return {name: getattr(report, name) for name in names}


def _obligations_for(report: Report, *, now: datetime) -> list[Obligation]:
    """Return the obligations that the report counts for, by duty and day."""
    if report.held_on > localdate(now):
        raise FutureActivityError("活动日期不能晚于今天；还没办的活动，办完再登记。")
    if report.bonus == CharityCode.VOLUNTEER and report.hours is None:
        raise HoursMissingError("志愿服务按时长计分，请填写活动时长。")
    found = list(
        Obligation.objects.filter(
            Q(period_start__lte=report.held_on, period_end__gte=report.held_on),
            duty__code__in=report.duties,
        ).select_related("duty")
    )
    if {obligation.duty.code for obligation in found} != set(report.duties):
        raise PeriodMissingError(
            f"{report.held_on.year} 年的任务清单还没有生成，请先在活动页生成这一年的任务。"
        )
    six = [o.duty.name for o in found if o.duty.programme == Programme.SIX_ONES]
    if len(six) > 1:
        raise DutyCountedTwiceError(
            f"一次活动在“六个一”里只计一项，现在勾了{'、'.join(six)}，请只留一项。"
        )
    return found


def _link(activity: Activity, obligations: Collection[Obligation]) -> None:
    Fulfilment.objects.bulk_create(
        (Fulfilment(activity=activity, obligation=obligation) for obligation in obligations),
        ignore_conflicts=True,
    )


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
