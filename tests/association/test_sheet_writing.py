import csv
import io
import random
from datetime import date

import openpyxl
import pytest

from association.sheet_reading import open_sheet
from association.sheet_writing import FORMULA_STARTS, csv_text, starts_formula, workbook

BODIES = ["1+1", "cmd|' /C calc'!A0", 'HYPERLINK("http://a.example","点")', "SUM(A1:A9)", "门店"]


def payloads(count=1000):
    chance = random.Random(16)
    return [
        chance.choice(["", "", " ", "\u3000"])
        + chance.choice(FORMULA_STARTS)
        + "".join(chance.sample(BODIES, chance.randint(1, 3)))
        for _ in range(count)
    ]


def test_a_thousand_payloads_come_back_as_text_and_not_one_formula():
    given = payloads()
    data = workbook([("表", ["内容"], [[text] for text in given])])

    sheet = openpyxl.load_workbook(io.BytesIO(data)).active
    cells = [row[0] for row in sheet.iter_rows(min_row=2)]
    assert len(cells) == 1000
    assert {cell.data_type for cell in cells} == {"s"}
    assert all(cell.quotePrefix for cell in cells)


def test_a_thousand_payloads_in_a_csv_begin_with_an_apostrophe():
    data = csv_text(["内容"], [[text] for text in payloads()]).decode("utf-8-sig")

    cells = [row[0] for row in csv.reader(io.StringIO(data, newline=""))][1:]
    assert len(cells) == 1000
    assert not any(starts_formula(cell) for cell in cells)


@pytest.mark.parametrize("write", ["xlsx", "csv"])
def test_what_we_write_we_read_back_unchanged(write):
    given = ["00123", "=1+1", "'=1", "-3", "＠某", "康宁（海沧）店", "2026-03-05", "1.0"]
    rows = [[text, "末"] for text in given]
    data = workbook([("名册", ["甲", "乙"], rows)]) if write == "xlsx" else csv_text("甲乙", rows)

    assert [cells[0] for _, cells in open_sheet(data).rows()][1:] == given


def test_a_workbook_opens_in_spite_of_marks_that_xml_forbids():
    data = workbook(
        [("a/b:[c]", ["甲"], [["坏\x00\x0b\ud800字"], [date(2026, 3, 5)], [None], [7]])]
    )

    sheet = openpyxl.load_workbook(io.BytesIO(data)).active
    assert sheet["A2"].value == "坏字"
    assert sheet["A3"].number_format == "yyyy-mm-dd"
    assert sheet["A5"].value == 7
    assert sheet.freeze_panes == "A2"


def test_a_csv_opens_in_an_office_program_without_asking_for_the_encoding():
    assert csv_text(["名称"], [["甲"]]) == '\ufeff"名称"\r\n"甲"\r\n'.encode()
