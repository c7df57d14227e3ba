"""What a sheet says, one line an item, as the database lays it out beside the sheet.

A line is the code of the item, a blank and the entry as JSON without who wrote it and when. So
what two shops say alike is the same line, is read once and is the same object from there on.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

from starrating.evidence_record import (
    NOT_APPLICABLE_VALUE,
    Evidence,
    Shared,
    Value,
    evidence_from_dict,
)
from starrating.reckoning import remember
from starrating.scheme_shape import Scheme

# Which sources of the sheet speak about items; the claim that one does not apply is read apart.
SOURCES = {"self": "self", "reviewed": "review", "department": "paper", "public": "paper"}

Entry = Mapping[str, Mapping[str, Any]]

# Line → code and values, for each loaded scheme; a scheme says which codes are bonus.
_READ: "WeakKeyDictionary[Scheme, dict[str, tuple[str, Shared]]]" = WeakKeyDictionary()
_SHARED: dict[tuple[Value, ...], Shared] = {}


def read_lines(scheme: Scheme, said: str) -> tuple[dict[str, Shared], dict[str, Entry]]:
    """Return the values of the items by code, and the entries of bonus codes as they stand."""
    memory = _READ.get(scheme)
    if memory is None:
        memory = _READ[scheme] = {}
    items: dict[str, Shared] = {}
    bonus: dict[str, Entry] = {}
    if not said:
        return items, bonus
    for line in said.split("\n"):
        known = memory.get(line)
        if known is None:
            code, _, words = line.partition(" ")
            entry = json.loads(words)
            if any(code == one.code for one in scheme.bonus.lines):
                bonus[code] = entry
                continue
            known = code, _values(entry)
            remember(memory, line, known)
        code, values = known
        if values:
            items[code] = values
    return items, bonus


def drafted(scheme: Scheme, said: str | None, others: Mapping[str, Any]) -> Evidence:
    """Return the evidence that a draft rating rests on.

    ``others`` is its record without what the sheet says, ``said`` the lines of the sheet as they
    were; without them the record is whole.
    """
    evidence = evidence_from_dict(others)
    return evidence if said is None else replace(evidence, items=read_lines(scheme, said)[0])


def value_of(kind: str, entry: Mapping[str, Any]) -> Value:
    """Return what one source says in an entry of the sheet."""
    paper = entry.get("paper")
    return Value(
        kind=kind,
        value=entry["value"],
        id=f"paper/{paper}" if paper else SOURCES[kind],
        label=entry.get("label", ""),
        n=entry.get("n"),
        reason=entry.get("reason", ""),
    )


def _values(entry: Entry) -> Shared:
    """Return what the sources of one item say; the same words are the same object everywhere."""
    values = [value_of(kind, entry[kind]) for kind in SOURCES if kind in entry]
    claim = entry.get("na")
    if claim is not None and not claim.get("refused_at"):
        # Confirmed, the claim that the item does not apply speaks for the reviewer.
        kind = "reviewed" if "confirmed_at" in claim else "self"
        reason = claim.get("reason", "")
        values.append(Value(kind, NOT_APPLICABLE_VALUE, SOURCES[kind], reason=reason))
    shared = _SHARED.get(key := tuple(values))
    if shared is None:
        shared = Shared(values)
        remember(_SHARED, key, shared)
    return shared
