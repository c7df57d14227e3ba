from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from pledges.models import Campaign, Pledge
from tests.factories.accounts import PASSWORD, make_user
from tests.factories.desk import SavedFilterFactory
from tests.factories.members import PharmacyFactory, owner_of, staff_of
from tests.factories.pledges import CampaignFactory, PledgeFactory, PledgeTextFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign():
    today = timezone.localdate()
    return CampaignFactory(
        year=today.year,
        starts_on=today - timedelta(days=30),
        sign_by=today,
        ends_on=today + timedelta(days=30),
    )


def test_an_owner_signs_on_the_phone(client, campaign):
    pledge = PledgeFactory(campaign=campaign)
    owner = owner_of(pledge.pharmacy)
    client.force_login(owner)

    page = client.get(reverse("pledges:index")).content.decode()
    assert reverse("pledges:sign", args=[pledge.pk]) in page
    answer = client.post(
        reverse("pledges:sign", args=[pledge.pk]),
        {"clause_law": "on", "clause_service": "on", "name": owner.real_name, "password": PASSWORD},
    )

    assert answer.url == reverse("pledges:detail", args=[pledge.pk])
    receipt = client.get(answer.url).content.decode()
    assert owner.real_name in receipt
    assert Pledge.objects.get().text_sha256 in receipt


def test_guessing_passwords_ends_after_ten_tries_even_with_the_right_one(client, campaign):
    pledge = PledgeFactory(campaign=campaign)
    owner = owner_of(pledge.pharmacy)
    client.force_login(owner)
    door = reverse("pledges:sign", args=[pledge.pk])
    ticks = {"clause_law": "on", "clause_service": "on", "name": owner.real_name}

    said = [client.post(door, ticks | {"password": f"猜{n}"}).content.decode() for n in range(10)]
    after = client.post(door, ticks | {"password": PASSWORD}).content.decode()

    assert all("登录密码不对，请重新输入。" in page for page in said)
    assert "请过一分钟再签" in after
    assert "checked" in after
    assert Pledge.objects.get().state == "invited"


def test_a_forgotten_tick_is_named_and_the_rest_stays(client, campaign):
    pledge = PledgeFactory(campaign=campaign)
    owner = owner_of(pledge.pharmacy)
    client.force_login(owner)

    page = client.post(
        reverse("pledges:sign", args=[pledge.pk]),
        {"clause_law": "on", "name": owner.real_name, "password": PASSWORD},
    ).content.decode()

    assert "还有 1 条没有勾选：示例条款2" in page
    assert "checked" in page
    assert Pledge.objects.get().state == "invited"


def test_signing_again_is_told_kindly(client, campaign):
    pledge = PledgeFactory(campaign=campaign, signed=True)
    client.force_login(owner_of(pledge.pharmacy))

    page = client.get(reverse("pledges:sign", args=[pledge.pk])).content.decode()

    assert "这份承诺书不用再签" in page


def test_the_door_to_signing_is_the_owners_alone(client, campaign):
    pledge = PledgeFactory(campaign=campaign)
    address = reverse("pledges:sign", args=[pledge.pk])

    for person, status in (
        (owner_of(PharmacyFactory()), 404),
        (staff_of(pledge.pharmacy), 403),
        (make_user(Role.SECRETARIAT), 403),
        (make_user(Role.REGULATOR), 403),
    ):
        client.force_login(person)
        assert client.get(address).status_code == status


def test_the_office_opens_a_campaign_and_sees_who_has_not_signed(client):
    shop = PharmacyFactory()
    text = PledgeTextFactory()
    client.force_login(make_user(Role.SECRETARIAT))
    today = timezone.localdate()

    typed = {
        "year": today.year,
        "text": text.pk,
        "starts_on": today,
        "ends_on": today + timedelta(days=300),
        "sign_by": today + timedelta(days=20),
    }

    preview = client.post(reverse("pledges:open"), typed).content.decode()
    assert "会邀请 1 家" in preview
    assert shop.name in preview
    assert not Campaign.objects.exists()
    answer = client.post(reverse("pledges:open"), typed | {"confirm": "1", "seen": "1"})

    campaign = Campaign.objects.get()
    assert answer.url == reverse("pledges:campaign", args=[campaign.pk])
    assert shop.name in client.get(answer.url).content.decode()
    pledge = campaign.pledges.get()
    assert client.post(reverse("pledges:remind_one", args=[pledge.pk])).status_code == 302
    assert client.post(reverse("pledges:remind", args=[campaign.pk])).status_code == 302
    assert client.post(reverse("pledges:invite", args=[campaign.pk])).status_code == 302


def test_a_regulator_reads_and_does_not_act(client, campaign):
    client.force_login(make_user(Role.REGULATOR))

    page = client.get(reverse("pledges:campaign", args=[campaign.pk]))
    assert page.status_code == 200
    assert "提醒未签的" not in page.content.decode()
    assert client.post(reverse("pledges:remind", args=[campaign.pk])).status_code == 403
    assert client.get(reverse("pledges:open")).status_code == 403


def test_a_kept_filter_fills_the_audience(client):
    kept = SavedFilterFactory(is_shared=True, parameters={"kind": "chain"})
    client.force_login(make_user(Role.SECRETARIAT))

    page = client.get(reverse("pledges:open"), {"filter": kept.pk}).content.decode()

    assert '<option value="chain" selected>' in page


def test_a_chain_sees_its_progress_on_the_page_of_the_campaign(client, campaign):
    first = PledgeFactory(campaign=campaign, signed=True)
    PledgeFactory(campaign=campaign, pharmacy__unit=first.pharmacy.unit)
    client.force_login(make_user(Role.SECRETARIAT))

    page = client.get(reverse("pledges:campaign", args=[campaign.pk]))

    row = page.context["units"][0]
    assert (row["name"], row["signed"], row["total"]) == (first.pharmacy.unit.name, 1, 2)


def test_a_shop_with_two_pledges_stands_on_the_wall_once(client, campaign):
    pledge = PledgeFactory(campaign=campaign, signed=True)
    other = CampaignFactory(
        year=campaign.year, starts_on=campaign.starts_on, sign_by=campaign.sign_by,
        ends_on=campaign.ends_on, text__title="处方药承诺",
    )  # fmt: skip
    PledgeFactory(campaign=other, pharmacy=pledge.pharmacy, signed=True)

    page = client.get(reverse("pledges:wall")).content.decode()

    assert page.count(pledge.pharmacy.public_token) == 1
    shop = client.get(reverse("pledges:wall_shop", args=[pledge.pharmacy.public_token]))
    assert shop.status_code == 200


@pytest.mark.parametrize("count", [1, 3])
def test_the_wall_shows_shops_but_no_names_of_people(
    client, campaign, count, django_assert_num_queries
):
    pledges = PledgeFactory.create_batch(count, campaign=campaign, signed=True)
    client.get(reverse("pledges:wall"))

    with django_assert_num_queries(6):
        page = client.get(reverse("pledges:wall")).content.decode()

    assert page.count("/pledges/wall/token") == count
    assert pledges[0].signed_name not in page
    shop = client.get(reverse("pledges:wall_shop", args=[pledges[0].pharmacy.public_token]))
    assert "示例条款1" in shop.content.decode()
    assert pledges[0].signed_name not in shop.content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_the_campaign_page_asks_the_same_number_of_queries(
    client, campaign, count, django_assert_max_num_queries
):
    PledgeFactory.create_batch(count, campaign=campaign)
    client.force_login(make_user(Role.SECRETARIAT))
    address = reverse("pledges:campaign", args=[campaign.pk])
    client.get(address)

    with django_assert_max_num_queries(15):
        page = client.get(address).content.decode()

    assert page.count('<th scope="row">') == count


def test_a_shop_that_has_not_signed_is_not_on_the_wall(client, campaign):
    pledge = PledgeFactory(campaign=campaign)

    answer = client.get(reverse("pledges:wall_shop", args=[pledge.pharmacy.public_token]))

    assert answer.status_code == 404


def test_the_page_of_the_shop_offers_the_signature_to_its_owner_alone(client, campaign):
    pledge = PledgeFactory(campaign=campaign)
    address = reverse("members:shop", args=[pledge.pharmacy_id])
    door = reverse("pledges:sign", args=[pledge.pk])

    client.force_login(owner_of(pledge.pharmacy))
    assert door in client.get(address).content.decode()
    client.force_login(make_user(Role.SECRETARIAT))
    page = client.get(address).content.decode()
    assert door not in page
    assert "承诺书还没有签" in page


def test_the_wall_finds_a_shop_by_name_and_area(client, campaign):
    here, there = PledgeFactory.create_batch(2, campaign=campaign, signed=True)

    found = client.get(
        reverse("pledges:wall"), {"q": here.pharmacy.name, "area": here.pharmacy.area.code}
    ).content.decode()

    assert here.pharmacy.name in found
    assert there.pharmacy.public_token not in found
