"""Who can sign up for what, who has, and who is here: for the phone and for the organiser."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import F, Q

from activities.enums import ActivityState, SignUpState
from activities.models import HELD, Activity, Attendance, SignUp
from activities.models.activities import OPEN_TO_MEMBERS
from members.models import Pharmacy

UPCOMING = 30
PAST = 30


@dataclass(frozen=True)
class Offer:
    """One activity as a shop sees it: whether it can sign up, or how its sign-up stands."""

    activity: Activity
    sign_up: SignUp | None = None
    place_in_line: int | None = None
    can_sign_up: bool = False

    @property
    def words(self) -> str:
        """How it stands, in one line."""
        entry = self.sign_up
        if entry is not None:
            if entry.state == SignUpState.WAITING:
                return f"候补第 {self.place_in_line} 位，{entry.people} 人"
            if entry.state == SignUpState.OFFERED:
                return f"给您留了 {entry.people} 个名额"
            return f"已报名 {entry.people} 人"
        free = self.activity.free_places
        if not self.can_sign_up:
            return "报名已截止"
        if free is None:
            return "可以报名"
        return f"还有 {free} 个名额" if free > 0 else "名额已满，可以候补"


def is_open(activity: Activity, *, now: datetime, today: date) -> bool:
    """Return whether shops can sign up now, as far as state and days go."""
    return (
        activity.state == ActivityState.PUBLISHED
        and activity.held_on >= today
        and (activity.sign_up_until is None or activity.sign_up_until >= now)
    )


def offers_for(shops: Iterable[Pharmacy], *, now: datetime, today: date) -> list[Offer]:
    """Return what is coming and open to members, with the sign-up of the shops; three queries."""
    shop_pks = [shop.pk for shop in shops]
    coming = list(
        Activity.objects.filter(OPEN_TO_MEMBERS, state=ActivityState.PUBLISHED, held_on__gte=today)
        .select_related("organisation")
        .order_by("held_on", F("starts_at").asc(nulls_last=True), "pk")[:UPCOMING]
    )
    pks = [activity.pk for activity in coming]
    own = {
        row.activity_id: row
        for row in SignUp.objects.open()
        .filter(activity__in=pks, pharmacy__in=shop_pks)
        .select_related("pharmacy")
        .order_by("-state", "pk")
    }
    line = places_in_line(row for row in own.values() if row.state == SignUpState.WAITING)
    return [
        Offer(
            activity,
            own.get(activity.pk),
            line.get(own[activity.pk].pk) if activity.pk in own else None,
            can_sign_up=is_open(activity, now=now, today=today),
        )
        for activity in coming
    ]


def offer_for(activity: Activity, shop: Pharmacy | None, *, now: datetime, today: date) -> Offer:
    """Return one activity as the shop sees it."""
    entry = None
    if shop is not None:
        entry = activity.sign_ups.open().filter(pharmacy=shop).select_related("pharmacy").first()
    line = places_in_line([entry] if entry and entry.state == SignUpState.WAITING else [])
    return Offer(
        activity,
        entry,
        line.get(entry.pk) if entry else None,
        can_sign_up=is_open(activity, now=now, today=today),
    )


def places_in_line(entries: Iterable[SignUp]) -> dict[int, int]:
    """Return for each waiting sign-up its place in the line, 1 for the next."""
    waiting = list(entries)
    lines: dict[int, list[int]] = {}
    rows = SignUp.objects.waiting().filter(activity__in={row.activity_id for row in waiting})
    if not waiting:
        return {}
    for pk, activity in rows.values_list("pk", "activity_id"):
        lines.setdefault(activity, []).append(pk)
    return {row.pk: lines[row.activity_id].index(row.pk) + 1 for row in waiting}


def taken_part_in(shops: Iterable[Pharmacy]):
    """Return the latest activities that were held and that the shops took part in."""
    took_part = Attendance.objects.filter(pharmacy__in=[shop.pk for shop in shops])
    return Activity.objects.filter(Q(state__in=HELD), pk__in=took_part.values("activity")).order_by(
        "-held_on", "-pk"
    )[:PAST]


def open_on(day: date) -> list[int]:
    """Return the activities of a day at which people can check in."""
    return list(Activity.objects.coming().filter(held_on=day).values_list("pk", flat=True))


@dataclass(frozen=True)
class Guest:
    """A shop on the organiser's list: signed up, here, or both."""

    pharmacy: Pharmacy
    sign_up: SignUp | None
    attendance: Attendance | None

    @property
    def people(self) -> int:
        """How many came, else how many are expected."""
        return (self.attendance or self.sign_up).people


def guests_of(activity: Activity) -> list[Guest]:
    """Return who is expected and who is here, the expected first; two queries."""
    here = {
        row.pharmacy_id: row
        for row in activity.attendances.select_related("pharmacy").order_by("pk")
    }
    signed = {
        row.pharmacy_id: row
        for row in activity.sign_ups.holding().select_related("pharmacy").order_by("signed_at")
    }
    guests = [Guest(row.pharmacy, row, here.get(row.pharmacy_id)) for row in signed.values()]
    guests += [Guest(row.pharmacy, None, row) for pk, row in here.items() if pk not in signed]
    return guests


def sign_ups_of(activity: Activity) -> dict[str, list[SignUp]]:
    """Return the open sign-ups by state, each in the order in which they came."""
    rows = (
        activity.sign_ups.open()
        .select_related("pharmacy__area", "signed_by")
        .order_by("signed_at", "pk")
    )
    found: dict[str, list[SignUp]] = {state: [] for state in ("taken", "offered", "waiting")}
    for row in rows:
        found[row.state].append(row)
    return found
