"""What anybody may read: true, current, and without a person's data."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from reports.queries.public import live_code
from starrating.actions.award import move_award
from tests.factories.accounts import UserFactory
from tests.factories.inspections import ViolationFactory
from tests.factories.members import PharmacyFactory, owner_of
from tests.factories.starrating import AssessmentFactory, AwardFactory, CycleFactory, ResultFactory

pytestmark = pytest.mark.django_db


def award_today(**fields):
    today = timezone.localdate()
    return AwardFactory(
        valid_from=today - timedelta(days=30), valid_to=today + timedelta(days=300), **fields
    )


def page(client, name, *args, status=200, **query):
    answer = client.get(reverse(f"reports:{name}", args=args), query)
    assert answer.status_code == status
    return answer.content.decode()


def test_the_front_page_opens_without_a_login_and_names_no_shop_without_awards(client):
    assert "看看身边的星级药店" in page(client, "home")


def test_a_shop_with_a_star_shows_it_and_one_without_says_so_in_words(client):
    award = award_today()
    assert "四星" in page(client, "shop", award.pharmacy.public_token)
    bare = page(client, "shop", PharmacyFactory().public_token)
    assert "还没有在有效期内的星级" in bare
    assert "0 星" not in bare


def test_a_suspended_award_is_shown_as_such_at_once(client):
    award = award_today()
    move_award(award, "suspend", reason="正在复核", by=UserFactory(), now=datetime.now(tz=UTC))
    assert "证书暂停" in page(client, "verify", award.token)
    shop = page(client, "shop", award.pharmacy.public_token)
    assert "正在复核" in shop
    assert "为什么是" not in shop
    assert award.holder_name not in page(client, "stars")


def test_verification_tells_real_from_unknown_and_changes_with_the_minute(client):
    award = award_today()
    shown = page(client, "verify", award.token)
    assert "证书有效" in shown
    assert award.serial in shown
    assert "没有这张证书" in page(client, "verify", "unknown-token", status=404)
    now = timezone.localtime()
    assert live_code(award.token, now=now) != live_code(award.token, now=now + timedelta(minutes=1))
    assert live_code(award.token, now=now) == live_code(award.token, now=now)


@pytest.mark.parametrize(
    ("starts", "ends", "says"),
    [
        pytest.param(10, 300, "证书尚未生效", id="not yet"),
        pytest.param(-300, -10, "证书已到期", id="over"),
    ],
)
def test_a_certificate_outside_its_term_says_so(client, starts, ends, says):
    today = timezone.localdate()
    award = AwardFactory(
        valid_from=today + timedelta(days=starts), valid_to=today + timedelta(days=ends)
    )
    assert says in page(client, "verify", award.token)


def test_the_code_on_the_door_leads_to_the_shops_page(client):
    shop = PharmacyFactory()
    answer = client.get(reverse("reports:code_picture", args=[shop.public_token]))
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/png")
    assert answer.content.startswith(b"\x89PNG")
    assert client.get(reverse("reports:code_picture", args=["unknown"])).status_code == 404


def test_an_established_fact_stands_on_the_shops_page_in_plain_words_and_a_lead_does_not(client):
    shop = PharmacyFactory()
    ViolationFactory(pharmacy=shop, title="销售假药")
    assert "销售假药" not in page(client, "shop", shop.public_token)
    ViolationFactory(pharmacy=shop, title="销售劣药", established=True)
    assert "销售劣药" in page(client, "shop", shop.public_token)


def test_a_shop_without_a_veto_says_so_only_while_nothing_is_established(client):
    award = award_today()
    assert "没有一票否决情形" in page(client, "shop", award.pharmacy.public_token)
    ViolationFactory(pharmacy=award.pharmacy, established=True)
    assert "没有一票否决情形" not in page(client, "shop", award.pharmacy.public_token)


def test_the_star_list_narrows_by_area_star_and_name(client):
    four, five = award_today(), award_today(stars=5)
    everything = page(client, "stars")
    assert four.holder_name in everything
    assert five.holder_name in everything
    by_area = page(client, "stars", area=four.pharmacy.area.code)
    assert five.holder_name not in by_area
    by_star = page(client, "stars", stars="5")
    assert four.holder_name not in by_star
    assert "没有符合条件的药店" in page(client, "stars", q="没有这家店")


def test_the_publicity_shows_the_frozen_text_and_its_hash(client):
    cycle = CycleFactory(
        state="publicised",
        publicised_at=datetime.now(tz=UTC),
        publicity_starts_on=date(2026, 12, 16),
        publicity_ends_on=date(2099, 12, 22),
        publicity_hash="ab" * 32,
        publicity_text={
            "organiser": "示例协会",
            "scheme": "示例标准 1",
            "lines": [
                {
                    "shop": "示例甲店",
                    "area": "",
                    "status": "vetoed",
                    "stars": None,
                    "words": "暂不授星",
                }
            ],
        },
    )
    shown = page(client, "publicity", cycle.pk)
    assert "暂不授星" in shown
    assert "ab" * 32 in shown
    draft = CycleFactory()
    assert client.get(reverse("reports:publicity", args=[draft.pk])).status_code == 404


def test_a_public_page_names_no_person(client):
    award = award_today()
    owner = owner_of(award.pharmacy)
    owner.phone, owner.real_name = "+8613800000000", "示例负责人甲"
    owner.save()
    for shown in (
        page(client, "shop", award.pharmacy.public_token),
        page(client, "verify", award.token),
        page(client, "stars"),
    ):
        assert "13800000000" not in shown
        assert "示例负责人甲" not in shown


@pytest.mark.parametrize("shops", [1, 3])
def test_the_star_list_costs_the_same_queries_for_one_and_three(
    client, shops, django_assert_num_queries
):
    for _ in range(shops):
        award_today()
    client.get(reverse("reports:stars"))
    with django_assert_num_queries(2):
        client.get(reverse("reports:stars"))


def test_a_result_in_publicity_is_mentioned_on_the_shops_page(client):
    assessment = AssessmentFactory(
        cycle=CycleFactory(
            state="publicised",
            publicised_at=datetime.now(tz=UTC),
            publicity_ends_on=date(2026, 12, 22),
            publicity_hash="ab" * 32,
        )
    )
    ResultFactory(assessment=assessment)
    assert "评定正在公示" in page(client, "shop", assessment.pharmacy.public_token)
