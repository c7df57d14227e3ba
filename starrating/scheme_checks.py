"""Does a scheme contradict itself? Every finding names the place, in words for the council."""

from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from starrating.scheme_shape import Band, Condition, Dimension, Item, Scheme

ENGINE_STATUSES = frozenset({"rated", "below_bands", "incomplete", "vetoed", "suspended"})
OF_A_DIMENSION = frozenset({"dimension_ratio", "dimension_points", "dimension_stars"})


class Problem(NamedTuple):
    """A place in the document and a whole sentence about what is wrong there."""

    place: str
    sentence: str


def contradictions(scheme: Scheme) -> tuple[Problem, ...]:
    """Return everything in ``scheme`` that cannot hold together; empty when it is sound."""
    return tuple(
        problem
        for part in (
            _codes(scheme),
            _weights(scheme),
            _items(scheme),
            _sections(scheme),
            _bonus(scheme),
            _vetoes(scheme),
            _total(scheme),
            _bands(scheme),
            _dimension_bands(scheme),
            _adjustments(scheme),
            _statuses(scheme),
            _periods(scheme),
        )
        for problem in part
    )


def _codes(scheme: Scheme) -> Iterator[Problem]:
    lists = {
        "dimensions": [d.code for d in scheme.dimensions],
        "items": [item.code for item in scheme.items],
        "sections": [section.code for section in scheme.sections],
        "bonus": [line.code for line in scheme.bonus.lines],
        "vetoes": [veto.code for veto in scheme.vetoes],
        "statuses": [status.code for status in scheme.statuses],
    }
    for place, codes in lists.items():
        for code in _repeated(codes):
            yield Problem(f"{place}.{code}", f"编号 {code} 用了不止一次，请改成不同的编号。")
    for code in sorted(set(lists["items"]) & set(lists["bonus"])):
        yield Problem(f"bonus.{code}", f"编号 {code} 既是评分项又是加分项，请改掉其中一个。")


def _repeated(codes: Iterable[str]) -> list[str]:
    return [code for code, times in Counter(codes).items() if times > 1]


def _weights(scheme: Scheme) -> Iterator[Problem]:
    shares = [d.share for d in scheme.dimensions if d.share is not None]
    if shares and len(shares) != len(scheme.dimensions):
        yield Problem("dimensions", "有的部分写了占比，有的没有；请全部写占比或全部不写。")
    elif shares and sum(shares) != 1:
        yield Problem("dimensions", f"各部分占比合计应为 1，现为 {_text(sum(shares))}。")
    elif not shares and sum(d.full for d in scheme.dimensions) != scheme.total.full:
        found = _text(sum(d.full for d in scheme.dimensions))
        yield Problem(
            "dimensions",
            f"各部分满分合计应为 {_text(scheme.total.full)} 分，现为 {found} 分。",
        )
    for dimension in scheme.dimensions:
        yield from _dimension_weights(dimension)


def _dimension_weights(dimension: Dimension) -> Iterator[Problem]:
    place = f"dimensions.{dimension.code}"
    title = f"“{dimension.name}”（{dimension.code}）"
    if dimension.full <= 0:
        yield Problem(place, f"{title}的满分应大于 0。")
    if dimension.combine == "mean":
        for item in dimension.items:
            if item.full != dimension.full:
                yield Problem(
                    f"{place}.items.{item.code}",
                    f"{title}取平均分，{item.code} 的满分应与该部分一样"
                    f"为 {_text(dimension.full)} 分，现为 {_text(item.full)} 分。",
                )
        weighted = dimension.full
    else:
        weighted = sum((item.full * item.weight for item in dimension.items), Decimal(0))
    if weighted != dimension.full:
        yield Problem(
            place,
            f"{title}的满分写的是 {_text(dimension.full)} 分，各项合计却是 {_text(weighted)} 分。",
        )
    for item in dimension.items:
        if item.weight <= 0:
            yield Problem(f"{place}.items.{item.code}", f"{item.code} 的权重应大于 0。")
        if item.weight != 1 and dimension.combine != "weighted":
            yield Problem(
                f"{place}.items.{item.code}",
                f"{item.code} 写了权重，但{title}不是加权计分，权重永远用不到。",
            )
    if dimension.ceiling is not None and dimension.ceiling >= _best(dimension):
        yield Problem(
            place,
            f"{title}的上限 {_text(dimension.ceiling)} 分不低于各项最多能得的分，永远用不到。",
        )
    yield from _sample(dimension.small_sample, dimension.full, place, title)


def _best(dimension: Dimension) -> Decimal:
    """Return the most points the items of a dimension can bring together."""
    if dimension.combine == "mean":
        return max(item.upper for item in dimension.items)
    return sum((item.upper * item.weight for item in dimension.items), Decimal(0))


def _least(dimension: Dimension) -> Decimal:
    """Return the fewest points the items of a dimension can bring together."""
    lows = [_low(item) for item in dimension.items]
    if dimension.combine == "mean":
        return min(lows)
    return sum(
        (low * item.weight for low, item in zip(lows, dimension.items, strict=True)), Decimal(0)
    )


def _low(item: Item) -> Decimal:
    return item.floor if item.method == "deduct" else item.lower


def _items(scheme: Scheme) -> Iterator[Problem]:
    for dimension in scheme.dimensions:
        for item in dimension.items:
            place = f"dimensions.{dimension.code}.items.{item.code}"
            if not item.scorer:
                yield Problem(place, f"{item.code} 没有写由谁评分（scorer）。")
            if item.full <= 0 and item.method != "points":
                yield Problem(place, f"{item.code} 的分值应大于 0。")
            for sentence in _METHOD_CHECKS[item.method](item):
                yield Problem(place, f"{item.code} {sentence}")
            for name in _foreign_parts(item):
                yield Problem(place, f"{item.code} 的计分方法用不到“{name}”，请删去或改方法。")
            if item.passes_at is not None and not item.key:
                yield Problem(place, f"{item.code} 写了合格线，但不是关键项，合格线永远用不到。")
            yield from _sample(item.small_sample, item.full, place, item.code)
            places = scheme.rounding.item
            for points in _named_points(item):
                if points != round(points, places):
                    yield Problem(
                        place,
                        f"{item.code} 写了 {_text(points)} 分，但每项只保留 {places} 位小数。",
                    )


def _named_points(item: Item) -> Iterator[Decimal]:
    """Yield every number of points that the document names for an item."""
    yield item.full
    if item.each is not None:
        yield item.each
    yield from (level.points for level in item.levels)
    yield from (step.points for step in item.steps)


def _foreign_parts(item: Item) -> Iterator[str]:
    """Yield what the document gives an item that its method never reads."""
    given = {
        "levels": (item.levels, "level"),
        "steps": (item.steps, "measured"),
        "each": (item.each is not None, "deduct"),
        "floor": (item.floor != 0, "deduct"),
        "target": (item.target is not None, "ratio"),
        "zero_at": (item.zero_at is not None, "ratio"),
        "one_of": (item.allowed, "points"),
        "min": (item.lower != 0, "points"),
        "max": (item.upper != item.full, "points"),
    }
    for name, (is_given, method) in given.items():
        if is_given and item.method != method:
            yield name
    if item.good == "low" and item.method not in {"ratio", "points"}:
        yield "good"


def _check_bool(_item: Item) -> Iterator[str]:
    return iter(())


def _check_level(item: Item) -> Iterator[str]:
    if not item.levels:
        yield "是分档制，却没有写各档（levels）。"
        return
    for name in _repeated(level.name for level in item.levels):
        yield f"有两档都叫“{name}”。"
    if max(level.points for level in item.levels) != item.full:
        yield f"最高一档应为满分 {_text(item.full)} 分。"
    if min(level.points for level in item.levels) < 0:
        yield "各档分值不能小于 0。"


def _check_deduct(item: Item) -> Iterator[str]:
    if item.each is None or item.each <= 0:
        yield "是扣分制，应写每处扣几分（each），并大于 0。"
    elif item.each > item.full - item.floor:
        yield f"每处扣 {_text(item.each)} 分，比能扣的分还多。"
    if item.floor >= item.full:
        yield "的最低分不低于满分，永远扣不到分。"


def _check_ratio(item: Item) -> Iterator[str]:
    if item.target is None or item.target < 0 or (item.target == 0 and item.good == "high"):
        yield "是比率制，应写目标（target），并大于 0。"
        return
    if item.good == "low" and (item.zero_at is None or item.zero_at <= item.target):
        yield "是越低越好的比率，应写得 0 分的数值（zero_at），并大于目标。"
    if item.good == "high" and item.zero_at is not None:
        yield "是越高越好的比率，用不到 zero_at。"
    if item.none_due == "not_applicable" and not item.na:
        yield "应有为 0 时按不适用处理，但该项不允许不适用（na）。"


def _check_measured(item: Item) -> Iterator[str]:
    steps = [step for step in item.steps if step.op != "otherwise"]
    if not steps:
        yield "是实测制，却没有写各档的界线（steps）。"
        return
    if item.steps[-1].op != "otherwise" or len(item.steps) != len(steps) + 1:
        yield "最后一档应是“其余情况”（otherwise: true），否则有的数值落在各档之外，没有分值。"
    if len({step.op for step in steps}) > 1:
        yield "的界线有的写不低于，有的写不高于，请统一。"
        return
    limits = [step.limit for step in steps]
    downwards = steps[0].op == "gte"
    if any((a <= b) if downwards else (a >= b) for a, b in pairwise(limits)):
        yield f"的界线应由{'高到低' if downwards else '低到高'}排列，且不能重复。"
    points = [step.points for step in item.steps]
    if points not in (sorted(points), sorted(points, reverse=True)):
        yield "各档分值忽高忽低，请按界线的顺序排列。"
    if max(points) != item.full:
        yield f"最高一档应为满分 {_text(item.full)} 分。"
    if min(points) < 0:
        yield "各档分值不能小于 0。"


def _check_points(item: Item) -> Iterator[str]:
    if item.lower >= item.upper:
        yield "的下限应低于上限。"
    elif not item.lower <= item.full <= item.upper:
        yield f"的满分 {_text(item.full)} 分不在下限和上限之间。"
    elif item.good == "low" and item.full != item.upper:
        yield "是分数越低越好，分值应等于上限。"
    for value in item.allowed:
        if not item.lower <= value <= item.upper:
            yield f"可取的分数 {_text(value)} 不在下限和上限之间。"


_METHOD_CHECKS = {
    "bool": _check_bool,
    "level": _check_level,
    "deduct": _check_deduct,
    "ratio": _check_ratio,
    "measured": _check_measured,
    "points": _check_points,
}


def _sample(sample: object, full: Decimal, place: str, title: str) -> Iterator[Problem]:
    use, value = getattr(sample, "use", None), getattr(sample, "value", None)
    if use in {"points", "ratio"}:
        most = full if use == "points" else Decimal(1)
        if value is None or not 0 <= value <= most:
            yield Problem(place, f"{title}样本不足时的取值应写明，并在 0 到 {_text(most)} 之间。")
    elif value is not None:
        yield Problem(place, f"{title}样本不足时的取值永远用不到，请删去或改处理办法。")


def _sections(scheme: Scheme) -> Iterator[Problem]:
    known = {item.code: item for item in scheme.items}
    places: dict[str, list[str]] = {}
    for section in scheme.sections:
        for code in section.items:
            places.setdefault(code, []).append(section.name)
            if code not in known:
                yield Problem(
                    f"sections.{section.code}", f"“{section.name}”列了 {code}，但没有这一项。"
                )
            elif known[code].scorer != "owner":
                yield Problem(
                    f"sections.{section.code}",
                    f"“{section.name}”列了 {code}，但这一项不由药店自评。",
                )
    for code, sections in places.items():
        if len(sections) > 1:
            both = "、".join(f"“{name}”" for name in sections)
            yield Problem(f"sections.{code}", f"{code} 同时在{both}里，只能属于一个部分。")
    for item in scheme.items:
        if item.scorer == "owner" and item.code not in places:
            yield Problem(
                f"sections.{item.code}", f"{item.code} 由药店自评，但不在自评表的任何一部分里。"
            )


def _bonus(scheme: Scheme) -> Iterator[Problem]:
    bonus = scheme.bonus
    for line in bonus.lines:
        if line.each <= 0:
            yield Problem(f"bonus.{line.code}", f"加分项 {line.code} 每次应加 0 分以上。")
        elif line.cap < line.each:
            yield Problem(
                f"bonus.{line.code}",
                f"加分项 {line.code} 每次加 {_text(line.each)} 分，"
                f"上限却只有 {_text(line.cap)} 分，一次也加不满。",
            )
    most = sum((line.cap for line in bonus.lines), Decimal(0))
    if bonus.cap is not None and bonus.lines and bonus.cap > most:
        yield Problem(
            "bonus.cap",
            f"加分总上限 {_text(bonus.cap)} 分高于各项上限之和 {_text(most)} 分，永远用不到。",
        )
    if bonus.cap is not None and bonus.cap <= 0:
        yield Problem("bonus.cap", "加分总上限应大于 0。")
    highest = max((band.stars for band in scheme.bands), default=0)
    if bonus.max_extra_stars is not None and bonus.max_extra_stars >= max(highest, 1):
        yield Problem(
            "bonus.max_extra_stars",
            f"加分最多提高 {bonus.max_extra_stars} 星的限制永远用不到，请改小。",
        )
    if bonus.switch_off is not None:
        yield from _switch_off(scheme)


def _switch_off(scheme: Scheme) -> Iterator[Problem]:
    off = scheme.bonus.switch_off
    assert off is not None  # noqa: S101 -- the caller looked
    place = "bonus.switch_off"
    losses = {d.code: _best(d) - _least(d) for d in scheme.dimensions}
    losses |= {item.code: item.upper - _low(item) for item in scheme.items}
    for code in off.lost_in:
        if code not in losses:
            yield Problem(place, f"停用加分的条件提到 {code}，但没有这一部分或这一项。")
    lines = {line.code for line in scheme.bonus.lines}
    for code in off.exempt:
        if code not in lines:
            yield Problem(place, f"停用加分的例外提到 {code}，但没有这个加分项。")
    if off.over >= sum((losses.get(code, Decimal(0)) for code in off.lost_in), Decimal(0)):
        yield Problem(place, f"扣分不可能超过 {_text(off.over)} 分，加分永远不会停用。")


def _vetoes(scheme: Scheme) -> Iterator[Problem]:
    highest = _highest_stars(scheme)
    for veto in scheme.vetoes:
        place = f"vetoes.{veto.code}"
        if veto.effect == "cap" and veto.cap is None:
            yield Problem(place, f"否决项 {veto.code} 限制星级，应写最高几星（cap）。")
        elif veto.effect == "cap" and veto.cap is not None and veto.cap >= highest:
            yield Problem(place, f"否决项 {veto.code} 限制为 {veto.cap} 星，永远限制不到。")
        elif veto.effect != "cap" and veto.cap is not None:
            yield Problem(place, f"否决项 {veto.code} 不是限制星级，用不到 cap。")


def _highest_stars(scheme: Scheme) -> int:
    if scheme.adjustments is not None:
        return scheme.adjustments.highest
    return max((band.stars for band in scheme.bands), default=0)


def _most_total(scheme: Scheme) -> Decimal:
    """Return the highest total that a shop could reach, before clamping."""
    most = sum(
        (d.share * scheme.total.full if d.share is not None else _capped(d))
        for d in scheme.dimensions
    )
    lines = sum((line.cap for line in scheme.bonus.lines), Decimal(0))
    cap = scheme.bonus.cap
    return Decimal(most) + (lines if cap is None else min(cap, lines))


def _capped(dimension: Dimension) -> Decimal:
    best = _best(dimension)
    return best if dimension.ceiling is None else min(best, dimension.ceiling)


def _total(scheme: Scheme) -> Iterator[Problem]:
    total = scheme.total
    if total.full <= 0:
        yield Problem("total.full", "总分的满分应大于 0。")
    if total.lower is not None and total.upper is not None and total.lower >= total.upper:
        yield Problem("total", "总分的下限应低于上限。")
    if total.upper is not None and total.upper > _most_total(scheme):
        yield Problem(
            "total.max",
            f"总分上限 {_text(total.upper)} 分高于最多能得的 {_text(_most_total(scheme))} 分，"
            "永远用不到。",
        )


def _bands(scheme: Scheme) -> Iterator[Problem]:
    if not scheme.bands and scheme.adjustments is None:
        yield Problem("bands", "没有写星级条件（bands），也没有写星级调整（adjustments）。")
    if scheme.bands and scheme.adjustments is not None:
        yield Problem("bands", "星级条件（bands）和星级调整（adjustments）只能写一种。")
    yield from _rows(scheme.bands, "bands", scheme.rounding.total)
    dimensions = {d.code: d for d in scheme.dimensions}
    items = {item.code for item in scheme.items}
    most = _most_total(scheme)
    if scheme.total.upper is not None:
        most = min(most, scheme.total.upper)
    for band in scheme.bands:
        place = f"bands.{band.stars}星"
        for condition in band.conditions:
            yield from _references(condition, dimensions, items, place)
            if condition.of == "total" and condition.op == "gte" and condition.need > most:
                yield Problem(
                    place,
                    f"{band.stars} 星要求“{condition.label}”，但最多只能得 {_text(most)} 分，"
                    "永远达不到。",
                )


def _references(
    condition: Condition, dimensions: dict[str, Dimension], items: set[str], place: str
) -> Iterator[Problem]:
    if condition.of in {"points", "ratio"}:
        yield Problem(place, f"条件“{condition.of}”只能写在一个部分自己的星级里。")
    if condition.of in OF_A_DIMENSION:
        if condition.code not in dimensions:
            yield Problem(place, f"条件提到“{condition.code}”，但没有这一部分。")
        elif condition.of == "dimension_stars" and not dimensions[condition.code].stars:
            yield Problem(place, f"条件用到 {condition.code} 的星级，但这一部分没有写星级。")
    elif condition.of == "item_points" and condition.code not in items:
        yield Problem(place, f"条件提到“{condition.code}”，但没有这一项。")


def _rows(bands: tuple[Band, ...], place: str, places: int) -> Iterator[Problem]:
    """Check a table of stars: falling order, no dead row, no gap and no overlap."""
    for upper, lower in pairwise(bands):
        where = f"{place}.{lower.stars}星"
        if lower.stars >= upper.stars:
            yield Problem(where, f"{lower.stars} 星应排在 {upper.stars} 星之前，由高到低。")
        if _implied(upper, lower):
            yield Problem(
                where, f"凡达到 {lower.stars} 星的也都达到 {upper.stars} 星，这一行永远轮不到。"
            )
        for condition in lower.conditions:
            harder = _limit_of(upper, condition)
            if harder is not None and _is_stricter(condition, harder):
                yield Problem(
                    where,
                    f"{lower.stars} 星要求“{condition.label}”，"
                    f"比 {upper.stars} 星的“{harder.label}”还高。",
                )
    yield from _ranges(bands, place, places)


def _limit_of(band: Band, like: Condition) -> Condition | None:
    """Return the condition of ``band`` on the same number in the same direction.

    Rows that state a range (both a lower and an upper limit) are left to ``_ranges``.
    """
    side = {"gte", "gt"} if like.op in {"gte", "gt"} else {"lte", "lt"}
    same = [c for c in band.conditions if (c.of, c.code) == (like.of, like.code)]
    if len(same) != 1 or same[0].op not in side:
        return None
    return same[0]


def _is_stricter(a: Condition, b: Condition) -> bool:
    return a.need > b.need if a.op in {"gte", "gt"} else a.need < b.need


def _implied(upper: Band, lower: Band) -> bool:
    """Whether whoever meets ``lower`` also meets ``upper``, so that ``lower`` never wins."""
    for condition in upper.conditions:
        same = _limit_of(lower, condition)
        if (
            same is None
            or _is_stricter(condition, same)
            or (
                condition.need == same.need
                and condition.op in {"gt", "lt"}
                and same.op != condition.op
            )
        ):
            return False
    return True


def _ranges(bands: tuple[Band, ...], place: str, places: int) -> Iterator[Problem]:
    """Check rows that state a range of the total: neighbours must touch, never cross."""
    step = Decimal(1).scaleb(-places)
    ranges: list[tuple[Decimal, Decimal, int]] = []
    for band in bands:
        low = [c for c in band.conditions if c.of == "total" and c.op in {"gte", "gt"}]
        high = [c for c in band.conditions if c.of == "total" and c.op in {"lte", "lt"}]
        if not low or not high:
            continue
        first = low[0].need + (step if low[0].op == "gt" else 0)
        last = high[0].need - (step if high[0].op == "lt" else 0)
        if first > last:
            yield Problem(
                f"{place}.{band.stars}星", f"{band.stars} 星的总分下限高于上限，永远达不到。"
            )
        ranges.append((first, last, band.stars))
    ranges.sort()
    for (_, last, stars), (first, _, next_stars) in pairwise(ranges):
        if first > last + step:
            yield Problem(
                f"{place}.{next_stars}星",
                f"{stars} 星到 {_text(last)} 分为止，{next_stars} 星从 {_text(first)} 分开始，"
                "中间的分数没有着落。",
            )
        elif first <= last:
            yield Problem(
                f"{place}.{next_stars}星",
                f"{stars} 星和 {next_stars} 星都包含 {_text(first)} 分，两行重叠。",
            )


def _dimension_bands(scheme: Scheme) -> Iterator[Problem]:
    for dimension in scheme.dimensions:
        place = f"dimensions.{dimension.code}.stars"
        yield from _rows(dimension.stars, place, scheme.rounding.dimension)
        for band in dimension.stars:
            for condition in band.conditions:
                if condition.of not in {"points", "ratio"}:
                    yield Problem(
                        place, f"“{dimension.name}”自己的星级只能看该部分的得分或得分率。"
                    )


def _adjustments(scheme: Scheme) -> Iterator[Problem]:
    rules = scheme.adjustments
    if rules is None:
        return
    banded = {d.code for d in scheme.dimensions if d.stars}
    place = "adjustments"
    for code in sorted({rules.start, *(step.dimension for step in rules.steps)} - banded):
        yield Problem(place, f"星级调整用到 {code} 的星级，但没有这一部分，或它没有写星级。")
    if rules.lowest >= rules.highest:
        yield Problem(place, "最低星级应低于最高星级。")
    for step in rules.steps:
        if step.add == 0:
            yield Problem(place, f"“{step.label}”加减 0 星，永远没有作用。")
        if not step.op:
            yield Problem(place, f"{step.dimension} 的调整没有写在几星时适用（gte 或 lte）。")
    gains = sum(step.add for step in rules.steps if step.add > 0)
    for limit in rules.limits:
        if limit.add >= gains:
            yield Problem(place, f"起点 {limit.start} 星时最多加 {limit.add} 星的限制永远用不到。")


def _statuses(scheme: Scheme) -> Iterator[Problem]:
    for status in scheme.statuses:
        if status.code in ENGINE_STATUSES:
            yield Problem(
                f"statuses.{status.code}", f"状态编号 {status.code} 是系统用的，请换一个编号。"
            )


def _periods(scheme: Scheme) -> Iterator[Problem]:
    periods = scheme.periods
    if periods is not None and periods.names and len(periods.names) != periods.count:
        yield Problem(
            "periods",
            f"一年由 {periods.count} 期组成，却写了 {len(periods.names)} 个名称。",
        )


def _text(number: Decimal | int) -> str:
    text = format(Decimal(number), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
