"""A signature drawn with the finger, as the path of an SVG: checked before it is kept. Pure.

Only ``M`` and ``L`` with whole numbers on a board of 600 by 200 are taken, so that what is put
into a page or a paper later can hold nothing but a line.
"""

import re
from itertools import pairwise
from math import hypot

WIDTH, HEIGHT = 600, 200
LONGEST = 12_000  # letters: some thousand points, far more than a name needs
SHORTEST_LINE = 80.0  # a dot or a slip of the finger is no name
_STROKE = re.compile(r"M\d{1,3} \d{1,3}(?:L\d{1,3} \d{1,3})+")
_PATH = re.compile(rf"(?:{_STROKE.pattern})+\Z")
_POINT = re.compile(r"[ML](\d{1,3}) (\d{1,3})")


def fault_of(path: str) -> str:
    """Return in one sentence why ``path`` is no signature; empty when it is one."""
    if len(path) > LONGEST:
        return "签名笔画太多，请清除后重新写。"
    if not _PATH.match(path):
        return "签名没有传完整，请清除后重新写，或者改用输入姓名。"
    points = [(int(x), int(y)) for x, y in _POINT.findall(path)]
    if any(x > WIDTH or y > HEIGHT for x, y in points):
        return "签名超出了书写框，请清除后重新写。"
    if length_of(path) < SHORTEST_LINE:
        return "签名太短，请写下完整的姓名，或者改用输入姓名。"
    return ""


def length_of(path: str) -> float:
    """Return how far the finger went on the board."""
    total = 0.0
    for stroke in _STROKE.findall(path):
        points = [(int(x), int(y)) for x, y in _POINT.findall(stroke)]
        total += sum(hypot(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(points))
    return total
