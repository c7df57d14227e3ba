"""The rotating code: true for a while, false for ever after, and never for another activity."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.check_in_codes import (
    CODE_SLOTS,
    SLOT_SECONDS,
    TOKEN_SLOTS,
    activity_of,
    code,
    matching,
    seconds_left,
    slot_of,
    token,
)

KEY = b"a key for tests"
SLOT = 58_000_000


@given(st.integers(1, 10**9), st.integers(0, TOKEN_SLOTS - 1))
def test_a_scan_leads_to_its_activity_while_the_code_is_fresh(activity, late):
    assert activity_of(KEY, token(KEY, activity, SLOT), SLOT + late) == activity


@pytest.mark.parametrize("later", [TOKEN_SLOTS, 100, -2])
def test_a_photographed_code_is_stale_after_two_minutes(later):
    assert activity_of(KEY, token(KEY, 7, SLOT), SLOT + later) is None


@given(st.text(max_size=40))
def test_what_is_not_a_code_leads_nowhere(text):
    assert activity_of(KEY, text, SLOT) is None


def test_a_code_cannot_be_moved_to_another_activity_or_key():
    first, second = token(KEY, 7, SLOT), token(KEY, 8, SLOT)
    forged = "-".join([second.split("-")[0], *first.split("-")[1:]])

    assert activity_of(KEY, forged, SLOT) is None
    assert activity_of(b"another key", first, SLOT) is None


def test_the_six_digits_find_their_activity_for_two_minutes():
    digits = code(KEY, 7, SLOT)

    assert len(digits) == 6
    assert digits.isdecimal()
    assert matching(KEY, digits, [5, 6, 7], SLOT + CODE_SLOTS - 1) == 7
    assert matching(KEY, digits, [5, 6, 7], SLOT + CODE_SLOTS) is None
    assert matching(KEY, digits, [5, 6], SLOT) is None


def test_the_picture_changes_every_half_minute():
    assert slot_of(59.9) + 1 == slot_of(60)
    assert token(KEY, 7, 1) != token(KEY, 7, 2)
    assert {seconds_left(moment) for moment in (0, 29.5, 30)} == {SLOT_SECONDS, 1}
