"""Calendars on the phone: who gets which, what stands in them, read by a parser of its own."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import vobject
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from activities import actions, feed_tokens
from activities.actions import Schedule
from activities.enums import Audience, FeedKind, Kind
from activities.models import Activity, CalendarFeed
from association.errors import BusinessRuleError
from association.models import AuditEvent
from members.models import Position
from party.actions import meetings
from party.enums import MeetingKind
from tests.factories.accounts import make_user
from tests.factories.activities import (
    ActivityFactory,
    CalendarFeedFactory,
    SignUpFactory,
)
from tests.factories.members import PharmacyFactory, owner_of
from tests.factories.party import MeetingFactory, PartyOrganisationFactory, secretary_of

pytestmark = pytest.mark.django_db

SHANGHAI = ZoneInfo("Asia/Shanghai")
KEY = b"a key of the test"


@pytest.fixture
def today() -> date:
    return timezone.localdate()


def feed_for(user, kind=FeedKind.PERSONAL, **more) -> CalendarFeed:
    return actions.open_feed(kind, by=user, now=timezone.now(), **more)


def address(client, feed: CalendarFeed) -> str:
    """Return the address that the page shows."""
    client.force_login(feed.user)
    lines = client.get(reverse("activities:subscribe")).context["lines"]
    shown = next(line.address for line in lines if line.feed and line.feed.pk == feed.pk)
    client.logout()
    return shown.removeprefix("http://127.0.0.1:8000").removeprefix("http://testserver")


def read(client, where: str):
    """Return the calendar as another library reads it."""
    answer = client.get(where)
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    return vobject.readOne(answer.content.decode())


def events(calendar) -> dict:
    return {event.summary.value: event for event in calendar.contents.get("vevent", [])}


def planned(day: date, **more) -> Activity:
    return ActivityFactory(planned=True, **{"held_on": day, "title": "义诊"} | more)


# ------------------------------------------------------------------ the file


def test_an_entry_has_time_zone_place_alarm_and_the_way_to_its_page(client, today):
    day = today + timedelta(days=9)
    activity = planned(
        day, starts_at=time(9, 30), ends_at=time(11), place="滨海社区广场；东门", notice="带白大褂"
    )
    calendar = read(client, address(client, feed_for(make_user(Role.SECRETARIAT))))

    event = events(calendar)["义诊"]
    start = datetime.combine(day, time(9, 30), tzinfo=SHANGHAI)
    assert (event.dtstart.value, event.dtend.value) == (start, start + timedelta(minutes=90))
    assert event.dtstart.params["X-VOBJ-ORIGINAL-TZID"] == ["Asia/Shanghai"]
    assert [zone.tzid.value for zone in calendar.contents["vtimezone"]] == ["Asia/Shanghai"]
    assert (event.location.value, event.description.value) == ("滨海社区广场；东门", "带白大褂")
    assert event.url.value.endswith(f"/activities/{activity.pk}/")
    assert (event.status.value, event.sequence.value) == ("CONFIRMED", "0")
    assert event.valarm.trigger.value == timedelta(days=-1)


def test_without_an_hour_it_is_a_whole_day_with_an_alarm_at_nine_the_day_before(client, today):
    day = today + timedelta(days=3)
    planned(day)

    event = events(read(client, address(client, feed_for(make_user(Role.SECRETARIAT)))))["义诊"]

    assert (event.dtstart.value, event.dtend.value) == (day, day + timedelta(days=1))
    assert event.valarm.trigger.value == timedelta(hours=-15)


def test_shanghai_is_eight_hours_ahead_all_year(client, today):
    planned(today, starts_at=time(9))

    calendar = read(client, address(client, feed_for(make_user(Role.SECRETARIAT))))

    zone = calendar.vtimezone
    assert {part.tzoffsetto.value for part in zone.contents["standard"]} == {"+0800"}
    assert "daylight" not in zone.contents


def test_a_long_chinese_title_comes_through_the_folding_of_lines(client, today):
    title = "“规范经营、安全用药”, 第二期；培训\\考核" * 3
    planned(today, title=title[:80])

    calendar = read(client, address(client, feed_for(make_user(Role.SECRETARIAT))))

    assert list(events(calendar)) == [title[:80]]


def test_a_change_a_cancellation_and_a_return_keep_the_entry_and_count_up(client, today):
    clerk = make_user(Role.SECRETARIAT)
    where = address(client, feed_for(clerk))
    now, day = timezone.now(), today + timedelta(days=20)
    activity = actions.plan(Schedule("义诊", day, starts_at=time(9)), by=clerk, now=now)
    seen = [events(read(client, where))["义诊"]]
    moved = Schedule("义诊", day + timedelta(days=1), starts_at=time(9))
    actions.change(activity, moved, by=clerk, now=now)
    seen.append(events(read(client, where))["义诊"])
    actions.cancel(activity, reason="下雨", by=clerk, now=now)
    seen.append(events(read(client, where))["义诊"])
    actions.restore(activity, by=clerk, now=now)
    seen.append(events(read(client, where))["义诊"])

    assert len({event.uid.value for event in seen}) == 1
    assert [event.sequence.value for event in seen] == ["0", "1", "2", "3"]
    assert [event.status.value for event in seen] == [
        "CONFIRMED", "CONFIRMED", "CANCELLED", "CONFIRMED",
    ]  # fmt: skip
    assert seen[2].description.value == "已取消：下雨"
    assert "valarm" not in seen[2].contents


def test_held_on_another_day_than_planned_the_entry_moves(client, today):
    clerk = make_user(Role.SECRETARIAT)
    activity = planned(today - timedelta(days=2))

    actions.hold(
        activity, actions.Report("义诊", today - timedelta(days=1)), by=clerk, now=timezone.now()
    )

    event = events(read(client, address(client, feed_for(clerk))))["义诊"]
    assert (event.sequence.value, event.dtstart.value) == ("1", today - timedelta(days=1))


def test_five_hundred_entries_are_read_in_six_queries_and_no_more_than_that_many_come(
    client, today, django_assert_num_queries
):
    clerk = make_user(Role.SECRETARIAT)
    rows = [
        ActivityFactory.build(
            planned=True, title=f"活动{n}", held_on=today + timedelta(days=n // 2 - 100),
            created_by=clerk, starts_at=time(9),
        )
        for n in range(520)
    ]  # fmt: skip
    Activity.objects.bulk_create(rows)
    where = address(client, feed_for(clerk))

    with django_assert_num_queries(6):
        answer = client.get(where)

    titles = list(events(vobject.readOne(answer.content.decode())))
    assert len(titles) == 500
    assert {f"活动{n}" for n in range(200, 520)} <= set(titles)  # what is to come is never cut


def test_a_phone_that_asks_again_gets_nothing_new_until_something_changes(client, today):
    clerk = make_user(Role.SECRETARIAT)
    where = address(client, feed_for(clerk))
    activity = planned(today + timedelta(days=5))
    first = client.get(where)

    again = client.get(where, headers={"if-none-match": first["ETag"]})
    actions.cancel(activity, reason="下雨", by=clerk, now=timezone.now())
    later = client.get(where, headers={"if-none-match": first["ETag"]})

    assert (again.status_code, again.content, later.status_code) == (304, b"", 200)
    assert "private" in first["Cache-Control"]


# ------------------------------------------------------------------ whose calendar


def test_a_shop_has_what_it_signed_up_for_and_what_is_on_offer(client, today):
    day = today + timedelta(days=9)
    shop = PharmacyFactory()
    owner = owner_of(shop)
    signed, waiting, open_, inside = (
        ActivityFactory(published=True, title="已报名", held_on=day),
        ActivityFactory(published=True, title="候补", held_on=day),
        ActivityFactory(published=True, title="可报名", held_on=day),
        planned(day, title="内部安排"),
    )
    SignUpFactory(activity=signed, pharmacy=shop)
    SignUpFactory(activity=waiting, pharmacy=shop, state="waiting")

    mine = events(read(client, address(client, feed_for(owner))))
    of_shop = events(read(client, address(client, feed_for(owner, FeedKind.SHOP, pharmacy=shop))))

    assert set(mine) == {signed.title, waiting.title}
    assert set(of_shop) == {signed.title, waiting.title, open_.title}
    assert inside.title not in of_shop
    assert of_shop["候补"].status.value == "TENTATIVE"
    assert of_shop["已报名"].description.value == "已报名"


def test_a_shop_hears_that_what_it_signed_up_for_is_cancelled(client, today):
    now = timezone.now()
    shop = PharmacyFactory()
    owner = owner_of(shop)
    activity = ActivityFactory(published=True, title="义诊", held_on=today + timedelta(days=9))
    actions.sign_up(activity, shop, by=owner, now=now)
    where = address(client, feed_for(owner))
    actions.cancel(activity, reason="下雨", by=make_user(Role.SECRETARIAT), now=now)

    assert events(read(client, where))["义诊"].status.value == "CANCELLED"


def test_the_public_calendar_needs_no_secret_and_has_what_is_for_the_public(client, today):
    ActivityFactory(published=True, title="会员培训", held_on=today)
    ActivityFactory(published=True, title="社区义诊", held_on=today, audience=Audience.PUBLIC)
    planned(today, title="未发布的义诊", audience=Audience.PUBLIC)

    assert set(events(read(client, reverse("activities:public_feed")))) == {"社区义诊"}


def test_a_branch_has_its_meetings_by_kind_and_its_own_activities(client, today):
    branch = PartyOrganisationFactory()
    keeper = secretary_of(branch)
    at = timezone.now() + timedelta(days=4)
    meeting = MeetingFactory(
        organisation=branch, kind=MeetingKind.THEME_DAY, title="金丝雀会议", starts_at=at
    )
    planned(today, title="支部走访", organisation=branch, kind=Kind.PARTY)
    where = address(client, feed_for(keeper, FeedKind.BRANCH, organisation=branch))

    first = read(client, where)
    meetings.cancel(meeting, reason="金丝雀理由", by=keeper, now=timezone.now())
    second = events(read(client, where))

    assert set(events(first)) == {"主题党日", "支部走访"}
    assert events(first)["主题党日"].description.value == branch.name
    assert (second["主题党日"].status.value, second["主题党日"].sequence.value) == (
        "CANCELLED", "1",
    )  # fmt: skip
    assert "金丝雀" not in client.get(where).content.decode()


@pytest.mark.parametrize("who", ["secretariat", "keeper", "owner", "public"])
def test_party_events_are_in_no_other_calendar(client, today, who):
    branch = PartyOrganisationFactory(name="金丝雀支部")
    keeper, shop = secretary_of(branch), PharmacyFactory()
    everybody = {"published": True, "audience": Audience.PUBLIC, "held_on": today}
    MeetingFactory(organisation=branch, title="金丝雀会议", starts_at=timezone.now())
    party = ActivityFactory(title="金丝雀党课", kind=Kind.PARTY, **everybody)
    SignUpFactory(activity=party, pharmacy=shop)
    ActivityFactory(title="金丝雀学习", kind=Kind.PARTY, organisation=branch, **everybody)
    planned(today, title="金丝雀内部", organisation=branch)
    owner = owner_of(shop)
    feeds = {
        "secretariat": lambda: [feed_for(make_user(Role.SECRETARIAT))],
        "keeper": lambda: [feed_for(keeper)],
        "owner": lambda: [feed_for(owner), feed_for(owner, FeedKind.SHOP, pharmacy=shop)],
        "public": list,
    }[who]()

    places = [address(client, feed) for feed in feeds] or [reverse("activities:public_feed")]

    assert ["金丝雀" in client.get(place).content.decode() for place in places] == [False] * len(
        places
    )


# ------------------------------------------------------------------ the address


def test_a_new_address_shuts_the_old_one_and_closing_shuts_both(client, today):
    clerk = make_user(Role.SECRETARIAT)
    feed = feed_for(clerk)
    old = address(client, feed)
    client.force_login(clerk)
    client.post(reverse("activities:renew_feed", args=[feed.pk]))
    new = address(client, feed)
    after_renewal = [client.get(place).status_code for place in (old, new)]
    client.force_login(clerk)
    client.post(reverse("activities:close_feed", args=[feed.pk]))

    assert after_renewal == [404, 200]
    assert client.get(new).status_code == 404
    assert list(AuditEvent.objects.values_list("act", flat=True)) == [
        "feed.opened", "feed.renewed", "feed.closed",
    ]  # fmt: skip


def test_opened_again_after_closing_it_is_another_address(client):
    clerk = make_user(Role.SECRETARIAT)
    first = feed_for(clerk)
    actions.close_feed(first, by=clerk, now=timezone.now())

    second = feed_for(clerk)

    assert second.pk != first.pk
    assert feed_for(clerk) == second


def test_who_leaves_the_shop_reads_its_calendar_no_more(client, today):
    shop = PharmacyFactory()
    owner = owner_of(shop)
    where = address(client, feed_for(owner, FeedKind.SHOP, pharmacy=shop))
    Position.objects.filter(user=owner).update(ends_on=today - timedelta(days=1))

    assert client.get(where).status_code == 404


def test_who_keeps_the_ledger_no_more_reads_no_branch(client):
    branch = PartyOrganisationFactory()
    keeper = secretary_of(branch)
    where = address(client, feed_for(keeper, FeedKind.BRANCH, organisation=branch))
    keeper.party_posts.update(ends_on=date(2024, 1, 1), starts_on=date(2023, 1, 1))

    assert client.get(where).status_code == 404


def test_a_login_that_was_shut_reads_nothing(client):
    clerk = make_user(Role.SECRETARIAT)
    where = address(client, feed_for(clerk))
    clerk.is_active = False
    clerk.save(update_fields=["is_active"])

    assert client.get(where).status_code == 404


@pytest.mark.parametrize(
    ("kind", "place"),
    [("shop", "pharmacy"), ("branch", "organisation"), ("everything", "")],
    ids=["another's shop", "another's branch", "no such calendar"],
)
def test_nobody_opens_what_is_not_theirs(kind, place):
    others = {"pharmacy": PharmacyFactory(), "organisation": PartyOrganisationFactory()}

    with pytest.raises(BusinessRuleError):
        feed_for(make_user(Role.SECRETARIAT), kind, **({place: others[place]} if place else {}))

    assert not CalendarFeed.objects.exists()


def test_nobody_renews_or_closes_the_calendar_of_another(client):
    feed = CalendarFeedFactory(user=make_user(Role.SECRETARIAT))
    client.force_login(make_user(Role.SECRETARIAT))

    answers = [
        client.post(reverse(f"activities:{act}_feed", args=[feed.pk])).status_code
        for act in ("renew", "close")
    ]

    assert answers == [404, 404]


def test_the_word_in_the_address_belongs_to_one_feed_one_number_and_one_key():
    word = feed_tokens.token(KEY, 7, 1)

    assert len(word) == 32
    assert feed_tokens.is_right(KEY, 7, 1, word)
    others = [(KEY, 7, 2), (KEY, 8, 1), (b"another key", 7, 1)]
    assert not any(feed_tokens.is_right(*other, word) for other in others)
