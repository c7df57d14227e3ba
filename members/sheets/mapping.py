"""Which column of a sheet holds what: guessed from the headings, remembered, checked."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import PurePath

from association.errors import BusinessRuleError
from association.sheet_layout import Layout, Target, header_key
from members.models import HeadingMemory, ImportBatch
from members.sheets import SheetKind

Mapped = dict[str, list[int]]
SOURCE_LENGTH = 60
# Columns that we ourselves put beside the rows of an error workbook.
OWN_HEADINGS = ("行号", "问题", "建议")


class MappingError(BusinessRuleError):
    """A required column is missing, or one thing was found in two columns."""


def signature(headings: Sequence[str]) -> str:
    """Return what tells sheets with the same headings, whatever their encoding or file type."""
    own = {header_key(heading) for heading in OWN_HEADINGS}
    keys = [key for heading in headings if (key := header_key(heading)) not in own]
    while keys and not keys[-1]:
        keys.pop()
    return hashlib.sha256("|".join(keys).encode()).hexdigest()


def guessed(kind: SheetKind, layout: Layout, samples: Sequence[Sequence[str]]) -> Mapped:
    """Return the most likely columns; ``samples`` are the first rows below the heading."""
    found = {code: list(columns) for code, columns in layout.columns.items()}
    for wanted, other in kind.instead.items():
        if wanted not in found and other in found:
            found[wanted] = found.pop(other)
    source = found.get(kind.source_column)
    if source and _is_running([row[source[0]] for row in samples if source[0] < len(row)]):
        del found[kind.source_column]  # 1, 2, 3 … is the row of this list, not a number of a shop
    return found


def _is_running(texts: Sequence[str]) -> bool:
    numbers = [
        int(text) for text in texts if text.isascii() and text.isdecimal() and len(text) < 10
    ]
    return len(numbers) > 1 and numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def remembered(kind: SheetKind, headings: Sequence[str]) -> HeadingMemory | None:
    """Return how a sheet with these headings was mapped by a person, if it was."""
    return HeadingMemory.objects.filter(kind=kind.code, signature=signature(headings)).first()


def remember(batch: ImportBatch, *, now: datetime) -> None:
    HeadingMemory.objects.update_or_create(
        kind=batch.kind,
        signature=signature(batch.headings),
        defaults={"mapping": batch.mapping, "source": batch.source, "remembered_at": now},
    )


def source_of(file_name: str) -> str:
    """Return a name for the other register: the file's own without its ending."""
    return PurePath(file_name).stem[:SOURCE_LENGTH]


def checked(
    kind: SheetKind, mapping: Mapping[str, Sequence[int]], headings: Sequence[str]
) -> Mapped:
    """Return the mapping in the kind's order. Raises ``MappingError`` with what to choose."""
    chosen = {code: sorted(columns) for code, columns in mapping.items() if columns}
    missing = [c.label for c in kind.columns if c.is_required and c.code not in chosen]
    if missing:
        raise MappingError(f"请指出哪一列是{'、'.join(missing)}。")
    for column in kind.columns:
        columns = chosen.get(column.code, [])
        if len(columns) > 1 and not column.target.parts:
            named = "、".join(f"“{headings[at]}”" for at in columns)
            raise MappingError(f"{named}都对应了{column.label}，请只留一列。")
    return {
        c.code: _in_parts_order(c.target, chosen[c.code], headings)
        for c in kind.columns
        if c.code in chosen
    }


def _in_parts_order(target: Target, columns: list[int], headings: Sequence[str]) -> list[int]:
    """Area code before number, county before town, as the target names its parts."""
    order = [{header_key(name) for name in names} for names in target.parts]

    def rank(at: int) -> int:
        key = header_key(headings[at]) if at < len(headings) else ""
        return next((n for n, names in enumerate(order) if key in names), len(order))

    return sorted(columns, key=lambda at: (rank(at), at))
