"""A rating and its tree: for every number what it is made of, from which source, by which rule.

The same tree feeds the page, the PDF, the notice and the objection form. Numbers are text with
the places of the scheme; the parts shown add up to the total shown.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from starrating.evidence_record import Evidence, Value, Veto
from starrating.item_points import MISSING, NOT_APPLICABLE, ZERO, Outcome, plain
from starrating.reckoning import Gate, Numbers, Verdict, reckoner
from starrating.regain import Situation, Way, path_to_next, ways
from starrating.scheme_shape import Band, Scheme, VetoRule
from starrating.tree_text import bonus_text, encoded, gate_row, signed, text_of, tree_text


class Answers(NamedTuple):
    """For each item in order its outcome and the value that counted; who is waited for."""

    outcomes: tuple[Outcome, ...]
    counted: tuple[Value | None, ...]
    waiting: Mapping[str, str]


NO_ANSWERS = Answers((), (), {})


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
    answers: Answers = field(repr=False)
    times: Mapping[str, int] = field(repr=False)
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
        parts = list(zip(self.scheme.dimensions, self.numbers.dimensions, strict=False))
        settled = {
            item.code
            for dimension, part in parts
            if part.status in {"fallback", NOT_APPLICABLE}
            for item in dimension.items
        }
        found = [
            (code, self.scheme.item(code).name, waiting)
            for code, waiting in self.answers.waiting.items()
            if code not in settled
        ]
        found += [
            (dimension.code, dimension.name, "public")
            for dimension, part in parts
            if part.status == "incomplete" and part.why
        ]
        found += [(name, name, "period") for name in self.missing_periods]
        return tuple(found)

    def as_dict(self, *, with_regain: bool = True) -> dict[str, Any]:
        """Return the whole tree as plain data that JSON can hold."""
        tree: dict[str, Any] = json.loads(self.as_json(with_regain=with_regain))
        return tree

    def as_json(self, *, with_regain: bool = True) -> str:
        """Return the whole tree as JSON text.

        The regain list asks for some fifty trial sums; a job that rates a whole cycle leaves it
        to the page that shows it.
        """
        scheme, numbers, answers = self.scheme, self.numbers, self.answers
        text = tree_text(scheme)
        found = self.ways_up() if with_regain and self.verdict is not None else ()
        head = encoded(
            {
                "status": self.status,
                "stars": self.stars,
                "total": text_of(self.total),
                "base": text_of(numbers.base),
                "bonus": text_of(numbers.bonus),
                "full": plain(scheme.total.full),
                "failed": self.failed(),
            }
        )
        dimensions = text.dimensions(
            numbers.dimensions, answers.outcomes, answers.counted, self.evidence.items
        )
        bonus = ",".join(
            [
                bonus_text(line, got, self.evidence.bonus.get(line.code, ()), scheme.version)
                for line, got in zip(scheme.bonus.lines, numbers.bonus_lines, strict=False)
                if got.times
            ]
        )
        rest: dict[str, Any] = {
            "vetoes": [_veto(held) for held in self.vetoes],
            "regain": [_way(way) for way in found],
            "path": self._path(found) if found else None,
            "blanks": [
                {"code": code, "name": name, "waiting_for": waiting}
                for code, name, waiting in self.blanks
            ],
            "scheme": {"code": scheme.code, "version": scheme.version, "hash": scheme.hash},
            "preview": self.is_preview,
            **self._adjustments(),
            **self._while_incomplete(),
            **self._override(),
            **self._periods(),
        }
        return (
            f'{head[:-1]},"dimensions":[{dimensions}],"bonus_lines":[{bonus}],'
            f'"bands":[{text.bands(self._bands())}],{encoded(rest)[1:]}'
        )

    def brief(self) -> dict[str, Any]:
        """Return the result without its explanation; with the evidence it yields the tree."""
        shown = [outcome.shown for outcome in self.answers.outcomes]
        codes = [text.code for text in tree_text(self.scheme).items]
        return {**self.figures(), "items": dict(zip(codes, shown, strict=False))}

    def figures(self) -> dict[str, Any]:
        """Return the result as a list shows it: the sums without the single items."""
        numbers = self.numbers
        return {
            "status": self.status,
            "stars": self.stars,
            "computed": [self.computed_status, self.computed_stars],
            "total": text_of(self.total),
            "base": text_of(numbers.base),
            "bonus": text_of(numbers.bonus),
            "parts": {
                dimension.code: text_of(part.points)
                for dimension, part in zip(self.scheme.dimensions, numbers.dimensions, strict=False)
            },
            "vetoes": [held.veto.code for held in self.vetoes],
        }

    def ways_up(self) -> tuple[Way, ...]:
        """Return every single way to more points, the best for its effort first."""
        if not self.answers.outcomes or self.verdict is None:
            return ()
        barred = any(held.rule.effect != "cap" for held in self.vetoes)
        return ways(self._situation(), barred=barred)

    def _situation(self) -> Situation:
        cap = min((v.rule.cap for v in self.vetoes if v.rule.cap is not None), default=None)
        return Situation(
            reckoner(self.scheme), self.answers.outcomes, self.times, self.evidence.samples, cap
        )

    def _path(self, found: tuple[Way, ...]) -> dict[str, Any] | None:
        """Return the cheapest set of ways that reaches the next star, None without one."""
        if self.status not in {"rated", "below_bands"} or self.stars != self.computed_stars:
            return None
        path = path_to_next(self._situation(), found, self.stars)
        if path is None:
            return None
        return {
            "codes": list(path.codes),
            "effort": path.effort,
            "total_after": text_of(path.total_after),
            "stars": path.stars_after,
        }

    def failed(self) -> dict[str, Any] | None:
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
        missed = reckoner(self.scheme).failed(self.numbers, verdict)
        if missed is not None:
            stars, gate = missed
            return {"stars": stars} | {
                name: part for name, part in gate_row(gate).items() if name != "holds"
            }
        step = reckoner(self.scheme).step_missed(verdict)
        if step is not None:
            return {"stars": step[0], "kind": "step", "label": step[1], "need": "", "have": ""}
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

    def _bands(self) -> list[tuple[Band, tuple[Gate, ...]]]:
        if self.verdict is None:
            return []
        engine = reckoner(self.scheme)
        return [
            (band, engine.gates(self.numbers, row)) for row, band in enumerate(self.scheme.bands)
        ]

    def _adjustments(self) -> dict[str, Any]:
        """Return the differences between the parts and the sums, each with its reason."""
        numbers = self.numbers
        found: dict[str, Any] = {}
        if numbers.base is not None:
            parts = sum((p.points for p in numbers.dimensions if p.points is not None), ZERO)
            if numbers.base != parts:
                found["base_adjustment"] = {
                    "points": signed(numbers.base - parts),
                    "why": "有不适用的部分，其余按满分折算",
                }
        if numbers.total is not None and numbers.base is not None:
            over = numbers.total - numbers.base - numbers.bonus
            if over:
                found["total_adjustment"] = {"points": signed(over), "why": "总分超出上下限"}
        if self.verdict is not None and self.verdict.steps:
            found["steps"] = [
                {"label": label, "add": add, "holds": holds}
                for label, add, holds in self.verdict.steps
            ]
        return found

    def _while_incomplete(self) -> dict[str, Any]:
        """Return what is sure by now and what can still be reached."""
        if self.status != "incomplete" or not self.answers.outcomes:
            return {}
        engine = reckoner(self.scheme)
        pairs = list(zip(engine.items, self.answers.outcomes, strict=True))
        sure = [item.at_worst if o.status == MISSING else o for item, o in pairs]
        best = [item.at_best if o.status == MISSING else o for item, o in pairs]
        return {
            "so_far": text_of(engine.numbers(sure, self.times).total),
            "possible": text_of(engine.numbers(best, self.times).total),
        }

    def _override(self) -> dict[str, Any]:
        decision = self.evidence.override
        if decision is None:
            return {}
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

    def _periods(self) -> dict[str, Any]:
        if not self.periods:
            return {}
        return {
            "periods": [
                {
                    "name": period.name,
                    "status": period.rating.status,
                    "stars": period.rating.stars,
                    "total": text_of(period.rating.total),
                    "counts": period.counts,
                }
                for period in self.periods
            ]
        }


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


def _way(way: Way) -> dict[str, Any]:
    return {
        "code": way.code,
        "name": way.name,
        "gain": text_of(way.gain),
        "effort": way.effort,
        "total_after": text_of(way.total_after),
        "stars_after": way.stars_after,
        "how": way.how,
    }
