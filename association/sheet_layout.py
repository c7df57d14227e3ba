"""Find the header row of an office table and which column holds what. Pure.

Above the header stand titles, dates and units; below the last record stand sums and the
signature of whoever made the table. Both are told by what they say, not by their place.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from association.sheet_cells import fold

SEARCHED_ROWS = 40
BRACKETED = re.compile(r"[(\[【〔〈].*?[)\]】〕〉]")
NOT_A_NAME = re.compile(r"[\s()\[\]【】〔〕〈〉*★#:：、，,。./\\_\-“”\"'?？!！]+")
NUMBER = re.compile(r"[-+]?\d[\d,]*(?:\.\d+)?%?")
FOOTER = re.compile(
    r"(?:合计|总计|小计|共计|累计|总数|合\s*计|制表人?|填表人?|填报人?|审核人?|复核人?|负责人签字"
    r"|单位\s*[(（]?盖章|制表日期|填表日期|填报日期|打印日期|备注\s*[:：]|注\s*[:：]|说明\s*[:：]|第\s*\d+\s*页)"
    r"(?:$|[\s:：(（].*|\d.*|.{0,6}$)"
)


@dataclass(frozen=True)
class Target:
    """One thing that a column can hold, and what offices call it.

    ``parts`` describes a value that some lists keep in several columns, such as a phone's
    area code and number: one tuple of names per part, joined by ``glue``.
    """

    code: str
    label: str
    names: tuple[str, ...]
    parts: tuple[tuple[str, ...], ...] = ()
    glue: str = ""


@dataclass(frozen=True)
class Layout:
    """Where the table begins and what its columns are called."""

    header_row: int
    first_row: int
    headers: list[str]
    columns: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def signature(self) -> str:
        """The same headers in the same order: the same kind of file as last time."""
        return "|".join(header_key(header) for header in self.headers)


def header_key(text: str) -> str:
    """Return what a heading says without marks, brackets, width and case."""
    plain = fold(text)
    return NOT_A_NAME.sub("", BRACKETED.sub("", plain)) or NOT_A_NAME.sub("", plain)


def find_layout(
    rows: Sequence[tuple[int, list[str]]],
    targets: Sequence[Target],
    merges: Iterable[Sequence[int]] = (),
    header_row: int | None = None,
) -> Layout:
    """Return the layout of the table that begins in ``rows``.

    The row that names most of the targets wins; where none is named, the first row that is
    full, unlike itself and not made of numbers. ``rows`` are ``(row number, cells)``;
    ``header_row`` is what a person says instead, if it holds anything.
    """
    known = {header_key(name) for target in targets for name in target.names}
    known |= {header_key(n) for target in targets for part in target.parts for n in part}
    searched = rows[:SEARCHED_ROWS]
    if not searched:
        return Layout(0, 1, [])
    width = max(len(cells) for _, cells in searched)
    said = [at for at, (number, _) in enumerate(searched) if number == header_row]
    best = max(
        said or range(len(searched)),
        key=lambda at: (_header_score(searched, at, known, width), -at),
    )
    number, headers = searched[best]
    headers = list(headers)
    first = searched[best + 1][0] if best + 1 < len(searched) else number + 1
    if best + 1 < len(searched) and _is_second_header(searched, best, merges):
        headers = _joined_headers(headers, searched[best + 1][1])
        first = searched[best + 2][0] if best + 2 < len(searched) else first + 1
    headers += [""] * (width - len(headers))
    return Layout(number, first, headers, suggest_columns(headers, targets))


def _header_score(
    rows: Sequence[tuple[int, list[str]]], at: int, known: set[str], width: int
) -> float:
    cells = [cell for cell in rows[at][1] if cell]
    if not cells:
        return -1
    keys = {header_key(cell) for cell in cells}
    named = len(keys & known)
    numeric = sum(1 for cell in cells if NUMBER.fullmatch(cell))
    long = sum(1 for cell in cells if len(cell) > 24)
    shape = len(keys) / max(width, 1) - 2 * numeric / len(cells) - 1.5 * long / len(cells)
    if len(cells) == 1 and width > 1:
        shape -= 1
    return 10 * named + shape - at * 0.02


def _is_second_header(
    rows: Sequence[tuple[int, list[str]]], at: int, merges: Iterable[Sequence[int]]
) -> bool:
    """Tell whether the next row names the parts of headings merged over several columns."""
    number, top = rows[at]
    below_number, below = rows[at + 1]
    if below_number != number + 1:
        return False
    spanned = {
        column
        for first, left, last, right in merges
        if first == last == number - 1 and right > left
        for column in range(left, right + 1)
    }
    named = [c for c in spanned if c < len(below) and below[c] and not NUMBER.fullmatch(below[c])]
    if not named:
        return False
    # A record would hold a number or a long text somewhere; parts of headings are short words.
    return all(
        (len(cell) <= 8 and not NUMBER.fullmatch(cell))
        or (column < len(top) and cell == top[column])  # a heading merged downwards
        for column, cell in enumerate(below)
    )


def _joined_headers(top: list[str], below: list[str]) -> list[str]:
    joined = []
    group = ""
    for column in range(max(len(top), len(below))):
        above = top[column] if column < len(top) else ""
        part = below[column] if column < len(below) else ""
        group = above or group
        if part and part != above:
            joined.append(f"{group} {part}".strip())
        else:
            joined.append(above)
    return joined


def suggest_columns(
    headers: Sequence[str], targets: Sequence[Target]
) -> dict[str, tuple[int, ...]]:
    """Return for each target the columns that most likely hold it, each column used once.

    An exact name counts more than a name inside a longer heading; of equals the left one.
    """
    keys = [header_key(header) for header in headers]
    taken: set[int] = set()
    found: dict[str, tuple[int, ...]] = {}
    for target in targets:
        if columns := _all_parts(keys, target, taken):
            found[target.code] = columns
            taken |= set(columns)
    for accept in (_is_same, _is_inside):
        offers = sorted(
            (rank, at, order, target.code)
            for order, target in enumerate(targets)
            for rank, name in enumerate(target.names)
            for at, key in enumerate(keys)
            if accept(header_key(name), key)
        )
        for _, at, _, code in offers:
            if code not in found and at not in taken:
                found[code] = (at,)
                taken.add(at)
    return {target.code: found[target.code] for target in targets if target.code in found}


def _all_parts(keys: list[str], target: Target, taken: set[int]) -> tuple[int, ...]:
    columns = []
    for names in target.parts:
        wanted = {header_key(name) for name in names}
        at = next((i for i, key in enumerate(keys) if key in wanted and i not in taken), None)
        if at is None:
            return ()
        columns.append(at)
    return tuple(columns)


def _is_same(name: str, key: str) -> bool:
    return name == key


def _is_inside(name: str, key: str) -> bool:
    return len(name) >= 2 and name in key and len(key) <= len(name) + 6


def is_footer(cells: Sequence[str]) -> bool:
    """Tell a row of sums or signatures from a record: few cells, the first of them says so."""
    filled = [cell for cell in cells if cell]
    if not filled:
        return True
    if not FOOTER.fullmatch(filled[0]):
        return False
    words = [cell for cell in filled if not NUMBER.fullmatch(cell)]
    return len(words) <= 2 or (
        len(words) <= 6 and any(FOOTER.fullmatch(cell) for cell in words[1:])
    )
