"""Words that no page of ours uses."""

from pathlib import Path

HOUSE = Path(__file__).parents[2]


def test_no_page_says_that_it_was_successful_or_shows_zero_stars():
    for path in (HOUSE / "templates").rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert "成功！" not in text, path.name
        assert "0 星" not in text, path.name
        assert "0星" not in text, path.name
