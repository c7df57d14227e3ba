import contextlib
import io
import os
import random
import zipfile
from pathlib import Path

import openpyxl
import pytest

from association.sheet_layout import find_layout
from association.sheet_reading import UnreadableSheetError, open_sheet

DATA = Path(__file__).resolve().parent.parent / "data"
SHARED = Path(os.environ.get("PORTAL_SHARED_DATA", "../shared/data"))
WORKBOOKS = SHARED / "workbooks"
needs_shared_data = pytest.mark.skipif(not WORKBOOKS.is_dir(), reason="shared data is absent")


def book(rows=(("编号", "名称"), ("001", "甲店")), **sheets) -> bytes:
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)
    for name, more in sheets.items():
        sheet = made.create_sheet(name)
        for row in more:
            sheet.append(row)
    target = io.BytesIO()
    made.save(target)
    return target.getvalue()


def with_part(data: bytes, name: str, content: bytes) -> bytes:
    """Return the workbook with one part replaced or added."""
    source, target = zipfile.ZipFile(io.BytesIO(data)), io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        for part in source.infolist():
            if part.filename != name:
                made.writestr(part.filename, source.read(part))
        made.writestr(name, content)
    return target.getvalue()


def sheet_xml(cells: str) -> bytes:
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'<worksheet xmlns="{space}"><sheetData>{cells}</sheetData></worksheet>'.encode()


FIRST_SHEET = "xl/worksheets/sheet1.xml"


def test_text_stays_text_and_a_number_code_has_no_decimal_point():
    sheet = open_sheet(book([("编号", "代码", "数量"), ("00123", 1001, 2.5)]))

    assert list(sheet.rows()) == [(1, ["编号", "代码", "数量"]), (2, ["00123", "1001", "2.5"])]
    assert sheet.kind == "xlsx"


def test_row_numbers_are_those_the_clerk_sees():
    made = openpyxl.Workbook()
    made.active["C4"], made.active["D9"] = "名称", "甲店\xa0"
    target = io.BytesIO()
    made.save(target)

    assert list(open_sheet(target).rows()) == [
        (4, ["", "", "名称"]),
        (9, ["", "", "", "甲店"]),
    ]


def test_a_cell_merged_downwards_stands_in_each_of_its_rows():
    made = openpyxl.Workbook()
    for row in [("单位", "门店"), ("示例公司", "一店"), (None, "二店"), ("另一家", "三店")]:
        made.active.append(row)
    made.active.merge_cells("A2:A3")
    target = io.BytesIO()
    made.save(target)

    assert [cells for _, cells in open_sheet(target).rows()][2] == ["示例公司", "二店"]


def test_a_backslash_and_the_lines_for_copy():
    sheet = open_sheet(book([("a\\b", "c")]), prefix="7\t")

    assert sheet.lines().read() == b"7\t1\ta\\\\b\x1fc\n"
    assert list(sheet.rows()) == [(1, ["a\\b", "c"])]


def test_another_sheet_can_be_chosen_and_a_hidden_one_is_told():
    made = openpyxl.load_workbook(io.BytesIO(book(名册=[("名称",), ("甲",), ("乙",), ("丙",)])))
    made["Sheet"].sheet_state = "hidden"
    target = io.BytesIO()
    made.save(target)

    sheet = open_sheet(target)
    assert sheet.name == "名册"
    assert [(one.name, one.is_hidden) for one in sheet.sheets] == [("Sheet", True), ("名册", False)]
    assert "有隐藏的工作表：Sheet。" in sheet.notes
    assert open_sheet(target, sheet="Sheet").name == "Sheet"
    with pytest.raises(UnreadableSheetError, match="没有名为“别的”的工作表"):
        open_sheet(target, sheet="别的")


def test_hidden_rows_and_uncomputed_formulas_are_told():
    made = openpyxl.load_workbook(io.BytesIO(book()))
    made.active.row_dimensions[2].hidden = True
    made.active["C2"] = "=1+1"
    target = io.BytesIO()
    made.save(target)

    notes = "".join(open_sheet(target).notes)
    assert "有 1 行被隐藏" in notes
    assert "有 1 个公式没有计算结果" in notes


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "gbk"]
)
def test_a_csv_is_read_in_every_encoding_of_the_mainland(encoding):
    text = "编号,门店名称,地址\r\n001,康宁大药房,海沧区滨湖北路1号\r\n"

    rows = list(open_sheet(text.encode(encoding)).rows())

    assert rows[1] == (2, ["001", "康宁大药房", "海沧区滨湖北路1号"])


def test_a_big5_csv_is_not_taken_for_gb18030():
    text = "代碼,藥局名稱,地址\n0012,三星健保藥局,宜蘭縣三星鄉三星路５段５１號\n"

    sheet = open_sheet(text.encode("big5"))

    assert list(sheet.rows())[1][1] == ["0012", "三星健保藥局", "宜蘭縣三星鄉三星路5段51號"]


@pytest.mark.parametrize("separator", [",", "\t", ";"])
def test_the_separator_is_found(separator):
    text = separator.join(["编号", "名称"]) + "\n" + separator.join(['="001"', "'=甲"])

    assert list(open_sheet(text.encode()).rows())[1][1] == ["001", "=甲"]


@pytest.mark.parametrize("name", ["cn_guangzhou_mask_pharmacies_2020.csv",
                                  "cn_guangzhou_gb18030_crlf_nobom.csv"])  # fmt: skip
def test_the_guangzhou_list_reads_the_same_in_both_encodings(name):
    rows = list(open_sheet((DATA / "pharmacies" / name).read_bytes()).rows())

    assert len(rows) == 167
    assert rows[2][1][3] == "广州医药大药房有限公司南沙中心店"
    assert rows[2][1][5] == "020-81633852"
    assert not any("\xa0" in cell for _, cells in rows for cell in cells)


def test_the_taiwan_list_keeps_leading_zeros_and_folds_digits():
    rows = list(open_sheet((DATA / "pharmacies/tw_nhi_pharmacies_2020.csv").read_bytes()).rows())

    assert len(rows) == 6293
    assert rows[1][1][3:] == [
        "5934100030", "三星健保藥局", "宜蘭縣三星鄉三星路5段51號", "03", "9895816",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "count", "first"),
    [
        ("encodings/utf-16le_encoded.csv", 328, "Organisation_code"),
        ("encodings/utf8bom.csv", 1, "kitten"),
        ("encodings/simple.xls", 7, "date"),
        ("encodings/simple.xlsx", 7, "date"),
    ],
)
def test_open_samples(path, count, first):
    rows = list(open_sheet((DATA / path).read_bytes()).rows())

    assert (len(rows), rows[0][1][0]) == (count, first)


FAR_CELL = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"/></row>'
WIDE = '<row r="1"><c r="A1"><v>1</v></c><c r="XFD1"><v>1</v></c></row>'
DTD = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><worksheet/>'


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "文件是空的"),
        (b"\xef\xbb\xbf\r\n", "文件是空的"),
        (b"%PDF-1.7 ...", "这是PDF 文件，不是表格"),
        (b"\x89PNG\r\n\x1a\n....", "这是图片，不是表格"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "改名为表格的网页文件"),
        (bytes(range(256)) * 20, "文件不是表格"),
        (book()[:-400], "文件不完整或已损坏"),
        (b"PK\x03\x04 nothing of a zip", "文件不完整或已损坏"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "文件不完整或已损坏"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            "文件有打开密码",
        ),
        (with_part(book(), FIRST_SHEET, sheet_xml(FAR_CELL)), "第 1048576 行还有内容或格式"),
        (with_part(book(), FIRST_SHEET, sheet_xml(WIDE)), "表格超过 100 列"),
        (with_part(book(), FIRST_SHEET, DTD), "不允许的 XML 声明"),
        (with_part(book(), "xl/media/a.bin", b"\x00" * (8 << 20)), "文件展开后太大"),
        (book([()]), "表格里没有内容"),
        (b"a" * (21 << 20), "文件超过 20 MB"),
    ],
    ids=[
        "empty", "only a mark", "pdf", "png", "html", "noise", "truncated", "not a zip",
        "broken xls", "encrypted", "million rows", "far column", "dtd", "bomb", "no cells", "big",
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_one_sentence(data, sentence):
    with pytest.raises(UnreadableSheetError, match=sentence) as refusal:
        open_sheet(data)

    assert str(refusal.value).endswith("。")


def test_a_document_or_an_archive_is_called_by_its_name():
    for part, sentence in (("word/document.xml", "Word 文档"), ("a.txt", "这是压缩包")):
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w") as made:
            made.writestr(part, "x")
        with pytest.raises(UnreadableSheetError, match=sentence):
            open_sheet(target.getvalue())


def test_a_wrong_dimension_does_not_matter():
    data = sheet_xml('<row r="1"><c r="A1" t="str"><v>甲</v></c></row>')
    data = data.replace(b"<sheetData>", b'<dimension ref="A1:XFD1048576"/><sheetData>')

    assert list(open_sheet(with_part(book(), FIRST_SHEET, data)).rows()) == [(1, ["甲"])]


def test_a_sheet_that_outgrows_its_memory_is_refused_and_we_live(settings):
    settings.SHEET_LIMITS = {"memory_megabytes": 120}
    row = "".join(f"<c><v>{n}</v></c>" for n in range(60))

    with pytest.raises(UnreadableSheetError, match="太大"):
        open_sheet(with_part(book(), FIRST_SHEET, sheet_xml(f"<row>{row}</row>" * 20_000)))


def test_macros_are_dropped_with_a_note():
    sheet = open_sheet(with_part(book(), "xl/vbaProject.bin", b"macro"))

    assert sheet.notes == ["文件里的宏已忽略。"]


def test_a_damaged_file_is_refused_or_read_but_never_breaks_us():
    chance = random.Random(2026)
    seeds = [book(), (DATA / "encodings/simple.xls").read_bytes(), "编号,名称\n1,甲\n".encode()]
    for _ in range(24):
        data = bytearray(chance.choice(seeds))
        for _ in range(chance.randint(1, 12)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        if chance.random() < 0.3:
            del data[chance.randrange(len(data)) :]
        with contextlib.suppress(UnreadableSheetError):
            open_sheet(bytes(data))


@pytest.mark.shared_data
@needs_shared_data
@pytest.mark.parametrize(
    ("name", "rows", "header_row", "first_row", "headers"),
    [
        ("cn_form_material_list_aluminium.xlsx", 10, 5, 27, ["序号", "名称", "型材代号"]),
        ("cn_form_material_list_panel.xlsx", 10, 5, 33, ["序号", "名称", "编号"]),
        ("cn_form_material_template.xls", 42, 5, 7, ["序号", "名称", "编号"]),
        ("cn_scoring_rules_text.xlsx", 8, 1, 2, ["总分值", "考核点", "评分标准"]),
        ("cn_store_entry_hidden_sheet_vlookup.xlsx", 21, 1, 2, ["门店区域", "门店类型", "门店"]),
        ("dirty_dimension_books.xlsx", 3, 1, 2, ["id", "name", "author_email"]),
        ("fake_xls_is_utf8_csv.xls", 22, 1, 2, ["菜单名称", "类型", "URL"]),
        ("nbsp_indented_names.xls", 22, 1, 2, ["菜单名称", "类型", "URL"]),
        ("title_and_date_rows.xls", 4, 3, 4, ["Id", "Brand", "CPU"]),
        ("title_row_same_data.xls", 112, 2, 3, ["天", "小时", "小组1"]),
        ("title_row_same_data.xlsx", 112, 2, 3, ["天", "小时", "小组1"]),
        ("vertical_merges_three_sheets.xls", 18, None, None, None),
        ("encodings/characters.csv", 383, 1, 2, ["id", "景點編號", "景點中文名稱"]),
        ("encodings/weird_head_padding.csv", 83, None, None, None),
    ],
)
def test_real_office_workbooks(name, rows, header_row, first_row, headers):
    sheet = open_sheet((WORKBOOKS / name).read_bytes())
    layout = find_layout(sheet.head.rows, (), sheet.head.merges)

    assert len(list(sheet.rows())) == rows
    if headers:
        assert (layout.header_row, layout.first_row) == (header_row, first_row)
        assert layout.headers[:3] == headers
