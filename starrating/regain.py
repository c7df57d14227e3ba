"""The cheapest ways to the next star, each with the exact total that would result.

Every way is tried by the same sums as the rating itself, so the number promised is the number
that a later rating would give if nothing else changed.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from starrating.item_points import SCORED, Outcome
from starrating.reckoning import Reckoner


@dataclass(frozen=True, slots=True)
class Situation:
    """Where a shop stands: outcomes in the order of the scheme, bonus times, sample sizes.

    ``cap`` is the most stars that a veto leaves, None without one.
    """

    engine: Reckoner
    outcomes: Sequence[Outcome]
    times: Mapping[str, int]
    samples: Mapping[str, int]
    cap: int | None = None

    def after(self, codes: Collection[str]) -> tuple[Decimal, int | None]:
        """Return total and stars when everything in ``codes`` is made good."""
        engine = self.engine
        better = [
            item.at_best if item.code in codes else outcome
            for item, outcome in zip(engine.items, self.outcomes, strict=True)
        ]
        more = dict(self.times)
        for code in codes:
            if code in engine.bonus_lines:
                line = engine.bonus_lines[code]
                more[code] = most_times(line.each, line.cap)
        numbers = engine.numbers(better, more, self.samples)
        assert numbers.total is not None  # noqa: S101 -- only complete ratings have ways up
        stars = engine.verdict(numbers).stars
        if stars is not None and self.cap is not None:
            stars = min(stars, self.cap)
        return numbers.total, stars


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
    stars_after: int | None


def ways(now: Situation, *, barred: bool = False) -> tuple[Way, ...]:
    """Return the ways to more points, most points per effort first.

    ``barred`` means that a veto leaves no star. Items that do not apply, stand on a small
    sample or cannot be made good any more are left out.
    """
    total_now, _ = now.after(())
    found = []
    for code, name, effort, how, times in _chances(now):
        total, stars = now.after((code,))
        gain = total - total_now
        if now.engine.scheme.total.good == "low":
            gain = -gain
        if gain > 0:
            stars = None if barred else stars
            found.append(Way(code, name, gain, effort, total, stars, how, times))
    found.sort(key=lambda way: (-way.gain / way.effort, way.effort, way.code))
    return tuple(found)


def path_to_next(now: Situation, found: Sequence[Way], stars: int | None) -> Path | None:
    """Return a cheap set of ``found`` ways that reaches more than ``stars``, None without one.

    Ways are added in their order until the star is reached; then every way without which it
    is still reached is left out again, the dearest first.
    """
    chosen: list[Way] = []
    for way in found:
        chosen.append(way)
        if _is_reached(now, chosen, stars):
            break
    else:
        return None
    for way in sorted(chosen, key=lambda way: (-way.effort, way.gain)):
        fewer = [other for other in chosen if other is not way]
        if _is_reached(now, fewer, stars):
            chosen = fewer
    codes = tuple(way.code for way in chosen)
    total, after = now.after(codes)
    return Path(codes, sum(way.effort for way in chosen), total, after)


def most_times(each: Decimal, cap: Decimal) -> int:
    """Return how often a good work counts before its line is full."""
    return int((cap / each).to_integral_value(ROUND_CEILING))


def _is_reached(now: Situation, chosen: Sequence[Way], stars: int | None) -> bool:
    _, after = now.after([way.code for way in chosen])
    return after is not None and (stars is None or after > stars)


def _chances(now: Situation) -> list[tuple[str, str, int, str, int | None]]:
    """Return (code, name, effort, how, times) of everything that could still be made good."""
    chances: list[tuple[str, str, int, str, int | None]] = [
        (item.code, item.item.name, item.item.effort, outcome.how, None)
        for item, outcome in zip(now.engine.items, now.outcomes, strict=True)
        if outcome.lost and outcome.status == SCORED and item.item.regainable
    ]
    for line in now.engine.scheme.bonus.lines:
        done, most = now.times.get(line.code, 0), most_times(line.each, line.cap)
        if done < most and line.regainable:
            how = f"再做 {most - done} 次，每次加 {line.each} 分"
            chances.append((line.code, line.name, line.effort, how, most))
    return chances
