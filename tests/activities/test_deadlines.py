from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.deadlines import due_day, period_name, periods_of, reminder_due
from activities.enums import Rhythm
from association.working_days import UnknownYearError, WorkingCalendar

CALENDAR = WorkingCalendar({date(2026, 2, 28): True, date(2026, 10, 1): False}, frozenset({2026}))


@given(st.integers(2000, 2100), st.sampled_from(Rhythm.values))
def test_periods_cover_the_year_without_gap_or_overlap(year, rhythm):
    periods = periods_of(year, rhythm)

    assert periods[0][0] == date(year, 1, 1)
    assert periods[-1][1] == date(year, 12, 31)
    for (_, end), (start, _) in pairwise(periods):
        assert end + timedelta(days=1) == start


@pytest.mark.parametrize(
    ("rule", "month", "due"),
    [
        ("last_workday", 3, date(2026, 3, 31)),
        ("last_workday", 2, date(2026, 2, 28)),  # a make-up Saturday
        ("last_workday", 5, date(2026, 5, 29)),  # the 30th and 31st are a weekend
    ],
)
def test_the_last_working_day_of_a_month(rule, month, due):
    start, end = periods_of(2026, Rhythm.MONTH)[month - 1]

    assert due_day(rule, start, end, CALENDAR) == due


def test_a_fixed_day_needs_no_table():
    start, end = periods_of(2031, Rhythm.YEAR)[0]

    assert due_day("11-30", start, end, CALENDAR) == date(2031, 11, 30)
    with pytest.raises(UnknownYearError):
        due_day("last_workday", start, end, CALENDAR)


@pytest.mark.parametrize(
    ("start", "end", "name"),
    [
        (date(2026, 3, 1), date(2026, 3, 31), "2026年3月"),
        (date(2026, 4, 1), date(2026, 6, 30), "2026年第2季度"),
        (date(2026, 1, 1), date(2026, 12, 31), "2026年"),
    ],
)
def test_periods_have_names(start, end, name):
    assert period_name(start, end) == name


@pytest.mark.parametrize(
    ("today", "lead"),
    [
        (date(2026, 3, 20), None),
        (date(2026, 3, 24), 7),
        (date(2026, 3, 26), 7),  # the night of the 24th was missed
        (date(2026, 3, 29), 3),
        (date(2026, 3, 31), 3),
        (date(2026, 4, 1), None),
    ],
)
def test_only_the_most_urgent_reminder_is_due(today, lead):
    assert reminder_due(date(2026, 3, 31), [7, 3], today) == lead
