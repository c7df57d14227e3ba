"""Days for a draft plan, last year's days in the new year, and a plan's changes in words."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.enums import Rhythm
from activities.plan_diff import differences
from activities.plan_draft import carried_forward, proposed_day, same_weekday
from association.working_days import WorkingCalendar

HOLIDAYS = {date(2027, 10, day): False for day in range(1, 8)} | {date(2027, 10, 9): True}
CALENDAR = WorkingCalendar(HOLIDAYS, frozenset({2026, 2027}))


def propose(rhythm, rule, opens, due_on, earliest=date(2027, 1, 1), calendar=CALENDAR):
    return proposed_day(
        rhythm, rule, opens=opens, due_on=due_on, earliest=earliest, calendar=calendar
    )


@pytest.mark.parametrize(
    ("rhythm", "rule", "opens", "due_on", "day"),
    [
        (
            "month", "last_workday(month)",
            date(2027, 3, 1), date(2027, 3, 31), date(2027, 3, 26),
        ),
        (
            "month", "day_of_month(15)",
            date(2027, 3, 1), date(2027, 3, 15), date(2027, 3, 15),
        ),
        (
            "week", "nth_weekday(week, 1, 周一)",
            date(2027, 3, 1), date(2027, 3, 1), date(2027, 3, 1),
        ),
        (
            "quarter", "last_workday(quarter)",
            date(2027, 1, 1), date(2027, 3, 31), date(2027, 3, 17),
        ),
    ],
)  # fmt: skip
def test_a_proposal_leaves_room_before_the_last_day(rhythm, rule, opens, due_on, day):
    assert propose(rhythm, rule, opens, due_on) == day


@given(
    st.sampled_from([r for r in Rhythm.values if r != Rhythm.RECORD]),
    st.dates(date(2027, 1, 1), date(2027, 11, 30)),
    st.integers(0, 31),
    st.dates(date(2027, 1, 1), date(2027, 12, 31)),
)
def test_a_proposal_is_a_working_day_in_time_or_none(rhythm, opens, length, earliest):
    due_on = date.fromordinal(opens.toordinal() + length)

    day = propose(rhythm, "last_workday(month)", opens, due_on, earliest)

    if day is not None:
        assert max(opens, earliest) <= day <= due_on
        assert CALENDAR.is_working(day)


def test_an_unknown_year_gives_no_proposal():
    opens, due_on = date(2031, 3, 1), date(2031, 3, 15)

    assert propose("month", "day_of_month(15)", opens, due_on) is None
    assert propose("month", "day_of_month(15)", date(2027, 3, 1), None) is None


@given(st.dates(date(2026, 1, 1), date(2026, 12, 31)))
def test_last_years_day_keeps_month_and_weekday(day):
    found = same_weekday(day, 2027)

    assert (found.month, found.weekday()) == (day.month, day.weekday())
    assert abs((found.day - 1) // 7 - (day.day - 1) // 7) <= 1


def test_what_was_on_a_working_day_stays_on_one():
    first_friday = date(2026, 10, 2)

    assert same_weekday(first_friday, 2027) == date(2027, 10, 1)
    moved = carried_forward(first_friday, 2027, was_working=True, calendar=CALENDAR)
    assert moved == date(2027, 10, 8)
    kept = carried_forward(first_friday, 2027, was_working=False, calendar=CALENDAR)
    assert kept == date(2027, 10, 1)
    assert carried_forward(first_friday, 2031, was_working=False, calendar=CALENDAR) is None


def row(pk, day, **more):
    return {"id": pk, "title": "社区义诊", "day": day, "time": "", "place": "", "duties": []} | more


def test_changes_of_a_plan_are_said_in_words():
    before = [row(1, "2026-03-21"), row(2, "2026-04-18"), row(3, "2026-05-16", time="09:00")]
    after = [
        row(1, "2026-03-28"),
        row(3, "2026-05-16", time="14:00", place="东湖公园"),
        row(4, "2026-06-20", title="药品安全宣讲"),
    ]

    assert [change.words for change in differences(before, after)] == [
        "社区义诊从 3月21日（周六）改到 3月28日（周六）",
        "取消 4月18日（周六） 社区义诊",
        "5月16日（周六） 社区义诊：时间由09:00改为14:00，地点由未定改为东湖公园",
        "新增 6月20日（周六） 药品安全宣讲",
    ]
    assert differences(after, after) == []
