"""Signing up: places for whom there are, a waiting list that moves up by itself for the rest.

The activity's row is locked first, always, so that of two hundred shops in the same second each
is counted by itself; the database refuses a place too many on top of that.
"""

from datetime import datetime, time, timedelta

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils.timezone import get_default_timezone, localtime

from accounts.permissions import allowed
from accounts.roles import Permission
from activities.enums import ActivityState, Audience, SignUpState
from activities.models import Activity, SignUp
from association import audit, jobs, outbox
from association.errors import BusinessRuleError
from members.models import Pharmacy, Position

OFFER_HOLDS = timedelta(hours=24)
LAPSE_JOB = "activities.lapse_offer"


class SignUpClosedError(BusinessRuleError):
    """Nobody can sign up for it now."""


class TooManyPeopleError(BusinessRuleError):
    """More people than a shop, or the whole activity, has places for."""


class NotYourShopError(BusinessRuleError):
    """Somebody signs up a shop that is not theirs."""


class OfferOverError(BusinessRuleError):
    """There is no open offer to say yes to."""


@transaction.atomic
def sign_up(
    activity: Activity, pharmacy: Pharmacy, *, people: int = 1, by, now: datetime
) -> SignUp:
    """Sign a shop up, or put it on the waiting list; asking twice changes only the number.

    A shop that waits keeps its place in the line when it wants fewer places, not more.
    """
    activity = Activity.objects.locked(activity.pk)
    _refuse_when_closed(activity, now)
    if not allowed(by, Permission.ACTIVITY_SIGN_UP, pharmacy) and not allowed(
        by, Permission.ACTIVITY_MANAGE, activity
    ):
        raise NotYourShopError("只能给自己的药店报名。")
    _refuse_too_many(activity, people)
    there = activity.sign_ups.open().select_for_update().filter(pharmacy=pharmacy).first()
    if there is not None:
        return _change_number(activity, there, people, by=by, now=now)
    has_place = activity.free_places is None or people <= activity.free_places
    entry = SignUp.objects.create(
        activity=activity,
        pharmacy=pharmacy,
        people=people,
        state=SignUpState.TAKEN if has_place else SignUpState.WAITING,
        signed_at=now,
        signed_by=by,
    )
    if has_place:
        _hold(activity, people)
    audit.record(
        "activity.signed_up",
        by=by,
        target=activity,
        now=now,
        pharmacy=pharmacy.pk,
        people=people,
        state=entry.state,
    )
    return entry


def _change_number(activity: Activity, entry: SignUp, people: int, *, by, now) -> SignUp:
    if entry.people == people:
        return entry
    more = people - entry.people
    if entry.state != SignUpState.WAITING:
        if activity.free_places is not None and more > activity.free_places:
            raise TooManyPeopleError(
                f"只剩 {activity.free_places} 个名额，最多可以改成 "
                f"{entry.people + activity.free_places} 人。"
            )
        _hold(activity, more)
    elif more > 0:
        entry.signed_at = now
    entry.people = people
    entry.save(update_fields=["people", "signed_at"])
    audit.record(
        "activity.sign_up_changed",
        by=by,
        target=activity,
        now=now,
        pharmacy=entry.pharmacy_id,
        people=people,
    )
    move_up(activity, now=now)
    return entry


@transaction.atomic
def withdraw(entry: SignUp, *, by, now: datetime) -> SignUp:
    """Give the places back; the first on the waiting list that fits gets an offer."""
    activity, entry = _both_locked(entry)
    if entry.state not in {SignUpState.TAKEN, SignUpState.OFFERED, SignUpState.WAITING}:
        return entry
    _close(activity, entry, SignUpState.WITHDRAWN, now=now)
    audit.record(
        "activity.sign_up_withdrawn", by=by, target=activity, now=now, pharmacy=entry.pharmacy_id
    )
    move_up(activity, now=now)
    return entry


@transaction.atomic
def accept(entry: SignUp, *, by, now: datetime) -> SignUp:
    """Say yes to an offered place."""
    activity, entry = _both_locked(entry)
    if entry.state == SignUpState.TAKEN:
        return entry
    if entry.state != SignUpState.OFFERED or entry.offered_until < now:
        raise OfferOverError("保留的时间已过，名额给了下一家。可以重新报名，排到候补后面。")
    entry.state, entry.offered_until = SignUpState.TAKEN, None
    entry.save(update_fields=["state", "offered_until"])
    audit.record(
        "activity.offer_accepted", by=by, target=activity, now=now, pharmacy=entry.pharmacy_id
    )
    return entry


@transaction.atomic
def lapse(entry: SignUp, *, now: datetime) -> bool:
    """Take an offer back whose time is over and offer on; return whether there was one."""
    activity, entry = _both_locked(entry)
    if entry.state != SignUpState.OFFERED or entry.offered_until > now:
        return False
    _close(activity, entry, SignUpState.LAPSED, now=now)
    audit.record(
        "activity.offer_lapsed", by=None, target=activity, now=now, pharmacy=entry.pharmacy_id
    )
    move_up(activity, now=now)
    return True


def move_up(activity: Activity, *, now: datetime) -> int:
    """Offer free places to the waiting, first come first, whoever fits; return how many offers.

    Called with the activity's row locked. An offer holds its places for 24 hours, never longer
    than until the activity begins.
    """
    if activity.state != ActivityState.PUBLISHED:
        return 0
    until = min(now + OFFER_HOLDS, begins(activity))
    if until <= now:
        return 0
    offered = 0
    for entry in activity.sign_ups.waiting().select_for_update():
        if activity.free_places is not None and entry.people > activity.free_places:
            continue
        _hold(activity, entry.people)
        entry.state, entry.offered_until = SignUpState.OFFERED, until
        entry.offers += 1
        entry.save(update_fields=["state", "offered_until", "offers"])
        _tell(entry, activity, until, now=now)
        jobs.enqueue(
            LAPSE_JOB,
            key=f"{LAPSE_JOB}:{entry.pk}:{entry.offers}",
            payload={"sign_up": entry.pk},
            not_before=until,
            now=now,
        )
        offered += 1
    return offered


def close_all(activity: Activity, *, now: datetime) -> None:
    """End every open sign-up of an activity that is called off; the caller saves ``taken``."""
    activity.sign_ups.open().update(state=SignUpState.WITHDRAWN, offered_until=None, closed_at=now)
    activity.taken = 0


def begins(activity: Activity) -> datetime:
    """Return the moment the activity begins; without a time the end of its day."""
    clock = activity.starts_at or time(23, 59)
    return datetime.combine(activity.held_on, clock, tzinfo=get_default_timezone())


def _refuse_when_closed(activity: Activity, now: datetime) -> None:
    if activity.state != ActivityState.PUBLISHED or activity.audience == Audience.OFFICE:
        raise SignUpClosedError("这次活动现在不能报名。")
    if begins(activity) <= now:
        raise SignUpClosedError("活动已经开始，不再报名；到现场请找组织者签到。")
    if activity.sign_up_until is not None and activity.sign_up_until < now:
        until = localtime(activity.sign_up_until)
        raise SignUpClosedError(
            f"报名已于 {until.month}月{until.day}日 {until:%H:%M} 截止，想参加请联系协会秘书处。"
        )


def _refuse_too_many(activity: Activity, people: int) -> None:
    if people < 1:
        raise TooManyPeopleError("报名至少 1 人。")
    if activity.places_per_shop is not None and people > activity.places_per_shop:
        raise TooManyPeopleError(f"每家药店最多 {activity.places_per_shop} 人。")
    if activity.places is not None and people > activity.places:
        raise TooManyPeopleError(f"这次活动一共 {activity.places} 个名额。")


def _both_locked(entry: SignUp) -> tuple[Activity, SignUp]:
    """Lock the activity, then the sign-up: always in this order."""
    activity = Activity.objects.locked(entry.activity_id)
    return activity, SignUp.objects.select_for_update(of=("self",)).get(pk=entry.pk)


def _close(activity: Activity, entry: SignUp, state: str, *, now: datetime) -> None:
    if entry.state != SignUpState.WAITING:
        _hold(activity, -entry.people)
    entry.state, entry.offered_until, entry.closed_at = state, None, now
    entry.save(update_fields=["state", "offered_until", "closed_at"])


def _hold(activity: Activity, people: int) -> None:
    activity.taken += people
    activity.save(update_fields=["taken"])


def _tell(entry: SignUp, activity: Activity, until: datetime, *, now: datetime) -> None:
    asked = Position.objects.answering_for(entry.pharmacy).values("user")
    end = localtime(until)
    outbox.post(
        f"sign-up:{entry.pk}:offer:{entry.offers}",
        to=get_user_model().objects.filter(
            is_active=True, pk__in=[entry.signed_by_id, *(row["user"] for row in asked)]
        ),
        subject=f"有名额了：{activity.title}"[:120],
        body=(
            f"给{entry.pharmacy.name}留了 {entry.people} 个名额，"
            f"请在 {end.month}月{end.day}日 {end:%H:%M} 前确认，过时给下一家。"
        ),
        link=f"/activities/{activity.pk}/",
        about=activity.organisation or activity,
        now=now,
    )
