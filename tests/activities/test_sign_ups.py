"""Signing up: places, the waiting list that moves up, offers that hold for a day, the crowd."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.roles import Role
from activities import actions
from activities.actions.sign_ups import LAPSE_JOB
from activities.models import Activity, SignUp
from activities.queries.sign_ups import offer_for, offers_for, places_in_line
from association import jobs
from association.errors import BusinessRuleError
from association.models import AuditEvent, Delivery, Job
from tests.factories.accounts import make_user
from tests.factories.activities import ActivityFactory, SignUpFactory
from tests.factories.members import PharmacyFactory, owner_of

pytestmark = pytest.mark.django_db

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 3, 20, 12, tzinfo=SHANGHAI)


def published(**more) -> Activity:
    return ActivityFactory(
        published=True, **{"held_on": date(2026, 3, 28), "starts_at": time(9), "places": 3} | more
    )


def joined(activity: Activity, people: int = 1, *, now: datetime = NOON) -> SignUp:
    """A new shop signed up by its owner."""
    shop = PharmacyFactory()
    return actions.sign_up(activity, shop, people=people, by=owner_of(shop), now=now)


def states(activity: Activity) -> list[tuple[str, int]]:
    return list(activity.sign_ups.order_by("pk").values_list("state", "people"))


def taken(activity: Activity) -> int:
    return Activity.objects.get(pk=activity.pk).taken


def test_places_are_given_until_they_are_gone():
    activity = published()

    for people in (2, 1, 1):
        joined(activity, people)

    assert states(activity) == [("taken", 2), ("taken", 1), ("waiting", 1)]
    assert taken(activity) == 3
    acts = AuditEvent.objects.values_list("act", flat=True)
    assert list(acts) == ["activity.signed_up"] * 3


def test_without_a_limit_everybody_has_a_place():
    activity = published(places=None)

    joined(activity, 50)

    assert (states(activity), taken(activity)) == ([("taken", 50)], 50)


def test_a_group_that_does_not_fit_waits_while_a_smaller_one_still_fits():
    activity = published()
    joined(activity, 2)

    waiting, small = joined(activity, 2), joined(activity, 1)

    assert (waiting.state, small.state) == ("waiting", "taken")
    assert places_in_line([waiting]) == {waiting.pk: 1}


def test_signing_up_twice_is_one_sign_up_and_changes_the_number():
    activity, shop = published(), PharmacyFactory()
    owner = owner_of(shop)

    for people in (1, 1, 3):
        actions.sign_up(activity, shop, people=people, by=owner, now=NOON)

    assert (states(activity), taken(activity)) == ([("taken", 3)], 3)


def test_more_people_than_there_are_places_is_refused_with_the_number_left():
    activity, shop = published(), PharmacyFactory()
    owner = owner_of(shop)
    actions.sign_up(activity, shop, people=1, by=owner, now=NOON)
    joined(activity, 1)

    with pytest.raises(actions.TooManyPeopleError, match="最多可以改成 2 人"):
        actions.sign_up(activity, shop, people=3, by=owner, now=NOON)

    assert taken(activity) == 2


@pytest.mark.parametrize(
    ("more", "people", "words"),
    [
        ({"state": "planned", "published_at": None, "published_by": None}, 1, "不能报名"),
        ({"audience": "office"}, 1, "不能报名"),
        ({"held_on": date(2026, 3, 20)}, 1, "已经开始"),
        (
            {"sign_up_until": datetime(2026, 3, 19, 23, 59, tzinfo=SHANGHAI)},
            1,
            "3月19日 23:59 截止",
        ),
        ({"places_per_shop": 2}, 3, "每家药店最多 2 人"),
        ({}, 4, "一共 3 个名额"),
        ({}, 0, "至少 1 人"),
    ],
    ids=["not published", "internal", "begun", "after the cut-off", "per shop", "in all", "nobody"],
)
def test_sign_up_refuses_and_writes_nothing(more, people, words):
    activity = published(**more)

    with pytest.raises(BusinessRuleError, match=words):
        joined(activity, people)

    assert not SignUp.objects.exists()
    assert taken(activity) == 0


def test_nobody_signs_up_another_shop_but_the_organiser():
    activity, shop = published(), PharmacyFactory()

    with pytest.raises(actions.NotYourShopError):
        actions.sign_up(activity, shop, by=owner_of(PharmacyFactory()), now=NOON)
    entry = actions.sign_up(activity, shop, by=make_user(Role.SECRETARIAT), now=NOON)

    assert entry.state == "taken"


def test_a_place_given_back_is_offered_for_a_day_and_the_offer_accepted():
    activity = published(places=1)
    first, second = joined(activity), joined(activity, now=NOON + timedelta(minutes=1))
    later = NOON + timedelta(hours=1)

    actions.withdraw(first, by=first.signed_by, now=later)
    second.refresh_from_db()

    assert (second.state, second.offered_until) == ("offered", later + timedelta(hours=24))
    assert taken(activity) == 1
    assert Delivery.objects.get().recipient == second.signed_by
    job = Job.objects.get(kind=LAPSE_JOB)
    assert (job.payload, job.not_before) == ({"sign_up": second.pk}, second.offered_until)
    accepted = actions.accept(second, by=second.signed_by, now=later + timedelta(hours=23))
    assert (accepted.state, accepted.offered_until, taken(activity)) == ("taken", None, 1)
    assert actions.accept(second, by=second.signed_by, now=later).state == "taken"


def test_an_offer_that_nobody_takes_goes_to_the_next_by_itself():
    activity = published(places=1)
    first, second, third = (joined(activity) for _ in range(3))
    actions.withdraw(first, by=first.signed_by, now=NOON)

    jobs.run_due(clock=lambda: NOON + timedelta(hours=23))
    assert states(activity)[1:] == [("offered", 1), ("waiting", 1)]
    moment = NOON + timedelta(hours=24, minutes=1)
    assert actions.lapse(second, now=moment)

    assert states(activity)[1:] == [("lapsed", 1), ("offered", 1)]
    with pytest.raises(actions.OfferOverError, match="给了下一家"):
        actions.accept(second, by=second.signed_by, now=moment)
    assert not actions.lapse(third, now=moment)
    assert taken(activity) == 1


def test_the_worker_takes_an_offer_back_when_its_day_is_over(monkeypatch):
    activity = published(places=1)
    first, second = joined(activity), joined(activity)
    actions.withdraw(first, by=first.signed_by, now=NOON)
    later = NOON + timedelta(hours=25)
    monkeypatch.setattr("django.utils.timezone.now", lambda: later)

    jobs.run_due(clock=lambda: later)

    second.refresh_from_db()
    assert second.state == "lapsed"
    assert Job.objects.get(kind=LAPSE_JOB).result == {"lapsed": True}


def test_an_offer_never_outlasts_the_beginning():
    activity = published(places=1, held_on=date(2026, 3, 20), starts_at=time(18))
    first, second = joined(activity), joined(activity)

    actions.withdraw(first, by=first.signed_by, now=NOON)

    second.refresh_from_db()
    assert second.offered_until == datetime(2026, 3, 20, 18, tzinfo=SHANGHAI)


def test_whoever_fits_first_is_offered_the_place():
    activity = published(places=2)
    first, second = joined(activity, 1), joined(activity, 1)
    big, small = joined(activity, 2), joined(activity, 1)

    actions.withdraw(first, by=first.signed_by, now=NOON)

    rows = dict(activity.sign_ups.values_list("pk", "state"))
    assert (rows[big.pk], rows[small.pk], rows[second.pk]) == ("waiting", "offered", "taken")


def test_more_places_move_the_list_up():
    activity = published(places=1)
    joined(activity)
    waiting = joined(activity)
    names = actions.planning.COLUMNS
    wider = actions.Schedule(**{name: getattr(activity, name) for name in names} | {"places": 2})

    actions.change(activity, wider, by=make_user(), now=NOON)

    waiting.refresh_from_db()
    assert waiting.state == "offered"


def test_a_shop_that_withdrew_may_come_back_to_the_end_of_the_line():
    activity = published(places=1)
    first, second = joined(activity), joined(activity)
    actions.withdraw(second, by=second.signed_by, now=NOON)

    again = actions.sign_up(
        activity, second.pharmacy, by=second.signed_by, now=NOON + timedelta(hours=1)
    )

    assert again.pk != second.pk
    assert [again.state, first.state] == ["waiting", "taken"]
    assert actions.withdraw(second, by=second.signed_by, now=NOON).state == "withdrawn"


def test_the_database_refuses_one_place_too_many():
    activity = published(places=3, taken=3)

    with pytest.raises(IntegrityError, match="never_overbooked"), transaction.atomic():
        Activity.objects.filter(pk=activity.pk).update(taken=4)


def test_what_a_shop_sees_on_its_phone():
    shop = PharmacyFactory()
    mine = published(places=1, taken=1)
    SignUpFactory(activity=mine, signed_at=NOON)
    SignUpFactory(activity=mine, pharmacy=shop, state="waiting", signed_at=NOON)
    published(held_on=date(2026, 3, 29))
    published(held_on=date(2026, 3, 30), places=2, taken=2)
    published(held_on=date(2026, 3, 19))
    published(audience="office")

    offers = offers_for([shop], now=NOON, today=NOON.date())

    assert [offer.words for offer in offers] == [
        "候补第 1 位，1 人",
        "还有 3 个名额",
        "名额已满，可以候补",
    ]
    assert offer_for(mine, shop, now=NOON, today=NOON.date()).words == "候补第 1 位，1 人"


@pytest.mark.parametrize("count", [1, 3])
def test_the_phone_asks_the_same_number_of_queries(count, django_assert_num_queries):
    shop = PharmacyFactory()
    for n in range(count):
        entry = published(held_on=date(2026, 3, 21 + n))
        SignUpFactory(activity=entry, pharmacy=shop, state="waiting")

    with django_assert_num_queries(3):
        offers = offers_for([shop], now=NOON, today=NOON.date())

    assert len(offers) == count


@pytest.mark.django_db(transaction=True)
def test_two_hundred_shops_in_the_same_second_never_overbook():
    activity = published(places=60)
    clerk = make_user(Role.SECRETARIAT)
    shops = PharmacyFactory.create_batch(200)
    gate = threading.Barrier(20)

    def some(part):
        try:
            gate.wait()
            return [
                actions.sign_up(activity, shop, people=1 + shop.pk % 2, by=clerk, now=NOON).state
                for shop in part
            ]
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        parts = [shops[n::20] for n in range(20)]
        outcomes = [state for states_of in pool.map(some, parts) for state in states_of]

    held = [entry.people for entry in activity.sign_ups.filter(state="taken")]
    assert len(outcomes) == SignUp.objects.count() == 200
    assert sum(held) == taken(activity) <= 60
    assert taken(activity) >= 59  # a pair may find a single place left, never the other way
    assert AuditEvent.objects.filter(act="activity.signed_up").count() == 200
