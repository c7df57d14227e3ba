"""Small pure modules: periods, organisation life, ID numbers, metrics."""

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from association.working_days import UnknownYearError, WorkingCalendar
from party import id_number, life, metrics
from party.periods import MONTHS_IN, due_day, period_name, periods_of
from party.rule_book import RuleBook

CALENDAR = WorkingCalendar({date(2026, 5, 29): False}, frozenset({2026}))
BOOK = RuleBook(
    {
        "life.general_meeting": {"freq": "quarterly"},
        "life.committee_meeting": {"freq": "monthly"},
        "life.group_meeting": {"freq": "monthly"},
        "life.party_lecture": {"freq": "quarterly"},
        "life.theme_day": {"freq": "monthly"},
        "life.org_life_meeting": {"freq": "yearly"},
    }
)


@given(rhythm=st.sampled_from(sorted(MONTHS_IN)), year=st.integers(2000, 2100))
def test_the_periods_of_a_year_follow_each_other_and_fill_it(rhythm, year):
    periods = periods_of(year, rhythm)

    assert periods[0][0] == date(year, 1, 1)
    assert periods[-1][1] == date(year, 12, 31)
    for (_, end), (start, _) in pairwise(periods):
        assert (start - end).days == 1


@pytest.mark.parametrize(
    ("start", "end", "name"),
    [
        (date(2026, 3, 1), date(2026, 3, 31), "2026年3月"),
        (date(2026, 4, 1), date(2026, 6, 30), "2026年第2季度"),
        (date(2026, 1, 1), date(2026, 6, 30), "2026年上半年"),
        (date(2026, 7, 1), date(2026, 12, 31), "2026年下半年"),
        (date(2026, 1, 1), date(2026, 12, 31), "2026年"),
    ],
)
def test_what_people_call_a_period(start, end, name):
    assert period_name(start, end) == name


@pytest.mark.parametrize(
    ("rule", "start", "end", "day"),
    [
        ("", date(2026, 3, 1), date(2026, 3, 31), date(2026, 3, 31)),
        ("", date(2026, 1, 1), date(2026, 1, 31), date(2026, 1, 30)),  # a Saturday
        ("", date(2026, 5, 1), date(2026, 5, 31), date(2026, 5, 28)),  # Sunday, Saturday, day off
        ("12-31", date(2026, 1, 1), date(2026, 12, 31), date(2026, 12, 31)),
        ("03-31", date(2026, 1, 1), date(2026, 12, 31), date(2026, 3, 31)),
    ],
)
def test_the_last_day_of_a_piece_of_work(rule, start, end, day):
    assert due_day(rule, start, end, CALENDAR) == day


def test_a_year_without_working_days_is_not_guessed():
    with pytest.raises(UnknownYearError):
        due_day("", date(2031, 1, 1), date(2031, 1, 31), CALENDAR)


@pytest.mark.parametrize(
    ("committee", "groups", "count"),
    [(True, True, 4 + 12 + 12 + 4 + 12 + 1), (False, False, 4 + 4 + 12 + 1), (True, False, 33)],
)
def test_what_a_branch_owes_in_a_year(committee, groups, count):
    owed = life.owed_in(2026, BOOK, has_committee=committee, has_groups=groups)

    assert len(owed) == count


def test_a_branch_owes_nothing_for_a_period_in_which_it_was_founded():
    owed = life.owed_in(2026, BOOK, has_committee=False, has_groups=False, since=date(2026, 7, 2))

    assert min(each.start for each in owed) == date(2026, 8, 1)
    assert {each.kind for each in owed if each.start == date(2026, 10, 1)} >= {"general"}
    assert not [each for each in owed if each.kind == "life"]


def test_only_what_is_over_and_was_not_held_is_missing():
    owed = life.owed_in(2026, BOOK, has_committee=False, has_groups=False)
    held = [("general", date(2026, 3, 31)), ("theme_day", date(2026, 1, 1))]

    missing = life.missing(owed, held, today=date(2026, 4, 1))

    assert [(each.kind, each.period) for each in missing] == [
        ("lecture", "2026年第1季度"),
        ("theme_day", "2026年2月"),
        ("theme_day", "2026年3月"),
    ]


@pytest.mark.parametrize(
    ("held", "since", "days"),
    [
        ([date(2026, 3, 1)], date(2020, 1, 1), 30),
        ([], date(2026, 3, 1), 30),
        ([date(2026, 5, 1)], date(2026, 3, 1), 30),
        ([], None, None),
    ],
    ids=["since the last", "since the founding", "a future one does not count", "unknown"],
)
def test_for_how_long_nothing_was_held(held, since, days):
    assert life.silent_days(held, since, date(2026, 3, 31)) == days


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("11010519491231002X", ""),
        ("11010519491231002x", ""),
        ("１１０１０５１９４９１２３１００２Ｘ", ""),
        ("110105 19491231 002X", ""),
        ("110105194912310021", "最后一位"),
        ("11010519491331002X", "不是日期"),
        ("110105491231002", "18 位"),
        ("11010519491231002A", "最后一位"),
        ("", "18 位"),
    ],
)
def test_an_id_number_is_checked_as_it_is_typed(typed, problem):
    found = id_number.problem_with(id_number.normalise(typed))

    assert problem in found
    assert bool(found) is bool(problem)


@given(st.dates(min_value=date(1900, 1, 1), max_value=date(2020, 12, 31)), st.integers(0, 999))
def test_one_changed_digit_is_noticed(born, serial):
    body = f"000000{born:%Y%m%d}{serial:03}"
    number = body + id_number.check_symbol(body)

    assert id_number.problem_with(number) == ""
    changed = number[:16] + str((int(number[16]) + 1) % 10) + number[17]
    assert id_number.problem_with(changed) != ""


def test_how_much_of_a_number_is_shown():
    assert id_number.mask("11010519491231002X") == "110105********002X"
    assert id_number.mask_phone("13800008000") == "138****8000"
    assert id_number.mask("123") == "***"


def test_a_metric_that_nobody_registered_is_no_figure():
    day = date(2026, 3, 31)

    assert metrics.figure("nobody.knows", None, day, day, day) is None
    assert metrics.share(0, 0) is None
    assert metrics.share(0, 4).text == "0/4，0%"
    assert metrics.share(0, 4).is_met is False
    assert metrics.share(97, 100, goal=98).is_met is False
    assert metrics.share(98, 100, goal=98).is_met is True
