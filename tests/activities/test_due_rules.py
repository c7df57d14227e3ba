"""The due rules: read, said, checked against the rhythm, and reckoned day by day."""

from datetime import date

import pytest

from activities.deadlines import periods_of
from activities.due_rules import DueRuleError, all_in_words, check, due_day, parse, parse_all
from activities.enums import Rhythm, Shift
from association.default_content import SOURCE
from association.defaults import read_content
from association.working_days import UnknownYearError, WorkingCalendar

# 2026 as announced: the National Day week, a make-up Saturday, the Spring Festival.
EXCEPTIONS = {date(2026, 10, day): False for day in range(1, 8)}
EXCEPTIONS |= {date(2026, 2, day): False for day in range(15, 24)}
EXCEPTIONS |= {date(2026, 2, 28): True, date(2026, 10, 10): True}
CALENDAR = WorkingCalendar(EXCEPTIONS, frozenset({2026}))


@pytest.mark.parametrize(
    ("rhythm", "rule", "shift", "period", "due"),
    [
        ("month", "last_workday(month)", "none", 3, date(2026, 3, 31)),
        ("month", "last_workday(month)", "none", 2, date(2026, 2, 28)),  # a make-up Saturday
        ("month", "last_workday(month)", "none", 5, date(2026, 5, 29)),  # a weekend follows
        ("week", "nth_weekday(week, 1, 周一)", "next_workday", 40, date(2026, 10, 8)),
        ("week", "nth_weekday(week, 1, 周一)", "none", 40, date(2026, 10, 5)),
        ("month", "nth_weekday(month, 1, 周二)", "next_workday", 10, date(2026, 10, 8)),
        ("month", "nth_weekday(month, 5, 周五)", "none", 3, date(2026, 3, 27)),  # there are four
        ("month", "day_of_month(15)", "next_workday", 2, date(2026, 2, 24)),
        ("month", "day_of_month(15)", "prev_workday", 2, date(2026, 2, 13)),
        ("month", "day_of_month(31)", "none", 4, date(2026, 4, 30)),
        ("year", "fixed_date(01-31)", "next_workday", 1, date(2026, 2, 2)),
        ("year", "fixed_date(11-30)", "none", 1, date(2026, 11, 30)),
        ("quarter", "nth_month_day(quarter, 1, 20)", "none", 2, date(2026, 4, 20)),
        ("quarter", "within_days(quarter_end, 7)", "none", 1, date(2026, 4, 7)),
        ("quarter", "within_workdays(quarter_end, 5)", "none", 3, date(2026, 10, 13)),
        ("month", "next_month_day(5)", "next_workday", 9, date(2026, 10, 8)),
        ("half", "last_workday(half)", "none", 1, date(2026, 6, 30)),
    ],
)
def test_the_last_day(rhythm, rule, shift, period, due):
    start, end = periods_of(2026, rhythm)[period - 1]

    assert due_day(parse(rule), shift, start, end, CALENDAR) == due


@pytest.mark.parametrize(
    ("rule", "shift"),
    [("last_workday(month)", Shift.NONE), ("day_of_month(15)", Shift.NEXT)],
)
def test_a_day_that_needs_an_unknown_year_is_not_guessed(rule, shift):
    start, end = periods_of(2031, Rhythm.MONTH)[0]

    with pytest.raises(UnknownYearError):
        due_day(parse(rule), shift, start, end, CALENDAR)
    assert due_day(parse("day_of_month(15)"), Shift.NONE, start, end, CALENDAR).day == 15


@pytest.mark.parametrize(
    "text",
    [
        "",
        "last_workday",
        "fixed_date(13-01)",
        "fixed_date(02-30)",
        "nth_weekday(month, 6, 周一)",
        "nth_weekday(month, 1, Monday)",
        "day_of_month(0)",
        "within_days(quarter_end)",
        "sometime(soon)",
        "last_workday(month);fixed_date(05-31)",
        "fixed_date(05-31);fixed_date(03-31)",
    ],
)
def test_what_cannot_be_read_is_refused_in_words(text):
    with pytest.raises(DueRuleError):
        parse_all(text)


@pytest.mark.parametrize(
    ("rhythm", "rule"),
    [
        ("week", "day_of_month(3)"),
        ("month", "nth_weekday(week, 1, 周一)"),
        ("month", "fixed_date(11-30)"),
        ("year", "on_field(term_ends_on)"),
        ("record", "last_workday(month)"),
    ],
)
def test_a_rule_that_does_not_go_with_the_rhythm_is_refused(rhythm, rule):
    with pytest.raises(DueRuleError, match="不能用"):
        check(rhythm, rule)


def test_every_rule_of_the_content_is_read_written_back_and_said():
    for row in read_content("activities", "programme.yaml")["duties"]:
        check(row["rhythm"], row["due_rule"])
        rules = parse_all(row["due_rule"])
        assert [parse(rule.text()) for rule in rules] == list(rules)
        assert all_in_words(row["due_rule"])
    assert SOURCE


def test_the_programme_has_its_fifty_two_rows_and_says_how_sure_each_source_is():
    rows = read_content("activities", "programme.yaml")["duties"]

    assert len({row["code"] for row in rows}) == len(rows) == 52
    assert {row["source_status"] for row in rows} == {
        "verified",
        "secondary",
        "conflict",
        "unverified",
        "practice",
    }
    idle = [row for row in rows if row.get("is_active") is False]
    assert all(row["inactive_note"] for row in idle)
    assert {row["code"] for row in rows if row["rhythm"] == "record"} <= {
        row["code"] for row in idle
    }
