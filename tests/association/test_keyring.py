"""Sealing: what opens, what does not, and what a new key changes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from association import keyring
from association.keyring import CannotOpenError, KeyringError

ROW = "party_partymember\0id_number\0" + "7f" * 16


def ring(*names: str) -> keyring.Keyring:
    lines = [keyring.new_key("seal", name) for name in names or ("a",)]
    return keyring.parse("".join([*lines, keyring.new_key("index", "i")]))


@given(st.text(max_size=80))
def test_what_is_sealed_opens_again(text):
    keys = ring()

    assert keys.open(keys.seal(text, ROW), ROW) == text


def test_the_same_value_is_sealed_differently_each_time_and_never_in_clear():
    keys = ring()

    first, second = (keys.seal("000000199001010008", ROW) for _ in range(2))

    assert first != second
    assert b"0000001990" not in first
    assert keyring.key_name(first) == "a"


@pytest.mark.parametrize(
    "context",
    [
        ROW.replace("id_number", "phone"),
        ROW.replace("party_partymember", "party_censusentry"),
        ROW[:-2],
        "",
    ],
    ids=["another column", "another table", "another row", "no context"],
)
def test_a_value_copied_elsewhere_does_not_open(context):
    keys = ring()

    with pytest.raises(CannotOpenError):
        keys.open(keys.seal("示例", ROW), context)


def test_a_wrong_key_of_the_same_name_does_not_open():
    sealed = ring("a").seal("示例", ROW)

    with pytest.raises(CannotOpenError):
        ring("a").open(sealed, ROW)


def test_a_missing_key_is_named():
    sealed = ring("old").seal("示例", ROW)

    with pytest.raises(CannotOpenError, match="old"):
        ring("new").open(sealed, ROW)


def test_every_flipped_bit_is_noticed():
    keys = ring()
    sealed = keys.seal("000000199001010008", ROW)

    for place in range(len(sealed)):
        for bit in range(8):
            changed = bytearray(sealed)
            changed[place] ^= 1 << bit
            with pytest.raises(CannotOpenError):
                keys.open(bytes(changed), ROW)


@pytest.mark.parametrize("cut", [b"", b"\x01", b"\x01\x05ab", b"\x02\x01a" + b"0" * 40])
def test_what_is_no_sealed_value_is_refused(cut):
    with pytest.raises(CannotOpenError):
        ring().open(cut, ROW)


def test_a_new_key_on_top_seals_and_the_old_one_still_opens():
    text = keyring.new_text("old")
    before = keyring.parse(text)
    sealed = before.seal("示例", ROW)

    after = keyring.parse(keyring.with_new_seal_key(text, "new"))

    assert (before.current, after.current) == ("old", "new")
    assert after.open(sealed, ROW) == "示例"
    assert keyring.key_name(after.seal("示例", ROW)) == "new"
    assert after.indexes("示例", "p") == before.indexes("示例", "p")


def test_the_index_is_equal_for_equal_values_and_differs_by_purpose_and_key():
    keys, others = ring(), ring()

    assert keys.indexes("13", "phone") == keys.indexes("13", "phone")
    assert keys.indexes("13", "phone") != keys.indexes("13", "id_number")
    assert keys.indexes("13", "phone") != others.indexes("13", "phone")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no seal key"),
        (keyring.new_key("seal", "a"), "no index key"),
        ("seal a", "Line 1"),
        ("lock a AAAA", "Line 1"),
        ("# head\n\nseal a AAAA", "Line 3"),
        ("seal a ???", "Line 1"),
        (keyring.new_key("seal", "a") * 2, "Line 2"),
        (keyring.new_key("seal", "钥"), "Line 1"),
    ],
    ids=[
        "empty",
        "no index",
        "two words",
        "unknown use",
        "short key",
        "not base64",
        "name twice",
        "name not ASCII",
    ],
)
def test_a_file_that_cannot_be_used_names_its_line(text, told):
    with pytest.raises(KeyringError, match=told):
        keyring.parse(text)
