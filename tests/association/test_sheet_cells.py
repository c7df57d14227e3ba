from datetime import date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from association.sheet_cells import InvalidDateError, clean, day_of, fold, text_of


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("广州市环市大道5号\xa0", "广州市环市大道5号"),
        ("三星路５段５１號", "三星路5段51號"),
        ("\u3000康宁\u3000 大药房 ", "康宁 大药房"),
        ("\u202d913408\u200b00\u202c\ufeff", "91340800"),
        ("第一\n分店", "第一 分店"),
        ("康宁（海沧）店", "康宁（海沧）店"),
    ],
    ids=["nbsp", "full-width digits", "ideographic space", "bidi and bom", "line", "brackets stay"],
)
def test_clean_gives_what_a_careful_typist_would_have_written(typed, shown):
    assert clean(typed) == shown


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("康宁（海沧）店", "康宁(海沧) 店"),
        ("ＡＢ大药房", "ab大药房"),
        ("中山路1－2号", "中山路1—2号"),
    ],
)
def test_fold_brings_two_ways_of_writing_together(one, other):
    assert fold(one) == fold(other)


@given(st.text())
def test_clean_and_fold_are_stable_and_leave_no_separator(text):
    assert clean(clean(text)) == clean(text)
    assert fold(fold(text)) == fold(text)
    assert not set(clean(text)) & set("\t\n\r\x1f\xa0")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1001.0, "1001"),
        (12.5, "12.5"),
        ("00123", "00123"),
        (None, ""),
        (True, "TRUE"),
        (date(2026, 3, 5), "2026-03-05"),
        (datetime(2026, 3, 5), "2026-03-05"),  # noqa: DTZ001 -- sheets know no zone
        (datetime(2026, 3, 5, 8, 30), "2026-03-05 08:30:00"),  # noqa: DTZ001
        (time(8, 30), "08:30:00"),
    ],
)
def test_a_code_read_as_a_number_is_text_again(value, text):
    assert text_of(value) == text


@pytest.mark.parametrize(
    "text",
    ["2026-03-05", "2026.3.5", "2026/3/5", "2026年3月5日", "20260305", "2026-03-05 00:00:00",
     "２０２６年３月５日", "46086"],
)  # fmt: skip
def test_a_day_is_read_in_every_office_writing(text):
    assert day_of(text) == date(2026, 3, 5)


@pytest.mark.parametrize("text", ["2026-02-30", "长期", "3月5日", "12345678901"])
def test_what_is_no_day_is_refused_with_its_text(text):
    with pytest.raises(InvalidDateError, match=text):
        day_of(text)


@pytest.mark.parametrize("text", ["", "—", "无", " / "])
def test_a_blank_day_is_no_day(text):
    assert day_of(text) is None
