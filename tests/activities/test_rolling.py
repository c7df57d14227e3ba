"""On which list an item stands: by hand for each border of month, quarter and year."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.enums import Rhythm
from activities.rolling import LADDER, level_on, rung

DAYS = st.dates(date(2020, 1, 1), date(2032, 12, 31))


@pytest.mark.parametrize(
    ("set_at", "set_on", "day", "expected"),
    [
        ("week", "2026-01-05", "2026-01-05", "week"),
        ("week", "2026-01-05", "2026-01-31", "week"),
        ("week", "2026-01-05", "2026-02-01", "month"),
        ("week", "2026-01-05", "2026-03-31", "month"),
        ("week", "2026-01-05", "2026-04-01", "quarter"),
        ("week", "2026-01-05", "2026-12-31", "quarter"),
        ("week", "2026-01-05", "2027-01-01", "year"),
        ("week", "2026-03-30", "2026-04-01", "quarter"),
        ("week", "2026-12-28", "2027-01-04", "year"),
        ("month", "2026-01-06", "2026-01-20", "month"),
        ("month", "2026-01-06", "2026-04-01", "quarter"),
        ("quarter", "2026-04-03", "2026-04-03", "quarter"),
        ("quarter", "2026-04-03", "2027-01-02", "year"),
        ("year", "2026-01-15", "2026-01-16", "year"),
    ],
    ids=lambda value: value,
)
def test_an_item_climbs_at_the_end_of_its_month_quarter_and_year(set_at, set_on, day, expected):
    found = level_on(set_at, date.fromisoformat(set_on), date.fromisoformat(day))

    assert found == expected


@given(st.sampled_from(LADDER), st.lists(DAYS, min_size=3, max_size=3).map(sorted))
def test_it_never_climbs_down_and_never_below_where_it_was_set(set_at, days):
    set_on, first, second = days

    earlier = LADDER.index(level_on(set_at, set_on, first))

    assert LADDER.index(set_at) <= earlier <= LADDER.index(level_on(set_at, set_on, second))


def test_half_a_year_is_summed_up_with_the_year():
    assert rung(Rhythm.HALF) == Rhythm.YEAR
