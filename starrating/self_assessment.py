"""The owner's sheet, read as a person reads it: parts, what is answered, what still misses.

Pure: a scheme and the plain values of one assessment in, frozen dataclasses out. Points shown
here are the shop's own estimate; the rating itself is ``starrating.scoring``.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from starrating.item_points import AnswerError, Outcome, outcome_of
from starrating.scheme_shape import Item, Scheme

OWNER = "owner"
SELF = "self"
NOT_APPLICABLE = "na"

Sheet = Mapping[str, Mapping[str, Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Line:
    """One item as the shop sees it: its rule, its present answer, what the reviewer wants.

    ``is_supplied``: the shop has touched the item since it came back; the reviewer will say
    whether that is enough.
    """

    number: str
    item: Item
    answer: str
    na_reason: str
    claims_na: bool
    outcome: Outcome | None
    notes: tuple[str, ...]
    evidence_count: int
    is_supplied: bool = False

    @property
    def is_answered(self) -> bool:
        """Whether nothing more is asked here, an open return aside."""
        return bool(self.answer) or self.claims_na

    @property
    def is_done(self) -> bool:
        """Whether the item is answered and no return waits on it."""
        return self.is_answered and not self.is_wanted

    @property
    def is_wanted(self) -> bool:
        """Whether a return is open on the item and nothing was supplied yet."""
        return bool(self.notes) and not self.is_supplied


@dataclass(frozen=True, slots=True)
class Part:
    """One section of the form; any order. ``state``: untouched, begun, returned or done."""

    code: str
    name: str
    position: int
    minutes: int
    lines: tuple[Line, ...]

    @property
    def open_lines(self) -> tuple[Line, ...]:
        """Lines that still want something."""
        return tuple(line for line in self.lines if not line.is_done)

    @property
    def state(self) -> str:
        if any(line.is_wanted for line in self.lines):
            return "returned"
        if not self.open_lines:
            return "done"
        return "begun" if any(line.is_answered for line in self.lines) else "untouched"


@dataclass(frozen=True, slots=True)
class OwnerForm:
    """The whole self-assessment of one shop."""

    parts: tuple[Part, ...]
    general_notes: tuple[str, ...] = ()
    is_supplied: bool = False

    @property
    def wants(self) -> int:
        """How many things are still asked: open lines, and returns that name no item."""
        return len(self.open_lines) + (0 if self.is_supplied else len(self.general_notes))

    @property
    def blanks(self) -> tuple[Line, ...]:
        """Lines without an answer: only these hold the sheet back."""
        return tuple(line for line in self.open_lines if not line.is_answered)

    @property
    def done_parts(self) -> int:
        return sum(part.state == "done" for part in self.parts)

    @property
    def open_lines(self) -> tuple[Line, ...]:
        return tuple(line for part in self.parts for line in part.open_lines)

    @property
    def open_part(self) -> Part | None:
        """The part with the first open line: where to go on."""
        return next((part for part in self.parts if part.open_lines), None)

    @property
    def is_untouched(self) -> bool:
        return all(part.state == "untouched" for part in self.parts)

    @property
    def minutes_left(self) -> int:
        """The expected minutes of the parts that are not done."""
        return sum(part.minutes for part in self.parts if part.state != "done")

    def part(self, code: str) -> Part | None:
        return next((part for part in self.parts if part.code == code), None)

    def line(self, item: str) -> Line | None:
        found = (line for part in self.parts for line in part.lines if line.item.code == item)
        return next(found, None)

    def next_part(self, part: Part) -> Part | None:
        return self.parts[part.position] if part.position < len(self.parts) else None

    def previous_part(self, part: Part) -> Part | None:
        return self.parts[part.position - 2] if part.position > 1 else None


def owner_items(scheme: Scheme) -> dict[str, Item]:
    """The items that the shop answers, by code, in the order of the scheme."""
    items = (item for dimension in scheme.dimensions for item in dimension.items)
    return {item.code: item for item in items if item.scorer == OWNER}


def owner_form(
    scheme: Scheme,
    sheet: Sheet,
    *,
    notes: Mapping[str, Iterable[str]] | None = None,
    evidence: Mapping[str, int] | None = None,
    supplied: Collection[str] = (),
) -> OwnerForm:
    """Lay the sheet out by the sections of the scheme.

    ``notes`` are the open return notes by item, ``evidence`` the number of papers by item,
    ``supplied`` the returned items that were touched since ("" for the sheet as a whole).
    """
    items = owner_items(scheme)
    notes, evidence = notes or {}, evidence or {}
    parts = []
    for position, section in enumerate(scheme.sections, 1):
        lines = tuple(
            _line(
                f"{position}.{number}",
                items[code],
                sheet.get(code, {}),
                scheme,
                tuple(notes.get(code, ())),
                evidence.get(code, 0),
                code in supplied,
            )
            for number, code in enumerate(section.items, 1)
        )
        parts.append(Part(section.code, section.name, position, section.minutes, lines))
    return OwnerForm(tuple(parts), tuple(notes.get("", ())), "" in supplied)


def _line(
    number: str,
    item: Item,
    values: Mapping[str, Mapping[str, Any]],
    scheme: Scheme,
    notes: tuple[str, ...],
    evidence_count: int,
    is_supplied: bool,
) -> Line:
    claim = values.get(NOT_APPLICABLE, {})
    answer = str(values.get(SELF, {}).get("value", ""))
    claims_na = bool(claim) and not claim.get("refused_at")
    outcome = None
    if answer and not claims_na:
        outcome = outcome_of(item, answer, None, scheme.rounding)
    return Line(
        number=number,
        item=item,
        answer=answer,
        na_reason=str(claim.get("reason", "")) if claims_na else "",
        claims_na=claims_na,
        outcome=outcome,
        notes=notes,
        evidence_count=evidence_count,
        is_supplied=is_supplied,
    )


def points_said(
    scheme: Scheme, sheet: Sheet, source: str
) -> tuple[Decimal, Decimal] | tuple[None, None]:
    """Return the points of all items as ``source`` (self or reviewed) says, and out of how many.

    An item that does not apply leaves both. While anything is blank there is no sum: a blank is
    not a zero.
    """
    points = full = Decimal(0)
    for code, item in owner_items(scheme).items():
        values = sheet.get(code, {})
        claim = values.get(NOT_APPLICABLE, {})
        settled = "confirmed_at" in claim if source != SELF else not claim.get("refused_at")
        if claim and settled:
            continue
        answer = values.get(source, {}).get("value")
        if not answer:
            return None, None
        outcome = outcome_of(item, str(answer), None, scheme.rounding)
        points, full = points + outcome.points, full + outcome.full
    return points, full


def canonical_answer(item: Item, raw: str, scheme: Scheme) -> str:
    """Return ``raw`` as it is stored: yes/no as 符合/不符合, the rest as it was written.

    Raises ``AnswerError`` with a sentence when it does not fit the item.
    """
    answer = "".join(raw.split()) if item.method != "level" else raw.strip()
    answer = answer.translate(_FULL_WIDTH)
    if item.method == "bool":
        answer = {"1": "符合", "0": "不符合"}.get(answer, answer)
    outcome_of(item, answer, None, scheme.rounding)
    return answer


def changed_answers(sheet: Sheet, answers: Mapping[str, str]) -> Collection[str]:
    """Return the items whose stored self answer differs from ``answers``."""
    return [
        code
        for code, answer in answers.items()
        if sheet.get(code, {}).get(SELF, {}).get("value") != answer
    ]


_FULL_WIDTH = {ord("０") + n: str(n) for n in range(10)} | {ord("／"): "/", ord("．"): "."}

__all__ = [
    "AnswerError",
    "Line",
    "OwnerForm",
    "Part",
    "canonical_answer",
    "changed_answers",
    "owner_form",
    "owner_items",
    "points_said",
]
