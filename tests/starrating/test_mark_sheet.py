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
    choices_of,
    how_to_write,
    marked_items,
    named_items,
    place_keys,
    read_marks,
    shown_mark,
    standing_digest,
    stands,
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
        "这家药店在第 4 行已经有了，请只留一行",
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


def test_a_reason_stands_behind_the_colon_and_comes_back_as_it_was_written():
    item = marked_items(SCHEME, DEPARTMENT)["R11"]

    for text in (
        "不适用：不经营特殊管理药品",
        "NA: 不经营特殊管理药品",
        "不适用（不经营特殊管理药品）",
    ):
        mark = canonical_mark(item, Mark(text), SCHEME)
        assert mark == Mark("NA", None, "不经营特殊管理药品")
    assert shown_mark(mark) == "不适用：不经营特殊管理药品"
    assert canonical_mark(item, Mark(shown_mark(mark)), SCHEME) == mark
    assert shown_mark(Mark("NA")) == "不适用"
    assert shown_mark(Mark("18/20")) == "18/20"


def test_a_share_that_the_office_program_took_for_a_day_is_explained():
    sheet = read(["药店", "R04"], ["示例一店", "2026-10-12"])

    assert "把“10/12”当成了日期" in sheet.wrong[0].reason
    assert sheet.marks == {}


def test_a_score_that_depends_on_its_cases_is_not_taken_without_them():
    sheet = read(["药店", "P04", "P04 样本数"], ["示例一店", "4.6", ""], kind=PUBLIC)

    assert "样本数" in sheet.wrong[0].reason
    assert read(["药店", "P04"], ["示例一店", "不适用"], kind=PUBLIC).marks[11]["P04"].value == "NA"


def test_a_running_number_never_finds_a_stranger():
    sheet = read(["编号", "药店", "R01"], ["112", "示例一店", "0"], ["111", "示例一店", "1"])

    assert "编号 112 是“示例二店”" in sheet.wrong[0].reason
    assert sheet.marks == {11: {"R01": Mark("1")}}


def test_an_unknown_name_is_answered_with_the_nearest_one():
    place = Place(31, "示例大药房·东湖店")
    places = {key: place for key in place_keys(131, place.name, None)}
    rows = [(1, ["药店", "R01"]), (2, ["示例大药房东湖", "0"]), (3, ["别的", "0"])]

    sheet = read_marks(rows, scheme=SCHEME, kind=DEPARTMENT, places=places)

    assert sheet.wrong[0].reason.endswith("是不是“示例大药房·东湖店”？")
    assert "是不是" not in sheet.wrong[1].reason


def test_sums_below_the_table_and_values_without_a_shop():
    sheet = read(
        ["药店", "R01", "R02"],
        ["示例一店", "0", "1"],
        ["", "2", ""],
        ["合计", "2", "1"],
        ["制表人：李某"],
    )

    assert sheet.marks == {11: {"R01": Mark("0"), "R02": Mark("1")}}
    assert sheet.rows == {11: 2}
    assert sheet.row_count == 1
    assert [(w.row, w.reason) for w in sheet.wrong] == [(3, "这一行没有写是哪家药店")]


def test_a_row_with_nothing_filled_in_is_counted_and_left_alone():
    sheet = read(["药店", "R01"], ["示例一店", ""], ["示例二店", "1"])

    assert sheet.row_count == 2
    assert sheet.value_count == 1


def test_what_activities_give_by_themselves_is_no_column_of_the_sheet():
    counted = {"B01", "B02"}

    assert "B01" not in marked_items(SCHEME, BONUS, counted=counted)
    assert not any(h.startswith("B01") for h in template_headings(SCHEME, BONUS, counted=counted))
    sheet = read_marks(
        [(1, ["药店", "B01", "B05"]), (2, ["示例一店", "1", "1"])],
        scheme=SCHEME,
        kind=BONUS,
        places=PLACES,
        counted=counted,
    )
    assert sheet.unknown == ("B01",)
    assert sheet.marks == {11: {"B05": Mark("1")}}


def test_cells_offer_words_only_where_the_method_chooses():
    items = marked_items(SCHEME, DEPARTMENT)

    assert choices_of(items["R12"]) == ("符合", "不符合")
    assert choices_of(items["R14"]) == ("符合", "不符合", "不适用")
    assert choices_of(items["R03"])[0] == "无缺陷"
    assert choices_of(items["R01"]) == ()
    assert choices_of(marked_items(SCHEME, BONUS)["B05"]) == ()
    assert how_to_write(items["R11"]) == "不符合的处数，可填不适用"


def test_the_sheet_of_a_file_is_told_by_the_items_it_names():
    items = marked_items(SCHEME, DEPARTMENT)

    assert named_items([(1, ["说明"]), (2, ["药店", "R01", "R02"])], items) == 2
    assert named_items([(1, ["药店", "P01"])], items) == 0


def test_a_mark_stands_when_value_number_and_reason_are_the_same():
    sheet = {
        "P04": {"public": {"value": "4.6", "n": 35, "paper": 1}},
        "B05": {"paper/3": {"value": "1", "label": "证书 1号"}},
    }

    assert stands(sheet, "P04", PUBLIC, Mark("4.6", 35), "")
    assert not stands(sheet, "P04", PUBLIC, Mark("4.6", 36), "")
    assert stands(sheet, "B05", BONUS, Mark("1"), "证书 1号")
    assert not stands(sheet, "B05", BONUS, Mark("1"), "证书 2号")


def test_the_stamp_of_what_stands_looks_only_at_marks_of_its_kind():
    before = {"P04": {"public": {"value": "4.6"}, "self": {"value": "x"}}, "B05": {}}
    after = {"P04": {"public": {"value": "4.6"}}, "B05": {"paper/3": {"value": "1"}}}

    def stamp(sheet, kind):
        return standing_digest({7: sheet}, ["P04", "B05"], kind)

    assert stamp(before, PUBLIC) == stamp(after, PUBLIC)
    assert stamp(before, BONUS) != stamp(after, BONUS)
