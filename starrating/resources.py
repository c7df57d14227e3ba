"""Sheets of the rating room: marks in, template and errors out, the list of results out."""

import io
from collections.abc import Collection, Iterable, Sequence
from typing import IO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from accounts.models import Area
from association import files
from association.errors import BusinessRuleError
from association.models import StoredFile
from association.sheet_reading import Sheet, open_sheet
from association.sheet_writing import CSV, XLSX, text_cell, workbook
from members.queries import units_of
from starrating.actions.marks import NOT_TAKING_PART, OWN_COMPANY
from starrating.enums import MarkKind
from starrating.mark_sheet import (
    BONUS,
    SHOP_HEADINGS,
    Mark,
    MarkSheet,
    Place,
    choices_of,
    how_to_write,
    mark_of,
    named_items,
    place_keys,
    read_marks,
    shown_mark,
    template_headings,
)
from starrating.models import Assessment, Cycle
from starrating.queries.marks import COUNTED_BY_ITSELF, in_order, items_of, kind_name
from starrating.scheme_shape import BonusLine, Item

WRONG_HEADINGS = ("行号", "药店", "列", "填写内容", "问题")
CONTENT_TYPES = {"xlsx": XLSX, "xls": "application/vnd.ms-excel", "csv": CSV}
SHARED_NAME = "本周期不止一家药店叫这个名字，请在“编号”或“许可证号”列写明是哪一家"


class NoMarksInSheetError(BusinessRuleError):
    """The sheet can be read, but holds no marks of this kind."""


# ------------------------------------------------------------------ in


def places_of(cycle: Cycle, user) -> dict[str, Place]:
    """Return every shop of the cycle under each key by which a row may name it.

    A name that two shops share finds neither; the row then needs the number or the licence.
    """
    own = units_of([user])[user.pk]
    rows = Assessment.objects.filter(cycle=cycle).values_list(
        "pk",
        "state",
        "pharmacy",
        "pharmacy__name",
        "pharmacy__licence_number",
        "pharmacy__unit",
    )
    places: dict[str, Place] = {}
    for pk, state, shop, name, licence, unit in rows:
        refusal = OWN_COMPANY if unit in own else ""
        if state in NOT_TAKING_PART:
            refusal = "这家药店本周期不参评"
        for key in place_keys(shop, name, licence):
            is_shared = key in places
            places[key] = Place(0, name, SHARED_NAME) if is_shared else Place(pk, name, refusal)
    return places


def read_mark_sheet(source: IO[bytes], *, cycle: Cycle, kind: str, user) -> tuple[MarkSheet, Sheet]:
    """Read an uploaded sheet in the child process and match it with the cycle.

    Of several sheets in the file the one that names most items is taken. Raises
    ``UnreadableSheetError`` or ``NoMarksInSheetError`` with a sentence for the person.
    """
    items = items_of(cycle, kind)
    opened = open_sheet(source)
    best = max(
        (head for head in opened.sheets if not head.is_hidden),
        key=lambda head: named_items(head.rows, items),
        default=opened.head,
    )
    if best.name != opened.name and named_items(best.rows, items):
        opened = open_sheet(source, sheet=best.name)
    sheet = read_marks(
        list(opened.rows()),
        scheme=cycle.scheme.rules,
        kind=kind,
        places=places_of(cycle, user),
        counted=COUNTED_BY_ITSELF,
    )
    if not sheet.codes:
        raise NoMarksInSheetError(_why_no_items(opened, cycle, kind, sheet))
    if not sheet.marks and not sheet.wrong:
        raise NoMarksInSheetError("表里的条目列都是空的，没有可以写入的分值。请填好再上传。")
    return sheet, opened


def _why_no_items(opened: Sheet, cycle: Cycle, kind: str, sheet: MarkSheet) -> str:
    """Say what the sheet holds instead: marks of another kind, or no items at all."""
    for other in MarkKind.values:
        if other != kind and named_items(opened.head.rows, items_of(cycle, other)):
            return (
                f"这张表里是“{kind_name(cycle, other)}”的条目，您选的是“{kind_name(cycle, kind)}”。"
                "请换一类再上传。"
            )
    return f"{sheet.wrong[0].reason}。请用本页的模板填写后再上传。"


def notes_of(opened: Sheet) -> list[str]:
    """Return what the reader had to say about the file, but for our own hidden lists."""
    return [note for note in opened.notes if note != f"有隐藏的工作表：{CHOICES}。"]


def keep_sheet(source: IO[bytes], opened: Sheet, *, name: str, by, now) -> StoredFile:
    """Keep the workbook as it was handed in: what was entered can be held against it."""
    source.seek(0)
    content_type = CONTENT_TYPES[opened.kind]
    return files.keep(source.read(), name=name, content_type=content_type, by=by, now=now)


# ------------------------------------------------------------------ out

BOLD, SMALL = Font(bold=True), Font(color="FF5A6866", size=10)
GREY, TINT = PatternFill("solid", fgColor="FFEDF1F0"), PatternFill("solid", fgColor="FFEDF7F4")
WRAPPED = Alignment(vertical="center", wrap_text=True)
HAIR = Border(*(Side("hair", color="FFCBD5D2") for _ in range(4)))
HEADER_ROW = 3
CHOICES = "choices"  # the hidden sheet of our own template


def mark_template(
    cycle: Cycle, kind: str, *, area: Area | None = None, is_filled: bool = False
) -> bytes:
    """Return the sheet to fill in: a row for each shop that takes part, a column for each item.

    Where the method has choices the cells offer them. ``is_filled`` writes what stands now:
    uploaded again unchanged, such a sheet changes nothing.
    """
    items = items_of(cycle, kind)
    columns = list(_columns(items))
    shops = in_order(Assessment.objects.taking_part().filter(cycle=cycle))
    if area is not None:
        shops = shops.filter(pharmacy__area=area)
    book = Workbook(write_only=True)
    sheet = book.create_sheet(MarkKind(kind).label)
    sheet.freeze_panes = f"C{HEADER_ROW + 1}"
    sheet.print_title_rows = f"{HEADER_ROW}:{HEADER_ROW}"
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    widths = (7, 30, 14, 18, *(9 if is_sample else 16 for _, _, is_sample in columns))
    for at, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(at)].width = width
    for row, height in ((1, 24), (2, 18), (HEADER_ROW, 92)):
        sheet.row_dimensions[row].height = height
    rows = list(shops.select_related("pharmacy__area").iterator(chunk_size=1000))
    _offer_choices(book, sheet, columns, last_row=HEADER_ROW + max(len(rows), 1))
    place = f"（{area.name}）" if area else ""
    title = text_cell(sheet, f"{cycle.name} {kind_name(cycle, kind)}评分表{place}")
    title.font = Font(bold=True, size=14)
    sheet.append([title])
    hint = text_cell(
        sheet,
        "一行一家药店。空白格表示这次不改，不是 0 分。列名前的编号请不要改动。怎么填见“填写说明”。",
    )
    hint.font = SMALL
    sheet.append([hint])
    headings = template_headings(cycle.scheme.rules, kind, counted=COUNTED_BY_ITSELF)
    sheet.append([_heading(sheet, text) for text in headings])
    for assessment in rows:
        shop = assessment.pharmacy
        named = (shop.pk, shop.name, shop.area.name if shop.area else "", shop.licence_number or "")
        cells = [_shop_cell(sheet, value) for value in named]
        cells += [
            _mark_cell(sheet, assessment, kind, column, is_filled=is_filled) for column in columns
        ]
        sheet.append(cells)
    _explain(book, items)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _columns(items: dict[str, Item | BonusLine]) -> Iterable[tuple[str, Item | BonusLine, bool]]:
    """Yield the columns behind the shop: code, item, and whether it is the number of cases."""
    for code, item in items.items():
        yield code, item, False
        if isinstance(item, Item) and item.small_sample is not None:
            yield code, item, True


def _offer_choices(book, sheet, columns: Sequence, *, last_row: int) -> None:
    """Put a list behind each column that chooses, and whole numbers behind those that count."""
    lists = book.create_sheet(CHOICES)
    lists.sheet_state = "hidden"
    offers = [choices_of(item) if not is_sample else () for _, item, is_sample in columns]
    for number in range(max(map(len, offers), default=0)):
        lists.append([text_cell(lists, o[number]) if number < len(o) else None for o in offers])
    for at, ((_, item, is_sample), words) in enumerate(zip(columns, offers, strict=True)):
        column = get_column_letter(len(SHOP_HEADINGS) + 1 + at)
        if words:
            source = get_column_letter(at + 1)
            rule = DataValidation("list", formula1=f"{CHOICES}!${source}$1:${source}${len(words)}")
            rule.error = f"请从列表里选：{'、'.join(words)}"[:220]
        elif is_sample or isinstance(item, BonusLine) or (item.method == "deduct" and not item.na):
            rule = DataValidation("whole", operator="greaterThanOrEqual", formula1="0")
            rule.error = "请填 0 或正整数。"
        else:
            continue
        rule.allow_blank, rule.errorTitle, rule.showErrorMessage = True, "这一格", True
        rule.add(f"{column}{HEADER_ROW + 1}:{column}{last_row}")
        sheet.data_validations.append(rule)


def _heading(sheet, text: str) -> WriteOnlyCell:
    cell = text_cell(sheet, text)
    cell.font, cell.fill, cell.alignment, cell.border = BOLD, GREY, WRAPPED, HAIR
    return cell


def _shop_cell(sheet, value: str | int) -> WriteOnlyCell:
    cell = text_cell(sheet, value) if isinstance(value, str) else WriteOnlyCell(sheet, value)
    cell.fill, cell.border, cell.protection = TINT, HAIR, Protection(locked=True)
    return cell


def _mark_cell(sheet, assessment: Assessment, kind: str, column, *, is_filled: bool):
    """Return a cell typed as text, so that 10/12 stays what it is and becomes no day."""
    code, _, is_sample = column
    mark = _standing(assessment, code, kind) if is_filled else None
    text = "" if mark is None else shown_mark(mark)
    if is_sample:
        text = "" if mark is None or mark.n is None else str(mark.n)
    cell = text_cell(sheet, text) if text else WriteOnlyCell(sheet)
    cell.number_format, cell.border = "@", HAIR
    return cell


def _standing(assessment: Assessment, code: str, kind: str) -> Mark | None:
    entry = assessment.sheet.get(code, {}).get(kind) if kind != BONUS else None
    return mark_of(entry) if entry else None


def _explain(book, items: dict[str, Item | BonusLine]) -> None:
    """Write the second sheet: what each column asks for and where its evidence lies."""
    sheet = book.create_sheet("填写说明")
    sheet.freeze_panes = "A2"
    for at, width in enumerate((8, 42, 10, 44, 50), 1):
        sheet.column_dimensions[get_column_letter(at)].width = width
    sheet.append([_heading(sheet, t) for t in ("编号", "条目", "满分", "怎么填", "依据材料")])
    for code, item in items.items():
        full = item.cap if isinstance(item, BonusLine) else item.full
        row = (code, item.name, full, how_to_write(item), "、".join(item.evidence))
        cells = [
            text_cell(sheet, v) if isinstance(v, str) else WriteOnlyCell(sheet, v) for v in row
        ]
        for cell in cells:
            cell.alignment = WRAPPED
        sheet.append(cells)


def error_workbook(wrong: Iterable[Collection]) -> bytes:
    """Return the wrong cells with the row they stand in and what to write instead."""
    rows = ([row or None, *rest] for row, *rest in wrong)
    return workbook([("请改正", WRONG_HEADINGS, rows)], widths=(8, 30, 30, 20, 60))


def results_workbook(cycle: Cycle, rows: Iterable[Assessment]) -> bytes:
    """Return the list of results: the issued ones where there are, else the draft rating."""
    dimensions = cycle.scheme.rules.dimensions
    headings = [
        *SHOP_HEADINGS,
        "会员单位",
        *(f"{d.name}（{d.full:f}）" for d in dimensions),
        "公益加分",
        "总分",
        "星级",
        "状态",
    ]
    lines = (result_line(row, [d.code for d in dimensions]) for row in rows)
    return workbook([(cycle.name, headings, lines)], widths=(8, 30, 14, 18, 30))


def result_line(row: Assessment, dimensions: Iterable[str]) -> list:
    """Return one shop as a row of the list; what is not known stays blank."""
    brief = row.preview or {}
    parts = brief.get("parts", {})
    shop = row.pharmacy
    return [
        shop.pk,
        shop.name,
        shop.area.name if shop.area else "",
        shop.licence_number or "",
        shop.unit.name,
        *(_number(parts.get(code)) for code in dimensions),
        _number(brief.get("bonus")),
        row.preview_total,
        row.preview_stars,
        row.preview_word,
    ]


def _number(text: str | None) -> float | None:
    return float(text) if text is not None else None
