from datetime import date

import pytest

from desk.working_day_table import TableDay, WrongTableError, read_rows, read_text


@pytest.mark.parametrize(
    "line",
    [
        "2027-01-01 元旦 放假",
        "2027/1/1，元旦，放假",
        "2027年1月1日 元旦 休",
        "2027.01.01\t五\t元旦\t放假\tTrue",
    ],
)
def test_a_day_off_is_read_as_offices_write_it(line):
    assert read_text(line, year=2027) == [TableDay(date(2027, 1, 1), False, "元旦")]


def test_make_up_days_and_headings():
    text = "日期 名称 安排\n2027-02-07 春节 调休上班\n\n2027-01-01 元旦 放假"

    assert read_text(text, year=2027) == [
        TableDay(date(2027, 1, 1), False, "元旦"),
        TableDay(date(2027, 2, 7), True, "春节"),
    ]


def test_the_notices_own_csv_is_read():
    row = ["2024-02-04", "日", "春节", "调休上班", "True", "True"]

    assert read_rows([(1, ["date", "name"]), (3, row)], year=2024) == [
        TableDay(date(2024, 2, 4), True, "春节")
    ]


def test_all_bad_lines_are_named_at_once():
    text = "2027-01-01 元旦\n2026-01-01 元旦 放假\n2027-02-30 x 放假\n12 放假"

    with pytest.raises(WrongTableError) as refused:
        read_text(text, year=2027)

    assert str(refused.value) == (
        "第 1 行：要写明“放假”或“上班”；第 2 行：2026-01-01 不在 2027 年；"
        "第 3 行：“2027-02-30”不是日期；第 4 行：没有日期，例如 2027-01-01。请改好后重新导入。"
    )


def test_a_table_without_days_is_refused():
    with pytest.raises(WrongTableError, match="没有日期"):
        read_text("日期 名称 安排", year=2027)
