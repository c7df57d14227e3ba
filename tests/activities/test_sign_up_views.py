"""Signing up and checking in on the phone, the organiser's screen, and the page of small events."""

import re
from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from activities import check_in_codes
from activities.models import Activity, Attendance, SignUp
from tests.factories.accounts import PASSWORD, make_user
from tests.factories.activities import (
    ActivityFactory,
    ActivityPaperFactory,
    DutyFactory,
    ObligationFactory,
    SignUpFactory,
)
from tests.factories.members import PharmacyFactory, PositionFactory, owner_of

pytestmark = pytest.mark.django_db


def today() -> date:
    return timezone.localdate()


def published(**more) -> Activity:
    return ActivityFactory(
        published=True, **{"held_on": today() + timedelta(days=5), "places": 3} | more
    )


@pytest.fixture
def shop(client):
    place = PharmacyFactory()
    client.force_login(owner_of(place))
    return place


def test_a_shop_signs_up_with_two_taps_and_takes_it_back(client, shop):
    activity = published()

    page = client.get(reverse("activities:index")).content.decode()  # the first tap: 活动
    assert "还有 3 个名额" in page
    answer = client.post(  # the second: 报名
        reverse("activities:sign_up", args=[activity.pk]), {"pharmacy": shop.pk, "people": "1"}
    )
    entry = SignUp.objects.get()
    words = client.get(answer.url).content.decode()
    assert "已报名 1 人" in words
    client.post(reverse("activities:withdraw", args=[entry.pk]))

    assert SignUp.objects.get().state == "withdrawn"


def test_a_full_activity_says_so_and_puts_the_shop_in_line(client, shop):
    activity = published(places=1, taken=1)
    SignUpFactory(activity=activity)

    assert "名额已满，可以候补" in client.get(reverse("activities:index")).content.decode()
    answer = client.post(
        reverse("activities:sign_up", args=[activity.pk]),
        {"pharmacy": shop.pk, "people": "1"},
        follow=True,
    )

    assert "排在候补第 1 位" in answer.content.decode()


def test_an_offer_stands_on_top_and_is_accepted(client, shop):
    until = timezone.now() + timedelta(hours=5)
    entry = SignUpFactory(activity=published(), pharmacy=shop, state="offered", offered_until=until)

    assert "给您留了 1 个名额" in client.get(reverse("activities:index")).content.decode()
    client.post(reverse("activities:accept", args=[entry.pk]))

    assert SignUp.objects.get().state == "taken"


def test_nobody_touches_the_sign_up_of_another_shop(client, shop):
    entry = SignUpFactory(activity=published())
    other = PharmacyFactory()

    for act in ("withdraw", "accept"):
        assert client.post(reverse(f"activities:{act}", args=[entry.pk])).status_code == 404
    address = reverse("activities:sign_up", args=[entry.activity_id])
    assert client.post(address, {"pharmacy": other.pk}).status_code == 404
    hidden = ActivityFactory(planned=True, audience="members")
    assert client.post(
        reverse("activities:sign_up", args=[hidden.pk]), {"pharmacy": shop.pk}
    ).status_code == 404  # fmt: skip


def test_the_organiser_signs_up_who_rings(client):
    client.force_login(make_user(Role.SECRETARIAT))
    activity, place = published(), PharmacyFactory(name="示例大药房·新桥店")
    PharmacyFactory(name="示例大药房·东湖店")
    address = reverse("activities:sign_up_for", args=[activity.pk])

    unclear = client.post(address, {"q": "大药房", "people": "1"}, follow=True)
    assert "有几家都像" in unclear.content.decode()
    unknown = client.post(address, {"q": "没有的店", "people": "1"}, follow=True)
    assert "没有找到这家" in unknown.content.decode()
    client.post(address, {"q": "新桥店", "people": "2"})
    assert SignUp.objects.get().pharmacy == place
    client.post(address, {"act": "withdraw", "pharmacy": place.pk})
    assert SignUp.objects.get().state == "withdrawn"


# ------------------------------------------------------------------ checking in


def code_now(activity: Activity) -> tuple[str, str]:
    from django.conf import settings  # noqa: PLC0415 -- the key of this test run

    slot = check_in_codes.slot_of(timezone.now().timestamp())
    key = settings.SECRET_KEY.encode()
    return check_in_codes.token(key, activity.pk, slot), check_in_codes.code(key, activity.pk, slot)


def test_scan_and_tap(client, shop):
    activity = published(held_on=today())
    word, _ = code_now(activity)

    page = client.get(reverse("check_in:scanned", args=[word]), follow=True)  # scan
    assert activity.title in page.content.decode()
    for _ in range(2):  # tap, and the slow network sends it again
        done = client.post(
            reverse("check_in:here"), {"pharmacy": shop.pk, "people": "2"}, follow=True
        )

    assert "已签到" in done.content.decode()
    row = Attendance.objects.get()
    assert (row.pharmacy, row.people, row.way) == (shop, 2, "code")


def test_a_scan_before_the_login_is_remembered_through_it(client):
    place = PharmacyFactory()
    owner = owner_of(place)
    activity = published(held_on=today())
    word, _ = code_now(activity)

    asked = client.get(reverse("check_in:scanned", args=[word]))
    assert asked.url.startswith(reverse("account_login"))
    client.post(asked.url, {"login": owner.username, "password": PASSWORD})
    page = client.get(reverse("check_in:here"))

    assert activity.title in page.content.decode()


def test_a_stale_code_says_what_to_do(client, shop):
    answer = client.get(reverse("check_in:scanned", args=["a-b-c"]))

    assert answer.status_code == 410
    assert "再扫一次" in answer.content.decode()
    assert client.get(reverse("check_in:here")).status_code == 410


def test_six_digits_do_the_same_and_guessing_ends(client, shop):
    activity = published(held_on=today())
    _, digits = code_now(activity)

    wrong = client.post(reverse("check_in:code"), {"code": "000 000"})
    assert "数字不对" in wrong.content.decode()
    right = client.post(reverse("check_in:code"), {"code": f"{digits[:3]} {digits[3:]}"})
    assert right.url == reverse("check_in:here")
    for _ in range(10):
        last = client.post(reverse("check_in:code"), {"code": "000000"})
    assert "输错太多次" in last.content.decode()


def test_an_owner_of_two_shops_chooses_and_a_stranger_is_told(client):
    first = PharmacyFactory()
    owner = owner_of(first, PharmacyFactory())
    activity = published(held_on=today())
    entry = SignUpFactory(activity=activity, pharmacy=first, people=2)
    client.force_login(owner)
    word, _ = code_now(activity)

    page = client.get(reverse("check_in:scanned", args=[word]), follow=True)
    assert page.context["chosen"] == entry.pharmacy
    assert page.context["people"] == 2
    client.force_login(make_user(Role.INSPECTOR))
    page = client.get(reverse("check_in:scanned", args=[word]), follow=True)
    assert "没有关联药店" in page.content.decode()


def test_the_screen_shows_a_picture_that_scans_and_the_organiser_ticks(client):
    client.force_login(make_user(Role.SECRETARIAT))
    activity = published(held_on=today())
    entry = SignUpFactory(activity=activity, people=3)
    address = reverse("activities:screen", args=[activity.pk])

    page = client.get(address).content.decode()
    assert 'class="qr-code"' in page
    digits = re.search(r'class="digits">(\d{3}) (\d{3})<', page)
    assert "".join(digits.groups()) == code_now(activity)[1]
    for _ in range(2):
        client.post(
            reverse("activities:tick", args=[activity.pk]),
            {"pharmacy": entry.pharmacy_id, "people": "3"},
        )

    assert list(Attendance.objects.values_list("people", "way")) == [(3, "tick")]
    assert (
        "16:" in client.get(address).content.decode()
        or "现场勾选" in client.get(address).content.decode()
    )


# ------------------------------------------------------------------ small events


def test_a_page_of_small_events_is_pasted_mended_and_entered(client):
    client.force_login(make_user(Role.SECRETARIAT))
    place = PharmacyFactory(name="示例大药房·新桥店")
    obligation = ObligationFactory(duty=DutyFactory(code="duty/D02", name="生日会"))
    address = reverse("activities:batch")
    head = {"title": "员工生日会", "duty": "duty/D02"}

    pasted = client.post(
        address,
        head | {"paste": "1", "pasted": "2026-03-05\t新桥店\t9\n2026-03-12\t没有的店\t7"},
    )
    lines = pasted.context["lines"]
    assert [line.errors for line in lines] == [[], ["名册里没有这家药店"]]
    rows = {
        "day": ["2026-03-05", "2026-03-12"],
        "shop": ["新桥店", "没有的店"],
        "people": ["9", "7"],
        "row_title": ["", ""],
    }
    half = client.post(address, head | rows | {"save": "1"})
    assert "已登记 1 场，还有 1 行没登记" in half.content.decode()
    assert [line.day for line in half.context["lines"]] == ["2026-03-12"]
    rest = {"day": ["2026-03-12"], "shop": [""], "people": ["7"], "row_title": ["上门慰问"]}
    answer = client.post(address, head | rest | {"save": "1"})

    assert answer.url.endswith("view=waiting")
    assert set(Activity.objects.values_list("title", "beneficiaries")) == {
        ("员工生日会", 9),
        ("上门慰问", 7),
    }
    assert Attendance.objects.get().pharmacy == place
    assert obligation.activities.count() == 2


def test_an_empty_page_of_small_events_enters_nothing(client):
    client.force_login(make_user(Role.SECRETARIAT))
    blank = {
        "title": "生日会",
        "duty": "",
        "day": [""],
        "shop": [""],
        "people": [""],
        "row_title": [""],
    }

    answer = client.post(reverse("activities:batch"), blank | {"save": "1"})

    assert "还没有填任何一行" in answer.content.decode()
    assert not Activity.objects.exists()


def test_many_records_are_verified_at_once_and_the_rest_say_why(client):
    clerk = make_user(Role.SECRETARIAT)
    client.force_login(clerk)
    ready = ActivityPaperFactory.create_batch(3)
    bare = ActivityFactory(title="没有材料的")
    pks = [paper.activity_id for paper in ready] + [bare.pk]

    answer = client.post(reverse("activities:verify_many"), {"activity": pks}, follow=True)

    words = answer.content.decode()
    assert "已核实 3 场" in words
    assert "没有材料的：还没有照片或签到表" in words
    assert Activity.objects.filter(state="verified").count() == 3


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_of_records_asks_the_same_number_of_queries(
    client, count, django_assert_max_num_queries
):
    client.force_login(make_user(Role.SECRETARIAT))
    for _ in range(count):
        ActivityPaperFactory(activity__obligations=[ObligationFactory()])
    address = reverse("activities:records")
    client.get(address, {"year": 2026})

    with django_assert_max_num_queries(18):
        page = client.get(address, {"year": 2026}).content.decode()

    assert page.count("示例义诊") >= count


def test_staff_of_a_shop_signs_up_too(client):
    position = PositionFactory(role=Role.STAFF)
    client.force_login(position.user)
    activity = published()

    client.post(
        reverse("activities:sign_up", args=[activity.pk]),
        {"pharmacy": position.pharmacy_id, "people": "1"},
    )

    assert SignUp.objects.get().signed_by == position.user
