"""What every template keeps to: compiles, no inline code, no foreign address, Chinese marks."""

import re
from pathlib import Path

import pytest
from django.template.loader import get_template

HOUSE = Path(__file__).parents[2]
TEMPLATES = sorted((HOUSE / "templates").rglob("*.html"))
NAMES = [str(path.relative_to(HOUSE / "templates")) for path in TEMPLATES]
DOCUMENTS = "documents/"
HAN = r"[\u4e00-\u9fff]"
HALF_WIDTH = re.compile(rf"{HAN}\s?[,;:!?](?!\w*=)|{HAN}\(|\({HAN}|{HAN}\)|\){HAN}|[,;:]{HAN}")
NOT_TEXT = re.compile(
    r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}|<!--.*?-->", re.DOTALL
)
COMMENT = re.compile(r"\{% comment %\}.*?\{% endcomment %\}|\{#.*?#\}", re.DOTALL)


def source(name: str) -> str:
    return COMMENT.sub("", (HOUSE / "templates" / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", NAMES)
def test_a_template_compiles(name):
    get_template(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_template_has_no_inline_style_script_or_handler(name):
    text = source(name)
    if not name.startswith(DOCUMENTS):
        assert not re.search(r"\sstyle\s*=", text)
        assert "<style" not in text
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"\son\w+\s*=\s*[\"']", text)
    assert "javascript:" not in text


@pytest.mark.parametrize("name", NAMES)
def test_a_template_asks_no_other_host(name):
    text = source(name).replace("http://www.w3.org/", "")
    loads = re.findall(r"(?:src|href|action|poster|data)\s*=\s*[\"'](?:https?:)?//[^\"']+", text)
    assert not loads


@pytest.mark.parametrize("name", NAMES)
def test_chinese_text_uses_full_width_marks(name):
    text = NOT_TEXT.sub("\x00", source(name))
    text = re.sub(r"<(?!input|img|option)[^>]*>", "\x00", text)
    found = [match.group() for match in HALF_WIDTH.finditer(text)]
    assert not found


@pytest.mark.parametrize("path", sorted(HOUSE.glob("*/*.py")), ids=lambda path: path.name)
def test_chinese_words_in_code_use_full_width_marks(path):
    if path.parts[-2] in {"docs", "launcher", "benchmarks"}:
        return
    code = re.sub(r'""".*?"""', "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    strings = re.findall(r'"([^"\n]*)"', code)
    texts = [text for text in strings if "\\" not in text and "(?" not in text]
    assert not [text for text in texts if re.search(rf"{HAN}[,;!?]|{HAN}\({HAN}", text)]


def test_no_page_says_that_it_was_successful_or_shows_zero_stars():
    for name in NAMES:
        text = source(name)
        assert "成功！" not in text, name
        assert "0 星" not in text, name
        assert "0星" not in text, name
