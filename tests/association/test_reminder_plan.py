"""Who is reminded of what on a day."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from association.reminder_plan import (
    Occurrence,
    Rule,
    day_of,
    days_to_run,
    notices,
    plan,
    said,
    unknown_words,
    window,
)
from association.sms_words import refusal
from association.working_days import WorkingCalendar

DUE = date(2026, 12, 31)
CALENDAR = WorkingCalendar({date(2027, 1, 1): False}, frozenset({2026, 2027}))
NOTHING_KNOWN = WorkingCalendar({}, frozenset())


def rule(code="r", offsets=(-7, 0), **fields) -> Rule:
    given = {"source": "s", "audience": "all", "subject": "{事项}", "body": "{还有几天}"}
    return Rule(code=code, offsets=offsets, **given | fields)


def dated(key="a", due_on=DUE, people=(1,), **fields) -> Occurrence:
    return Occurrence(key=key, label=f"事{key}", due_on=due_on, people={"all": people}, **fields)


def heard(rules, found, *days, today=None, taken=(), calendar=CALENDAR):
    planned = plan(rules, {"s": found}, list(days), calendar)
    today = today or days[-1]
    return [(n.people, n.subject) for n in notices(planned, today=today, taken=taken)]


def before(days: int) -> date:
    return DUE - timedelta(days=days)


# ------------------------------------------------------------------ when


@pytest.mark.parametrize(
    ("day", "told"),
    [(before(8), 0), (before(7), 1), (before(6), 0), (DUE, 1), (before(-1), 0)],
    ids=["too early", "a week before", "in between", "the day itself", "too late"],
)
def test_a_rule_speaks_on_its_days_only(day, told):
    assert len(heard([rule()], [dated()], day)) == told


@pytest.mark.parametrize(
    ("offset", "day"),
    [
        (-1, date(2026, 12, 30)),
        (-4, date(2026, 12, 25)),
        (1, date(2027, 1, 4)),
        (0, DUE),
    ],
    ids=["yesterday", "over a weekend", "over new year", "itself"],
)
def test_working_days_step_over_weekends_and_days_off(offset, day):
    assert day_of(DUE, offset, True, CALENDAR) == day


def test_an_unknown_year_tells_nobody_wrong():
    assert day_of(DUE, -3, True, NOTHING_KNOWN) is None
    assert day_of(DUE, -3, False, NOTHING_KNOWN) == before(3)


def test_the_days_of_the_record_count_where_the_rule_has_none():
    found = [dated(offsets=(-3,))]

    assert heard([rule(offsets=())], found, before(3)) == [((1,), "事a")]
    assert heard([rule(offsets=(-7,))], found, before(3)) == []


@given(
    st.lists(st.integers(-60, 60), min_size=1, max_size=4),
    st.booleans(),
    st.integers(-400, 400),
    st.integers(1, 31),
)
@settings(deadline=None)
def test_the_window_holds_every_date_that_has_something_to_say(offsets, working, shift, days):
    """Dates outside the window are never asked for, so none of them may matter."""
    calendar = WorkingCalendar({}, frozenset(range(2024, 2030)))
    each = rule(offsets=tuple(offsets), in_working_days=working)
    run = [date(2026, 6, 1) + timedelta(days=n) for n in range(days)]
    due = run[0] + timedelta(days=shift)
    since, until = window(each, run)

    if plan([each], {"s": [dated(due_on=due)]}, run, calendar):
        assert since <= due <= until


# ------------------------------------------------------------------ to whom, once


def test_what_a_person_has_heard_is_left_out():
    (reminder,) = plan([rule()], {"s": [dated(people=(1, 2))]}, [DUE], CALENDAR)

    assert heard([rule()], [dated(people=(1, 2))], DUE, taken={reminder.key(1)}) == [((2,), "事a")]


def test_several_reminders_of_a_day_become_one_message():
    found = [dated("a", people=(1, 2)), dated("b", people=(1,))]

    assert heard([rule()], found, DUE) == [((1,), "2 件事快到日子了"), ((2,), "事a")]


def test_a_digest_lists_every_reminder_with_its_words():
    (one,) = notices(plan([rule()], {"s": [dated("a"), dated("b")]}, [DUE], CALENDAR), today=DUE)

    assert one.body == "1. 事a\n   今天到期\n2. 事b\n   今天到期"
    assert one.link == "/desk/inbox/"


def test_people_with_the_same_reminders_share_one_message():
    found = [dated("a", people=(1, 2, 3)), dated("b", people=(3, 2, 1))]

    assert heard([rule()], found, DUE) == [((1, 2, 3), "2 件事快到日子了")]


# ------------------------------------------------------------------ missed days


def test_missed_days_are_run_in_order_and_once():
    assert days_to_run(None, DUE) == [DUE]
    assert days_to_run(before(3), DUE) == [before(2), before(1), DUE]
    assert days_to_run(DUE, DUE) == []
    assert len(days_to_run(before(300), DUE)) == 32


def test_after_missed_days_the_latest_reminder_of_a_date_is_left():
    both = [rule(offsets=(-7, -3))]
    missed = [before(n) for n in range(8, 1, -1)]

    assert heard(both, [dated()], *missed) == [((1,), "事a")]
    assert [r.offset for r in plan(both, {"s": [dated()]}, missed, CALENDAR)] == [-3]


def test_what_is_caught_up_says_how_things_stand_today():
    (one,) = notices(plan([rule()], {"s": [dated()]}, [before(7)], CALENDAR), today=before(5))

    assert one.body == "还有 5 天"


DAYS = [before(20) + timedelta(days=n) for n in range(30)]


@given(
    found=st.lists(
        st.builds(
            dated,
            key=st.sampled_from("abcdef"),
            due_on=st.sampled_from(DAYS),
            people=st.lists(st.integers(1, 5), unique=True, max_size=4).map(tuple),
        ),
        max_size=6,
        unique_by=lambda each: each.key,
    ),
    offsets=st.lists(st.integers(-9, 3), min_size=1, max_size=3, unique=True),
    awake=st.sets(st.sampled_from(DAYS)),
)
@settings(deadline=None)
def test_nobody_hears_the_same_twice_and_nothing_due_is_left_out(found, offsets, awake):
    """Whatever nights are missed: who is to hear of a date hears of it, each key once."""
    rules, taken, last = [rule(offsets=tuple(offsets))], set(), None
    heard_of: set[tuple[int, str]] = set()
    for today in [d for d in DAYS if d in awake or d == DAYS[-1]]:
        run = days_to_run(last, today) if last else DAYS[: DAYS.index(today) + 1]
        for notice in notices(plan(rules, {"s": found}, run, CALENDAR), today=today, taken=taken):
            for person in notice.people:
                for reminder in notice.reminders:
                    assert reminder.key(person) not in taken
                    taken.add(reminder.key(person))
                    heard_of.add((person, reminder.occurrence.key))
        last = today
    due = {
        (person, each.key)
        for each in found
        for person in each.people["all"]
        if any(each.due_on + timedelta(days=n) in DAYS for n in offsets)
    }
    assert heard_of == due


# ------------------------------------------------------------------ words


@pytest.mark.parametrize(
    ("today", "words"), [(before(3), "还有 3 天"), (DUE, "今天到期"), (before(-2), "已过 2 天")]
)
def test_a_template_says_how_far_the_day_is(today, words):
    (reminder,) = plan([rule()], {"s": [dated()]}, [DUE], CALENDAR)

    assert said(reminder, "{事项}，{日期}，{还有几天}", today) == f"事a，12月31日，{words}"


def test_words_that_no_template_knows_are_named():
    assert unknown_words("{事项}{金额}{日期}{电话}") == ["电话", "金额"]


@pytest.mark.parametrize(
    "text",
    [
        "身份证 11010519491231002X",
        "号码110105491231002",
        "预备党员转正",
        "示例支部三会一课还差 3 天",
        "发展对象公示",
    ],
)
def test_no_party_status_and_no_identity_number_in_a_text_message(text):
    assert refusal(text)


@pytest.mark.parametrize("text", ["请签署 2027 年度自律承诺书", "许可证 2026-12-31 到期", ""])
def test_plain_business_may_leave_as_a_text_message(text):
    assert not refusal(text)
