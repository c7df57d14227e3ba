"""The result tree as JSON text, written from remembered pieces.

46 items for each of 100,000 shops: the words about an item with a certain answer are always
the same, only the sources differ. Each scheme keeps its pieces of text by outcome.
"""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from json.encoder import encode_basestring as quoted
from typing import Any
from weakref import WeakKeyDictionary

from starrating.evidence_record import Value, value_order
from starrating.item_points import MISSING, NOT_APPLICABLE, Outcome, plain
from starrating.reckoning import BonusSum, DimensionSum, Gate, remember
from starrating.scheme_shape import Band, BonusLine, Condition, Dimension, Item, Scheme

encoded = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class TreeText:
    """The pieces of text of one scheme."""

    def __init__(self, scheme: Scheme) -> None:
        self.scheme = scheme
        self.items: tuple[_ItemText, ...] = tuple(
            _ItemText(item, dimension, scheme.version)
            for dimension in scheme.dimensions
            for item in dimension.items
        )
        self._gates: dict[tuple[Condition, Decimal | None, bool], str] = {}

    def gate(self, gate: Gate) -> str:
        """Return one condition of a band."""
        key = (gate.condition, gate.have, gate.holds)
        known = self._gates.get(key)
        if known is None:
            known = encoded(gate_row(gate))
            remember(self._gates, key, known)
        return known

    def bands(self, rows: Sequence[tuple[Band, tuple[Gate, ...]]]) -> str:
        """Return the table of stars, each row with its conditions."""
        texts = []
        for band, gates in rows:
            holds = "true" if all(gate.holds for gate in gates) else "false"
            conditions = ",".join([self.gate(gate) for gate in gates])
            texts.append(f'{{"stars":{band.stars},"holds":{holds},"conditions":[{conditions}]}}')
        return ",".join(texts)

    def dimensions(
        self,
        sums: Sequence[DimensionSum],
        outcomes: Sequence[Outcome],
        counted: Sequence[Value | None],
        values: Mapping[str, Sequence[Value]],
    ) -> str:
        """Return the dimensions with their items; without answers the items stay away."""
        texts, start = [], 0
        for dimension, part in zip(self.scheme.dimensions, sums, strict=False):
            end = start + len(dimension.items)
            items = ",".join(
                [
                    text.written(outcome, value, values.get(text.code, ()))
                    for text, outcome, value in zip(
                        self.items[start:end], outcomes[start:end], counted[start:end], strict=False
                    )
                ]
            )
            head = encoded(_dimension_row(dimension, part))
            texts.append(f'{head[:-1]},"items":[{items}]}}')
            start = end
        return ",".join(texts)


class _ItemText:
    """One item: what stands before and after its sources, by outcome."""

    __slots__ = ("_pieces", "code", "dimension", "item", "tail")

    def __init__(self, item: Item, dimension: Dimension, version: str) -> None:
        self.item = item
        self.code = item.code
        self.dimension = dimension
        self.tail = f',"rule":{quoted(f"item/{item.code}@{version}")},"basis":{encoded(item.basis)}'
        self._pieces: dict[Outcome, tuple[str, str]] = {}

    def written(self, outcome: Outcome, counted: Value | None, values: Sequence[Value]) -> str:
        """Return the item with the value that counts and, after it, the others."""
        pieces = self._pieces.get(outcome)
        if pieces is None:
            pieces = self._new_pieces(outcome)
            remember(self._pieces, outcome, pieces)
        if counted is None:
            sources = ",".join([source_text(v, "unused") for v in sorted(values, key=value_order)])
        elif len(values) == 1:
            sources = source_text(counted)
        else:
            others = sorted((v for v in values if v != counted), key=value_order)
            sources = ",".join([source_text(counted), *[source_text(v, "unused") for v in others]])
        return f"{pieces[0]}{sources}{pieces[1]}"

    def _new_pieces(self, outcome: Outcome) -> tuple[str, str]:
        item = self.item
        has_points = outcome.status not in (MISSING, NOT_APPLICABLE)
        row: dict[str, Any] = {
            "code": item.code,
            "name": item.name,
            "method": item.method,
            "points": text_of(outcome.points) if has_points else None,
            "full": plain(outcome.full),
            "lost": text_of(outcome.lost) if has_points else None,
            "status": outcome.status,
            "why": outcome.why,
        }
        if self.dimension.combine == "weighted":
            row["weight"] = plain(item.weight)
            row["counted"] = plain(outcome.points * item.weight) if has_points else None
        return f'{encoded(row)[:-1]},"sources":[', f"]{self.tail}}}"


_TEXTS: "WeakKeyDictionary[Scheme, TreeText]" = WeakKeyDictionary()


def tree_text(scheme: Scheme) -> TreeText:
    """Return the pieces of text of ``scheme``, made once for each loaded scheme."""
    known = _TEXTS.get(scheme)
    if known is None:
        known = _TEXTS[scheme] = TreeText(scheme)
    return known


def source_text(value: Value, mark: str = "") -> str:
    """Return one source; ``mark`` is set on those that do not count."""
    text = (
        f'{{"id":{quoted(value.id)},"kind":"{value.kind}","label":{quoted(value.label)},'
        f'"value":{quoted(value.value)}'
    )
    if value.n is not None:
        text += f',"n":{value.n}'
    if value.reason:
        text += f',"reason":{quoted(value.reason)}'
    return f'{text},"{mark}":true}}' if mark else f"{text}}}"


def bonus_text(line: BonusLine, found: BonusSum, values: Sequence[Value], version: str) -> str:
    """Return one bonus line with the records behind it."""
    row = {
        "code": line.code,
        "name": line.name,
        "times": str(found.times),
        "each": plain(line.each),
        "points": text_of(found.points),
        "cap": plain(line.cap),
        "counted": text_of(found.counted),
        "why": found.why,
        "rule": f"bonus/{line.code}@{version}",
    }
    sources = ",".join([source_text(value) for value in sorted(values, key=value_order)])
    return f'{encoded(row)[:-1]},"sources":[{sources}]}}'


def _dimension_row(dimension: Dimension, part: DimensionSum) -> dict[str, Any]:
    row: dict[str, Any] = {
        "code": dimension.code,
        "name": dimension.name,
        "status": part.status,
        "points": text_of(part.points),
        "full": plain(part.full),
        "ratio": text_of(part.ratio),
    }
    if part.why:
        row["why"] = part.why
    if dimension.stars:
        row["stars"] = part.stars
    if part.points is not None and part.points != part.earned:
        row["earned"] = plain(part.earned)
        row["applicable"] = plain(part.applicable)
        row["adjustment"] = signed(part.points - part.earned)
    return row


def gate_row(gate: Gate) -> dict[str, Any]:
    """Return one condition with what was needed and what was there."""
    condition = gate.condition
    have = text_of(gate.have) or "不适用"
    if condition.of == "dimension_stars" and gate.have == 0:
        have = "未达星"
    row = {
        "kind": condition.of,
        "label": condition.label,
        "need": plain(condition.need),
        "have": have,
        "holds": gate.holds,
    }
    if condition.code:
        row["code"] = condition.code
    return row


def text_of(number: Decimal | None) -> str | None:
    """Return the number with its places, None where there is none."""
    return None if number is None else format(number, "f")


def signed(number: Decimal) -> str:
    """Return the number with its sign: what scaling or a limit added or took."""
    return format(number, "+f")
