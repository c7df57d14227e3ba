"""The cheapest ways to the next star, each with the exact total that would result.

Every way is tried by the same sums as the rating itself, so the number promised is the number
that a later rating would give if nothing else changed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from starrating.item_points import SCORED, ZERO, Outcome
from starrating.reckoning import Reckoner


@dataclass(frozen=True, slots=True)
class Way:
    """One thing that a shop can do: ``gain`` points of the total for ``effort`` (1 to 3).

    ``times`` is how often a good work would then have been done, None for an item.
    """

    code: str
    name: str
    gain: Decimal
    effort: int
    total_after: Decimal
    stars_after: int | None
    how: str
    times: int | None = None


@dataclass(frozen=True, slots=True)
class Path:
    """A set of ways that together reach the next star."""

    codes: tuple[str, ...]
    effort: int
    total_after: Decimal
    stars_after: int


def ways(
    engine: Reckoner,
    outcomes: Sequence[Outcome],
    times: Mapping[str, int],
    samples: Mapping[str, int],
    cap: int | None = None,
    *,
    barred: bool = False,
) -> tuple[Way, ...]:
    """Return the ways to more points, most points per effort first.

    ``cap`` is the most stars that a veto leaves; ``barred`` means that no star can be had.
    Items that wait, do not apply, stand on a small sample or cannot be made good are left out.
    """
    now = engine.numbers(outcomes, times, samples).total
    found = []
    for code, name, effort, how, count in _chances(engine, outcomes, times):
        total, stars = _after(engine, outcomes, times, samples, {code}, cap)
        gain = total - now if total is not None and now is not None else ZERO
        if engine.scheme.total.good == "low":
            gain = -gain
        if gain > 0 and total is not None:
            stars = None if barred else stars
            found.append(Way(code, name, gain, effort, total, stars, how, count))
    found.sort(key=lambda way: (-way.gain / way.effort, way.effort, way.code))
    return tuple(found)


def path_to_next(
    engine: Reckoner,
    outcomes: Sequence[Outcome],
    times: Mapping[str, int],
    samples: Mapping[str, int],
    found: Sequence[Way],
    stars: int | None,
    cap: int | None = None,
) -> Path | None:
    """Return a cheap set of ``found`` ways that reaches more than ``stars``, None without one.

    Ways are added in their order until the star is reached; then every way without which it
    is still reached is left out again, the dearest first.
    """
    chosen: list[Way] = []
    for way in found:
        chosen.append(way)
        if _is_reached(engine, outcomes, times, samples, chosen, stars, cap):
            break
    else:
        return None
    for way in sorted(chosen, key=lambda way: (-way.effort, way.gain)):
        fewer = [other for other in chosen if other is not way]
        if _is_reached(engine, outcomes, times, samples, fewer, stars, cap):
            chosen = fewer
    codes = tuple(way.code for way in chosen)
    total, after = _after(engine, outcomes, times, samples, set(codes), cap)
    assert total is not None  # noqa: S101 -- a star was reached
    assert after is not None  # noqa: S101 -- as above
    return Path(codes, sum(way.effort for way in chosen), total, after)


def _is_reached(
    engine: Reckoner,
    outcomes: Sequence[Outcome],
    times: Mapping[str, int],
    samples: Mapping[str, int],
    chosen: Sequence[Way],
    stars: int | None,
    cap: int | None,
) -> bool:
    _, after = _after(engine, outcomes, times, samples, {way.code for way in chosen}, cap)
    return after is not None and (stars is None or after > stars)


def _chances(
    engine: Reckoner, outcomes: Sequence[Outcome], times: Mapping[str, int]
) -> list[tuple[str, str, int, str, int | None]]:
    """Return (code, name, effort, how, times) of everything that could still be made good."""
    chances: list[tuple[str, str, int, str, int | None]] = [
        (item.code, item.item.name, item.item.effort, outcome.how, None)
        for item, outcome in zip(engine.items, outcomes, strict=True)
        if outcome.lost and outcome.status == SCORED and item.item.regainable
    ]
    for line in engine.scheme.bonus.lines:
        done, most = times.get(line.code, 0), most_times(line.each, line.cap)
        if done < most and line.regainable:
            how = f"再做 {most - done} 次，每次加 {line.each} 分"
            chances.append((line.code, line.name, line.effort, how, most))
    return chances


def most_times(each: Decimal, cap: Decimal) -> int:
    """Return how often a good work counts before its line is full."""
    return int((cap / each).to_integral_value(ROUND_CEILING))


def _after(
    engine: Reckoner,
    outcomes: Sequence[Outcome],
    times: Mapping[str, int],
    samples: Mapping[str, int],
    codes: set[str],
    cap: int | None,
) -> tuple[Decimal | None, int | None]:
    """Return total and stars when everything in ``codes`` is made good."""
    better = [
        Outcome(SCORED, item.best, item.item.full, ZERO, "") if item.code in codes else outcome
        for item, outcome in zip(engine.items, outcomes, strict=True)
    ]
    more = dict(times)
    for code in codes & engine.bonus_lines.keys():
        line = engine.bonus_lines[code]
        more[code] = most_times(line.each, line.cap)
    numbers = engine.numbers(better, more, samples)
    if numbers.total is None:
        return None, None
    stars = engine.verdict(numbers).stars
    return numbers.total, stars if stars is None or cap is None else min(stars, cap)
