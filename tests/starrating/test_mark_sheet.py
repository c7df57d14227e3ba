"""Reading a sheet of marks: what fits is taken, every other cell gets a sentence."""

import pytest

from starrating.item_points import AnswerError
from starrating.mark_sheet import (
    BONUS,
    DEPARTMENT,
    PUBLIC,
    Mark,
    Place,
    canonical_mark,
    marked_items,
    place_keys,
    read_marks,
    template_headings,
)
from starrating.scheme_format import DEFAULT_SCHEME, load, read_yaml

SCHEME = load(read_yaml(DEFAULT_SCHEME.read_text(encoding="utf-8")))
PLACES = {
    key: place
    for place, licence in (
        (Place(11, "示例一店"), "DA001"),
        (Place(12, "示例二店"), "DA002"),
        (Place(13, "示例三店", "须回避"), None),
    )
    for key in place_keys(place.pk + 100, place.name, licence)
}


def read(*rows, kind=DEPARTMENT):
    numbered = [(n, row) for n, row in enumerate(rows, 1)]
    return read_marks(numbered, scheme=SCHEME, kind=kind, places=PLACES)


def test_the_header_is_found_below_a_title_and_blank_cells_leave_what_stands_there():
    sheet = read(
        ["2026 年监督检查汇总"],
        ["药店", "R01 证照", "R12 抽检"],
        ["示例一店", "1", ""],
        ["示例二店", "", "合格"],
    )

    assert sheet.marks == {11: {"R01": Mark("1")}, 12: {"R12": Mark("符合")}}
    assert sheet.wrong == ()
    assert sheet.row_count == 2


@pytest.mark.parametrize(
    ("heading", "text"), [("编号", "111"), ("许可证号", "da001"), ("门店名称", "示例 一店")]
)
def test_a_row_names_its_shop_by_number_licence_or_exact_name(heading, text):
    assert read([heading, "R01"], [text, "0"]).marks == {11: {"R01": Mark("0")}}


def test_a_wrong_cell_is_named_with_row_shop_and_suggestion():
    sheet = read(["药店", "R01", "R03"], ["示例一店", "一处", "无缺陷项"])

    assert [(w.row, w.shop, w.heading) for w in sheet.wrong] == [
        (2, "示例一店", "R01"),
        (2, "示例一店", "R03"),
    ]
    assert sheet.wrong[1].reason.endswith("是不是“无缺陷”？")
    assert sheet.marks == {}


def test_a_shop_of_ones_own_company_an_unknown_one_and_a_double_row_are_refused():
    sheet = read(
        ["药店", "R01"], ["示例三店", "0"], ["别家", "0"], ["示例一店", "0"], ["示例一店", "1"]
    )

    assert [w.reason for w in sheet.wrong] == [
        "须回避",
        "本周期没有这家药店，请核对编号、许可证号或店名",
        "这家药店在表里出现了两次，请只留一行",
    ]
    assert sheet.marks == {11: {"R01": Mark("0")}}


def test_columns_of_other_scorers_are_named_and_left_alone():
    sheet = read(["药店", "R01", "S01 承诺"], ["示例一店", "0", "符合"])

    assert sheet.unknown == ("S01 承诺",)
    assert sheet.marks == {11: {"R01": Mark("0")}}


def test_the_number_of_cases_stands_in_its_own_column():
    sheet = read(["药店", "P04 均分", "P04 样本数"], ["示例一店", "4.6", "35"], kind=PUBLIC)

    assert sheet.marks == {11: {"P04": Mark("4.6", 35)}}


def test_a_sheet_without_item_columns_is_refused_with_an_example():
    assert "R01" in read(["药店", "得分"], ["示例一店", "3"]).wrong[0].reason


def test_not_applicable_is_taken_only_where_the_scheme_allows_it():
    items = marked_items(SCHEME, DEPARTMENT)

    assert canonical_mark(items["R11"], Mark("不适用"), SCHEME).value == "NA"
    with pytest.raises(AnswerError, match="不能填“不适用”"):
        canonical_mark(items["R01"], Mark("不适用"), SCHEME)


def test_bonus_counts_times_and_refuses_words():
    items = marked_items(SCHEME, BONUS)

    assert canonical_mark(items["B05"], Mark("2"), SCHEME) == Mark("2")
    with pytest.raises(AnswerError):
        canonical_mark(items["B05"], Mark("多次"), SCHEME)


@pytest.mark.parametrize("kind", [DEPARTMENT, PUBLIC, BONUS])
def test_the_template_reads_back_with_every_item(kind):
    headings = template_headings(SCHEME, kind)

    assert read(headings, ["111"], kind=kind).codes == tuple(marked_items(SCHEME, kind))
