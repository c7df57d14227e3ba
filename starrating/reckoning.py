"""The sums: from the outcomes of the items to dimensions, total and stars.

One arithmetic for the page, the job, the draft on a file and the regain list. What the page
shows is what was compared: every number is rounded before it meets a limit, and the parts
shown add up to the total shown.
"""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from starrating.evidence_record import Shared, Value
from starrating.item_points import (
    ARITHMETIC,
    MISSING,
    NOT_APPLICABLE,
    SCORED,
    ZERO,
    AnswerError,
    Outcome,
    blank,
    count_in,
    left_out,
    outcome_of,
    rounded,
)
from starrating.scheme_shape import Band, Condition, Dimension, Item, Scheme, SwitchOff

RATIO_PLACES = 4
LARGEST_MEMORY = 20_000
KINDS_BY_SCORER = {
    "owner": ("department", "reviewed"),
    "reviewer": ("department", "reviewed"),
    "department": ("department",),
    "public": ("department", "system", "public"),
    "system": ("department", "system"),
}


class DimensionSum(NamedTuple):
    """What a dimension brings to the total.

    ``earned`` of ``applicable`` is the plain sum of its items; ``points`` of ``full`` is what
    counts after scaling, ceiling, share and rounding; ``points`` is None while blanks remain.
    """

    status: str
    earned: Decimal
    applicable: Decimal
    points: Decimal | None
    full: Decimal
    ratio: Decimal | None
    stars: int | None
    why: str = ""


class BonusSum(NamedTuple):
    """What one bonus line brings: ``points`` up to its own cap, ``counted`` up to all caps."""

    times: int
    points: Decimal
    counted: Decimal
    why: str = ""


class Numbers(NamedTuple):
    """All sums of one rating; ``base`` and ``total`` are None while blanks remain."""

    dimensions: tuple[DimensionSum, ...]
    bonus_lines: tuple[BonusSum, ...]
    base: Decimal | None
    bonus: Decimal
    total: Decimal | None
    worst: Decimal | None = None
    worst_ratio: Decimal | None = None
    failed_keys: int = 0
    item_points: Mapping[str, Decimal] = {}


class Gate(NamedTuple):
    """One condition of a band met by the numbers: what was there and whether it holds.

    ``have`` is None where the part it looks at does not apply; such a condition holds.
    """

    condition: Condition
    have: Decimal | None
    holds: bool


class Verdict(NamedTuple):
    """The stars by the table of bands or by adjustments.

    ``row`` is the number of the row reached, the number of rows when none holds. ``held_back``
    is the most stars that bonus leaves where it alone would have reached higher; ``steps`` are
    the adjustments with their stars and whether each applied.
    """

    stars: int | None
    row: int
    held_back: int | None = None
    steps: tuple[tuple[str, int, bool], ...] = ()


class ItemReckoner:
    """One item with the memory of what each answer was worth."""

    __slots__ = (
        "_by_reason",
        "_by_sample",
        "at_best",
        "at_worst",
        "blank",
        "code",
        "item",
        "kinds",
        "known",
        "met",
        "preview_kinds",
        "rounding",
        "rule",
    )

    def __init__(self, item: Item, scheme: Scheme) -> None:
        self.item = item
        self.code = item.code
        self.rounding = scheme.rounding
        self.rule = scheme.not_applicable
        self.blank = blank(item)
        places, mode = scheme.rounding.item, scheme.rounding.mode
        low_is_good = item.method == "points" and item.good == "low"
        lowest = item.floor if item.method == "deduct" else item.lower
        best = rounded(item.lower if low_is_good else item.full, places, mode)
        worst = rounded(item.upper if low_is_good else lowest, places, mode)
        self.at_best = Outcome(SCORED, best, item.full, ZERO, "")
        self.at_worst = Outcome(SCORED, worst, item.full, ZERO, "")
        strongest_first = KINDS_BY_SCORER[item.scorer]
        self.kinds = {kind: rank for rank, kind in enumerate(strongest_first)}
        self.preview_kinds = {**self.kinds, "self": len(strongest_first)}
        self.known: dict[str, Outcome] = {}  # answers without a sample, the usual case
        # What counts of shared values and its outcome, by identity; the values are kept with it.
        self.met: dict[int, tuple[Shared, Value | None, Outcome]] = {}
        self._by_sample: dict[tuple[str, int], Outcome] = {}
        self._by_reason: dict[str, Outcome] = {}

    def outcome(self, value: str, sample: int | None = None) -> Outcome:
        """Return what ``value`` is worth; ``AnswerError`` when it does not fit."""
        if sample is None:
            known = self.known.get(value)
            if known is None:
                known = outcome_of(self.item, value, None, self.rounding)
                remember(self.known, value, known)
            return known
        known = self._by_sample.get((value, sample))
        if known is None:
            known = outcome_of(self.item, value, sample, self.rounding)
            remember(self._by_sample, (value, sample), known)
        return known

    def not_applicable(self, reason: str) -> Outcome:
        """Return the outcome of a claim that the item does not apply, with its reason."""
        known = self._by_reason.get(reason)
        if known is not None:
            return known
        if not self.item.na:
            raise AnswerError("这一项不能填“不适用”")
        if self.rule.need_reason and not reason:
            known = replace(self.blank, why="不适用没有写明理由")
        else:
            known = left_out(f"不适用：{reason}" if reason else "不适用")
        remember(self._by_reason, reason, known)
        return known


def remember(memory: dict[Any, Any], key: object, value: object) -> None:
    """Put ``value`` into a memory that starts anew when it has grown too large."""
    if len(memory) >= LARGEST_MEMORY:
        memory.clear()
    memory[key] = value


class Reckoner:
    """A scheme made ready to reckon many shops."""

    def __init__(self, scheme: Scheme) -> None:
        self.scheme = scheme
        self.items = tuple(ItemReckoner(item, scheme) for item in scheme.items)
        self.by_code = {item.code: item for item in self.items}
        self.known = tuple((item.code, item.met, item) for item in self.items)
        self.bonus_lines = {line.code: line for line in scheme.bonus.lines}
        self.veto_rules = {veto.code: veto for veto in scheme.vetoes}
        self.statuses = {
            name: status.code
            for status in scheme.statuses
            for name in (status.code, status.name, *status.also)
        }
        self._slices: list[tuple[Dimension, slice, dict[tuple[Decimal, Decimal], DimensionSum]]]
        self._slices = []
        start = 0
        for dimension in scheme.dimensions:
            end = start + len(dimension.items)
            self._slices.append((dimension, slice(start, end), {}))
            start = end
        self._fixed_full = {d.code: self._full(d) for d in scheme.dimensions}
        conditions = [c for band in scheme.bands for c in band.conditions]
        self._looks_at_items = any(
            c.of in {"worst_item", "worst_item_ratio", "failed_key_items", "item_points"}
            for c in conditions
        )
        codes = tuple(dimension.code for dimension in scheme.dimensions)
        slots = {key: n for n, key in enumerate(dict.fromkeys((c.of, c.code) for c in conditions))}
        self._reads = tuple(_reader(of, code, codes) for of, code in slots)
        self._bands = tuple(
            (band, tuple((slots[c.of, c.code], _HOLDS[c.op], c.need) for c in band.conditions))
            for band in scheme.bands
        )
        self._bonus_known: dict[tuple[tuple[str, int], ...], tuple[tuple[BonusSum, ...], Decimal]]
        self._bonus_known = {}

    # sums

    def numbers(
        self,
        outcomes: Sequence[Outcome],
        times: Mapping[str, int],
        samples: Mapping[str, int] | None = None,
    ) -> Numbers:
        """Return all sums for the outcomes of the items, in the order of the scheme."""
        sums = []
        statuses = {outcome.status for outcome in outcomes}
        for dimension, part, memory in self._slices:
            inside = outcomes[part]
            if dimension.small_sample is not None and samples:
                fallback = self._fallback(dimension, samples.get(dimension.code))
                if fallback is not None:
                    sums.append(fallback)
                    continue
            sums.append(self._dimension(dimension, inside, statuses, memory))
        base = self._base(sums)
        lines, bonus = self._bonus(times, outcomes) if times else ((), ZERO)
        total = None if base is None else self.clamped(base + bonus)
        if not self._looks_at_items:
            return Numbers(tuple(sums), lines, base, bonus, total)
        return Numbers(tuple(sums), lines, base, bonus, total, *self._single_items(outcomes))

    def clamped(self, total: Decimal) -> Decimal:
        """Return ``total`` within its limits, rounded."""
        limits, rounding = self.scheme.total, self.scheme.rounding
        if limits.upper is not None and total > limits.upper:
            total = limits.upper
        if limits.lower is not None and total < limits.lower:
            total = limits.lower
        return rounded(total, rounding.total, rounding.mode)

    def _dimension(
        self,
        dimension: Dimension,
        outcomes: Sequence[Outcome],
        statuses: AbstractSet[str],
        memory: dict[tuple[Decimal, Decimal], DimensionSum],
    ) -> DimensionSum:
        """Return the sum of a dimension; ``statuses`` are those met in the whole scheme."""
        if dimension.combine == "mean":
            counted = [o.points for o in outcomes if o.status not in (NOT_APPLICABLE, MISSING)]
            applies = len(counted) + sum(o.status == MISSING for o in outcomes)
            earned = sum(counted, ZERO)
            earned = ARITHMETIC.divide(earned, Decimal(applies)) if applies else ZERO
            applicable = dimension.full if applies else ZERO
        elif dimension.combine == "weighted":
            pairs = list(zip(outcomes, dimension.items, strict=True))
            earned = sum((o.points * item.weight for o, item in pairs), ZERO)
            applicable = sum((o.full * item.weight for o, item in pairs), ZERO)
        else:
            earned = sum([outcome.points for outcome in outcomes], ZERO)
            applicable = dimension.full
            if NOT_APPLICABLE in statuses:
                applicable = sum([outcome.full for outcome in outcomes], ZERO)
        if MISSING in statuses and any(outcome.status == MISSING for outcome in outcomes):
            full = self._fixed_full[dimension.code]
            return DimensionSum("incomplete", earned, applicable, None, full, None, None)
        known = memory.get((earned, applicable))
        if known is None:
            known = self._counted(dimension, earned, applicable)
            remember(memory, (earned, applicable), known)
        return known

    def _counted(self, dimension: Dimension, earned: Decimal, applicable: Decimal) -> DimensionSum:
        """Return what ``earned`` of ``applicable`` counts: scaled, capped, shared, rounded."""
        if applicable == 0:
            why = "各项都不适用"
            return DimensionSum(NOT_APPLICABLE, ZERO, ZERO, ZERO, ZERO, None, None, why)
        shrinks = self.scheme.not_applicable.rule == "shrink" and dimension.share is None
        own_full = applicable if shrinks else dimension.full
        own = earned
        if not shrinks and applicable != dimension.full:
            own = ARITHMETIC.divide(earned * dimension.full, applicable)
        if dimension.ceiling is not None and own > dimension.ceiling:
            own = dimension.ceiling
        points, full = own, own_full
        if dimension.share is not None:
            full = dimension.share * self.scheme.total.full
            points = ARITHMETIC.divide(own * full, own_full)
        rounding = self.scheme.rounding
        points = rounded(points, rounding.dimension, rounding.mode)
        ratio = rounded(ARITHMETIC.divide(points, full), RATIO_PLACES, rounding.mode)
        stars = _own_stars(dimension.stars, points, ratio)
        return DimensionSum("scored", earned, applicable, points, full, ratio, stars)

    def _fallback(self, dimension: Dimension, sample: int | None) -> DimensionSum | None:
        """Return what stands in for a dimension with too few answers, None when there are enough.

        The number is the scheme's own statement; it is not the sum of the items, which stay
        visible without counting.
        """
        small = dimension.small_sample
        if small is None or sample is None or sample >= small.below:
            return None
        why = f"样本 {sample} 份，不足 {small.below} 份"
        if small.use == "not_applicable":
            why += "，这一部分不计入"
            return DimensionSum(NOT_APPLICABLE, ZERO, ZERO, ZERO, ZERO, None, None, why)
        if small.use == "missing":
            full = self._fixed_full[dimension.code]
            return DimensionSum("incomplete", ZERO, dimension.full, None, full, None, None, why)
        assert small.value is not None  # noqa: S101 -- scheme_checks refuses a scheme without it
        own = small.value if small.use == "points" else small.value * dimension.full
        counted = self._counted(dimension, own, dimension.full)
        return counted._replace(status="fallback", why=f"{why}，按约定取值")

    def _full(self, dimension: Dimension) -> Decimal:
        if dimension.share is None:
            return dimension.full
        return dimension.share * self.scheme.total.full

    def _base(self, sums: Sequence[DimensionSum]) -> Decimal | None:
        points = [part.points for part in sums if part.points is not None]
        if len(points) < len(sums):
            return None
        base = sum(points, ZERO)
        full = sum([part.full for part in sums], ZERO)
        if full == 0:
            return None
        if full != self.scheme.total.full:
            base = ARITHMETIC.divide(base * self.scheme.total.full, full)
        return rounded(base, self.scheme.rounding.total, self.scheme.rounding.mode)

    def _bonus(
        self, times: Mapping[str, int], outcomes: Sequence[Outcome]
    ) -> tuple[tuple[BonusSum, ...], Decimal]:
        """Return the bonus lines and what all of them bring within the overall cap."""
        off = self.scheme.bonus.switch_off
        if off is not None:
            return self._bonus_sums(times, self._bonus_is_off(off, outcomes))
        key = tuple(sorted(times.items()))
        known = self._bonus_known.get(key)
        if known is None:
            known = self._bonus_sums(times, "")
            remember(self._bonus_known, key, known)
        return known

    def _bonus_sums(
        self, times: Mapping[str, int], off: str
    ) -> tuple[tuple[BonusSum, ...], Decimal]:
        bonus, rounding = self.scheme.bonus, self.scheme.rounding
        exempt = () if bonus.switch_off is None else bonus.switch_off.exempt
        room = bonus.cap
        lines, whole = [], ZERO
        for line in bonus.lines:
            count = times.get(line.code, 0)
            points = rounded(min(line.each * count, line.cap), rounding.total, rounding.mode)
            counted, why = points, ""
            if off and line.code not in exempt:
                counted, why = ZERO, off
            elif room is not None:
                if counted > room:
                    counted, why = room, "加分合计已到上限"
                room -= counted
            whole += counted
            lines.append(BonusSum(count, points, counted, why))
        return tuple(lines), rounded(whole, rounding.total, rounding.mode)

    def _bonus_is_off(self, off: SwitchOff, outcomes: Sequence[Outcome]) -> str:
        watched = set(off.lost_in)
        lost = ZERO
        for dimension, part, _ in self._slices:
            for item, outcome in zip(dimension.items, outcomes[part], strict=True):
                if dimension.code in watched or item.code in watched:
                    lost += outcome.lost * item.weight
        return f"已扣 {lost} 分，超过 {off.over} 分，不再加分" if lost > off.over else ""

    def _single_items(
        self, outcomes: Sequence[Outcome]
    ) -> tuple[Decimal | None, Decimal | None, int, Mapping[str, Decimal]]:
        """Return the worst single score, the lowest ratio, failed key items, points by code."""
        there = [
            (item, o)
            for item, o in zip(self.items, outcomes, strict=True)
            if o.status not in (NOT_APPLICABLE, MISSING)
        ]
        points = [o.points for _, o in there]
        pick: Callable[[list[Decimal]], Decimal] = max if self.scheme.total.good == "low" else min
        ratios = [ARITHMETIC.divide(o.points, o.full) for _, o in there if o.full]
        return (
            pick(points) if points else None,
            rounded(min(ratios), RATIO_PLACES, self.scheme.rounding.mode) if ratios else None,
            sum(o.failed_key for _, o in there),
            {item.code: o.points for item, o in there},
        )

    def of_year(self, dimensions: Sequence[DimensionSum], parts: Sequence[Numbers]) -> Numbers:
        """Return the sums of a year from its mean dimensions; single items count at their worst."""
        scheme = self.scheme
        rounding = scheme.rounding
        banded = tuple(
            part
            if part.ratio is None or part.points is None
            else part._replace(stars=_own_stars(dimension.stars, part.points, part.ratio))
            for dimension, part in zip(scheme.dimensions, dimensions, strict=True)
        )
        bonus = ARITHMETIC.divide(sum((p.bonus for p in parts), ZERO), Decimal(len(parts)))
        bonus = rounded(bonus, rounding.total, rounding.mode)
        base = self._base(banded)
        worst = [p.worst for p in parts if p.worst is not None]
        ratios = [p.worst_ratio for p in parts if p.worst_ratio is not None]
        pick: Callable[[list[Decimal]], Decimal] = max if scheme.total.good == "low" else min
        return Numbers(
            dimensions=banded,
            bonus_lines=(),
            base=base,
            bonus=bonus,
            total=None if base is None else self.clamped(base + bonus),
            worst=pick(worst) if worst else None,
            worst_ratio=min(ratios) if ratios else None,
            failed_keys=max(p.failed_keys for p in parts),
            item_points={
                code: min(p.item_points[code] for p in parts if code in p.item_points)
                for code in {code for p in parts for code in p.item_points}
            },
        )

    # stars

    def verdict(self, numbers: Numbers) -> Verdict:
        """Return the stars for complete ``numbers``."""
        scheme = self.scheme
        if scheme.adjustments is not None:
            return self._adjusted(numbers)
        row = self.row_reached(numbers)
        bands = scheme.bands
        most_extra = scheme.bonus.max_extra_stars
        held_back = None
        if most_extra is not None and numbers.bonus and row < len(bands):
            limit = self._stars_without_bonus(numbers) + most_extra
            if bands[row].stars > limit:
                held_back = limit
                row = self.row_reached(numbers, limit)
        return Verdict(bands[row].stars if row < len(bands) else None, row, held_back)

    def row_reached(self, numbers: Numbers, limit: int | None = None) -> int:
        """Return the number of the first row that holds, the number of rows when none does.

        Rows with more stars than ``limit`` are passed over.
        """
        there = [read(numbers) for read in self._reads]
        for row, (band, conditions) in enumerate(self._bands):
            if limit is not None and band.stars > limit:
                continue
            for slot, holds, need in conditions:
                have = there[slot]
                if have is not None and not holds(have, need):
                    break
            else:
                return row
        return len(self._bands)

    def gates(self, numbers: Numbers, row: int) -> tuple[Gate, ...]:
        """Return every condition of a row against the numbers."""
        band, conditions = self._bands[row]
        gates = []
        for condition, (slot, holds, need) in zip(band.conditions, conditions, strict=True):
            have = self._reads[slot](numbers)
            gates.append(Gate(condition, have, have is None or holds(have, need)))
        return tuple(gates)

    def failed(self, numbers: Numbers, verdict: Verdict) -> tuple[int, Gate] | None:
        """Return stars and first condition that does not hold in the row just above."""
        if verdict.row == 0:
            return None
        band, conditions = self._bands[verdict.row - 1]
        for condition, (slot, holds, need) in zip(band.conditions, conditions, strict=True):
            have = self._reads[slot](numbers)
            if have is not None and not holds(have, need):
                return band.stars, Gate(condition, have, holds=False)
        return None

    def _stars_without_bonus(self, numbers: Numbers) -> int:
        """Return the stars that the points alone reach; below all rows counts as one lower."""
        assert numbers.base is not None  # noqa: S101 -- only complete numbers have a verdict
        bare = numbers._replace(bonus=ZERO, total=self.clamped(numbers.base))
        bands, row = self.scheme.bands, self.row_reached(bare)
        return bands[row].stars if row < len(bands) else bands[-1].stars - 1

    def step_missed(self, verdict: Verdict) -> tuple[int, str] | None:
        """Return stars and label of the first step up that did not apply, None at the top."""
        rules = self.scheme.adjustments
        if rules is None or verdict.stars is None or verdict.stars >= rules.highest:
            return None
        missed = (label for label, add, applies in verdict.steps if add > 0 and not applies)
        label = next(missed, None)
        return None if label is None else (verdict.stars + 1, label)

    def _adjusted(self, numbers: Numbers) -> Verdict:
        """Return the stars that start from one dimension and move by the others."""
        rules = self.scheme.adjustments
        assert rules is not None  # noqa: S101 -- the caller looked
        stars = {
            dimension.code: part.stars
            for dimension, part in zip(self.scheme.dimensions, numbers.dimensions, strict=True)
        }
        start = stars[rules.start]
        if start is None:
            return Verdict(None, 0)
        moved, steps = 0, []
        for step in rules.steps:
            there = stars[step.dimension]
            applies = (
                there is not None
                and (there >= step.stars if step.op == "gte" else there <= step.stars)
                and (not step.above_start or there > start)
            )
            if applies:
                moved += step.add
            steps.append((step.label, step.add, applies))
        for limit in rules.limits:
            if start <= limit.start and moved > limit.add:
                moved = limit.add
        final = min(max(start + moved, rules.lowest), rules.highest)
        return Verdict(final, 0, None, tuple(steps))


_RECKONERS: "WeakKeyDictionary[Scheme, Reckoner]" = WeakKeyDictionary()


def reckoner(scheme: Scheme) -> Reckoner:
    """Return the reckoner of ``scheme``, made once for each loaded scheme."""
    known = _RECKONERS.get(scheme)
    if known is None:
        known = _RECKONERS[scheme] = Reckoner(scheme)
    return known


def times_in(value: str) -> int:
    """Return how often a good work was done; ``AnswerError`` when ``value`` is no count."""
    return count_in(value, "次数，请填 0 或正整数")


def _own_stars(bands: Sequence[Band], points: Decimal, ratio: Decimal) -> int | None:
    for band in bands:
        if all(
            _HOLDS[c.op](points if c.of == "points" else ratio, c.need) for c in band.conditions
        ):
            return band.stars
    return None


def _at_least(have: Decimal, need: Decimal) -> bool:
    return have >= need


def _above(have: Decimal, need: Decimal) -> bool:
    return have > need


def _at_most(have: Decimal, need: Decimal) -> bool:
    return have <= need


def _below(have: Decimal, need: Decimal) -> bool:
    return have < need


_HOLDS = {"gte": _at_least, "gt": _above, "lte": _at_most, "lt": _below}


def _reader(of: str, code: str, codes: Sequence[str]) -> Callable[[Numbers], Decimal | None]:
    """Return the function that reads from the numbers what a condition looks at."""
    if of in _WHOLE:
        return _WHOLE[of]
    if of == "item_points":
        return partial(_item_points, code)
    return partial(_OF_DIMENSION[of], codes.index(code))


def _total(numbers: Numbers) -> Decimal | None:
    return numbers.total


def _base_of(numbers: Numbers) -> Decimal | None:
    return numbers.base


def _bonus_of(numbers: Numbers) -> Decimal | None:
    return numbers.bonus


def _lowest_ratio(numbers: Numbers) -> Decimal | None:
    ratios = [part.ratio for part in numbers.dimensions if part.ratio is not None]
    return min(ratios) if ratios else None


def _worst(numbers: Numbers) -> Decimal | None:
    return numbers.worst


def _worst_ratio(numbers: Numbers) -> Decimal | None:
    return numbers.worst_ratio


def _failed_keys(numbers: Numbers) -> Decimal | None:
    return Decimal(numbers.failed_keys)


_WHOLE: dict[str, Callable[[Numbers], Decimal | None]] = {
    "total": _total,
    "base": _base_of,
    "bonus": _bonus_of,
    "each_dimension_ratio": _lowest_ratio,
    "worst_item": _worst,
    "worst_item_ratio": _worst_ratio,
    "failed_key_items": _failed_keys,
}


def _item_points(code: str, numbers: Numbers) -> Decimal | None:
    return numbers.item_points.get(code)


def _dimension_ratio(index: int, numbers: Numbers) -> Decimal | None:
    return numbers.dimensions[index].ratio


def _dimension_points(index: int, numbers: Numbers) -> Decimal | None:
    part = numbers.dimensions[index]
    return None if part.status == NOT_APPLICABLE else part.points


def _dimension_stars(index: int, numbers: Numbers) -> Decimal | None:
    part = numbers.dimensions[index]
    if part.status == NOT_APPLICABLE:
        return None
    return ZERO if part.stars is None else Decimal(part.stars)


_OF_DIMENSION: dict[str, Callable[[int, Numbers], Decimal | None]] = {
    "dimension_ratio": _dimension_ratio,
    "dimension_points": _dimension_points,
    "dimension_stars": _dimension_stars,
}
