import csv
from pathlib import Path

import pytest

from members.credit_code import InvalidCreditCodeError, normalise

DATA = Path(__file__).resolve().parent.parent / "data/codes"


def rows(name):
    with (DATA / name).open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.mark.parametrize("row", rows("uscc_valid_dev.csv"), ids=lambda row: row["code"])
def test_a_published_code_is_valid_whatever_its_region(row):
    assert normalise(row["code"]) == row["code"]


@pytest.mark.parametrize("row", rows("uscc_writing_variants.csv"), ids=lambda row: row["how"])
def test_a_way_of_writing_is_no_mistake(row):
    assert normalise(row["as_typed"]) == row["canonical"]


@pytest.mark.parametrize("row", rows("uscc_invalid_derived.csv"), ids=lambda row: row["how"])
def test_an_invalid_code_is_refused_with_a_reason(row):
    with pytest.raises(InvalidCreditCodeError) as refusal:
        normalise(row["value"])

    assert str(refusal.value).endswith("。")


def test_a_published_but_invalid_code_is_refused():
    for row in rows("uscc_published_but_invalid.csv"):
        with pytest.raises(InvalidCreditCodeError, match="校验位不符"):
            normalise(row["code"])


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("9134010", "现为 7 位"),
        ("9234O604MA2UJYCE59", "“O”"),
        ("000000000000000000", "前两位“00”"),
        ("123456789012345678", "第 9 至 17 位"),
        ("9.115010057328722e+17", "存成了数字"),
        ("911501005732872000", "末三位变成了 000"),
        ("91350100M000100Y4A", "校验位不符"),
        ("", "没有填写"),
    ],
)
def test_the_reason_names_what_is_wrong(typed, reason):
    with pytest.raises(InvalidCreditCodeError, match=reason):
        normalise(typed)


def test_the_check_symbol_may_be_zero():
    # The weighted sum is a multiple of 31 for one code in thirty.
    assert normalise("513502050604431960") == "513502050604431960"
