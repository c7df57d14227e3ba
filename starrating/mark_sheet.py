"""A sheet of marks, one shop a row and one item a column: what it says and where it is wrong.

Pure: rows of text and the items of a scheme in, what may be written and a sentence for every
other cell out. A blank cell leaves what stands there.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import NamedTuple

from starrating.evidence_record import NOT_APPLICABLE_VALUE
from starrating.item_points import AnswerError, count_in, outcome_of
from starrating.reckoning import times_in
from starrating.scheme_shape import BonusLine, Item, Scheme

DEPARTMENT, PUBLIC, BONUS = "department", "public", "bonus"
SHOP_HEADINGS = ("编号", "药店", "片区", "许可证号")
SAMPLE_HEADING = "样本数"
SEARCHED_ROWS = 15
_CODE = re.compile(r"\s*([A-Za-z]{1,3}\d{1,3})(?![0-9A-Za-z])")
_NOT_APPLICABLE = frozenset({"NA", "na", "N/A", "n/a", "不适用", "合理缺项"})
_YES = frozenset({"1", "1.0", "是", "√", "符合", "合格", "TRUE", "true"})
_NO = frozenset({"0", "0.0", "否", "×", "不符合", "不合格", "FALSE", "false"})


class Mark(NamedTuple):
    """One value for one item; ``n`` counts the cases behind it where the scheme asks."""

    value: str
    n: int | None = None
    reason: str = ""


class Place(NamedTuple):
    """One shop that may be marked: its file, and why it may not if so."""

    pk: int
    name: str
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Wrong:
    """A cell that cannot be taken, with what to write instead."""

    row: int
    shop: str
    heading: str
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class MarkSheet:
    """What a sheet says: marks by assessment and item, and every cell that is wrong."""

    codes: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    marks: Mapping[int, Mapping[str, Mark]] = field(default_factory=dict)
    wrong: tuple[Wrong, ...] = ()
    row_count: int = 0

    @property
    def value_count(self) -> int:
        return sum(len(codes) for codes in self.marks.values())


def marked_items(scheme: Scheme, kind: str) -> dict[str, Item | BonusLine]:
    """Return what marks of ``kind`` may speak about, by code in the order of the scheme."""
    if kind == BONUS:
        return {line.code: line for line in scheme.bonus.lines}
    return {item.code: item for item in scheme.items if item.scorer == kind}


def canonical_mark(item: Item | BonusLine, mark: Mark, scheme: Scheme) -> Mark:
    """Return ``mark`` as it is stored. Raises ``AnswerError`` with what to write instead."""
    text = " ".join(mark.value.split())
    if isinstance(item, BonusLine):
        return Mark(str(times_in(text)))
    if text in _NOT_APPLICABLE:
        if not item.na:
            raise AnswerError("这一项不能填“不适用”")
        return Mark(NOT_APPLICABLE_VALUE, None, mark.reason or "材料注明不适用")
    if item.method == "bool":
        text = "符合" if text in _YES else "不符合" if text in _NO else text
    try:
        outcome_of(item, text, mark.n, scheme.rounding)
    except AnswerError as error:
        raise AnswerError(_with_suggestion(item, text, str(error))) from error
    return Mark(text, mark.n)


def _with_suggestion(item: Item, text: str, said: str) -> str:
    names = [level.name for level in item.levels]
    if item.method == "bool":
        names = ["符合", "不符合"]
    near = get_close_matches(text, names, n=1, cutoff=0.4)
    return f"{said}。是不是“{near[0]}”？" if near else said


def template_headings(scheme: Scheme, kind: str) -> list[str]:
    """Return the headings of an empty sheet: the shop, then one column an item."""
    headings = list(SHOP_HEADINGS)
    for code, item in marked_items(scheme, kind).items():
        headings.append(f"{code} {item.name}（{how_to_write(item)}）")
        if asks_sample(item):
            headings.append(f"{code} {SAMPLE_HEADING}")
    return headings


def asks_sample(item: Item | BonusLine) -> bool:
    """Whether the number of cases behind the value changes what it is worth."""
    return isinstance(item, Item) and item.small_sample is not None


def how_to_write(item: Item | BonusLine) -> str:
    """Return in a few words what belongs into the cell."""
    if isinstance(item, BonusLine):
        return "次数"
    words = {
        "bool": "符合/不符合",
        "level": "/".join(level.name for level in item.levels),
        "deduct": "不符合的处数",
        "ratio": "比率或 实际/应有",
        "measured": "实测数",
        "points": "分数",
    }[item.method]
    return f"{words}，可填不适用" if item.na else words


def read_marks(
    rows: Sequence[tuple[int, Sequence[str]]],
    *,
    scheme: Scheme,
    kind: str,
    places: Mapping[str, Place],
) -> MarkSheet:
    """Read the rows of a sheet.

    ``rows`` are (row number, cells); ``places`` finds a shop by any of the keys that
    ``place_keys`` makes. The row that names most items is the header; what stands above it is
    a title.
    """
    items = marked_items(scheme, kind)
    at = _header(rows, items)
    if at is None:
        example = next(iter(items), "R01")
        return MarkSheet(
            wrong=(Wrong(0, "", "", "", f"表里没有条目列，列名请以条目编号开头，例如“{example}”"),)
        )
    headings = [text.strip() for text in rows[at][1]]
    columns, samples, unknown = _columns(headings, items, scheme)
    shop_columns = [
        n for n, text in enumerate(headings) if n not in columns and n not in samples and text
    ]
    marks: dict[int, dict[str, Mark]] = {}
    wrong: list[Wrong] = []
    count = 0
    for number, cells in rows[at + 1 :]:
        texts = [*map(str.strip, cells), *[""] * (len(headings) - len(cells))]
        filled = [n for n in columns if texts[n]]
        if not any(texts[n] for n in shop_columns):
            continue
        count += 1
        place = _place(headings, texts, shop_columns, places)
        shop = place.name if place else _shown(headings, texts)
        if not filled:
            continue
        refusal = _refusal(place, marks)
        if place is None or refusal:
            wrong.append(Wrong(number, shop, "药店", shop, refusal))
            continue
        taken: dict[str, Mark] = {}
        for n in filled:
            code = columns[n]
            try:
                sample = _sample(texts, samples, code)
                taken[code] = canonical_mark(items[code], Mark(texts[n], sample), scheme)
            except AnswerError as error:
                wrong.append(Wrong(number, shop, headings[n], texts[n], str(error)))
        if taken:
            marks[place.pk] = taken
    return MarkSheet(tuple(columns.values()), tuple(unknown), marks, tuple(wrong), count)


def place_keys(shop_pk: int, name: str, licence: str | None) -> list[str]:
    """Return the keys under which a row may name a shop: number, licence, exact name."""
    keys = [f"编号:{shop_pk}", f"药店:{_folded(name)}"]
    return [*keys, f"许可证号:{_folded(licence)}"] if licence else keys


def _folded(text: str) -> str:
    return "".join(text.split()).casefold()


def _header(rows: Sequence[tuple[int, Sequence[str]]], items: Iterable[str]) -> int | None:
    known = set(items)
    best, found = 0, None
    for at, (_, cells) in enumerate(rows[:SEARCHED_ROWS]):
        named = len({code for text in cells if (code := _code(text)) in known})
        if named > best:
            best, found = named, at
    return found


def _code(text: str) -> str:
    match = _CODE.match(text)
    return match[1].upper() if match else ""


def _columns(
    headings: Sequence[str], items: Mapping[str, Item | BonusLine], scheme: Scheme
) -> tuple[dict[int, str], dict[str, int], list[str]]:
    columns: dict[int, str] = {}
    samples: dict[str, int] = {}
    unknown: list[str] = []
    foreign = {item.code for item in scheme.items} | {line.code for line in scheme.bonus.lines}
    for n, text in enumerate(headings):
        code = _code(text)
        if code in items and SAMPLE_HEADING in text:
            samples[code] = n
        elif code in items and code not in columns.values():
            columns[n] = code
        elif code in foreign or (code and code not in items):
            unknown.append(text)
    return columns, samples, unknown


def _place(
    headings: Sequence[str],
    texts: Sequence[str],
    shop_columns: Iterable[int],
    places: Mapping[str, Place],
) -> Place | None:
    said = {headings[n]: texts[n] for n in shop_columns if texts[n]}
    for heading, text in said.items():
        if heading == "编号" and (place := places.get(f"编号:{text}")):
            return place
    for heading, text in said.items():
        if "证号" in heading and (place := places.get(f"许可证号:{_folded(text)}")):
            return place
    for heading, text in said.items():
        is_name = any(word in heading for word in ("药店", "门店", "店名", "名称", "单位"))
        if is_name and (place := places.get(f"药店:{_folded(text)}")):
            return place
    return None


def _refusal(place: Place | None, marks: Mapping[int, object]) -> str:
    if place is None:
        return "本周期没有这家药店，请核对编号、许可证号或店名"
    if place.refusal:
        return place.refusal
    return "这家药店在表里出现了两次，请只留一行" if place.pk in marks else ""


def _shown(headings: Sequence[str], texts: Sequence[str]) -> str:
    said = dict(zip(headings, texts, strict=False))
    return said.get("药店") or next((text for text in texts if text), "")


def _sample(texts: Sequence[str], samples: Mapping[str, int], code: str) -> int | None:
    if code not in samples or not texts[samples[code]]:
        return None
    return count_in(texts[samples[code]], "样本数，请填 0 或正整数")
