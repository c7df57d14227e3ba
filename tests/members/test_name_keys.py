import pytest
from hypothesis import given
from hypothesis import strategies as st

from members.name_keys import folded, initials, licence_key, name_keys, phone_text, sort_key


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("厦门康宁大药房", "xmkndyf"),
        ("大厦药店", "dsyd"),
        ("重庆和平药房", "cqhpyf"),
        ("Ａ＋药房３店", "ayf3d"),
        ("康宁（海沧）店", "knhcd"),
    ],
)
def test_initials_are_what_a_clerk_types(name, typed):
    assert initials(name) == typed


def test_names_sort_by_pinyin_syllable_by_syllable():
    names = ["张家药店", "安康药店", "李氏药房", "安和药店"]

    assert sorted(names, key=sort_key) == ["安和药店", "安康药店", "李氏药房", "张家药店"]


def test_two_writings_of_a_name_meet():
    assert folded("康宁（海沧） 店") == folded("康宁(海沧)店")


@given(st.text(max_size=300))
def test_keys_fit_their_columns(name):
    key, letters, order = name_keys(name)

    assert len(key) <= 100
    assert len(letters) <= 100
    assert len(order) <= 200
    assert order.isascii()


@pytest.mark.parametrize("typed", ["闽da592 0001", "闽ＤＡ5920001", " 闽DA5920001\xa0"])
def test_a_licence_number_has_one_writing(typed):
    assert licence_key(typed) == "闽DA5920001"


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("+86 138 0013 8000", "13800138000"),
        ("86-13800138000", "13800138000"),
        ("020－81633852", "020-81633852"),
        ("03 - 9895816", "03-9895816"),
        ("0592-6051234转8", "0592-6051234转8"),
        ("-", ""),
    ],
)
def test_a_phone_number_is_shown_in_one_writing(typed, shown):
    assert phone_text(typed) == shown


@given(st.text(max_size=30))
def test_both_keys_begin_with_the_same_letter(name):
    """The search by initials leans on it: names with initial t stand under t in the order."""
    _folded, short, long = name_keys(name)

    if short[:1].isascii():
        assert long[:1] == short[:1]
