"""Acts on the plan: put activities into the calendar, change one or many, publish, cancel, fix."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils.timezone import localdate

from accounts.roles import Role
from activities.actions.counting import obligations_on, relink
from activities.actions.records import kind_of, mark_joint
from activities.actions.sign_ups import close_all, move_up
from activities.enums import Audience
from activities.models import Activity, Obligation, PlanVersion, Series, SignUp
from activities.queries.planning import Scope, plan_rows, touched_by
from activities.workflow import ACTIVITY
from association import audit, outbox
from association.errors import BusinessRuleError
from members.models import Position
from party.models import PartyOrganisation

# What a calendar on somebody's phone shows: a change of these raises the sequence.
SHOWN = ("title", "held_on", "starts_at", "ends_at", "place", "notice")
# What those who have signed up must be told at once.
TOLD = ("held_on", "starts_at", "place")


class PastDateError(BusinessRuleError):
    """The past is protected: it is recorded, not planned."""


class TimesError(BusinessRuleError):
    """An activity ends after it starts."""


class PlacesError(BusinessRuleError):
    """The places do not go with the sign-ups or with each other."""


class NothingToPlanError(BusinessRuleError):
    """No day was chosen."""


class PlanUnchangedError(BusinessRuleError):
    """The plan is the same as in its last version."""


@dataclass(frozen=True)
class Schedule:
    """What is planned for one activity."""

    title: str
    held_on: date
    duties: tuple[str, ...] = ()  # codes: duty/B01
    kind: str = ""  # empty: as its duty
    starts_at: time | None = None
    ends_at: time | None = None
    place: str = ""
    audience: str = Audience.OFFICE
    notice: str = ""
    bonus: str = ""
    places: int | None = None
    places_per_shop: int | None = None
    sign_up_until: datetime | None = None
    host: PartyOrganisation | None = None  # None: the association
    joint: tuple[str, ...] = ()  # codes of 八联八通


# Those that are columns of the activity.
COLUMNS = tuple(
    f.name for f in fields(Schedule) if f.name not in {"duties", "kind", "joint", "host"}
)


@dataclass(frozen=True)
class DraftRow:
    """One line of a draft plan that the person has kept: for which obligation, on which day."""

    obligation: int
    title: str
    held_on: date


@transaction.atomic
def plan(schedule: Schedule, *, by, now: datetime) -> Activity:
    """Put one activity into the calendar."""
    return plan_series(schedule, [schedule.held_on], by=by, now=now)[0]


@transaction.atomic
def plan_series(schedule: Schedule, days: Iterable[date], *, by, now: datetime) -> list[Activity]:
    """Put the same activity into the calendar on several days; more than one make a series."""
    wanted = sorted(set(days))
    if not wanted:
        raise NothingToPlanError("请至少选一个日期。")
    _check(schedule, wanted, today=localdate(now))
    series = None
    if len(wanted) > 1:
        series = Series.objects.create(name=schedule.title, created_at=now, created_by=by)
    planned = []
    for day in wanted:
        obligations = obligations_on(day, schedule.duties, schedule.host)
        activity = Activity.objects.create(
            **{name: getattr(schedule, name) for name in COLUMNS}
            | {"held_on": day, "sign_up_until": _cut_off(schedule, day)},
            kind=kind_of(schedule.kind, obligations, schedule.bonus),
            organisation=schedule.host,
            series=series,
            state=ACTIVITY.initial,
            created_at=now,
            created_by=by,
            changed_at=now,
        )
        relink(activity, obligations)
        mark_joint(activity, schedule.joint)
        planned.append(activity)
    audit.record(
        "activity.planned",
        by=by,
        target=planned[0],
        now=now,
        days=[day.isoformat() for day in wanted],
        duties=list(schedule.duties),
    )
    return planned


@transaction.atomic
def adopt_draft(rows: Collection[DraftRow], *, by, now: datetime) -> list[Activity]:
    """Put the kept lines of a draft into the calendar; each duty becomes a series.

    A line whose obligation has got an activity meanwhile is left out.
    """
    if not rows:
        raise NothingToPlanError("请至少勾选一行。")
    today = localdate(now)
    if past := [row for row in rows if row.held_on < today]:
        raise PastDateError(f"“{past[0].title}”的日期已经过去，请改到今天以后。")
    obligations = {
        o.pk: o
        for o in Obligation.objects.standing()
        .select_for_update(of=("self",))
        .filter(pk__in=[row.obligation for row in rows])
        .select_related("duty", "organisation")
    }
    taken = Counter(
        Activity.objects.standing()
        .filter(obligations__in=obligations)
        .values_list("obligations", flat=True)
    )
    series: dict[tuple, Series] = {}
    planned = []
    for row in sorted(rows, key=lambda row: row.held_on):
        obligation = obligations.get(row.obligation)
        if obligation is None or taken[obligation.pk] >= obligation.times:
            continue
        if not obligation.counts_from <= row.held_on <= obligation.counts_until:
            raise PastDateError(
                f"“{row.title}”排在 {row.held_on.month}月{row.held_on.day}日，"
                f"不在{obligation.period}之内，请改日期。"
            )
        duty = obligation.duty
        key = (duty.code, obligation.organisation_id)
        if key not in series:
            series[key] = Series.objects.create(
                name=f"{obligation.period_start.year} 年{duty.name}", created_at=now, created_by=by
            )
        planned.append(
            Activity(
                title=row.title,
                held_on=row.held_on,
                kind=duty.kind,
                bonus=duty.suggested_bonus,
                organisation=obligation.organisation,
                series=series[key],
                state=ACTIVITY.initial,
                created_at=now,
                created_by=by,
                changed_at=now,
            )
        )
        planned[-1].save()
        relink(planned[-1], [obligation])
        taken[obligation.pk] += 1
    if planned:
        audit.record("plan.drafted", by=by, target=planned[0], now=now, activities=len(planned))
    return planned


@transaction.atomic
def change(
    activity: Activity, schedule: Schedule, *, scope: str = Scope.ONE, by, now: datetime
) -> list[Activity]:
    """Change one planned activity, it and those after it, or the whole series.

    Only what differs from this activity is written to the others, and a new day moves them by
    as many days. What is past or held is never touched. Those who signed up are told.
    """
    activity = Activity.objects.locked(activity.pk)
    ACTIVITY.after(activity.state, "change")
    today = localdate(now)
    _check(schedule, [schedule.held_on], today=today)
    different = {
        name: getattr(schedule, name)
        for name in COLUMNS
        if name != "held_on" and getattr(activity, name) != getattr(schedule, name)
    }
    shift = schedule.held_on - activity.held_on
    changed = []
    for each in touched_by(activity, scope, today=today).select_for_update(of=("self",)):
        day = each.held_on + shift
        if day < today:
            raise PastDateError(
                f"“{each.title}”会移到 {day.month}月{day.day}日，已经过去，请换一个日期。"
            )
        changed.append(_change_one(each, different, day, schedule, now=now))
    audit.record(
        "activity.changed",
        by=by,
        target=activity,
        now=now,
        scope=scope,
        activities=len(changed),
        changed=sorted([*different, *(["held_on"] if shift else [])]),
    )
    return changed


def _change_one(
    each: Activity, different: dict, day: date, schedule: Schedule, *, now: datetime
) -> Activity:
    moved = day - each.held_on
    new = dict(different)
    if moved:
        new["held_on"] = day
        if each.sign_up_until is not None and "sign_up_until" not in new:
            new["sign_up_until"] = each.sign_up_until + moved
    if "sign_up_until" in different and schedule.sign_up_until is not None:
        new["sign_up_until"] = _cut_off(schedule, day)
    places = new.get("places", each.places)
    if places is not None and places < each.taken:
        raise PlacesError(
            f"“{each.title}”（{each.held_on.month}月{each.held_on.day}日）"
            f"已报 {each.taken} 人，名额不能少于 {each.taken}。"
        )
    is_shown = any(new.get(name, getattr(each, name)) != getattr(each, name) for name in SHOWN)
    is_told = any(new.get(name, getattr(each, name)) != getattr(each, name) for name in TOLD)
    for name, value in new.items():
        setattr(each, name, value)
    obligations = obligations_on(each.held_on, schedule.duties, each.organisation)
    each.kind = kind_of(schedule.kind, obligations, each.bonus)
    each.changed_at = now
    each.sequence += is_shown
    each.save(update_fields=[*new, "kind", "changed_at", "sequence"])
    relink(each, obligations)
    mark_joint(each, schedule.joint)
    move_up(each, now=now)  # more places may have come
    if is_told:
        _tell_signed_up(
            each,
            f"changed:{each.sequence}",
            subject=f"“{each.title}”改了时间或地点",
            body=f"现在是{when_and_where(each)}。已报的名还有效，去不了请取消报名。",
            now=now,
        )
    return each


@transaction.atomic
def publish(activity: Activity, *, tell: bool = False, by, now: datetime) -> Activity:
    """Show a planned activity to its audience; from now on shops can sign up.

    ``tell`` also sends a message to the person in charge of every shop.
    """
    activity = Activity.objects.locked(activity.pk)
    activity.state = ACTIVITY.after(activity.state, "publish")
    if activity.audience == Audience.OFFICE:
        raise PlacesError("这是内部安排，先把“对谁开放”改成会员药店，再发布。")
    if activity.held_on < localdate(now):
        raise PastDateError("活动日期已经过去，不用再发布；办过了请登记。")
    activity.published_at, activity.published_by = now, by
    activity.changed_at = now
    activity.save(update_fields=["state", "published_at", "published_by", "changed_at"])
    told = 0
    if tell:
        owners = Position.objects.current().filter(role__in=[Role.OWNER, Role.HEAD_OFFICE])
        told = outbox.post(
            f"activity:{activity.pk}:published",
            to=get_user_model().objects.filter(is_active=True, pk__in=owners.values("user")),
            subject=f"可以报名：{activity.title}"[:120],
            body=f"{when_and_where(activity)}。在“活动”里一点就报上。",
            link=f"/activities/{activity.pk}/",
            about=activity.organisation or activity,
            now=now,
        )
    audit.record("activity.published", by=by, target=activity, now=now, told=told)
    return activity


@transaction.atomic
def cancel(
    activity: Activity, *, reason: str, scope: str = Scope.ONE, by, now: datetime
) -> list[Activity]:
    """Call activities off, with the reason; whoever signed up is told, places are given back."""
    if not reason.strip():
        raise NothingToPlanError("请写明取消原因，报了名的药店能看到。")
    activity = Activity.objects.locked(activity.pk)
    ACTIVITY.after(activity.state, "cancel")
    reached = touched_by(activity, scope, today=localdate(now))
    off = list(reached.select_for_update(of=("self",))) or [activity]
    for each in off:
        each.state = ACTIVITY.after(each.state, "cancel")
        each.cancelled_at, each.cancelled_by = now, by
        each.cancelled_reason = reason.strip()
        each.changed_at = now
        each.sequence += 1
        _tell_signed_up(
            each,
            f"cancelled:{each.sequence}",
            subject=f"活动取消：{each.title}"[:120],
            body=f"原定{when_and_where(each)}。原因：{each.cancelled_reason}",
            now=now,
        )
        close_all(each, now=now)
        each.save(
            update_fields=[
                "state",
                "cancelled_at",
                "cancelled_by",
                "cancelled_reason",
                "changed_at",
                "sequence",
                "taken",
            ]
        )
        audit.record("activity.cancelled", by=by, target=each, now=now, reason=reason.strip())
    return off


@transaction.atomic
def restore(activity: Activity, *, by, now: datetime) -> Activity:
    """Put a cancelled activity back into the plan; sign-ups begin anew when it is published."""
    activity = Activity.objects.locked(activity.pk)
    activity.state = ACTIVITY.after(activity.state, "restore")
    activity.cancelled_at = activity.cancelled_by = None
    activity.cancelled_reason = ""
    activity.published_at = activity.published_by = None
    activity.changed_at = now
    activity.sequence += 1
    activity.save(
        update_fields=[
            "state",
            "cancelled_at",
            "cancelled_by",
            "cancelled_reason",
            "published_at",
            "published_by",
            "changed_at",
            "sequence",
        ]
    )
    audit.record("activity.restored", by=by, target=activity, now=now)
    return activity


@transaction.atomic
def fix_plan(year: int, *, note: str, by, now: datetime) -> PlanVersion:
    """Keep the plan of the year as it is now under the next number."""
    rows = plan_rows(year)
    latest = PlanVersion.objects.select_for_update().filter(year=year).order_by("-number").first()
    if latest is not None and latest.rows == rows:
        raise PlanUnchangedError(f"和第 {latest.number} 版一样，没有要定稿的改动。")
    if not rows:
        raise NothingToPlanError(f"{year} 年还没有排期，先起草再定稿。")
    version = PlanVersion.objects.create(
        year=year,
        number=latest.number + 1 if latest else 1,
        rows=rows,
        note=note.strip(),
        saved_at=now,
        saved_by=by,
    )
    audit.record("plan.fixed", by=by, target=version, now=now, activities=len(rows))
    return version


def when_and_where(activity: Activity) -> str:
    """Return 11月20日 9:00，滨海社区广场."""
    day = activity.held_on
    said = f"{day.month}月{day.day}日"
    if activity.starts_at is not None:
        said += f" {activity.starts_at.hour}:{activity.starts_at:%M}"
    return f"{said}，{activity.place}" if activity.place else said


def _check(schedule: Schedule, days: Iterable[date], *, today: date) -> None:
    if min(days) < today:
        raise PastDateError("排期的日期不能早于今天；已经办过的活动请直接登记。")
    if schedule.ends_at is not None and schedule.starts_at is None:
        raise TimesError("填了结束时间，也请填开始时间。")
    if schedule.ends_at is not None and schedule.ends_at <= schedule.starts_at:
        raise TimesError("结束时间要晚于开始时间。")
    if (
        schedule.places is not None
        and schedule.places_per_shop is not None
        and schedule.places_per_shop > schedule.places
    ):
        raise PlacesError("每店名额不能多于总名额。")
    if schedule.sign_up_until is not None and localdate(schedule.sign_up_until) > schedule.held_on:
        raise TimesError("报名截止要在活动当天或之前。")


def _cut_off(schedule: Schedule, day: date) -> datetime | None:
    """Return the cut-off of the activity on ``day``, as far before it as in the schedule."""
    if schedule.sign_up_until is None:
        return None
    return schedule.sign_up_until + timedelta(days=(day - schedule.held_on).days)


def _tell_signed_up(activity: Activity, slot: str, *, subject: str, body: str, now) -> int:
    people = SignUp.objects.open().filter(activity=activity).values("signed_by")
    return outbox.post(
        f"activity:{activity.pk}:{slot}",
        to=get_user_model().objects.filter(is_active=True, pk__in=people),
        subject=subject[:120],
        body=body,
        link=f"/activities/{activity.pk}/",
        about=activity.organisation or activity,
        now=now,
    )
