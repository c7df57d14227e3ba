from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from pledges import queries
from pledges.models import Pledge
from tests.factories.members import PharmacyFactory, owner_of
from tests.factories.pledges import CampaignFactory, PledgeFactory

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 1, 12, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
YEAR = (date(2026, 1, 1), date(2026, 12, 31))


@pytest.mark.parametrize("count", [1, 3])
def test_signed_in_answers_for_a_set_of_shops_with_one_query(count, django_assert_num_queries):
    campaign = CampaignFactory(year=2026)
    pledges = PledgeFactory.create_batch(count, campaign=campaign, signed=True, signed_at=NOON)
    unsigned = PledgeFactory(campaign=campaign)
    ids = [p.pharmacy_id for p in (*pledges, unsigned)]

    with django_assert_num_queries(1):
        answer = queries.signed_in(ids, *YEAR)

    assert set(answer) == {p.pharmacy_id for p in pledges}
    assert answer[pledges[0].pharmacy_id] == {
        "pledge": pledges[0].pk,
        "year": 2026,
        "signed_on": date(2026, 1, 12),
        "holds_until": date(2026, 12, 31),
        "source": {
            "id": f"pledge/{pledges[0].pk}",
            "kind": "pledge",
            "label": "2026 年度承诺书",
            "value": "2026-01-12 签署",
        },
    }


def test_signed_in_leaves_out_what_was_signed_after_or_held_before_the_period():
    campaign = CampaignFactory(year=2026)
    pledge = PledgeFactory(campaign=campaign, signed=True, signed_at=NOON)
    ids = [pledge.pharmacy_id]

    assert queries.signed_in(ids, date(2027, 1, 1), date(2027, 12, 31)) == {}
    assert queries.signed_in(ids, date(2025, 1, 1), date(2026, 1, 11)) == {}
    assert set(queries.signed_in(ids, date(2026, 6, 1), date(2026, 6, 30))) == set(ids)


def test_waiting_for_names_what_the_person_may_sign_now():
    campaign = CampaignFactory(year=2026)
    mine = PledgeFactory(campaign=campaign)
    PledgeFactory(campaign=campaign)
    owner = owner_of(mine.pharmacy)

    assert queries.waiting_for(owner, on=date(2026, 2, 1)) == [mine]
    assert queries.waiting_for(owner, on=date(2027, 2, 1)) == []


def test_progress_adds_up_by_area():
    campaign = CampaignFactory(year=2026)
    shop = PharmacyFactory()
    PledgeFactory(campaign=campaign, pharmacy=shop, signed=True)
    PledgeFactory(campaign=campaign, pharmacy=PharmacyFactory(area=shop.area))
    PledgeFactory(campaign=campaign, pharmacy=PharmacyFactory(area=None))

    found = queries.progress(Pledge.objects.filter(campaign=campaign))

    assert (found["total"], found["signed"], found["waiting"]) == (3, 1, 2)
    assert [(row["name"], row["signed"], row["total"]) for row in found["areas"]] == [
        (shop.area.name, 1, 2),
        (None, 0, 1),
    ]


def test_progress_of_a_past_campaign_keeps_those_who_never_signed():
    campaign = CampaignFactory(year=2025)
    PledgeFactory(campaign=campaign, signed=True, state="expired")
    PledgeFactory(campaign=campaign, state="expired")
    PledgeFactory(campaign=campaign, pharmacy=PharmacyFactory(status="closed"))

    found = queries.progress(Pledge.objects.filter(campaign=campaign))

    assert (found["total"], found["signed"], found["waiting"]) == (2, 1, 1)


def test_overdue_is_reckoned_never_stored():
    pledge = PledgeFactory(campaign=CampaignFactory(year=2026))

    assert list(Pledge.objects.overdue(on=date(2026, 1, 31))) == []
    assert list(Pledge.objects.overdue(on=date(2026, 2, 1))) == [pledge]
