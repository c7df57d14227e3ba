"""Sheets of the rating room: marks in, template and errors out, the list of results out."""

from collections.abc import Iterable

from association.sheet_reading import open_sheet
from association.sheet_writing import workbook
from starrating.actions.marks import NOT_TAKING_PART, OWN_COMPANY
from starrating.actions.review import units_of
from starrating.mark_sheet import (
    SHOP_HEADINGS,
    MarkSheet,
    Place,
    place_keys,
    read_marks,
    template_headings,
)
from starrating.models import Assessment, Cycle

KIND_NAMES = {"department": "部门监管评分", "public": "群众口碑评分", "bonus": "公益加分"}
WRONG_HEADINGS = ("行号", "药店", "列", "填写内容", "问题")


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
    shared: set[str] = set()
    for pk, state, shop, name, licence, unit in rows:
        refusal = OWN_COMPANY if unit in own else ""
        if state in NOT_TAKING_PART:
            refusal = "这家药店本周期不参评"
        for key in place_keys(shop, name, licence):
            if key in places:
                shared.add(key)
            places[key] = Place(pk, name, refusal)
    return {key: place for key, place in places.items() if key not in shared}


def read_mark_sheet(source, *, cycle: Cycle, kind: str, user) -> MarkSheet:
    """Read an uploaded sheet in the child process and match it with the cycle."""
    rows = list(open_sheet(source).rows())
    return read_marks(rows, scheme=cycle.scheme.rules, kind=kind, places=places_of(cycle, user))


def mark_template(cycle: Cycle, kind: str) -> bytes:
    """Return the sheet to fill in: a row for each shop that takes part, no marks in it."""
    shops = (
        Assessment.objects.taking_part()
        .filter(cycle=cycle)
        .order_by("pharmacy__area__order", "pharmacy__name_sort", "pharmacy_id")
        .values_list(
            "pharmacy", "pharmacy__name", "pharmacy__area__name", "pharmacy__licence_number"
        )
    )
    headings = template_headings(cycle.scheme.rules, kind)
    return workbook([(KIND_NAMES[kind], headings, shops)], widths=(8, 30, 14, 18))


def error_workbook(sheet: MarkSheet) -> bytes:
    """Return the wrong cells with the row they stand in and what to write instead."""
    rows = ((w.row or None, w.shop, w.heading, w.text, w.reason) for w in sheet.wrong)
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
