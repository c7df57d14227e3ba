"""What one answer to one item is worth: six methods, each from a text to points.

Unit: points, rounded to the places of the scheme. An answer that does not fit the method is
refused with a sentence; it is never read as zero.
"""

import re
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal

from starrating.scheme_shape import Item, Rounding, SmallSample

ARITHMETIC = Context(prec=28, rounding=ROUND_HALF_UP)
ZERO = Decimal(0)
ONE = Decimal(1)
YES = frozenset({"1", "1.0", "符合", "是", "true", "True"})
NO = frozenset({"0", "0.0", "不符合", "否", "false", "False"})
NUMBER = re.compile(r"[+-]?\d{1,15}(?:\.\d{1,9})?", re.ASCII)
# A plain number above this against a target of at most 1 is a percentage without its sign.
LARGEST_PLAIN_RATIO = Decimal(2)

SCORED = "scored"
NOT_APPLICABLE = "not_applicable"
FALLBACK = "fallback"
MISSING = "missing"


class AnswerError(ValueError):
    """The answer does not fit the item; the message says what to write instead."""


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """The points of one item, what was lost and why; remembered and compared by identity.

    ``full`` is zero when the item left the denominator. ``how`` says what would bring the
    points back, empty when nothing is lost. ``shown`` is the points as text, or the status
    where there are none.
    """

    status: str
    points: Decimal
    full: Decimal
    lost: Decimal
    why: str
    how: str = ""
    failed_key: bool = False
    shown: str = field(init=False)

    def __post_init__(self) -> None:
        has_points = self.status not in (NOT_APPLICABLE, MISSING)
        object.__setattr__(self, "shown", format(self.points, "f") if has_points else self.status)


def rounded(number: Decimal, places: int, mode: str) -> Decimal:
    """Return ``number`` with ``places`` decimals; the one place where anything is rounded."""
    return number.quantize(ONE.scaleb(-places), mode, ARITHMETIC)


def outcome_of(item: Item, answer: str, sample: int | None, rounding: Rounding) -> Outcome:
    """Return what ``answer`` earns under ``item``.

    ``sample`` is the number of people or cases behind the answer, None where nobody counted.
    Raises ``AnswerError`` when the answer does not fit the method.
    """
    small = item.small_sample
    if small is not None and sample is not None and sample < small.below:
        return _fallback(item, small, sample, rounding)
    earned = _METHODS[item.method](item, answer.strip())
    if earned is None:
        return left_out("应有数量为 0，本项不适用")
    points, why, how = earned
    return _scored(item, rounded(points, rounding.item, rounding.mode), why, how)


def left_out(reason: str) -> Outcome:
    """Return the outcome of an item that does not apply: it leaves the denominator."""
    return Outcome(NOT_APPLICABLE, ZERO, ZERO, ZERO, reason)


def blank(item: Item) -> Outcome:
    """Return the outcome of an item without an answer: never zero points, but no points."""
    return Outcome(MISSING, ZERO, item.full, ZERO, "还没有结果")


def _scored(item: Item, points: Decimal, why: str, how: str, status: str = SCORED) -> Outcome:
    low_is_good = item.good == "low" and item.method == "points"
    best = item.lower if low_is_good else item.full
    lost = max(points - best if low_is_good else best - points, ZERO)
    passes_at = best if item.passes_at is None else item.passes_at
    failed = item.key and (points > passes_at if low_is_good else points < passes_at)
    return Outcome(status, points, item.full, lost, why, how if lost else "", failed)


def _fallback(item: Item, small: SmallSample, sample: int, rounding: Rounding) -> Outcome:
    reason = f"样本 {sample} 份，不足 {small.below} 份"
    if small.use == "not_applicable":
        return left_out(f"{reason}，本项不计入")
    if small.use == "missing":
        return Outcome(MISSING, ZERO, item.full, ZERO, f"{reason}，不能评分")
    assert small.value is not None  # noqa: S101 -- scheme_checks refuses a scheme without it
    points = small.value if small.use == "points" else small.value * item.full
    points = rounded(points, rounding.item, rounding.mode)
    why = f"{reason}，按约定取 {plain(points)} 分"
    return _scored(item, points, why, f"增加样本到 {small.below} 份", FALLBACK)


def plain(number: Decimal) -> str:
    """Return the number for a sentence, without trailing zeros."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def number_in(text: str, wanted: str) -> Decimal:
    """Return the number written in ``text``; the sentence of the refusal names ``wanted``."""
    if not NUMBER.fullmatch(text):
        raise AnswerError(f"“{text}”不是{wanted}")
    return Decimal(text)


def count_in(text: str, wanted: str) -> int:
    """Return the whole number of at least 0 written in ``text``."""
    number = number_in(text, wanted)
    if number < 0 or number != number.to_integral_value(ROUND_DOWN):
        raise AnswerError(f"“{text}”不是{wanted}")
    return int(number)


def _bool(item: Item, answer: str) -> tuple[Decimal, str, str]:
    if answer in YES:
        return item.full, "符合", ""
    if answer in NO:
        return ZERO, "不符合", "做到符合要求"
    raise AnswerError(f"“{answer}”不是“符合”或“不符合”（也可填 1 或 0）")


def _level(item: Item, answer: str) -> tuple[Decimal, str, str]:
    best = max(item.levels, key=lambda level: level.points)
    for level in item.levels:
        if level.name == answer:
            return level.points, f"属于“{answer}”", f"提高到“{best.name}”"
    names = "、".join(f"“{level.name}”" for level in item.levels)
    raise AnswerError(f"没有“{answer}”这一档，只能是{names}")


def _deduct(item: Item, answer: str) -> tuple[Decimal, str, str]:
    assert item.each is not None  # noqa: S101 -- scheme_checks refuses a scheme without it
    times = count_in(answer, "不符合的处数，请填 0 或正整数")
    points = max(item.full - item.each * times, item.floor)
    if not times:
        return points, "没有发现不符合", ""
    why = f"{times} 处不符合，每处扣 {plain(item.each)} 分"
    if item.full - item.each * times < item.floor:
        why += "，扣完为止" if item.floor == 0 else f"，最低 {plain(item.floor)} 分"
    return points, why, f"改正 {times} 处不符合"


def _ratio(item: Item, answer: str) -> tuple[Decimal, str, str] | None:
    actual, due, why = _actual_and_due(item, answer)
    if due == 0:
        if item.none_due == "full":
            return item.full, "应有数量为 0，没有未完成的", ""
        if item.none_due == "not_applicable":
            return None
        raise AnswerError(f"“{answer}”的应有数量为 0，请核对；确实不适用的，填不适用并写明理由")
    target = item.target
    assert target is not None  # noqa: S101 -- scheme_checks refuses a scheme without it
    if item.good == "low":
        zero_at = item.zero_at
        assert zero_at is not None  # noqa: S101 -- as above
        share = ARITHMETIC.divide(item.full * (zero_at * due - actual), (zero_at - target) * due)
        points = min(max(share, ZERO), item.full)
        return points, f"{why}，目标不高于 {_share(target)}", f"降到 {_share(target)}以下"
    if actual >= target * due:
        return item.full, f"{why}，达到目标 {_share(target)}", ""
    points = ARITHMETIC.divide(item.full * actual, target * due)
    return points, f"{why}，目标 {_share(target)}", f"提高到 {_share(target)}"


def _actual_and_due(item: Item, answer: str) -> tuple[Decimal, Decimal, str]:
    wanted = "比率，请填数字或“18/20”这样的实际数/应有数"
    if "/" in answer:
        left, right = (part.strip() for part in answer.split("/", 1))
        actual, due = number_in(left, wanted), number_in(right, wanted)
        why = f"实际 {left}，应有 {right}"
    elif answer.endswith("%"):
        actual, due = number_in(answer[:-1], wanted) / 100, ONE
        why = f"实际 {answer}"
    else:
        actual, due = number_in(answer, wanted), ONE
        why = f"实际 {answer}"
        if item.target is not None and item.target <= 1 and actual > LARGEST_PLAIN_RATIO:
            raise AnswerError(f"“{answer}”大于 1，百分数请写成“{answer}%”")
    if actual < 0 or due < 0:
        raise AnswerError(f"“{answer}”不是{wanted}，不能小于 0")
    return actual, due, why


def _share(target: Decimal) -> str:
    return f"{plain(target * 100)}%" if target <= 1 else plain(target)


def _measured(item: Item, answer: str) -> tuple[Decimal, str, str]:
    best = max(item.steps, key=lambda step: step.points)
    how = f"达到“{best.name}”"
    for step in item.steps:
        if answer == step.name or answer == f"{_SIGNS.get(step.op, step.op)}{plain(step.limit)}":
            return step.points, f"属于“{step.name}”", how
    value = number_in(answer, "数字")
    for step in item.steps:
        if (
            step.op == "otherwise"
            or (step.op == "gte" and value >= step.limit)
            or (step.op == "lte" and value <= step.limit)
        ):
            return step.points, f"实测 {answer}，属于“{step.name}”", how
    raise AssertionError("scheme_checks refuses steps with a gap")  # pragma: no cover


_SIGNS = {"gte": ">=", "lte": "<="}


def _points(item: Item, answer: str) -> tuple[Decimal, str, str]:
    value = number_in(answer, "分数")
    if not item.lower <= value <= item.upper:
        raise AnswerError(f"“{answer}”不在 {plain(item.lower)} 到 {plain(item.upper)} 分之间")
    if item.allowed and value not in item.allowed:
        raise AnswerError(f"“{answer}”只能是 {'、'.join(map(plain, item.allowed))} 之一")
    best = item.lower if item.good == "low" else item.full
    verb = "降到" if item.good == "low" else "提高到"
    return value, f"记 {answer} 分", f"{verb} {plain(best)} 分"


_METHODS = {
    "bool": _bool,
    "level": _level,
    "deduct": _deduct,
    "ratio": _ratio,
    "measured": _measured,
    "points": _points,
}
