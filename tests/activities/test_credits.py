from datetime import date
from decimal import Decimal

import pytest

from activities import queries
from tests.factories.activities import CharityCreditFactory
from tests.factories.members import PharmacyFactory

pytestmark = pytest.mark.django_db

YEAR = (date(2026, 1, 1), date(2026, 12, 31))


def test_charity_credits_add_person_hours_up_before_counting_times():
    shop = PharmacyFactory()
    volunteer = {"pharmacy": shop, "code": "bonus/B02", "unit": "person_hours"}
    first = CharityCreditFactory(**volunteer, quantity=Decimal("2.5"))
    CharityCreditFactory(**volunteer, quantity=Decimal("6.0"), earned_on=date(2026, 4, 1))
    CharityCreditFactory(**volunteer, quantity=Decimal("9.0"), earned_on=date(2025, 12, 31))
    CharityCreditFactory(pharmacy=shop)

    clinic, hours = queries.charity_credits([shop.pk], *YEAR)[shop.pk]

    assert (clinic["code"], clinic["register_code"], clinic["times"]) == ("B01", "bonus/B01", 1)
    assert (hours["code"], hours["times"]) == ("B02", 2)  # 8.5 person-hours, four count once
    assert hours["sources"][0] == {
        "id": f"activity/{first.activity_id}",
        "kind": "activity",
        "label": f"2026-03-14 {first.activity.title}",
        "value": "2.5 人时",
    }


def test_credits_written_off_do_not_count():
    credit = CharityCreditFactory()
    CharityCreditFactory(
        activity=credit.activity,
        pharmacy=credit.pharmacy,
        quantity=Decimal(-1),
        reverses=credit,
        reason="人数有误",
    )

    assert queries.charity_credits([credit.pharmacy_id], *YEAR) == {}


@pytest.mark.parametrize("count", [1, 3])
def test_charity_credits_ask_once_for_any_number_of_shops(count, django_assert_num_queries):
    credits = CharityCreditFactory.create_batch(count)

    with django_assert_num_queries(1):
        answer = queries.charity_credits([c.pharmacy_id for c in credits], *YEAR)

    assert len(answer) == count
