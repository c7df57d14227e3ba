"""Colours are readable: every pair of text and ground that the stylesheets use."""

import re
from pathlib import Path

import pytest

CSS = Path(__file__).parents[2] / "static" / "css"
TOKEN = re.compile(r"--([\w-]+):\s*(#[0-9A-Fa-f]{6})")

TEXT = [
    ("ink-900", "surface"), ("ink-700", "surface"), ("ink-500", "surface"), ("ink-500", "canvas"),
    ("ink-500", "raised"), ("ink-500", "fill"), ("brand-600", "surface"), ("brand-600", "canvas"),
    ("brand-700", "brand-50"), ("brand-700", "brand-100"), ("surface", "brand-600"),
    ("surface", "brand-700"), ("party-700", "surface"), ("party-700", "party-50"),
    ("gold-700", "surface"), ("ok", "surface"), ("ok", "ok-50"), ("warn", "surface"),
    ("warn", "warn-50"), ("danger", "surface"), ("danger", "danger-50"), ("info", "surface"),
    ("info", "info-50"), ("surface", "danger"), ("surface", "warn"), ("surface", "ink-900"),
]  # fmt: skip
SHAPES = [
    ("ink-400", "surface"), ("star", "surface"), ("star", "canvas"), ("focus", "surface"),
    ("focus", "canvas"), ("dim-1", "surface"), ("dim-2", "surface"), ("dim-3", "surface"),
    ("dim-4", "surface"), ("dim-bonus", "surface"), ("brand-600", "fill"),
]  # fmt: skip


def tokens() -> dict[str, str]:
    return dict(TOKEN.findall((CSS / "tokens.css").read_text()))


def luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("ink", "ground"), TEXT)
def test_text_has_a_contrast_of_at_least_four_and_a_half(ink, ground):
    assert contrast(tokens()[ink], tokens()[ground]) >= 4.5


@pytest.mark.parametrize(("shape", "ground"), SHAPES)
def test_borders_icons_and_bars_have_a_contrast_of_at_least_three(shape, ground):
    assert contrast(tokens()[shape], tokens()[ground]) >= 3


def test_neighbouring_stars_can_be_told_apart_in_grey():
    star = tokens()
    for higher, lower in (("s5", "s4"), ("s4", "s3")):
        assert contrast(star[higher], star[lower]) >= 1.7


def test_every_token_that_is_used_is_defined():
    defined = set(re.findall(r"--([\w-]+)\s*:", "".join(f.read_text() for f in CSS.glob("*.css"))))
    for sheet in CSS.glob("*.css"):
        used = set(re.findall(r"var\(--([\w-]+)\)", sheet.read_text()))
        assert used <= defined, sheet.name
