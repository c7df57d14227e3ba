"""Pages of the register: who sees what, what the list says, what a form does."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from association.models import AuditEvent
from members import panels
from members.models import MemberUnit, Pharmacy
from tests.factories.accounts import AreaFactory, make_user
from tests.factories.members import (
    MemberUnitFactory,
    PharmacyFactory,
    PositionFactory,
    TenureFactory,
    head_office_of,
    owner_of,
    staff_of,
)

pytestmark = pytest.mark.django_db
# session, user, grants, positions, Party posts, counts, rows, areas of the filter, kept filters
LIST_QUERIES = 9


@pytest.fixture
def secretary(client):
    user = make_user(Role.SECRETARIAT)
    client.force_login(user)
    return user


def text_of(response) -> str:
    assert response.status_code == 200
    return response.content.decode()


def names_in(response) -> list[str]:
    return [shop.name for shop in response.context["page"].rows]


def test_the_list_shows_missing_facts_as_words(client, secretary):
    PharmacyFactory(name="示例康宁大药房", area=None, licence_number=None, licence_expires_on=None)

    page = text_of(client.get(reverse("members:list")))

    assert "示例康宁大药房" in page
    assert "片区未登记" in page
    assert page.count("未登记") >= 3
    assert "None" not in page


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_asks_the_same_number_of_queries(client, secretary, count):
    PharmacyFactory.create_batch(count)
    part = {"headers": {"HX-Request": "true"}}

    with CaptureQueriesContext(connection) as seen:
        assert client.get(reverse("members:list"), **part).status_code == 200

    assert len(seen) == LIST_QUERIES


def test_the_list_asks_the_same_number_of_queries_with_ten_thousand_rows(client, secretary):
    unit, area = MemberUnitFactory(), AreaFactory()
    Pharmacy.objects.bulk_create(
        PharmacyFactory.build(unit=unit, area=area, name=f"示例大药房第{n}店")
        for n in range(10_000)
    )
    part = {"headers": {"HX-Request": "true"}}

    with CaptureQueriesContext(connection) as seen:
        page = text_of(client.get(reverse("members:list"), **part))

    assert len(seen) == LIST_QUERIES
    assert page.count("<tr>") == 51
    assert "超过 1,000 家" in page
    assert page.count("<option") < 20


def test_htmx_gets_the_part_and_a_browser_the_page(client, secretary):
    url = reverse("members:list")

    whole = client.get(url)
    part = client.get(url, headers={"HX-Request": "true"})

    assert "<html" in text_of(whole)
    assert "<html" not in text_of(part)
    assert "HX-Request" in whole["Vary"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"甲", "乙", "丙", "丁"}),
        ("q=甲", {"甲"}),
        ("kind=chain", {"乙"}),
        ("status=paused", {"丙"}),
        ("view=over", {"丁"}),
        ("view=due", {"乙"}),
        ("view=unknown", {"丙"}),
        ("view=paused", {"丙"}),
        ("view=nonsense&area=abc&kind=x", {"甲", "乙", "丙", "丁"}),
    ],
)
def test_the_address_holds_the_state_of_the_list(client, secretary, query, found):
    today = timezone.localdate()
    PharmacyFactory(name="示例甲")
    PharmacyFactory(
        name="示例乙", unit__kind="chain", licence_expires_on=today + timedelta(days=60)
    )
    PharmacyFactory(name="示例丙", status="paused", licence_expires_on=None)
    PharmacyFactory(name="示例丁", licence_expires_on=today - timedelta(days=1))

    response = client.get(reverse("members:list") + "?" + query)

    assert {name.removeprefix("示例") for name in names_in(response)} == found


def test_the_area_filter_narrows_the_list(client, secretary):
    here, _ = PharmacyFactory(), PharmacyFactory()

    response = client.get(reverse("members:list"), {"area": here.area_id})

    assert names_in(response) == [here.name]


def test_pages_are_walked_by_key_with_the_filters_kept(client, secretary):
    area = AreaFactory()
    for n in range(51):
        PharmacyFactory(name=f"示例{n:02}", name_sort=f"{n:02}", area=area)
    PharmacyFactory(name="别处", name_sort="00")

    first = client.get(reverse("members:list"), {"area": area.pk})
    second = client.get(reverse("members:list") + first.context["next_url"])
    back = client.get(reverse("members:list") + second.context["previous_url"])

    assert len(names_in(first)) == 50
    assert names_in(second) == ["示例50"]
    assert names_in(back) == names_in(first)
    assert first.context["previous_url"] == ""


def test_an_empty_result_offers_to_clear_the_filters(client, secretary):
    PharmacyFactory()

    page = text_of(client.get(reverse("members:list"), {"q": "没有"}))

    assert "没有符合条件的药店" in page
    assert "清除筛选" in page


def test_the_search_also_names_the_companies(client, secretary):
    unit = MemberUnitFactory(name="示例同心连锁")

    page = text_of(client.get(reverse("members:list"), {"q": "同心"}))

    assert reverse("members:unit", args=[unit.pk]) in page


def test_the_list_of_an_owner_holds_their_own_shop_alone(client):
    mine, _other = PharmacyFactory(), PharmacyFactory()
    client.force_login(owner_of(mine))

    assert names_in(client.get(reverse("members:list"))) == [mine.name]


def test_an_inspector_of_one_area_sees_its_shops(client):
    here, other = PharmacyFactory(), PharmacyFactory()
    client.force_login(make_user(Role.INSPECTOR, area=here.area))

    assert names_in(client.get(reverse("members:list"))) == [here.name]
    assert client.get(reverse("members:shop", args=[other.pk])).status_code == 404


def test_a_login_without_a_role_may_not_open_the_list(client):
    client.force_login(make_user())

    assert client.get(reverse("members:list")).status_code == 403


def test_the_page_of_a_shop_says_what_is_not_on_file(client, secretary):
    tenure = TenureFactory(
        pharmacy__licence_number=None, pharmacy__licence_expires_on=None, pharmacy__area=None
    )

    page = text_of(client.get(reverse("members:shop", args=[tenure.pharmacy_id])))

    assert page.count("未登记") >= 4
    assert "还没有登记人员" in page
    assert "登记停业" in page


def test_the_regulator_reads_a_shop_and_finds_nothing_to_press(client):
    held = PositionFactory()
    client.force_login(make_user(Role.REGULATOR))

    page = text_of(client.get(reverse("members:shop", args=[held.pharmacy_id])))

    assert "修改资料" not in page
    assert "登记停业" not in page
    assert "终止" not in page
    assert client.get(reverse("members:pause", args=[held.pharmacy_id])).status_code == 403


def test_the_owner_gets_the_phone_page_and_the_switcher(client):
    mine, second, _other = PharmacyFactory.create_batch(3)
    client.force_login(owner_of(mine, second))

    response = client.get(reverse("members:shop", args=[mine.pk]))

    assert "members/shop_phone.html" in [template.name for template in response.templates]
    assert response.context["others"] == [second]


def test_the_owner_is_led_to_the_own_shop_and_the_office_to_the_list(client):
    shop = PharmacyFactory()
    client.force_login(owner_of(shop))
    assert client.get(reverse("members:mine")).url == reverse("members:shop", args=[shop.pk])

    client.force_login(make_user(Role.SECRETARIAT))
    assert client.get(reverse("members:mine")).url == reverse("members:list")


def test_a_shop_of_others_does_not_exist_for_an_owner(client):
    mine, other = PharmacyFactory.create_batch(2)
    client.force_login(owner_of(mine))

    assert client.get(reverse("members:shop", args=[other.pk])).status_code == 404
    assert client.get(reverse("members:unit", args=[other.unit_id])).status_code == 404
    assert client.get(reverse("members:change_shop", args=[mine.pk])).status_code == 403


def test_the_shop_itself_does_not_see_who_changed_what(client, secretary):
    shop = PharmacyFactory()
    client.post(reverse("members:pause", args=[shop.pk]), {"reason": "装修"})
    assert "登记停业" in text_of(client.get(reverse("members:shop", args=[shop.pk])))
    client.force_login(staff_of(shop))

    assert "操作记录" not in text_of(client.get(reverse("members:shop", args=[shop.pk])))


def test_head_office_sees_its_company_and_its_shops(client):
    shop = PharmacyFactory()
    client.force_login(head_office_of(shop.unit))

    page = text_of(client.get(reverse("members:unit", args=[shop.unit_id])))

    assert shop.name in page
    assert "新增药店" not in page


def test_the_secretariat_enters_a_company_and_its_shop(client, secretary):
    client.post(reverse("members:add_unit"), {"name": "示例同心医药", "kind": "chain"})
    unit = MemberUnit.objects.get()
    response = client.post(
        reverse("members:add_shop", args=[unit.pk]),
        {"name": "示例同心新阳店", "licence_expires_on": "2029年5月1日"},
        follow=True,
    )

    shop = Pharmacy.objects.get()
    assert shop.licence_expires_on == date(2029, 5, 1)
    assert "“示例同心新阳店”已登记在“示例同心医药”名下。" in text_of(response)


def test_a_refusal_is_shown_in_the_words_of_the_rule(client, secretary):
    PharmacyFactory(name="示例甲店", licence_number="DA1")
    unit = MemberUnitFactory()

    response = client.post(
        reverse("members:add_shop", args=[unit.pk]), {"name": "示例乙店", "licence_number": "da 1"}
    )

    assert "许可证号 DA1 已登记在“示例甲店”名下" in text_of(response)
    assert Pharmacy.objects.count() == 1


def test_the_edit_form_starts_with_what_is_on_file_and_saves_it(client, secretary):
    shop = PharmacyFactory(name="示例甲店")
    url = reverse("members:change_shop", args=[shop.pk])
    form = client.get(url).context["form"]
    data = {name: form[name].value() or "" for name in form.fields}

    client.post(url, data | {"phone": "0592-1234567"})

    shop.refresh_from_db()
    assert shop.phone == "0592-1234567"
    assert set(AuditEvent.objects.get().detail["changed"]) == {"phone"}


@pytest.mark.parametrize(
    ("state", "act", "after"),
    [("active", "pause", "paused"), ("active", "close", "closed"), ("paused", "reopen", "active")],
)
def test_the_doors_of_the_states_open(client, secretary, state, act, after):
    shop = PharmacyFactory(status=state)
    url = reverse(f"members:{act}", args=[shop.pk])

    assert "原因" in text_of(client.get(url))
    response = client.post(url, {"reason": "示例原因"}, follow=True)

    shop.refresh_from_db()
    assert shop.status == after
    assert shop.name in text_of(response)


def test_a_shop_is_handed_over_by_the_name_of_the_new_company(client, secretary):
    tenure = TenureFactory(starts_on=date(2020, 1, 1))
    new = MemberUnitFactory(name="示例新主有限公司")
    url = reverse("members:move", args=[tenure.pharmacy_id])
    data = {"unit": "示例新主", "since": "2026-01-01", "reason": "转让"}

    refused = client.post(url, data)
    client.post(url, data | {"unit": "示例新主有限公司"})

    assert "没有叫“示例新主”的会员单位" in text_of(refused)
    assert Pharmacy.objects.get().unit == new


def test_a_position_is_ended_from_the_page_of_the_shop(client, secretary):
    held = PositionFactory()
    url = reverse("members:end_at_shop", args=[held.pharmacy_id, held.pk])

    client.post(url, {"ends_on": timezone.localdate().isoformat()})

    assert not Pharmacy.objects.visible_to(held.user).exists()
    other = PositionFactory()
    wrong = reverse("members:end_at_shop", args=[held.pharmacy_id, other.pk])
    assert client.get(wrong).status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_the_unit_list_asks_the_same_number_of_queries(
    client, secretary, count, django_assert_num_queries
):
    PharmacyFactory.create_batch(count)

    with django_assert_num_queries(7):
        response = client.get(reverse("members:units"), headers={"HX-Request": "true"})

    assert len(response.context["page"].rows) == count


def test_a_room_above_shows_its_panel_where_it_has_something_to_say(client, secretary, monkeypatch):
    monkeypatch.setattr(panels, "_PANELS", {})
    shop, quiet = PharmacyFactory.create_batch(2)
    panels.register(
        "stars",
        "星级",
        "components/note.html",
        lambda user, pharmacy: {"stars": 4} if pharmacy == shop else None,
    )

    assert "<h2>星级</h2>" in text_of(client.get(reverse("members:shop", args=[shop.pk])))
    assert "<h2>星级</h2>" not in text_of(client.get(reverse("members:shop", args=[quiet.pk])))
