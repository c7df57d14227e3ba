"""The tree by hand-made cases of RFC 6962 and by its laws."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from association import merkle

LEAVES = st.lists(st.binary(max_size=8).map(merkle.leaf), min_size=1, max_size=40)


def node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def test_root_of_three_leaves_by_hand():
    a, b, c = (merkle.leaf(text) for text in (b"a", b"b", b"c"))

    assert merkle.root([a]) == a
    assert merkle.root([a, b]) == node(a, b)
    assert merkle.root([a, b, c]) == node(node(a, b), c)


def test_a_leaf_never_passes_for_a_node():
    a, b = merkle.leaf(b"a"), merkle.leaf(b"b")

    assert merkle.root([a, b]) != merkle.leaf(a + b)


def test_root_needs_a_leaf():
    with pytest.raises(ValueError, match="at least one"):
        merkle.root([])


@pytest.mark.parametrize("position", [-1, 2])
def test_path_refuses_a_place_outside(position):
    with pytest.raises(IndexError):
        merkle.path([merkle.leaf(b"a"), merkle.leaf(b"b")], position)


@given(LEAVES, st.data())
def test_every_path_leads_to_the_root(leaves, data):
    at = data.draw(st.integers(0, len(leaves) - 1))

    beside = merkle.path(leaves, at)

    assert merkle.root_of_path(leaves[at], at, len(leaves), beside) == merkle.root(leaves)


@given(LEAVES, st.data())
def test_another_leaf_or_place_leads_elsewhere(leaves, data):
    at = data.draw(st.integers(0, len(leaves) - 1))
    beside = merkle.path(leaves, at)

    other = merkle.leaf(b"something longer than any of the leaves")

    assert merkle.root_of_path(other, at, len(leaves), beside) != merkle.root(leaves)


def test_a_path_of_the_wrong_length_is_refused():
    leaves = [merkle.leaf(bytes([n])) for n in range(5)]

    with pytest.raises(ValueError, match="does not fit"):
        merkle.root_of_path(leaves[0], 0, 5, merkle.path(leaves, 0)[:-1])
