"""What is owed in a year: periods, days that count, who owes, and when to remind."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.deadlines import (
    Obligor,
    Rule,
    obligations_of,
    owed_in,
    period_name,
    periods_of,
    reminder_due,
)
from activities.due_rules import parse_all
from activities.enums import OwedBy, Rhythm
from association.defaults import read_content
from association.working_days import UnknownYearError, WorkingCalendar

DAY = timedelta(days=1)
LONG_AGO = date(2000, 1, 1)
WITH_PERIODS = [value for value in Rhythm.values if value != Rhythm.RECORD]
CONTENT = [
    Rule(
        code=row["code"],
        rhythm=row["rhythm"],
        due_rule=row["due_rule"],
        starts_on=LONG_AGO,
        shift=row.get("shift", "none"),
        grace=row.get("grace", ""),
        times=row.get("times", 1),
        owed_by=row.get("owed_by", "association"),
        applies_if=row.get("applies_if", ""),
    )
    for row in read_content("activities", "programme.yaml")["duties"]
    if row["rhythm"] != "record"
]


@st.composite
def calendars(draw, first=2020, last=2031):
    """A table as it may be: some years announced, each with holidays and make-up days."""
    known = draw(st.frozensets(st.integers(first, last)))
    exceptions = {}
    for year in sorted(known):
        for month, day, length in draw(
            st.lists(
                st.tuples(st.integers(1, 12), st.integers(1, 28), st.integers(1, 9)), max_size=7
            )
        ):
            begins = date(year, month, day)
            for n in range(length):
                holiday = begins + n * DAY
                if holiday.year == year:
                    exceptions[holiday] = False
        for month, day in draw(
            st.lists(st.tuples(st.integers(1, 12), st.integers(1, 28)), max_size=5)
        ):
            made_up = date(year, month, day)
            if made_up.weekday() > 4:
                exceptions[made_up] = True
    return WorkingCalendar(exceptions, known)


@given(st.integers(2000, 2100), st.sampled_from(WITH_PERIODS))
def test_periods_cover_the_year_without_gap_or_overlap(year, rhythm):
    periods = periods_of(year, rhythm)

    for (_, end), (start, _) in pairwise([*periods, periods_of(year + 1, rhythm)[0]]):
        assert end + DAY == start
    assert all(start.year == year for start, _ in periods)


@given(st.sampled_from(CONTENT), calendars(), st.integers(2021, 2030))
def test_ten_years_of_obligations_leave_no_day_uncounted_and_guess_nothing(rule, calendar, year):
    rows = owed_in(year, rule, calendar) + owed_in(year + 1, rule, calendar)

    skipped_weeks = rule.rhythm == Rhythm.WEEK
    for before, after in pairwise(rows):
        gap = (after.counts_from - before.counts_until).days - 1
        assert gap % 7 == 0 if skipped_weeks else gap == 0
    for row in rows:
        assert row.counts_from <= row.counts_until
        assert row.times == rule.times
        if row.due_on is None:
            continue
        assert row.start <= row.due_on
        if not parse_all(rule.due_rule)[0].is_after_period and rule.rhythm != Rhythm.YEAR:
            assert row.due_on <= row.end or rule.shift == "next_workday"
        if "workday" in rule.due_rule or rule.shift != "none":
            assert row.due_on.year in calendar.known_years
            assert calendar.is_working(row.due_on)


@given(st.sampled_from(CONTENT), calendars(), st.integers(2021, 2030))
def test_an_unknown_day_is_unknown_because_the_year_is(rule, calendar, year):
    for row in owed_in(year, rule, calendar):
        if row.due_on is None:
            near = {row.start.year, row.end.year, row.end.year + 1}
            unknown = near - calendar.known_years
            with pytest.raises(UnknownYearError):
                calendar.is_working(date(min(unknown), 6, 1))


@given(calendars(), st.integers(2021, 2030))
def test_reckoning_again_gives_the_same(calendar, year):
    bodies = [Obligor(), Obligor(1, OwedBy.BRANCH, has_committee=True), Obligor(2, OwedBy.GROUP)]

    assert obligations_of(year, CONTENT, bodies, calendar) == obligations_of(
        year, CONTENT, bodies, calendar
    )


@given(calendars(), st.integers(2021, 2030), st.integers(0, 400))
def test_a_new_version_takes_over_without_asking_twice(calendar, year, days):
    """Whatever day the rule changes on, no day counts for two versions of one duty."""
    change = date(year, 1, 1) + days * DAY
    old = Rule("duty/X", "month", "last_workday(month)", LONG_AGO, change - DAY)
    new = Rule("duty/X", "quarter", "last_workday(quarter)", change)

    rows = [
        row for rule in (old, new) for y in (year, year + 1) for row in owed_in(y, rule, calendar)
    ]
    rows.sort(key=lambda row: row.counts_from)
    for before, after in pairwise(rows):
        assert before.counts_until < after.counts_from
    assert all(row.start >= change or row.end < change for row in rows)


KNOWN = WorkingCalendar(
    {date(2026, 2, d): False for d in range(15, 24)}, frozenset({2025, 2026, 2027})
)


def test_a_week_without_any_working_day_asks_for_nothing():
    weekly = Rule("duty/C01", "week", "nth_weekday(week, 1, 周一)", LONG_AGO, shift="next_workday")

    starts = [row.start for row in owed_in(2026, weekly, KNOWN)]

    assert date(2026, 2, 16) not in starts
    assert {date(2026, 2, 9), date(2026, 2, 23)} <= set(starts)


def test_a_summary_counts_from_a_week_before_its_period_ends():
    summary = Rule("duty/C03", "quarter", "within_days(quarter_end, 7)", LONG_AGO)

    first, second, *_ = owed_in(2026, summary, KNOWN)

    assert (first.due_on, first.counts_from) == (date(2026, 4, 7), date(2026, 3, 25))
    assert (first.counts_until, second.counts_from) == (date(2026, 6, 23), date(2026, 6, 24))


def test_days_of_grace_still_belong_to_the_year():
    review = Rule("duty/A07", "year", "last_workday(year)", LONG_AGO, grace="03-31")

    (row,) = owed_in(2026, review, KNOWN)

    assert (row.due_on, row.grace_until) == (date(2026, 12, 31), date(2027, 3, 31))
    assert (row.counts_from, row.counts_until) == (date(2026, 4, 1), date(2027, 3, 31))


def test_two_dates_cut_the_year_into_two_steps():
    inspection = Rule("duty/E09", "year", "fixed_date(03-31);fixed_date(05-31)", LONG_AGO)

    rows = owed_in(2026, inspection, KNOWN)

    assert [(row.start, row.end, row.due_on) for row in rows] == [
        (date(2026, 1, 1), date(2026, 3, 31), date(2026, 3, 31)),
        (date(2026, 4, 1), date(2026, 12, 31), date(2026, 5, 31)),
    ]


@pytest.mark.parametrize(
    ("obligor", "codes"),
    [
        (Obligor(), {"association"}),
        (Obligor(1, OwedBy.BRANCH), {"branch"}),
        (Obligor(1, OwedBy.BRANCH, has_committee=True), {"branch", "committee"}),
        (Obligor(2, OwedBy.GROUP), {"group"}),
    ],
    ids=["association", "small branch", "branch with a committee", "group"],
)
def test_who_owes_what(obligor, codes):
    month = ("month", "last_workday(month)", LONG_AGO)
    rules = [
        Rule("association", *month),
        Rule("branch", *month, owed_by=OwedBy.BRANCH),
        Rule("committee", *month, owed_by=OwedBy.BRANCH, applies_if="committee"),
        Rule("group", *month, owed_by=OwedBy.GROUP),
    ]

    found = obligations_of(2026, rules, [obligor], KNOWN)

    assert {rule.code for _, rule, _ in found} == codes
    assert {key for key, _, _ in found} == {obligor.key}


def test_a_branch_owes_from_its_founding_to_its_end():
    branch = Obligor(1, OwedBy.BRANCH, since=date(2026, 3, 10), until=date(2026, 8, 31))
    monthly = Rule("duty/A05", "month", "day_of_month(15)", LONG_AGO, owed_by=OwedBy.BRANCH)

    months = [owed.start.month for _, _, owed in obligations_of(2026, [monthly], [branch], KNOWN)]

    assert months == [4, 5, 6, 7, 8]


@pytest.mark.parametrize(
    ("start", "end", "name"),
    [
        (date(2026, 3, 16), date(2026, 3, 22), "2026年3月16日当周"),
        (date(2026, 3, 1), date(2026, 3, 31), "2026年3月"),
        (date(2026, 4, 1), date(2026, 6, 30), "2026年第2季度"),
        (date(2026, 7, 1), date(2026, 12, 31), "2026年下半年"),
        (date(2026, 1, 1), date(2026, 12, 31), "2026年"),
        (date(2026, 4, 1), date(2026, 12, 31), "2026年4至12月"),
    ],
)
def test_periods_have_names(start, end, name):
    assert period_name(start, end) == name


@pytest.mark.parametrize(
    ("leads", "today", "lead"),
    [
        ([7, 3], date(2026, 3, 20), None),
        ([7, 3], date(2026, 3, 24), 7),
        ([7, 3], date(2026, 3, 26), 7),
        ([7, 3], date(2026, 3, 30), 3),
        ([7, 3], date(2026, 4, 1), -1),
        ([7, 3], date(2026, 5, 1), -1),
        ([3, 0, -5, -30], date(2026, 3, 31), 0),
        ([3, 0, -5, -30], date(2026, 4, 2), None),
        ([3, 0, -5, -30], date(2026, 4, 6), -5),
        ([3, 0, -5, -30], date(2026, 5, 10), -30),
        ([], date(2026, 3, 31), None),
    ],
)
def test_the_most_urgent_reminder_alone_is_left(leads, today, lead):
    assert reminder_due(date(2026, 3, 31), leads, today) == lead
