"""When a message goes out and when it is tried again."""

from datetime import datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from association.delivery_times import (
    LONGEST_WAIT,
    out_of_quiet,
    reference,
    rest_after,
    wait_after,
)

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("tries", "minutes"),
    [(1, 1), (2, 2), (3, 4), (7, 64)],
    ids=["first", "second", "third", "seventh"],
)
def test_each_wait_is_twice_the_last_give_or_take_a_fifth(tries, minutes):
    waits = {wait_after(tries, f"key:{n}") for n in range(200)}

    assert min(waits) >= 0.8 * minutes * MINUTE
    assert max(waits) <= 1.2 * minutes * MINUTE
    assert len(waits) == 200, "what failed together must not come back together"


@given(st.integers(min_value=1, max_value=10_000), st.text(max_size=40))
@settings(deadline=None)
def test_no_wait_is_longer_than_six_hours(tries, key):
    assert MINUTE * 0.8 <= wait_after(tries, key) <= LONGEST_WAIT
    assert wait_after(tries, key) == wait_after(tries, key)


def test_a_channel_rests_longer_each_time_but_never_more_than_a_quarter_of_an_hour():
    assert [rest_after(n) / MINUTE for n in (1, 2, 3, 4, 5, 500)] == [1, 2, 4, 8, 15, 15]


@pytest.mark.parametrize(
    ("moment", "calm"),
    [
        ("2026-11-25T09:00", "2026-11-25T09:00"),
        ("2026-11-25T20:59", "2026-11-25T20:59"),
        ("2026-11-25T21:00", "2026-11-26T08:00"),
        ("2026-11-25T23:59", "2026-11-26T08:00"),
        ("2026-11-26T00:00", "2026-11-26T08:00"),
        ("2026-11-26T07:59", "2026-11-26T08:00"),
        ("2026-11-26T08:00", "2026-11-26T08:00"),
        ("2026-12-31T22:30", "2027-01-01T08:00"),
    ],
)
def test_the_night_is_quiet_until_eight(moment, calm):
    assert out_of_quiet(datetime.fromisoformat(moment)) == datetime.fromisoformat(calm)


def test_quiet_hours_may_lie_within_a_day_or_not_exist():
    noon = datetime.fromisoformat("2026-11-25T12:30")

    assert out_of_quiet(noon, time(12), time(14)) == noon.replace(hour=14, minute=0)
    assert out_of_quiet(noon, time(14), time(16)) == noon
    assert out_of_quiet(noon, time(8), time(8)) == noon


def test_a_message_id_is_the_same_at_every_try_and_nobody_elses():
    assert reference("a:1:email", "portal.example") == reference("a:1:email", "portal.example")
    assert reference("a:1:email", "portal.example") != reference("a:2:email", "portal.example")
    assert reference("a:1:email", "portal.example").endswith("@portal.example>")
