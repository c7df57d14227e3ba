"""A scheme in the words of the office: how an item is scored, on what it rests, what a star asks.

Pure: a scheme in, sentences out. The same words stand on the page of the scheme and wherever
somebody asks what a line means.
"""

from collections.abc import Iterable
from decimal import Decimal

from starrating.item_points import plain
from starrating.scheme_shape import BonusLine, Dimension, Item, Scheme, SmallSample, Step, VetoRule

ARTICLE = "第 N 条"
_LIMITS = {"gte": "≥ {}", "gt": "＞ {}", "lte": "≤ {}", "lt": "＜ {}"}
NUMERALS = "零一二三四五"
ROUNDINGS = {
    "ROUND_HALF_UP": "四舍五入",
    "ROUND_HALF_EVEN": "四舍六入五成双",
    "ROUND_DOWN": "截去尾数",
}
EFFECTS = {"no_star": "不授星", "suspend": "暂停授星"}


def how_scored(item: Item) -> str:
    """Return in a sentence how the points of an item come about."""
    if item.method == "bool":
        return f"符合得 {plain(item.full)} 分，不符合不得分"
    if item.method == "level":
        return "；".join(f"{level.name}：{plain(level.points)} 分" for level in item.levels)
    if item.method == "deduct":
        each = plain(item.each) if item.each is not None else "若干"
        left = f"，最低 {plain(item.floor)} 分" if item.floor else "，扣完为止"
        return f"每发现 1 处不符合扣 {each} 分{left}"
    if item.method == "ratio":
        return _ratio_words(item)
    if item.method == "measured":
        return "；".join(f"{_limit(step)}：{plain(step.points)} 分" for step in item.steps)
    return f"直接计分，{plain(item.lower)} 到 {plain(item.upper)} 分"


def _ratio_words(item: Item) -> str:
    target = item.target if item.target is not None else Decimal(1)
    if item.zero_at is not None:
        return f"比率不高于 {_percent(target)} 得满分，达到 {_percent(item.zero_at)} 不得分"
    words = f"按比率得分，达到 {_percent(target)} 得满分"
    return f"{words}；没有应做的算满分" if item.none_due == "full" else words


def _percent(share: Decimal) -> str:
    return f"{plain(share * 100)}%"


def _limit(step: Step) -> str:
    return _LIMITS[step.op].format(plain(step.limit)) if step.op in _LIMITS else "其他"


def remarks(item: Item) -> list[str]:
    """Return what else holds for an item: key, not applicable, small samples, its own note."""
    said = []
    if item.key:
        said.append("关键项")
    if item.na:
        said.append("可申请不适用")
    if item.small_sample is not None:
        said.append(_small_sample(item.small_sample))
    if item.note:
        said.append(item.note)
    return said


def _small_sample(rule: SmallSample) -> str:
    value = plain(rule.value) if rule.value is not None else ""
    instead = {
        "not_applicable": "本项不计入",
        "points": f"按 {value} 分计",
        "ratio": f"按满分的 {_percent(rule.value or Decimal(0))} 计",
        "missing": "本项算没有数据",
    }[rule.use]
    return f"样本不足 {rule.below} 时{instead}"


def basis_words(scheme: Scheme, codes: Iterable[str]) -> list[str]:
    """Return the sources of a line as the legend names them: dal:51 → 《药品管理法》… 第 51 条.

    Several articles of one source stand together.
    """
    articles: dict[str, list[str]] = {}
    for code in codes:
        source, _, article = code.partition(":")
        articles.setdefault(source, []).extend([article] if article else [])
    said = []
    for source, numbers in articles.items():
        words = scheme.basis_legend.get(source, source)
        where = f"第 {'、'.join(numbers)} 条" if numbers else ""
        said.append(words.replace(ARTICLE, where).strip())
    return said


def dimension_words(dimension: Dimension) -> str:
    """Return how the items of a part add up."""
    words = {"sum": "各项相加", "weighted": "各项加权", "mean": "各项取平均"}[dimension.combine]
    if dimension.share is not None:
        words += f"，占总分 {_percent(dimension.share)}"
    if dimension.ceiling is not None:
        words += f"，最多 {plain(dimension.ceiling)} 分"
    return words


def bonus_words(line: BonusLine) -> str:
    """Return what one good work is worth."""
    return f"每次 {plain(line.each)} 分，最多 {plain(line.cap)} 分"


def bonus_rules(scheme: Scheme) -> list[str]:
    """Return the limits that hold for all bonus together."""
    bonus, said = scheme.bonus, []
    if bonus.cap is not None:
        said.append(f"合计最多 {plain(bonus.cap)} 分")
    if bonus.max_extra_stars is not None:
        said.append(f"加分最多把星级提高 {bonus.max_extra_stars} 星")
    if bonus.switch_off is not None:
        parts = "、".join(
            next((d.name for d in scheme.dimensions if d.code == code), code)
            for code in bonus.switch_off.lost_in
        )
        said.append(f"{parts}扣分超过 {plain(bonus.switch_off.over)} 分时不计加分")
    return said


def veto_words(rule: VetoRule) -> str:
    """Return what an established veto does to the star."""
    effect = EFFECTS.get(rule.effect, f"最高 {rule.cap} 星")
    return f"{effect}，影响期 {rule.months} 个月" if rule.months else effect


def star_name(stars: int) -> str:
    """Return 四星; a foreign scheme may have more than five or none."""
    return f"{NUMERALS[stars]}星" if 0 < stars < len(NUMERALS) else f"{stars} 星"


def general_rules(scheme: Scheme) -> list[str]:
    """Return what holds for the whole sum: rounding, not applicable, limits."""
    mode = ROUNDINGS.get(scheme.rounding.mode, scheme.rounding.mode)
    places = scheme.rounding.total
    said = [f"总分满分 {plain(scheme.total.full)} 分，保留 {places} 位小数，{mode}"]
    if scheme.total.upper is not None:
        said.append(f"加分后最多 {plain(scheme.total.upper)} 分")
    rule = scheme.not_applicable.rule
    said.append(
        "不适用的条目从本方面分母剔除，其余按满分折算"
        if rule == "scale"
        else "不适用的条目连同分值一起剔除"
    )
    said.append("没有数据的条目不按零分算，结果记为“资料不全”并列出缺项")
    said.append("星级由高到低逐行比对，先满足的一行为准；不设名额，不排名次")
    return said
