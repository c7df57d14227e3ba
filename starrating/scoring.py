"""Star rating: scheme and evidence in, a rating with its whole explanation out.

Pure: no database, no clock, no framework. A blank is never a zero, a veto keeps the total
visible and gives no star, and every number in the tree names the source and the rule it comes
from. Unit: points of the scheme, rounded half up to its places.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from starrating.evidence_record import (
    NOT_APPLICABLE_VALUE,
    Evidence,
    EvidenceError,
    Override,
    Shared,
    Value,
    Veto,
    evidence_from_dict,
    evidence_json,
    evidence_to_dict,
    value_order,
)
from starrating.item_points import (
    ARITHMETIC,
    MISSING,
    NOT_APPLICABLE,
    ZERO,
    AnswerError,
    Outcome,
    rounded,
)
from starrating.reckoning import (
    DimensionSum,
    ItemReckoner,
    Numbers,
    Reckoner,
    reckoner,
    remember,
    times_in,
)
from starrating.result_tree import NO_ANSWERS, Answers, HeldVeto, PeriodResult, Rating
from starrating.scheme_format import canonical_json, document_hash
from starrating.scheme_shape import Scheme

__all__ = [
    "ENGINE_VERSION",
    "NOT_APPLICABLE_VALUE",
    "Evidence",
    "EvidenceError",
    "Override",
    "Rating",
    "Value",
    "Veto",
    "evidence_from_dict",
    "evidence_json",
    "evidence_to_dict",
    "freeze",
    "rate",
    "verify",
]

# Changes only together with a replay of all golden results (tests/starrating/golden).
ENGINE_VERSION = 1
NOTHING = Numbers((), (), None, ZERO, None)


def rate(scheme: Scheme, evidence: Evidence, *, preview: bool = False) -> Rating:
    """Return the rating that ``scheme`` gives to ``evidence``.

    With ``preview`` a value that only the owner gave counts too: the owner's own estimate.
    Otherwise it never does, and its item is a blank that waits for the reviewer. Raises
    ``EvidenceError`` when an answer cannot be read, a code is unknown or two sources of one
    kind contradict each other.
    """
    engine = reckoner(scheme)
    if evidence.status:
        return _not_rated(engine, evidence, preview)
    if scheme.periods is not None and evidence.periods:
        rating = _rate_year(engine, evidence, preview)
    else:
        answers = _gather(engine, evidence, preview)
        times = _times(engine, evidence, preview)
        numbers = engine.numbers(answers.outcomes, times, evidence.samples)
        rating = _decided(engine, evidence, numbers, answers, preview, times)
    return rating if evidence.override is None else _overridden(rating, evidence.override)


def _gather(engine: Reckoner, evidence: Evidence, preview: bool) -> Answers:
    """Return, for each item in order, the value that counts and its outcome.

    The inner loop of a cycle with 100,000 shops: what was met before is looked up in place.
    """
    items = evidence.items
    outcomes: list[Outcome] = []
    counted: list[Value | None] = []
    waiting: dict[str, str] = {}
    problems: dict[str, str] = {}
    seen = 0
    find = items.get
    for code, known, item in engine.known:
        values = find(code)
        # What is remembered is kept alive, so nothing else can have its identity.
        if not preview and (met := known.get(id(values))) is not None:
            seen += 1
            outcomes.append(met[2])
            counted.append(met[1])
            if met[2].status == MISSING:
                waiting[code] = _waiting_for(item.item.scorer, values)
            continue
        value, outcome = None, None
        is_shared = type(values) is Shared and not preview
        if values is not None:
            seen += 1
            kinds = item.preview_kinds if preview else item.kinds
            try:
                if len(values) == 1:
                    value = values[0]
                    if value.kind not in kinds or not value.value:
                        value = None
                else:
                    value = _strongest(values, kinds)
                if value is not None:
                    if value.n is None:
                        outcome = item.known.get(value.value)
                    if outcome is None:
                        outcome = _outcome(item, value)
            except AnswerError as error:
                problems[code] = str(error)
            if is_shared and code not in problems:
                remember(known, id(values), (values, value, outcome or item.blank))
        if outcome is None:
            outcome = item.blank
        if outcome.status == MISSING:
            waiting[code] = _waiting_for(item.item.scorer, values)
        outcomes.append(outcome)
        counted.append(value)
    if seen < len(items):
        problems |= {code: "方案里没有这一项" for code in items if code not in engine.by_code}
    if problems:
        raise EvidenceError(problems)
    return Answers(tuple(outcomes), tuple(counted), waiting)


def _outcome(item: ItemReckoner, value: Value) -> Outcome:
    if value.value == NOT_APPLICABLE_VALUE:
        return item.not_applicable(value.reason)
    return item.outcome(value.value, value.n)


def _strongest(values: Sequence[Value], kinds: Mapping[str, int]) -> Value | None:
    """Return the value of the strongest kind.

    A claim that the item does not apply stands above a value of the same kind. Raises
    ``AnswerError`` when two values of one kind contradict each other.
    """
    best, best_rank = None, len(kinds)
    for value in values:
        rank = kinds.get(value.kind)
        if rank is None or rank > best_rank or not value.value:
            continue
        best = value if best is None or rank < best_rank else _of_one_kind(best, value)
        best_rank = rank
    return best


def _of_one_kind(one: Value, other: Value) -> Value:
    claims = [value for value in (one, other) if value.value == NOT_APPLICABLE_VALUE]
    if len(claims) == 1:
        return claims[0]
    if (one.value, one.n) != (other.value, other.n):
        raise AnswerError("同一来源有两个不同的结果，请先改成一个")
    return min(one, other, key=value_order)


def _waiting_for(scorer: str, values: Sequence[Value] | None) -> str:
    if scorer == "owner" and values:
        return "reviewer"
    return scorer


def _times(engine: Reckoner, evidence: Evidence, preview: bool) -> dict[str, int]:
    """Return how often each good work was done; what only the owner says never counts."""
    times, problems = {}, {}
    for code, values in evidence.bonus.items():
        if code not in engine.bonus_lines:
            problems[code] = "方案里没有这个加分项"
            continue
        try:
            counted = [times_in(v.value) for v in values if preview or v.kind != "self"]
        except AnswerError as error:
            problems[code] = str(error)
        else:
            times[code] = sum(counted)
    if problems:
        raise EvidenceError(problems)
    return times


def _held(engine: Reckoner, evidence: Evidence) -> tuple[HeldVeto, ...]:
    """Return the vetoes that stand on the day of the evidence, in canonical order."""
    if not evidence.vetoes:
        return ()
    held = []
    for veto in sorted(evidence.vetoes, key=lambda v: (v.code, v.document, v.id)):
        rule = engine.veto_rules.get(veto.code)
        if rule is None:
            raise EvidenceError({veto.code: "方案里没有这个否决项"})
        until = veto.until
        if until is None and veto.since is not None and rule.months is not None:
            until = _months_after(veto.since, rule.months)
        day = evidence.on
        is_early = day is not None and veto.since is not None and day < veto.since
        is_over = day is not None and until is not None and day > until
        if not (veto.lifted_by or is_early or is_over):
            held.append(HeldVeto(rule, veto, until))
    return tuple(held)


def _months_after(day: date, months: int) -> date:
    """Return the last day of a period of ``months`` that begins on ``day``."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date.fromordinal(date(year, month + 1, last).toordinal() - (last == day.day))
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")  # pragma: no cover


def _decided(
    engine: Reckoner,
    evidence: Evidence,
    numbers: Numbers,
    answers: Answers,
    preview: bool,
    times: Mapping[str, int],
    periods: tuple[PeriodResult, ...] = (),
    missing_periods: tuple[str, ...] = (),
) -> Rating:
    """Return the rating for the sums: vetoes first, then completeness, then the stars."""
    held = _held(engine, evidence)
    complete = numbers.total is not None and not missing_periods
    verdict = engine.verdict(numbers) if complete else None
    effects = {veto.rule.effect for veto in held}
    stars = verdict.stars if verdict is not None else None
    if "suspend" in effects:
        status, stars = "suspended", None
    elif "no_star" in effects:
        status, stars = "vetoed", None
    elif not complete:
        status = "incomplete"
    elif stars is None:
        status = "below_bands"
    else:
        status = "rated"
        stars = min([stars, *(v.rule.cap for v in held if v.rule.cap is not None)])
    return Rating(
        scheme=engine.scheme,
        evidence=evidence,
        status=status,
        stars=stars,
        total=numbers.total if not missing_periods else None,
        numbers=numbers,
        answers=answers,
        times=times,
        verdict=verdict,
        vetoes=held,
        periods=periods,
        missing_periods=missing_periods,
        computed_status=status,
        computed_stars=stars,
        is_preview=preview,
    )


def _not_rated(engine: Reckoner, evidence: Evidence, preview: bool) -> Rating:
    """Return the rating of a shop in a status: no star, no total, nothing to average."""
    status = engine.statuses.get(evidence.status)
    if status is None:
        raise EvidenceError({"status": f"方案里没有“{evidence.status}”这个状态"})
    rating = Rating(
        scheme=engine.scheme,
        evidence=evidence,
        status=status,
        stars=None,
        total=None,
        numbers=NOTHING,
        answers=NO_ANSWERS,
        times={},
        verdict=None,
        computed_status=status,
        is_preview=preview,
    )
    return rating if evidence.override is None else _overridden(rating, evidence.override)


def _overridden(rating: Rating, decision: Override) -> Rating:
    """Return the rating as a body decided it; the computed result stays beside it."""
    problems = {}
    if not (decision.reason.strip() and decision.document.strip()):
        problems["override"] = "改变星级的决定要写明理由和文件"
    elif not (decision.decided_by and decision.confirmed_by):
        problems["override"] = "改变星级的决定要写明决定人和复核人"
    elif decision.decided_by == decision.confirmed_by:
        problems["override"] = "改变星级的决定要由另一个人复核"
    elif (decision.stars is not None) != (decision.status == "rated"):
        problems["override"] = "授星的决定要写明几星，不授星的不写"
    if problems:
        raise EvidenceError(problems)
    return replace(rating, status=decision.status, stars=decision.stars)


def _rate_year(engine: Reckoner, evidence: Evidence, preview: bool) -> Rating:
    """Return the rating of a year made of shorter results; a period in a status is left out."""
    rules = engine.scheme.periods
    assert rules is not None  # noqa: S101 -- the caller looked
    results = []
    for name, part in evidence.periods:
        rating = rate(engine.scheme, part, preview=preview)
        results.append(PeriodResult(name, rating, rating.status in _COUNTABLE))
    names = rules.names or tuple(f"第 {n} 期" for n in range(1, rules.count + 1))
    present = {result.name for result in results}
    if foreign := sorted(present - set(names)):
        raise EvidenceError({name: "方案里没有这一期" for name in foreign})
    if len(present) < len(results):
        raise EvidenceError({"periods": "有一期给了两次"})
    results.sort(key=lambda result: names.index(result.name))
    open_ones = [result.name for result in results if result.rating.status == "incomplete"]
    missing = tuple(n for n in names if n not in present or n in open_ones)
    counted = [result.rating for result in results if result.counts]
    periods = tuple(results)
    if not counted:
        missing = missing or names
        return _decided(engine, evidence, NOTHING, NO_ANSWERS, preview, {}, periods, missing)
    if rules.combine == "last":
        numbers = counted[-1].numbers
    elif rules.combine == "worst":
        numbers = min(counted, key=_standing).numbers
    else:
        numbers = _mean(engine, [rating.numbers for rating in counted])
    return _decided(engine, evidence, numbers, NO_ANSWERS, preview, {}, periods, missing)


_COUNTABLE = frozenset({"rated", "below_bands"})


def _standing(rating: Rating) -> tuple[int, Decimal]:
    """Return what orders ratings from worst to best: stars, then the total."""
    total = rating.total if rating.total is not None else ZERO
    if rating.scheme.total.good == "low":
        total = -total
    return (-1 if rating.stars is None else rating.stars), total


def _mean(engine: Reckoner, parts: Sequence[Numbers]) -> Numbers:
    """Return the mean of several sums; the mean of the parts adds up to the mean total."""
    scheme = engine.scheme
    places, mode = scheme.rounding.dimension, scheme.rounding.mode
    dimensions = []
    for same in zip(*(numbers.dimensions for numbers in parts), strict=True):
        there = [d for d in same if d.status != NOT_APPLICABLE and d.points is not None]
        if not there:
            dimensions.append(same[0])
            continue
        n = Decimal(len(there))
        points = ARITHMETIC.divide(sum((d.points for d in there if d.points is not None), ZERO), n)
        full = ARITHMETIC.divide(sum((d.full for d in there), ZERO), n)
        points = rounded(points, places, mode)
        ratio = rounded(ARITHMETIC.divide(points, full), 4, mode)
        dimensions.append(
            DimensionSum("scored", points, full, points, full, ratio, None, f"{n} 期的平均")
        )
    return engine.of_year(dimensions, parts)


def freeze(rating: Rating) -> dict[str, str | int]:
    """Return what is kept for ever beside an issued result.

    ``evidence`` and ``result`` are canonical JSON; the hashes are SHA-256 in hex.
    """
    evidence = evidence_json(rating.evidence)
    return {
        "engine_version": ENGINE_VERSION,
        "scheme_hash": rating.scheme.hash,
        "evidence": evidence,
        "evidence_hash": hashlib.sha256(evidence.encode()).hexdigest(),
        "result": canonical_json(rating.brief()),
    }


def verify(scheme: Scheme, frozen: Mapping[str, Any]) -> tuple[str, ...]:
    """Return how a recomputed result differs from ``frozen``; empty when it is the same.

    ``evidence`` and ``result`` may be JSON text or plain data; ``result`` may be the brief or
    the whole tree.
    """
    differences = []
    if frozen["scheme_hash"] != scheme.hash:
        return ("方案与冻结时不同，不能用它复算。",)
    evidence, result = _data(frozen["evidence"]), _data(frozen["result"])
    if document_hash(evidence) != frozen["evidence_hash"]:
        differences.append("证据的校验值不符，冻结后被改过。")
    try:
        rating = rate(scheme, evidence_from_dict(evidence))
    except EvidenceError as error:
        return (*differences, f"证据不能复算：{error}")
    again = rating.as_dict() if "dimensions" in result else rating.brief()
    again = json.loads(canonical_json(again))
    for name in sorted(set(again) | set(result)):
        if again.get(name) != result.get(name):
            differences.append(f"“{name}”冻结为 {result.get(name)}，复算为 {again.get(name)}。")
    return tuple(differences)


def _data(frozen: Any) -> Any:
    return json.loads(frozen) if isinstance(frozen, str) else frozen
