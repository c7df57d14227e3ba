"""What a cell means: the value's one writing, or what is wrong and what to write instead."""

import csv
from pathlib import Path

import pytest

from association.sheet_cells import fold
from members.credit_code import check_symbol, organisation_check_symbol
from members.sheets import values
from members.sheets.shop_columns import KIND_WORDS, PLAIN, STATUS_WORDS
from members.sheets.values import UnreadableCellError

CODES = Path(__file__).resolve().parents[2] / "data/codes"


def codes(name):
    with (CODES / name).open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.mark.parametrize("blank", ["", "  ", "-", "—", "无", "/", "未登记", "　"])
@pytest.mark.parametrize(
    "read",
    [
        values.words("店名", 10),
        values.day,
        values.credit_code,
        values.licence(10),
        values.phone(20),
    ],
    ids=["words", "day", "code", "licence", "phone"],
)
def test_a_blank_says_nothing(read, blank):
    assert read(blank) is None


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026-03-05", "2026-03-05"),
        ("2026.3.5", "2026-03-05"),
        ("2026年3月5日", "2026-03-05"),
        ("20260305", "2026-03-05"),
        ("46086", "2026-03-05"),
        ("2026-03-05 00:00:00", "2026-03-05"),
        ("2021.3.6-2026.3.5", "2026-03-05"),
        ("2021年3月6日至2026年3月5日", "2026-03-05"),
    ],
)
def test_a_day_is_read_in_every_way_of_the_office(written, day):
    assert values.day(written) == day


@pytest.mark.parametrize("written", ["长期", "2026-02-30", "明年", "13800000000", "2026"])
def test_what_is_no_day_is_refused_with_its_text(written):
    with pytest.raises(UnreadableCellError, match=written):
        values.day(written)


@pytest.mark.parametrize("row", codes("uscc_valid_dev.csv"), ids=lambda row: row["code"])
def test_a_published_code_is_taken(row):
    assert values.credit_code(row["code"]) == row["code"]


@pytest.mark.parametrize(
    "region", [row["region6"] for row in codes("uscc_region_part_not_current.csv")]
)
def test_a_code_is_never_refused_because_of_its_region(region):
    body = f"91{region}MA00000X" + organisation_check_symbol("MA00000X")
    code = body + check_symbol(body)

    assert values.credit_code(code) == code


@pytest.mark.parametrize("row", codes("uscc_writing_variants.csv"), ids=lambda row: row["how"])
def test_a_way_of_writing_a_code_is_no_mistake(row):
    assert values.credit_code(row["as_typed"]) == row["canonical"]


@pytest.mark.parametrize(
    "code",
    [
        row["value"]
        for row in codes("uscc_invalid_derived.csv")
        if row["value"].strip() not in ("", "无")
    ]
    + [row["code"] for row in codes("uscc_published_but_invalid.csv")],
)
def test_an_invalid_code_is_refused_with_a_sentence_and_a_suggestion(code):
    with pytest.raises(UnreadableCellError) as refusal:
        values.credit_code(code)

    assert str(refusal.value).endswith("。")
    assert refusal.value.hint


def test_a_letter_that_is_never_used_suggests_the_digit():
    valid = codes("uscc_valid_dev.csv")[0]["code"]
    assert "0" in valid

    with pytest.raises(UnreadableCellError) as refusal:
        values.credit_code(valid.replace("0", "O", 1))

    assert refusal.value.hint == f"是不是 {valid}？"


@pytest.mark.parametrize(
    ("written", "licence"),
    [("闽ＤＡ592 0001", "闽DA5920001"), ("闽da5920001", "闽DA5920001"), ("无", None)],
)
def test_a_licence_has_one_writing(written, licence):
    assert values.licence(40)(written) == licence


def test_a_licence_that_became_a_number_is_told():
    with pytest.raises(UnreadableCellError, match="存成了数字"):
        values.licence(40)("9.13502e+11")


@pytest.mark.parametrize("written", ["药品零售（连锁）", "零售(连锁)", "连锁", "连锁企业"])
def test_width_and_brackets_make_no_difference_to_a_choice(written):
    read = values.choice("类型", KIND_WORDS | {"药品零售（连锁）": "chain"}, "")

    assert read(written) == "chain"


def test_a_choice_that_is_nearly_right_suggests_the_word():
    read = values.choice("状态", STATUS_WORDS, "“营业”“停业”或“注销”")

    with pytest.raises(UnreadableCellError) as near:
        read("正常营业中")
    with pytest.raises(UnreadableCellError) as far:
        read("甲")

    assert near.value.hint == "是不是“正常营业”？"
    assert far.value.hint == "填写“营业”“停业”或“注销”。"


@pytest.mark.parametrize("text", ["12a", "-5", "1.5", "1" * 16, "²"])
def test_what_is_no_number_of_ours_is_refused(text):
    with pytest.raises(UnreadableCellError):
        values.number(text)


def test_texts_too_long_for_the_register_are_refused():
    for read in (values.words("店名", 5), values.licence(5), values.phone(5)):
        with pytest.raises(UnreadableCellError, match="超过 5 个字"):
            read("六个字的名称")


def test_plain_texts_are_their_own_folded_writing():
    """The database takes them as they are: our rules would not have changed a letter."""
    ranges = PLAIN.strip("^[]+$").replace("、。", "")
    spans = [(ranges[at], ranges[at + 2]) for at in range(0, len(ranges), 3)]
    letters = [chr(code) for first, last in spans for code in range(ord(first), ord(last) + 1)]

    changed = [letter for letter in [*letters, "、", "。"] if fold(letter) != letter]

    assert len(letters) > 27_000
    assert changed == []
