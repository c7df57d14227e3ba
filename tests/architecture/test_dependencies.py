"""docs/dependencies.md has a line for every library that the product runs on."""

import re
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)


def names(file: str) -> list[str]:
    text = (ROOT / file).read_text(encoding="utf-8")
    return re.findall(r"^([A-Za-z][\w.-]*(?:\[\w+\])?)==", text, re.MULTILINE)


def test_every_runtime_library_has_a_line_that_says_what_it_replaces():
    text = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    lines = re.findall(r"^\| ([A-Za-z][\w.\[\]-]+) \|", text, re.MULTILINE)
    assert set(lines) - {"Library"} == set(names("requirements.txt"))


def test_every_other_library_is_named():
    text = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    others = names("requirements-embedded.txt") + names("requirements-dev.txt")
    assert [name for name in others if name not in text] == []
