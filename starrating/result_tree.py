"""A rating and its tree: for every number what it is made of, from which source, by which rule.

The same tree feeds the page, the PDF, the notice and the objection form. Numbers are text with
the places of the scheme; the parts shown add up to the total shown.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from starrating.evidence_record import Evidence, Value, Veto
from starrating.item_points import MISSING, NOT_APPLICABLE, ZERO, Outcome, plain
from starrating.reckoning import (
    DimensionSum,
    Gate,
    Numbers,
    Verdict,
    reckoner,
    times_in,
)
from starrating.regain import Way, path_to_next, ways
from starrating.scheme_shape import Dimension, Item, Scheme, VetoRule


@dataclass(frozen=True, slots=True)
class Line:
    """One item in a rating: what counted, what it earned, what it waits for."""

    outcome: Outcome
    counted: Value | None
    waiting_for: str = ""


@dataclass(frozen=True, slots=True)
class HeldVeto:
    """A veto that stands on the day of the rating, with its rule and its end."""

    rule: VetoRule
    veto: Veto
    until: date | None


@dataclass(frozen=True, slots=True)
class PeriodResult:
    """The result of one part of the year."""

    name: str
    rating: "Rating"
    counts: bool


@dataclass(frozen=True, slots=True)
class Rating:
    """The outcome for one shop and all that it is made of.

    ``stars`` is None unless ``status`` is ``rated``; ``total`` is None while blanks remain or
    when the shop is not rated. ``computed_*`` is what the scheme gives where a body decided
    otherwise.
    """

    scheme: Scheme = field(repr=False)
    evidence: Evidence = field(repr=False)
    status: str
    stars: int | None
    total: Decimal | None
    numbers: Numbers = field(repr=False)
    lines: tuple[Line, ...] = field(repr=False)
    verdict: Verdict | None = field(repr=False)
    vetoes: tuple[HeldVeto, ...] = ()
    periods: tuple[PeriodResult, ...] = ()
    missing_periods: tuple[str, ...] = ()
    computed_status: str = ""
    computed_stars: int | None = None
    is_preview: bool = False

    @property
    def base(self) -> Decimal | None:
        """Return the points before bonus, None while blanks remain."""
        return self.numbers.base

    @property
    def bonus(self) -> Decimal:
        """Return the bonus that counts."""
        return self.numbers.bonus

    @property
    def blanks(self) -> tuple[tuple[str, str, str], ...]:
        """Return (code, name, waiting for) of everything that has no answer yet."""
        found = [
            (item.code, item.name, line.waiting_for)
            for item, line in zip(self.scheme.items, self.lines, strict=False)
            if line.waiting_for
        ]
        found += [
            (dimension.code, dimension.name, "public")
            for dimension, part in zip(
                self.scheme.dimensions, self.numbers.dimensions, strict=False
            )
            if part.status == "incomplete" and part.why
        ]
        found += [(name, name, "period") for name in self.missing_periods]
        return tuple(found)

    def as_dict(self, *, with_regain: bool = True) -> dict[str, Any]:
        """Return the whole tree as plain data that JSON can hold."""
        scheme, numbers = self.scheme, self.numbers
        tree: dict[str, Any] = {
            "status": self.status,
            "stars": self.stars,
            "total": _text(self.total),
            "base": _text(numbers.base),
            "bonus": _text(numbers.bonus),
            "full": plain(scheme.total.full),
            "failed": self._failed(),
            "dimensions": self._dimensions(),
            "bonus_lines": self._bonus_lines(),
            "vetoes": [_veto(held) for held in self.vetoes],
            "bands": self._bands(),
            "regain": [],
            "path": None,
            "blanks": [
                {"code": code, "name": name, "waiting_for": waiting}
                for code, name, waiting in self.blanks
            ],
            "scheme": {"code": scheme.code, "version": scheme.version, "hash": scheme.hash},
            "preview": self.is_preview,
        }
        tree |= self._adjustments()
        if with_regain and self.verdict is not None and self.lines:
            found = self.ways_up()
            tree["regain"] = [_way(way) for way in found]
            tree["path"] = self._path(found)
        if self.status == "incomplete" and self.lines:
            tree |= self._while_incomplete()
        if self.evidence.override is not None:
            tree |= self._override()
        if self.periods:
            tree["periods"] = [
                {
                    "name": period.name,
                    "status": period.rating.status,
                    "stars": period.rating.stars,
                    "total": _text(period.rating.total),
                    "counts": period.counts,
                }
                for period in self.periods
            ]
        return tree

    def brief(self) -> dict[str, Any]:
        """Return the result without its explanation; with the evidence it yields the tree."""
        numbers = self.numbers
        return {
            "status": self.status,
            "stars": self.stars,
            "computed": [self.computed_status, self.computed_stars],
            "total": _text(self.total),
            "base": _text(numbers.base),
            "bonus": _text(numbers.bonus),
            "parts": {
                dimension.code: _text(part.points)
                for dimension, part in zip(self.scheme.dimensions, numbers.dimensions, strict=False)
            },
            "items": {
                item.code: (
                    _text(line.outcome.points)
                    if line.outcome.status not in (MISSING, NOT_APPLICABLE)
                    else line.outcome.status
                )
                for item, line in zip(self.scheme.items, self.lines, strict=False)
            },
            "vetoes": [held.veto.code for held in self.vetoes],
        }

    def ways_up(self) -> tuple[Way, ...]:
        """Return every single way to more points, the best for its effort first."""
        most = min((v.rule.cap for v in self.vetoes if v.rule.cap is not None), default=None)
        barred = any(held.rule.effect != "cap" for held in self.vetoes)
        return ways(
            reckoner(self.scheme),
            [line.outcome for line in self.lines],
            self._times(),
            self.evidence.samples,
            None if barred else most,
            barred=barred,
        )

    def _times(self) -> dict[str, int]:
        lines = reckoner(self.scheme).bonus_lines
        return {
            code: sum(
                times_in(lines[code], value.value)
                for value in values
                if self.is_preview or value.kind != "self"
            )
            for code, values in self.evidence.bonus.items()
        }

    def _path(self, found: tuple[Way, ...]) -> dict[str, Any] | None:
        """Return the cheapest set of ways that reaches the next star, None without one."""
        if self.status not in {"rated", "below_bands"} or self.stars != self.computed_stars:
            return None
        path = path_to_next(
            reckoner(self.scheme),
            [line.outcome for line in self.lines],
            self._times(),
            self.evidence.samples,
            found,
            self.stars,
            min((v.rule.cap for v in self.vetoes if v.rule.cap is not None), default=None),
        )
        if path is None:
            return None
        return {
            "codes": list(path.codes),
            "effort": path.effort,
            "total_after": _text(path.total_after),
            "stars": path.stars_after,
        }

    def _failed(self) -> dict[str, Any] | None:
        """Return the first condition that does not hold in the row just above."""
        for held in self.vetoes:
            if held.rule.effect != "cap":
                label = f"一票否决：{held.rule.name}"
                return {"stars": None, "kind": "veto", "label": label, "need": "", "have": ""}
        verdict = self.verdict
        if verdict is None:
            return None
        for held in self.vetoes:
            cap = held.rule.cap
            if cap is not None and verdict.stars is not None and verdict.stars > cap:
                return {
                    "stars": cap + 1,
                    "kind": "veto_cap",
                    "label": f"{held.rule.name}，最高 {cap} 星",
                    "need": "",
                    "have": "",
                }
        if verdict.failed is not None:
            stars, gate = verdict.failed
            return {"stars": stars} | {
                name: part for name, part in _gate(gate).items() if name != "holds"
            }
        if verdict.held_back is not None:
            extra = self.scheme.bonus.max_extra_stars
            return {
                "stars": verdict.held_back + 1,
                "kind": "bonus_limit",
                "label": f"加分最多提高 {extra} 星",
                "need": "",
                "have": "",
            }
        return None

    def _dimensions(self) -> list[dict[str, Any]]:
        rows, start = [], 0
        version = self.scheme.version
        for dimension, part in zip(self.scheme.dimensions, self.numbers.dimensions, strict=False):
            end = start + len(dimension.items)
            lines = self.lines[start:end]
            start = end
            rows.append(
                _dimension(dimension, part)
                | {
                    "items": [
                        _item(
                            item, line, dimension, self.evidence.items.get(item.code, ()), version
                        )
                        for item, line in zip(dimension.items, lines, strict=False)
                    ]
                }
            )
        return rows

    def _bonus_lines(self) -> list[dict[str, Any]]:
        return [
            {
                "code": line.code,
                "name": line.name,
                "times": str(found.times),
                "each": plain(line.each),
                "points": _text(found.points),
                "cap": plain(line.cap),
                "counted": _text(found.counted),
                "why": found.why,
                "rule": f"bonus/{line.code}@{self.scheme.version}",
                "sources": [_source(v) for v in sorted(self.evidence.bonus.get(line.code, ()))],
            }
            for line, found in zip(self.scheme.bonus.lines, self.numbers.bonus_lines, strict=False)
            if found.times
        ]

    def _bands(self) -> list[dict[str, Any]]:
        if self.verdict is None:
            return []
        return [
            {
                "stars": band.stars,
                "holds": holds,
                "conditions": [_gate(gate) for gate in gates],
            }
            for band, holds, gates in self.verdict.gates
        ]

    def _adjustments(self) -> dict[str, Any]:
        """Return the differences between the parts and the sums, each with its reason."""
        numbers = self.numbers
        found: dict[str, Any] = {}
        if numbers.base is not None:
            parts = sum((p.points for p in numbers.dimensions if p.points is not None), ZERO)
            if numbers.base != parts:
                found["base_adjustment"] = {
                    "points": _signed(numbers.base - parts),
                    "why": "有不适用的部分，其余按满分折算",
                }
        if numbers.total is not None and numbers.base is not None:
            over = numbers.total - numbers.base - numbers.bonus
            if over:
                found["total_adjustment"] = {"points": _signed(over), "why": "总分超出上下限"}
        if self.verdict is not None and self.verdict.steps:
            found["steps"] = [
                {"label": label, "add": add, "holds": holds}
                for label, add, holds in self.verdict.steps
            ]
        return found

    def _while_incomplete(self) -> dict[str, Any]:
        """Return what is sure by now and what can still be reached, without bonus."""
        engine = reckoner(self.scheme)
        sure = [
            Outcome("scored", item.worst, item.item.full, ZERO, "")
            if line.outcome.status == MISSING
            else line.outcome
            for item, line in zip(engine.items, self.lines, strict=True)
        ]
        best = [
            Outcome("scored", item.best, item.item.full, ZERO, "")
            if line.outcome.status == MISSING
            else line.outcome
            for item, line in zip(engine.items, self.lines, strict=True)
        ]
        return {
            "so_far": _text(engine.numbers(sure, self._times()).total),
            "possible": _text(engine.numbers(best, self._times()).total),
        }

    def _override(self) -> dict[str, Any]:
        decision = self.evidence.override
        assert decision is not None  # noqa: S101 -- the caller looked
        return {
            "computed": {"status": self.computed_status, "stars": self.computed_stars},
            "override": {
                "status": decision.status,
                "stars": decision.stars,
                "reason": decision.reason,
                "document": decision.document,
                "decided_by": decision.decided_by,
                "confirmed_by": decision.confirmed_by,
            },
        }


def _dimension(dimension: Dimension, part: DimensionSum) -> dict[str, Any]:
    row: dict[str, Any] = {
        "code": dimension.code,
        "name": dimension.name,
        "status": part.status,
        "points": _text(part.points),
        "full": plain(part.full),
        "ratio": _text(part.ratio),
    }
    if part.why:
        row["why"] = part.why
    if dimension.stars:
        row["stars"] = part.stars
    if part.points is not None and part.points != part.earned:
        row["earned"] = plain(part.earned)
        row["applicable"] = plain(part.applicable)
        row["adjustment"] = _signed(part.points - part.earned)
    return row


def _item(
    item: Item, line: Line, dimension: Dimension, values: tuple[Value, ...], version: str
) -> dict[str, Any]:
    outcome = line.outcome
    has_points = outcome.status not in (MISSING, NOT_APPLICABLE)
    row: dict[str, Any] = {
        "code": item.code,
        "name": item.name,
        "method": item.method,
        "points": _text(outcome.points) if has_points else None,
        "full": plain(outcome.full),
        "lost": _text(outcome.lost) if has_points else None,
        "status": outcome.status,
        "why": outcome.why,
        "sources": _sources(values, line.counted),
        "rule": f"item/{item.code}@{version}",
        "basis": list(item.basis),
    }
    if dimension.combine == "weighted":
        row["weight"] = plain(item.weight)
        row["counted"] = plain(outcome.points * item.weight) if has_points else None
    return row


def _sources(values: tuple[Value, ...], counted: Value | None) -> list[dict[str, Any]]:
    """Return the value that counts and after it the others, which say that they do not."""
    rows = [] if counted is None else [_source(counted)]
    rows += [_source(v) | {"unused": True} for v in sorted(values) if v != counted]
    return rows


def _source(value: Value) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": value.id,
        "kind": value.kind,
        "label": value.label,
        "value": value.value,
    }
    if value.n is not None:
        row["n"] = value.n
    if value.reason:
        row["reason"] = value.reason
    return row


def _veto(held: HeldVeto) -> dict[str, Any]:
    return {
        "code": held.rule.code,
        "name": held.rule.name,
        "document": held.veto.document,
        "effect": held.rule.effect,
        "cap": held.rule.cap,
        "from": None if held.veto.since is None else held.veto.since.isoformat(),
        "to": None if held.until is None else held.until.isoformat(),
        "source": held.veto.id,
    }


def _gate(gate: Gate) -> dict[str, Any]:
    condition = gate.condition
    have = "不适用" if gate.have is None else plain(gate.have)
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


def _way(way: Way) -> dict[str, Any]:
    return {
        "code": way.code,
        "name": way.name,
        "gain": _text(way.gain),
        "effort": way.effort,
        "total_after": _text(way.total_after),
        "stars_after": way.stars_after,
        "how": way.how,
    }


def _text(number: Decimal | None) -> str | None:
    return None if number is None else format(number, "f")


def _signed(number: Decimal) -> str:
    return format(number, "+f")
