"""Weight, fonts and vendored files."""

import gzip
import hashlib
import re
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from association.templatetags import ui

HOUSE = Path(__file__).parents[2]
STATIC = HOUSE / "static"
FONTS = sorted((STATIC / "fonts").glob("*.ttf"))
CHARACTERS = HOUSE / "tests" / "data" / "characters"
SHARED = ("tokens", "base", "components")


def packed(*paths: str) -> int:
    """Return the size in bytes that gzip leaves of files under static/."""
    return sum(len(gzip.compress((STATIC / path).read_bytes())) for path in paths)


def sheets(*names: str) -> list[str]:
    return [f"css/{name}.css" for name in (*SHARED, *names)]


def test_a_phone_page_leaves_six_kilobytes_of_forty_for_its_html():
    assert packed(*sheets("phone"), "vendor/htmx-2.0.11.min.js", "js/app.js") <= 34.5 * 1024


def test_a_public_page_leaves_six_kilobytes_of_twenty_five_for_its_html():
    assert packed(*sheets("phone"), "js/app.js") <= 19 * 1024


def test_small_behaviour_stays_small():
    assert packed("js/app.js") <= 8 * 1024


def test_public_pages_load_no_htmx():
    assert "{% block htmx %}{% endblock %}" in (HOUSE / "templates/layouts/public.html").read_text(
        encoding="utf-8"
    )


def test_no_style_sheet_asks_another_host_or_is_imported():
    for sheet in (STATIC / "css").glob("*.css"):
        assert not re.search(r"@import|url\(\s*[\"']?(?:https?:)?//", sheet.read_text()), sheet.name


@pytest.mark.parametrize("path", FONTS, ids=lambda path: path.name)
def test_a_font_draws_all_8105_characters_and_the_signs_of_our_papers(path):
    table = "".join(file.read_text(encoding="utf-8") for file in CHARACTERS.glob("level-*.txt"))
    characters = set(table.split())
    assert len(characters) == 8105
    signs = set("，。：；（）《》〔〕“”、·—…！？％0123456789ABCxyz★☆✓×−①⑩〇№℃")
    with TTFont(path, lazy=True) as font:
        drawn = set(font.getBestCmap())
    assert not {mark for mark in characters | signs if ord(mark) not in drawn}


def test_there_are_four_fonts_and_their_licence():
    assert len(FONTS) == 4
    assert "SIL Open Font License" in (STATIC / "fonts" / "OFL.txt").read_text()


@pytest.mark.parametrize("folder", [STATIC / "vendor", HOUSE / "tests" / "vendor"], ids=str)
def test_vendored_files_are_the_ones_that_were_checked(folder):
    listed = dict(
        re.findall(r"\| (\S+\.js) \|.*\| ([0-9a-f]{64}) \|", (folder / "README.md").read_text())
    )
    files = {file.name for file in folder.glob("*.js")}
    assert files == set(listed)
    for name, digest in listed.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


def test_every_icon_that_a_template_names_is_in_the_sprite():
    known = ui.icon_outlines()
    for template in (HOUSE / "templates").rglob("*.html"):
        for name in re.findall(r'\{% icon "([\w-]+)"', template.read_text(encoding="utf-8")):
            assert name in known, f"{template.name}: {name}"
