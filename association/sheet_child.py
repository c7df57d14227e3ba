"""The process that opens a stranger's workbook: small, without network, with hard limits.

``python -m association.sheet_child`` reads the file from standard input and writes to
standard output first one JSON line (what the file is, its sheets, the first rows of each),
then one line per row that holds anything::

    <prefix><row number>TAB<cell>US<cell>US…

Cells are cleaned text, ``US`` is the unit separator, and a backslash is doubled, so that the
lines can go to COPY as they are. Django is never imported here.
"""

import contextlib
import csv
import ctypes
import gc
import io
import itertools
import json
import os
import re
import resource
import sys
from collections.abc import Iterator
from datetime import date
from typing import Any

from association.sheet_cells import UNCLEAN, clean, text_of
from association.sheet_guard import (
    SAVE_AS,
    Limits,
    UnreadableSheetError,
    inspect_xls,
    inspect_xlsx,
    kind_of,
)
from association.sheet_text import decode, delimiter_of

UNIT = "\x1f"
HEAD_ROWS = 60
REFUSED = 3
OUTPUT_MEGABYTES = 800
DENSE_CELLS = 25_000_000  # a parser lays a sheet out as a full rectangle

# Anything to be cleaned away but the unit separator; double and loose spaces.
UNCLEAN_LINE = re.compile(UNCLEAN.pattern.replace("\x00-\x1f", "\x00-\x1e"))
LOOSE_SPACES = re.compile("  |^ | $|\x1f | \x1f")

Row = tuple[int, str]  # the row's number and its cells joined by the unit separator


def main() -> int:
    """Read the request from the arguments and the file from standard input."""
    request = json.loads(sys.argv[1])
    limits = Limits(**request["limits"])
    _confine(limits)
    gc.disable()  # one short life; collecting is wasted time
    out = open(1, "w", encoding="utf-8", newline="\n", buffering=1 << 20, closefd=False)  # noqa: SIM115
    try:
        _answer(out, sys.stdin.buffer.read(), request, limits)
        out.flush()
    except UnreadableSheetError as error:
        return _refuse(str(error))
    except MemoryError:
        return _refuse(
            "表格太大，读取时超过了内存限制。请删去多余的列和工作表，或拆成几个文件再上传。"
        )
    except BaseException as error:
        # The parser's own errors and panics: the reason is for the log, not for the person.
        print(f"{type(error).__name__}: {str(error)[:300]}", file=sys.stderr)
        return _refuse(f"文件不完整或已损坏，不能读取。{SAVE_AS}")
    return 0


def _confine(limits: Limits) -> None:
    """Take away what reading a sheet does not need: memory, time, files, the network."""
    memory = limits.memory_megabytes << 20
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    size = OUTPUT_MEGABYTES << 20
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    with contextlib.suppress(OSError, AttributeError):
        # Own user and network namespace where the system allows it (Linux only).
        ctypes.CDLL(None).unshare(0x10000000 | 0x40000000)


def _refuse(sentence: str) -> int:
    with contextlib.suppress(OSError):
        os.ftruncate(1, 0)
        os.lseek(1, 0, os.SEEK_SET)
    os.write(1, json.dumps({"refused": sentence}).encode() + b"\n")
    return REFUSED


def _answer(out: Any, data: bytes, request: dict[str, Any], limits: Limits) -> None:
    kind = kind_of(data[:4096], len(data), limits)
    if kind == "csv":
        about, rows = _open_text(data, limits)
    else:
        about, rows = _open_workbook(data, kind, request.get("sheet"), limits)
    out.write(json.dumps(about, ensure_ascii=False) + "\n")
    prefix = request.get("prefix", "")
    write = out.write
    for number, line in rows:
        text = line.replace("\\", "\\\\") if "\\" in line else line
        write(f"{prefix}{number}\t{text}\n")


def _open_text(data: bytes, limits: Limits) -> tuple[dict[str, Any], Iterator[Row]]:
    text, encoding = decode(data)
    delimiter = delimiter_of(text)
    csv.field_size_limit(1 << 17)
    try:
        rows = list(_text_rows(text, delimiter, limits))
    except csv.Error as error:
        raise UnreadableSheetError(
            "文件里的引号没有配对，不能按行读取。请用 Excel 或 WPS 打开，另存为 .xlsx 后再上传。"
        ) from error
    if not rows:
        raise UnreadableSheetError("表格里没有内容，请检查是否选错了文件。")
    sheet = _about_sheet("", rows, is_hidden=False, merges=[])
    return {"kind": "csv", "encoding": encoding, "notes": [], "sheet": "", "sheets": [sheet]}, iter(
        rows
    )


def _text_rows(text: str, delimiter: str, limits: Limits) -> Iterator[Row]:
    lines = io.StringIO(text, newline="")
    for number, raw in enumerate(csv.reader(lines, delimiter=delimiter), start=1):
        if number > limits.rows:
            raise UnreadableSheetError(f"表格超过 {limits.rows} 行，请拆成几个文件再上传。")
        if number == 1 and raw and raw[0].lower().startswith("sep="):
            continue
        cells = _trimmed([_text_cell(cell) for cell in raw])
        _refuse_width(cells, limits)
        if cells:
            yield number, UNIT.join(cells)


def _text_cell(raw: str) -> str:
    """Undo what programs put around a text so that it stays a text: ``="00123"`` and ``'=``."""
    cell = clean(raw)
    if cell.startswith('="') and cell.endswith('"') and len(cell) > 2:
        return cell[2:-1]
    if cell.startswith("'") and cell[1:2] in {"=", "+", "-", "@", "'", "＝", "＋", "－", "＠"}:
        return cell[1:]
    return cell


def _open_workbook(
    data: bytes, kind: str, wanted: str | None, limits: Limits
) -> tuple[dict[str, Any], Iterator[Row]]:
    if kind == "xlsx":
        notes = inspect_xlsx(io.BytesIO(data), len(data), limits)
    else:
        notes = inspect_xls(data)
    # Late, so that a refusal above costs no parser.
    from python_calamine import (  # noqa: PLC0415
        CalamineWorkbook,
        PasswordError,
        SheetTypeEnum,
        SheetVisibleEnum,
    )

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    except PasswordError:
        raise UnreadableSheetError(
            "文件有打开密码，请在 Excel 或 WPS 里取消密码后再上传。"
        ) from None
    sheets = []
    best: tuple[tuple[bool, int], str, Any] | None = None
    for meta in book.sheets_metadata:
        if meta.typ != SheetTypeEnum.WorkSheet:
            continue
        sheet = book.get_sheet_by_name(meta.name)
        _refuse_extent(sheet, limits)
        is_hidden = meta.visible != SheetVisibleEnum.Visible
        merges = _merges(sheet)
        head = list(itertools.islice(_book_rows(sheet, merges, limits), HEAD_ROWS))
        about = _about_sheet(meta.name, head, is_hidden=is_hidden, merges=merges)
        about["rows"] = sheet.height if head else 0
        sheets.append(about)
        rank = (not is_hidden, sheet.height * min(sheet.width, 12))
        if wanted in (None, meta.name) and head and (best is None or rank > best[0]):
            best = (rank, meta.name, sheet)
    if best is None:
        what = f"没有名为“{wanted}”的工作表" if wanted else "表格里没有内容"
        raise UnreadableSheetError(f"{what}，请检查是否选错了文件。")
    if hidden := [about["name"] for about in sheets if about["hidden"] and about["rows"]]:
        notes.append(f"有隐藏的工作表：{'、'.join(hidden)}。")
    about = {"kind": kind, "encoding": "", "notes": notes, "sheet": best[1], "sheets": sheets}
    return about, _book_rows(best[2], _merges(best[2]), limits)


def _refuse_extent(sheet: Any, limits: Limits) -> None:
    last = sheet.end[0] + 1 if sheet.end else 0
    if last > limits.rows:
        raise UnreadableSheetError(
            f"第 {last} 行还有内容或格式，超过 {limits.rows} 行。"
            "请选中名册下方的空行，删除整行后保存，再上传。"
        )
    if sheet.height * sheet.width > DENSE_CELLS:
        raise UnreadableSheetError(
            f"表格超过 {limits.columns} 列。请只留下要导入的列，删除右侧多余的列再上传。"
        )


def _merges(sheet: Any) -> list[list[int]]:
    """Return merged areas as ``[top, left, bottom, right]`` counted from 0."""
    ranges = sheet.merged_cell_ranges or []
    return [[top, left, bottom, right] for (top, left), (bottom, right) in ranges]


def _book_rows(sheet: Any, merges: list[list[int]], limits: Limits) -> Iterator[Row]:
    """Yield the rows that hold anything, a cell merged downwards repeated in each of its rows.

    Most rows are clean: they cost one pass over their joined text.
    """
    if not sheet.start:
        return
    pad = [""] * sheet.start[1]
    downwards = _Downwards(merges)
    days = _Days()
    # The parser gives every row from the top, but only the columns from the first filled one.
    for index, raw in enumerate(sheet.iter_rows()):
        cells = pad + [
            value if type(value) is str else days[value] if type(value) is date else text_of(value)
            for value in raw
        ]
        line = UNIT.join(cells)
        if (
            UNCLEAN_LINE.search(line)
            or (" " in line and LOOSE_SPACES.search(line))
            or index in downwards.rows
        ):
            cells = downwards.filled(index, [clean(cell) for cell in cells])
            line = UNIT.join(cells)
        line = line.rstrip(UNIT)
        if line:
            if line.count(UNIT) >= limits.columns:
                _refuse_width(line.split(UNIT), limits)
            yield index + 1, line


class _Days(dict[date, str]):
    """Day → its text: a register has a few thousand days in a few hundred thousand cells."""

    def __missing__(self, day: date) -> str:
        self[day] = day.isoformat()
        return self[day]


class _Downwards:
    """Cells merged over several rows: each row gets what stands in the first."""

    def __init__(self, merges: list[list[int]]) -> None:
        self.below: dict[int, list[tuple[int, int]]] = {}
        self.texts: dict[tuple[int, int], str] = {}
        for first, column, last, _ in merges:
            if last > first:
                self.texts[first, column] = ""
                for row in range(first + 1, min(last, first + 5000) + 1):
                    self.below.setdefault(row, []).append((first, column))
        self.rows = self.below.keys() | {first for first, _ in self.texts}

    def filled(self, index: int, cells: list[str]) -> list[str]:
        if index not in self.rows:
            return cells
        for column, text in enumerate(cells):
            if (index, column) in self.texts:
                self.texts[index, column] = text
        for first, column in self.below.get(index, ()):
            if column < len(cells) and not cells[column]:
                cells[column] = self.texts[first, column]
        return cells


def _refuse_width(cells: list[str], limits: Limits) -> None:
    if sum(map(bool, cells)) > limits.columns:
        raise UnreadableSheetError(
            f"表格超过 {limits.columns} 列。请只留下要导入的列，删除右侧多余的列再上传。"
        )


def _trimmed(cells: list[str]) -> list[str]:
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _about_sheet(
    name: str, rows: list[Row], *, is_hidden: bool, merges: list[list[int]]
) -> dict[str, Any]:
    head = [[number, line.split(UNIT)] for number, line in rows[:HEAD_ROWS]]
    last = head[-1][0] if head else 0
    return {
        "name": name,
        "hidden": is_hidden,
        "rows": len(rows),
        "head": head,
        "merges": [area for area in merges if area[0] < last][:400],
    }


if __name__ == "__main__":
    sys.exit(main())
