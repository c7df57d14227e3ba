"""What stands in a calendar that a phone subscribes to: as much as its person may see today.

Party events are in the calendar of a branch and nowhere else: whatever the Party room holds, what
is of the kind 党建, and what a Party organisation has arranged for itself.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import F, Q
from django.urls import reverse

from activities.enums import ActivityState, Audience, FeedKind, Kind, SignUpState
from activities.models import HELD, Activity, Attendance, CalendarFeed, SignUp, follows_programme
from activities.models.activities import OPEN_TO_MEMBERS
from activities.models.sign_ups import HOLDING
from members.models import Pharmacy
from members.queries import own_shops
from party.enums import OrganisationKind
from party.models import PartyOrganisation, organisations_kept_by
from party.queries import CalendarMeeting, meetings_for_calendar

MOST = 500
LOOK_BACK = timedelta(days=180)
OF_THE_PARTY = Q(kind=Kind.PARTY) | Q(organisation__isnull=False, audience=Audience.OFFICE)
OWN_SIGN_UP = (*HOLDING, SignUpState.WAITING)


@dataclass(frozen=True)
class Entry:
    """One entry as a calendar shows it. ``uid`` and ``sequence`` let a change find its entry."""

    uid: str
    sequence: int
    title: str
    day: date
    starts_at: time | None
    ends_at: time | None
    place: str
    note: str
    path: str
    changed_at: datetime
    is_cancelled: bool = False
    is_tentative: bool = False
    is_over: bool = False


@dataclass(frozen=True)
class Feed:
    """A whole calendar: its name and its entries by day."""

    name: str
    entries: tuple[Entry, ...]


def feed_of(feed: CalendarFeed, *, today: date) -> Feed | None:
    """Return what the feed shows now; ``None`` once its person may not see that calendar."""
    user = feed.user
    if not user.is_active:
        return None
    if feed.kind == FeedKind.BRANCH:
        return _of_branch(user, feed.organisation, today)
    if feed.kind == FeedKind.SHOP:
        if not Pharmacy.objects.held_by(user).filter(pk=feed.pharmacy_id).exists():
            return None
        return Feed(f"{feed.pharmacy.name} 活动", _of_shops([feed.pharmacy], today, and_open=True))
    if follows_programme(user):
        rows = Activity.objects.visible_to(user).exclude(OF_THE_PARTY)
        return Feed("活动与六个一", _entries(rows.exclude(kept_as_past()), today))
    return Feed("我的活动", _of_shops(own_shops(user), today))


def public_feed(*, today: date) -> Feed:
    """Return what anybody may know: what was published for the public."""
    rows = Activity.objects.filter(audience=Audience.PUBLIC, published_at__isnull=False)
    return Feed("协会公开活动", _entries(rows.exclude(OF_THE_PARTY), today))


def kept_as_past() -> Q:
    """Return what was only entered afterwards and never stood in a plan."""
    return Q(recorded_at__isnull=False, created_at__gte=F("recorded_at"))


def _of_shops(shops: Iterable[Pharmacy], today: date, *, and_open: bool = False):
    """Return what the shops have signed up for or came to; with ``and_open`` what is on offer."""
    pks = [shop.pk for shop in shops]
    sign_ups = SignUp.objects.filter(pharmacy__in=pks)
    holding = sign_ups.filter(state__in=OWN_SIGN_UP)
    called_off = sign_ups.filter(
        activity__state=ActivityState.CANCELLED, closed_at=F("activity__cancelled_at")
    )
    came = Attendance.objects.filter(pharmacy__in=pks)
    theirs = (
        Q(pk__in=holding.values("activity"))
        | Q(pk__in=called_off.values("activity"))
        | Q(pk__in=came.values("activity"))
    )
    rows = Activity.objects.filter(theirs | OPEN_TO_MEMBERS if and_open else theirs)
    states = dict(holding.order_by("pk").values_list("activity", "state"))
    return _entries(rows.exclude(OF_THE_PARTY), today, states)


def _of_branch(user, branch: PartyOrganisation, today: date) -> Feed | None:
    """Return the meetings of a branch and its groups, by kind only, and its own activities."""
    if branch.pk not in organisations_kept_by(user):
        return None
    groups = branch.children.standing().filter(kind=OrganisationKind.GROUP)
    names = {branch.pk: branch.name} | dict(groups.values_list("pk", "name"))
    meetings = meetings_for_calendar(names, today - LOOK_BACK)
    rows = Activity.objects.visible_to(user).filter(organisation__in=names)
    entries = [
        *_entries(rows.exclude(kept_as_past()), today),
        *(_of_meeting(meeting, names, today) for meeting in meetings),
    ]
    entries.sort(key=lambda entry: (entry.day, entry.starts_at or time.min, entry.uid))
    return Feed(f"{branch.name} 日历", tuple(entries[-MOST:]))


def _of_meeting(meeting: CalendarMeeting, names: Mapping[int, str], today: date) -> Entry:
    return Entry(
        uid=f"meeting-{meeting.pk}",
        sequence=meeting.sequence,
        title=meeting.name,
        day=meeting.starts_at.date(),
        starts_at=meeting.starts_at.time(),
        ends_at=None,
        place="",
        note=names[meeting.organisation],
        path=reverse("party:meeting", args=[meeting.pk]),
        changed_at=meeting.changed_at,
        is_cancelled=meeting.is_cancelled,
        is_over=meeting.starts_at.date() < today,
    )


def _entries(rows, today: date, states: Mapping[int, str] | None = None) -> tuple[Entry, ...]:
    """Return at most 500 entries: what is to come first, then the latest of the past, by day."""
    rows = rows.exclude(state=ActivityState.DISCARDED).filter(held_on__gte=today - LOOK_BACK)
    coming = list(rows.filter(held_on__gte=today).order_by("held_on", "pk")[:MOST])
    past = list(
        rows.filter(held_on__lt=today).order_by("-held_on", "-pk")[: max(MOST - len(coming), 0)]
    )
    shown = [*reversed(past), *coming]
    return tuple(_entry(row, today, (states or {}).get(row.pk)) for row in shown)


def _entry(row: Activity, today: date, sign_up: str | None) -> Entry:
    said = [row.notice]
    if row.state == ActivityState.CANCELLED:
        said.insert(0, f"已取消：{row.cancelled_reason}")
    elif sign_up is not None:
        said.insert(0, SignUpState(sign_up).label)
    return Entry(
        uid=f"activity-{row.pk}",
        sequence=row.sequence,
        title=row.title,
        day=row.held_on,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        place=row.place,
        note="\n".join(line for line in said if line),
        path=reverse("activities:detail", args=[row.pk]),
        changed_at=row.changed_at,
        is_cancelled=row.state == ActivityState.CANCELLED,
        is_tentative=sign_up in {SignUpState.WAITING, SignUpState.OFFERED},
        is_over=row.held_on < today or row.state in HELD,
    )
