"""All that one rating rests on, as a record that can be frozen, hashed and read back.

The names in the canonical form are those of the result tree: ``id`` of the source, ``kind``
of who said so, ``value`` as it was written down, ``n`` behind it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from json.encoder import encode_basestring as quoted
from typing import Any, NamedTuple

from starrating.scheme_format import canonical_json

NOT_APPLICABLE_VALUE = "NA"


class EvidenceError(ValueError):
    """Something in the evidence cannot be rated; ``problems`` maps a code to a sentence."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        super().__init__("".join(f"{code}：{text}。" for code, text in self.problems.items()))


class Value(NamedTuple):
    """What one source says about one item.

    A named tuple and not a dataclass: 46 of them for each of 100,000 shops. ``kind`` is
    ``self``, ``reviewed``, ``department``, ``public`` or ``system``; ``value`` is the answer as
    text (``NA`` = does not apply, then ``reason`` says why); ``id`` points at the record it
    comes from; ``n`` counts the cases behind it.
    """

    kind: str
    value: str
    id: str = ""
    label: str = ""
    n: int | None = None
    reason: str = ""


class Shared(tuple[Value, ...]):
    """What many shops say alike about one item, as one object for all of them.

    46 items have a few hundred different answers between 100,000 shops: what is reckoned and
    written down for one of them is found again by the identity of the object. ``text`` is its
    canonical JSON.
    """

    text: str

    def __new__(cls, values: Iterable[Value]) -> "Shared":
        made = super().__new__(cls, values)
        made.text = f"[{_texts(made, {})}]"
        return made


@dataclass(frozen=True, slots=True)
class Veto:
    """An established breach. ``until`` None means without end unless the rule names months."""

    code: str
    document: str
    since: date | None = None
    until: date | None = None
    id: str = ""
    lifted_by: str = ""


@dataclass(frozen=True, slots=True)
class Override:
    """The decision of a body to give another result than the computed one."""

    stars: int | None
    status: str
    reason: str
    document: str
    decided_by: str
    confirmed_by: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """The evidence about one shop for one cycle.

    ``samples`` counts the answers behind a whole dimension; ``on`` is the day for which vetoes
    are judged; ``periods`` holds the parts of a year in their order.
    """

    items: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    bonus: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    vetoes: tuple[Veto, ...] = ()
    status: str = ""
    status_reason: str = ""
    samples: Mapping[str, int] = field(default_factory=dict)
    on: date | None = None
    override: Override | None = None
    periods: tuple[tuple[str, "Evidence"], ...] = ()


def evidence_to_dict(evidence: Evidence) -> dict[str, Any]:
    """Return the canonical record of ``evidence``: plain data, empty parts left out."""
    record: dict[str, Any] = {
        "items": {code: _values(values) for code, values in evidence.items.items() if values},
        "bonus": {code: _values(values) for code, values in evidence.bonus.items() if values},
        "vetoes": [_veto(veto) for veto in sorted(evidence.vetoes, key=_veto_order)],
        "status": evidence.status,
        "status_reason": evidence.status_reason,
        "samples": dict(evidence.samples),
        "on": _day(evidence.on),
        "periods": [[name, evidence_to_dict(part)] for name, part in evidence.periods],
    }
    if evidence.override is not None:
        o = evidence.override
        record["override"] = {
            "stars": o.stars,
            "status": o.status,
            "reason": o.reason,
            "document": o.document,
            "decided_by": o.decided_by,
            "confirmed_by": o.confirmed_by,
        }
    return {name: part for name, part in record.items() if part}


def evidence_from_dict(record: Mapping[str, Any]) -> Evidence:
    """Return the evidence that ``evidence_to_dict`` wrote down."""
    override = record.get("override")
    return Evidence(
        items=_read_values(record.get("items", {})),
        bonus=_read_values(record.get("bonus", {})),
        vetoes=tuple(
            Veto(
                code=veto["code"],
                document=veto["document"],
                since=_read_day(veto.get("from")),
                until=_read_day(veto.get("to")),
                id=veto.get("id", ""),
                lifted_by=veto.get("lifted_by", ""),
            )
            for veto in record.get("vetoes", ())
        ),
        status=record.get("status", ""),
        status_reason=record.get("status_reason", ""),
        samples=dict(record.get("samples", {})),
        on=_read_day(record.get("on")),
        override=None if override is None else Override(**override),
        periods=tuple((name, evidence_from_dict(part)) for name, part in record.get("periods", ())),
    )


def evidence_json(evidence: Evidence) -> str:
    """Return the canonical JSON of ``evidence``; its SHA-256 freezes the basis of a result."""
    return joined(evidence_texts(evidence))


def evidence_texts(evidence: Evidence) -> dict[str, str]:
    """Return the canonical JSON of each part of ``evidence`` that holds anything."""
    texts: dict[str, str] = {}
    has_others = (
        evidence.vetoes
        or evidence.status
        or evidence.status_reason
        or evidence.samples
        or evidence.on
        or evidence.override
        or evidence.periods
    )
    if has_others:
        others = replace(evidence, items={}, bonus={})
        texts = {name: canonical_json(part) for name, part in evidence_to_dict(others).items()}
    heads: dict[tuple[str, str, str], str] = {}
    if items := _values_text(evidence.items, heads):
        texts["items"] = items
    if bonus := _values_text(evidence.bonus, heads):
        texts["bonus"] = bonus
    return texts


def joined(texts: Mapping[str, str]) -> str:
    """Return the canonical JSON of the object whose parts are ``texts``."""
    return "{" + ",".join([f'"{name}":{texts[name]}' for name in sorted(texts)]) + "}"


def _values_text(
    values_by_code: Mapping[str, tuple[Value, ...]], heads: dict[tuple[str, str, str], str]
) -> str:
    """Return the canonical JSON of the values, written by hand because it is the longest part.

    ``heads`` keeps the beginning of the text for each source: a shop has few of them.
    """
    codes = [
        f"{_quoted(code)}:{values.text}"
        if type(values := values_by_code[code]) is Shared
        else f"{_quoted(code)}:[{_texts(values, heads)}]"
        for code in sorted(values_by_code)
        if values_by_code[code]
    ]
    return "{" + ",".join(codes) + "}" if codes else ""


@cache
def _quoted(code: str) -> str:
    """Return a code as JSON; a scheme has a few dozen."""
    return quoted(code)


def _texts(values: tuple[Value, ...], heads: dict[tuple[str, str, str], str]) -> str:
    texts = []
    for kind, answer, source, label, n, reason in _in_order(values):
        head = heads.get((source, kind, label))
        if head is None:
            head = heads[source, kind, label] = _head(source, kind, label)
        if n is not None:
            head += f',"n":{n}'
        if reason:
            head += f',"reason":{quoted(reason)}'
        texts.append(f'{head},"value":{quoted(answer)}}}' if answer else f"{head}}}")
    return ",".join(texts)


def _head(source: str, kind: str, label: str) -> str:
    text = f'{{"id":{quoted(source)},' if source else "{"
    text += f'"kind":{quoted(kind)}'
    return f'{text},"label":{quoted(label)}' if label else text


def _in_order(values: tuple[Value, ...]) -> Sequence[Value]:
    """Return the values in their canonical order; two of different kinds need no sorting."""
    if len(values) == 1:
        return values
    if len(values) == 2 and values[0].kind != values[1].kind:
        return values if values[0].kind < values[1].kind else values[::-1]
    return sorted(values, key=value_order)


def _values(values: tuple[Value, ...]) -> list[dict[str, Any]]:
    return [
        {
            name: part
            for name, part in zip(Value._fields, value, strict=True)
            if part is not None and part != ""
        }
        for value in _in_order(values)
    ]


def value_order(value: Value) -> tuple[str, str, str, str]:
    """Return the key that puts values of one item into their canonical order."""
    return value.kind, value.id, value.value, value.label


def _read_values(record: Mapping[str, Any]) -> dict[str, tuple[Value, ...]]:
    return {
        code: tuple(Value(**{"value": "", **value}) for value in values)
        for code, values in record.items()
    }


def _veto(veto: Veto) -> dict[str, Any]:
    record = {
        "code": veto.code,
        "document": veto.document,
        "from": _day(veto.since),
        "to": _day(veto.until),
        "id": veto.id,
        "lifted_by": veto.lifted_by,
    }
    return {name: part for name, part in record.items() if part or name == "document"}


def _veto_order(veto: Veto) -> tuple[str, str, str]:
    return veto.code, veto.document, veto.id


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _read_day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
