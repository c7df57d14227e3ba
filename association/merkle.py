"""Merkle trees over SHA-256: one root for many leaves, and the path that proves one of them.

Source of the shape: RFC 6962 §2.1 (a leaf is hashed with 0x00, a node with 0x01, the left half
is the largest power of two below the number of leaves), so that no leaf can pass for a node.
"""

from collections.abc import Sequence
from hashlib import sha256


def leaf(content: bytes) -> bytes:
    """Return the 32 bytes that stand for ``content`` in the tree."""
    return sha256(b"\x00" + content).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """Return the 32 bytes that stand for all ``leaves`` in their order; at least one is needed."""
    if not leaves:
        raise ValueError("A tree has at least one leaf.")
    if len(leaves) == 1:
        return leaves[0]
    middle = _middle(len(leaves))
    return _node(root(leaves[:middle]), root(leaves[middle:]))


def path(leaves: Sequence[bytes], position: int) -> list[bytes]:
    """Return what has to be hashed beside the leaf at ``position`` to reach the root, upwards."""
    if not 0 <= position < len(leaves):
        raise IndexError("No leaf stands at that position.")
    if len(leaves) == 1:
        return []
    middle = _middle(len(leaves))
    if position < middle:
        return [*path(leaves[:middle], position), root(leaves[middle:])]
    return [*path(leaves[middle:], position - middle), root(leaves[:middle])]


def root_of_path(one: bytes, position: int, count: int, beside: Sequence[bytes]) -> bytes:
    """Return the root that the leaf ``one`` at ``position`` of ``count`` reaches over ``beside``.

    Equal to ``root`` when the leaf stood in the tree; any other leaf, place or path gives
    another root. Raises ``ValueError`` when the path has not the length of the tree.
    """
    sides = _sides(position, count)
    if len(sides) != len(beside):
        raise ValueError("The path does not fit the size of the tree.")
    found = one
    for is_left, other in zip(reversed(sides), beside, strict=True):
        found = _node(found, other) if is_left else _node(other, found)
    return found


def _sides(position: int, count: int) -> list[bool]:
    """Return from the root down whether the leaf is in the left part."""
    sides = []
    while count > 1:
        middle = _middle(count)
        is_left = position < middle
        sides.append(is_left)
        position, count = (position, middle) if is_left else (position - middle, count - middle)
    return sides


def _middle(count: int) -> int:
    """Return the largest power of two below ``count``."""
    return 1 << (count - 1).bit_length() - 1


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()
