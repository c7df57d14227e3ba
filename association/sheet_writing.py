"""Write sheets that an office program opens as they are meant: text stays text.

A cell that begins with ``=``, ``+``, ``-``, ``@``, TAB or CR (or a full-width twin) would be
run as a formula in the office of whoever opens the file. In a workbook such a cell is typed
as text and carries the quote mark of the format; in a CSV it gets a leading apostrophe.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import IO

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv; charset=utf-8"
# XML 1.0 knows no such characters; a workbook that holds one does not open.
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
CELL_LENGTH = 32_767
NAME_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")

TINT = PatternFill("solid", fgColor="FFFBE3E3")
INLINE_CHOICES = 250  # characters that a list may have inside the cell's own rule
EMPTY_ROWS = 2000
LISTS = "选项"  # the hidden sheet that longer lists stand in

Plain = str | int | float | Decimal | date | datetime | time | bool | None


@dataclass(frozen=True)
class Marked:
    """A value in a tinted cell: look here."""

    value: Plain


Value = Plain | Marked


def starts_formula(text: str) -> bool:
    """Tell whether an office program would take ``text`` for a formula."""
    return text.lstrip(" \u3000\u00a0").startswith(FORMULA_STARTS) or text.startswith(("\t", "\r"))


def workbook(
    sheets: Iterable[tuple[str, Sequence[str], Iterable[Sequence[Value]]]],
    *,
    widths: Sequence[int] = (),
) -> bytes:
    """Return an .xlsx of ``(sheet name, headings, rows)``: headings bold and frozen."""
    book = Workbook(write_only=True)
    bold = Font(bold=True)
    grey = PatternFill("solid", fgColor="FFEDEFF2")
    for name, headings, rows in sheets:
        sheet = book.create_sheet(NAME_FORBIDDEN.sub(" ", name)[:31])
        sheet.freeze_panes = "A2"
        for at, heading in enumerate(headings):
            width = widths[at] if at < len(widths) else min(40, max(10, 2 * len(heading) + 4))
            sheet.column_dimensions[get_column_letter(at + 1)].width = width
        header = []
        for heading in headings:
            cell = text_cell(sheet, heading)
            cell.font, cell.fill = bold, grey
            cell.alignment = Alignment(vertical="center", wrap_text=True)
            header.append(cell)
        sheet.append(header)
        for row in rows:
            sheet.append([_cell(sheet, value) for value in row])
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


@dataclass(frozen=True)
class FormColumn:
    """A column to be filled in: what is asked, how to write it, what may be chosen."""

    heading: str
    prompt: str = ""
    choices: Sequence[str] = ()
    width: int = 14
    is_required: bool = False


def form_workbook(name: str, title: str, columns: Sequence[FormColumn]) -> bytes:
    """Return an .xlsx to fill in: a title row, headings, text cells, lists to choose from."""
    book = Workbook()
    sheet = book.active
    sheet.title = NAME_FORBIDDEN.sub(" ", name)[:31]
    sheet.append([title])
    sheet["A1"].font = Font(color="FF5A6866")
    sheet.append([column.heading for column in columns])
    sheet.freeze_panes = "A3"
    lists = None
    for at, column in enumerate(columns, 1):
        letter = get_column_letter(at)
        sheet.column_dimensions[letter].width = column.width
        heading = sheet.cell(row=2, column=at)
        heading.font = Font(bold=True)
        heading.fill = PatternFill(
            "solid", fgColor="FFCFE8E2" if column.is_required else "FFEDEFF2"
        )
        heading.alignment = Alignment(vertical="center", wrap_text=True)
        # Text all the way down: a code keeps its zeros and its last digits.
        for row in range(3, EMPTY_ROWS + 3):
            sheet.cell(row=row, column=at).number_format = "@"
        rule = DataValidation(type=None, allow_blank=True)
        if column.choices:
            joined = ",".join(column.choices)
            if len(joined) <= INLINE_CHOICES and not any("," in word for word in column.choices):
                rule = DataValidation(type="list", formula1=f'"{joined}"', allow_blank=True)
            else:
                lists = lists or book.create_sheet(LISTS)
                for row, word in enumerate(column.choices, 1):
                    lists.cell(row=row, column=at, value=word)
                area = f"{LISTS}!${letter}$1:${letter}${len(column.choices)}"
                rule = DataValidation(type="list", formula1=area, allow_blank=True)
            rule.showErrorMessage = False  # the import says what is wrong, and how to put it right
        if column.prompt:
            rule.promptTitle, rule.prompt = column.heading[:32], column.prompt[:255]
            rule.showInputMessage = True
        rule.add(f"{letter}3:{letter}{EMPTY_ROWS + 2}")
        sheet.add_data_validation(rule)
    if lists is not None:
        lists.sheet_state = "hidden"
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def text_cell(sheet: object, text: str) -> WriteOnlyCell:
    """Return a cell that is text whatever it begins with."""
    text = FORBIDDEN.sub("", text)[:CELL_LENGTH]
    cell = WriteOnlyCell(sheet, value=text)
    cell.data_type = "s"
    if starts_formula(text):
        cell.quotePrefix = True
    return cell


def _cell(sheet: object, value: Value) -> object:
    if isinstance(value, Marked):
        inner = _cell(sheet, value.value)
        cell = inner if isinstance(inner, Cell) else WriteOnlyCell(sheet, value=inner)
        cell.fill = TINT
        return cell
    if isinstance(value, str):
        return text_cell(sheet, value) if value else None
    if isinstance(value, datetime) and value.tzinfo is not None:
        value = value.replace(tzinfo=None)  # the caller has chosen the local time
    if isinstance(value, date) and not isinstance(value, datetime):
        cell = WriteOnlyCell(sheet, value=value)
        cell.number_format = "yyyy-mm-dd"
        return cell
    return value


def csv_text(headings: Sequence[str], rows: Iterable[Sequence[Value]]) -> bytes:
    """Return a CSV with the mark by which Excel and WPS recognise UTF-8."""
    target = io.StringIO(newline="")
    write_csv(target, headings, rows)
    return target.getvalue().encode("utf-8-sig", "ignore")


def write_csv(target: IO[str], headings: Sequence[str], rows: Iterable[Sequence[Value]]) -> None:
    """Write headings and rows to an open text file, formula-safe."""
    writer = csv.writer(target, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([_safe(heading) for heading in headings])
    for row in rows:
        writer.writerow([_safe(value) for value in row])


def csv_line(row: Sequence[Value]) -> bytes:
    """Return one line of a CSV that is sent as it is made, formula-safe."""
    target = io.StringIO(newline="")
    csv.writer(target, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerow(
        [_safe(value) for value in row]
    )
    return target.getvalue().encode("utf-8", "ignore")


def _safe(value: Value) -> str:
    if isinstance(value, Marked):
        value = value.value
    if value is None:
        return ""
    if not isinstance(value, str):
        return value.isoformat() if isinstance(value, (date, time)) else str(value)
    text = FORBIDDEN.sub("", value)
    is_quoted_twin = text.startswith("'") and starts_formula(text[1:])
    return f"'{text}" if starts_formula(text) or is_quoted_twin else text
