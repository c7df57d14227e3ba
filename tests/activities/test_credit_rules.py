from decimal import Decimal

import pytest

from activities.credit_rules import earned, times


@pytest.mark.parametrize(
    ("code", "people", "hours", "quantity"),
    [
        ("bonus/B01", 5, Decimal(3), (Decimal(1), "times")),
        ("bonus/B02", 3, Decimal("2.5"), (Decimal("7.5"), "person_hours")),
        ("bonus/B06", 1, None, (Decimal(1), "times")),
    ],
    ids=["a clinic counts once", "volunteers count hours", "a lecture needs no hours"],
)
def test_what_a_shop_earns(code, people, hours, quantity):
    assert earned(code, people=people, hours=hours) == quantity


def test_volunteer_work_without_hours_is_a_defect():
    with pytest.raises(ValueError, match="hours"):
        earned("bonus/B02", people=1, hours=None)


@pytest.mark.parametrize(
    ("code", "quantity", "counted"),
    [
        ("bonus/B02", "7.5", 1),
        ("bonus/B02", "8.0", 2),
        ("bonus/B02", "3.9", 0),
        ("bonus/B01", "3.0", 3),
    ],
)
def test_four_person_hours_count_once(code, quantity, counted):
    assert times(code, Decimal(quantity)) == counted
