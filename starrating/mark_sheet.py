"""A sheet of marks, one shop a row and one item a column: what it says and where it is wrong.

Pure: rows of text and the items of a scheme in, what may be written and a sentence for every
other cell out. A blank cell leaves what stands there.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, NamedTuple

from association.canonical_json import sha256_hex
from association.sheet_layout import is_footer
from starrating.evidence_record import NOT_APPLICABLE_VALUE
from starrating.item_points import AnswerError, count_in, outcome_of
from starrating.reckoning import times_in
from starrating.scheme_shape import BonusLine, Item, Scheme

DEPARTMENT, PUBLIC, BONUS = "department", "public", "bonus"
SHOP_HEADINGS = ("编号", "药店", "片区", "许可证号")
SAMPLE_HEADING = "样本数"
SEARCHED_ROWS = 15
SAMPLE_MISSING = "这一项还要写样本数，样本太少时不计入"
LONGEST_REASON = 200
LIKENESS = 0.7  # share of common letter pairs from which a name is suggested
_CODE = re.compile(r"\s*([A-Za-z]{1,3}\d{1,3})(?![0-9A-Za-z])")
# “不适用”, with the reason behind a colon or in brackets if there is one.
_NOT_APPLICABLE = re.compile(
    r"(?:N\s?/?\s?A|不适用|合理缺项)\s*(?:[：:，,（(]\s*(?P<reason>.*?)\s*[）)]?)?", re.IGNORECASE
)
_DAY = re.compile(r"\d{4}-(\d{2})-(\d{2})(?: .*)?")
_YES = frozenset({"1", "1.0", "是", "√", "符合", "合格", "TRUE", "true"})
_NO = frozenset({"0", "0.0", "否", "×", "不符合", "不合格", "FALSE", "false"})


class Mark(NamedTuple):
    """One value for one item; ``n`` counts the cases behind it where the scheme asks."""

    value: str
    n: int | None = None
    reason: str = ""


class Place(NamedTuple):
    """One shop that may be marked: its file (0 where a key fits several), and why it may not."""

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
    rows: Mapping[int, int] = field(default_factory=dict)
    wrong: tuple[Wrong, ...] = ()
    row_count: int = 0

    @property
    def value_count(self) -> int:
        return sum(len(codes) for codes in self.marks.values())


def marked_items(
    scheme: Scheme, kind: str, *, counted: Collection[str] = ()
) -> dict[str, Item | BonusLine]:
    """Return what marks of ``kind`` may speak about, by code in the order of the scheme.

    ``counted`` are the bonus lines that verified activities give by themselves: nobody enters
    those a second time.
    """
    if kind == BONUS:
        return {line.code: line for line in scheme.bonus.lines if line.code not in counted}
    return {item.code: item for item in scheme.items if item.scorer == kind}


def canonical_mark(item: Item | BonusLine, mark: Mark, scheme: Scheme) -> Mark:
    """Return ``mark`` as it is stored. Raises ``AnswerError`` with what to write instead."""
    text = " ".join(mark.value.split())
    if isinstance(item, BonusLine):
        return Mark(str(times_in(text)))
    if said := _NOT_APPLICABLE.fullmatch(text):
        if not item.na:
            raise AnswerError("这一项不能填“不适用”")
        reason = mark.reason or said["reason"] or "材料注明不适用"
        return Mark(NOT_APPLICABLE_VALUE, None, reason[:LONGEST_REASON])
    if item.method == "ratio" and (day := _DAY.fullmatch(text)):
        shown = f"{int(day[1])}/{int(day[2])}"
        raise AnswerError(
            f"表格软件把“{shown}”当成了日期。请把这一格设为“文本”再填，或填小数、百分数"
        )
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


def stands(sheet: Mapping[str, Any], code: str, kind: str, mark: Mark, label: str) -> bool:
    """Whether exactly this value stands in the sheet: a bonus, from a paper of the same name."""
    entry = sheet.get(code, {})
    if kind == BONUS:
        return any(mark == mark_of(e) for e in entry.values() if e.get("label") == label)
    return kind in entry and mark == mark_of(entry[kind])


def mark_of(entry: Mapping[str, Any]) -> Mark:
    """Return the value of a stored entry."""
    return Mark(entry["value"], entry.get("n"), entry.get("reason", ""))


def standing_digest(
    sheets: Mapping[int, Mapping[str, Any]], codes: Iterable[str], kind: str
) -> str:
    """Return a stamp of all marks of one kind that stand now in these sheets."""
    codes = sorted(codes)
    entries = {pk: [sheet.get(code, {}) for code in codes] for pk, sheet in sheets.items()}
    if kind != BONUS:
        entries = {pk: [e.get(kind) for e in row] for pk, row in entries.items()}
    return sha256_hex({str(pk): row for pk, row in entries.items()})


def template_headings(scheme: Scheme, kind: str, *, counted: Collection[str] = ()) -> list[str]:
    """Return the headings of an empty sheet: the shop, then one column an item."""
    headings = list(SHOP_HEADINGS)
    for code, item in marked_items(scheme, kind, counted=counted).items():
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


def choices_of(item: Item | BonusLine) -> tuple[str, ...]:
    """Return the words among which a cell may choose; empty where a number is written."""
    if isinstance(item, BonusLine) or item.method not in ("bool", "level"):
        return ()
    names = [level.name for level in item.levels] or ["符合", "不符合"]
    return (*names, "不适用") if item.na else tuple(names)


def shown_mark(mark: Mark) -> str:
    """Return a stored mark as a person writes it into a cell."""
    if mark.value != NOT_APPLICABLE_VALUE:
        return mark.value
    return f"不适用：{mark.reason}" if mark.reason else "不适用"


def named_items(
    rows: Sequence[tuple[int, Sequence[str]]], items: Mapping[str, Item | BonusLine]
) -> int:
    """Return how many items the header of a sheet names; tells which sheet of a file is meant."""
    at = _header(rows, items)
    return 0 if at is None else _named(rows[at][1], frozenset(items))


def read_marks(
    rows: Sequence[tuple[int, Sequence[str]]],
    *,
    scheme: Scheme,
    kind: str,
    places: Mapping[str, Place],
    counted: Collection[str] = (),
) -> MarkSheet:
    """Read the rows of a sheet.

    ``rows`` are (row number, cells); ``places`` finds a shop by any of the keys that
    ``place_keys`` makes. The row that names most items is the header; what stands above it is
    a title, a row of sums or signatures below is left out.
    """
    items = marked_items(scheme, kind, counted=counted)
    at = _header(rows, items)
    if at is None:
        example = next(iter(items), "R01")
        return MarkSheet(
            wrong=(Wrong(0, "", "", "", f"表里没有条目列，列名请以条目编号开头，例如“{example}”"),)
        )
    headings = [text.strip() for text in rows[at][1]]
    columns, samples, unknown = _columns(headings, items, scheme)
    shop_columns = [
        n
        for n, text in enumerate(headings)
        if n not in columns and n not in samples.values() and text
    ]
    canonical = _Canonical(items, scheme)
    names = _Names(places)
    marks: dict[int, dict[str, Mark]] = {}
    numbers: dict[int, int] = {}
    wrong: list[Wrong] = []
    count = 0
    for number, cells in rows[at + 1 :]:
        texts = [*map(str.strip, cells), *[""] * (len(headings) - len(cells))]
        filled = [n for n in columns if texts[n]]
        if not any(texts[n] for n in shop_columns):
            for n in filled:
                wrong.append(Wrong(number, "", headings[n], texts[n], "这一行没有写是哪家药店"))
            continue
        said = {headings[n]: texts[n] for n in shop_columns if texts[n]}
        place = _place(said, places)
        if place is None and is_footer(texts):
            continue
        count += 1
        if not filled:
            continue
        shop = place.name if place else said.get("药店") or next(iter(said.values()))
        if refusal := _refusal(place, numbers, said, names):
            wrong.append(Wrong(number, shop, "药店", _name_said(said) or shop, refusal))
            continue
        assert place is not None  # noqa: S101 -- a row without a place is refused above
        numbers[place.pk] = number
        taken: dict[str, Mark] = {}
        for n in filled:
            code = columns[n]
            sample = texts[samples[code]] if code in samples else ""
            try:
                taken[code] = canonical.mark(code, texts[n], sample)
            except AnswerError as error:
                wrong.append(Wrong(number, shop, headings[n], texts[n], str(error)))
        if taken:
            marks[place.pk] = taken
    return MarkSheet(tuple(columns.values()), tuple(unknown), marks, numbers, tuple(wrong), count)


class _Canonical:
    """Values as they are stored; the same few texts stand in thousands of cells."""

    def __init__(self, items: Mapping[str, Item | BonusLine], scheme: Scheme) -> None:
        self.items, self.scheme = items, scheme
        self.known: dict[tuple[str, str, str], Mark | AnswerError] = {}

    def mark(self, code: str, text: str, sample: str) -> Mark:
        """Return the stored value. Raises ``AnswerError``."""
        key = (code, text, sample)
        if key not in self.known:
            try:
                n = count_in(sample, "样本数，请填 0 或正整数") if sample else None
                mark = canonical_mark(self.items[code], Mark(text, n), self.scheme)
                if (
                    n is None
                    and mark.value != NOT_APPLICABLE_VALUE
                    and asks_sample(self.items[code])
                ):
                    raise AnswerError(SAMPLE_MISSING)
                self.known[key] = mark
            except AnswerError as error:
                self.known[key] = error
        found = self.known[key]
        if isinstance(found, AnswerError):
            raise found
        return found


class _Names:
    """The names of all shops by pairs of letters, to suggest the one that was meant."""

    def __init__(self, places: Mapping[str, Place]) -> None:
        self.places = places
        self.by_pair: dict[str, list[str]] | None = None

    def nearest(self, text: str) -> str:
        """Return the name that shares most pairs of letters with ``text``, if it shares most."""
        if self.by_pair is None:
            self.by_pair = defaultdict(list)
            for name in {place.name for place in self.places.values()}:
                for pair in _pairs(name):
                    self.by_pair[pair].append(name)
        asked = _pairs(text)
        shared = Counter(name for pair in asked for name in self.by_pair.get(pair, ()))
        best = max(
            shared,
            key=lambda name: (2 * shared[name] / (len(_pairs(name)) + len(asked)), name),
            default="",
        )
        if best and 2 * shared[best] / (len(_pairs(best)) + len(asked)) >= LIKENESS:
            return best
        return ""


def _pairs(text: str) -> set[str]:
    plain = _folded(text)
    return {plain[n : n + 2] for n in range(len(plain) - 1)}


def place_keys(shop_pk: int, name: str, licence: str | None) -> list[str]:
    """Return the keys under which a row may name a shop: number, licence, exact name."""
    keys = [f"编号:{shop_pk}", f"药店:{_folded(name)}"]
    return [*keys, f"许可证号:{_folded(licence)}"] if licence else keys


def _folded(text: str) -> str:
    return "".join(text.split()).casefold()


def _header(rows: Sequence[tuple[int, Sequence[str]]], items: Iterable[str]) -> int | None:
    known = frozenset(items)
    best, found = 0, None
    for at, (_, cells) in enumerate(rows[:SEARCHED_ROWS]):
        named = _named(cells, known)
        if named > best:
            best, found = named, at
    return found


def _named(cells: Sequence[str], known: Collection[str]) -> int:
    return len({code for text in cells if (code := _code(text)) in known})


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


def _place(said: Mapping[str, str], places: Mapping[str, Place]) -> Place | None:
    for heading, text in said.items():
        if heading == "编号" and (place := places.get(f"编号:{text}")):
            return place
    for heading, text in said.items():
        if "证号" in heading and (place := places.get(f"许可证号:{_folded(text)}")):
            return place
    name = _name_said(said)
    return places.get(f"药店:{_folded(name)}") if name else None


def _name_said(said: Mapping[str, str]) -> str:
    """Return the name by which the row calls its shop, if it has one."""
    names = ("药店", "门店", "店名", "名称", "单位")
    found = (text for heading, text in said.items() if any(word in heading for word in names))
    return next(found, "")


def _refusal(
    place: Place | None, numbers: Mapping[int, int], said: Mapping[str, str], names: _Names
) -> str:
    if place is None:
        near = names.nearest(_name_said(said))
        hint = f"。是不是“{near}”？" if near else ""
        return f"本周期没有这家药店，请核对编号、许可证号或店名{hint}"
    if place.refusal:
        return place.refusal
    # A running number in a column 编号 must not find a stranger.
    name = _name_said(said)
    if "编号" in said and name and _folded(name) != _folded(place.name):
        return f"编号 {said['编号']} 是“{place.name}”，和这一行的店名不一样，请改正其中一个"
    if place.pk in numbers:
        return f"这家药店在第 {numbers[place.pk]} 行已经有了，请只留一行"
    return ""
