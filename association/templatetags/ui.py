"""Components that carry a rule: words for stars, states and deadlines, bars and charts as SVG.

A component with no rule in it is a plain ``{% include "components/…" with … only %}``; the list
with all parameters is docs/ui.md. ``ui`` is a template builtin: no ``{% load %}`` line.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

SPRITE = Path(__file__).resolve().parents[2] / "static" / "icons" / "sprite.svg"
NUMERALS = "零一二三四五"
WEEKDAYS = "一二三四五六日"
MISSING = "—"
TOP_STARS = 5

# ---------------------------------------------------------------- icons


@cache
def icon_outlines() -> dict[str, str]:
    """Return icon name → path data, read once from the sprite of record."""
    root = ElementTree.parse(SPRITE).getroot()  # noqa: S314 - our own file
    namespace = "{http://www.w3.org/2000/svg}"
    return {
        symbol.get("id"): symbol.find(f"{namespace}path").get("d")
        for symbol in root.iter(f"{namespace}symbol")
    }


@register.simple_tag
def icon(name: str, size: str = "", label: str = "") -> SafeString:
    """Draw an icon into the page: no request, no ``use``, and a swapped part keeps its icons.

    ``size`` is "" (18 px), "s" (15 px) or "l" (24 px). Without ``label`` it is decoration.
    """
    outline = icon_outlines().get(name)
    if outline is None:
        raise template.TemplateSyntaxError(f"No icon {name!r} in static/icons/sprite.svg.")
    role = format_html('role="img" aria-label="{}"', label) if label else 'aria-hidden="true"'
    return format_html(
        '<svg class="i{}" viewBox="0 0 24 24" {}><path d="{}"/></svg>',
        f" i-{size}" if size else "",
        mark_safe(role),  # noqa: S308 - built by format_html or constant
        outline,
    )


# ---------------------------------------------------------------- stars

STATUS_WORDS = {
    "incomplete": "资料不全",
    "awaiting": "待评定",
    "vetoed": "暂不授星",
    "veto": "暂不授星",
    "no_star": "暂不授星",
    "suspended": "星级暂停",
    "exempt": "免评",
    "withdrawn": "已退出",
    "declined": "未参评",
    "not_taking_part": "未参评",
    "too_new": "新店未评",
    "revoked": "已撤销",
    "expired": "已到期",
}
STAR_PATH = "l2.9 5.95 6.55.95-4.75 4.6 1.12 6.5L{x} 17.5l-5.82 3.1 1.12-6.5-4.75-4.6 6.55-.95z"


@register.filter
def star_word(count: int | str | None, status: str = "rated") -> str:
    """Return 四星, 未达星, 资料不全 … – never “0 星”."""
    if status in STATUS_WORDS:
        return STATUS_WORDS[status]
    if count in (None, ""):
        return "待评定" if status != "rated" else "未达星"
    stars = int(count)
    return f"{NUMERALS[stars]}星" if 1 <= stars <= TOP_STARS else "未达星"


@register.inclusion_tag("components/stars.html")
def stars(
    count: int | str | None, status: str = "rated", size: str = "", word: bool = False
) -> dict:
    """Draw a star rating: outlines for five, the earned ones filled, and the word for all others.

    ``status`` is the status of the result; anything but "rated" is shown as a word only.
    ``word=True`` writes the word next to the stars; ``size`` is "", "l" or "xl".
    """
    name = star_word(count, status)
    earned = int(count or 0) if status == "rated" and count else 0
    return {
        "word": name,
        "earned": earned,
        "size": size,
        "with_word": word,
        "filled": _star_outline(0, earned),
        "empty": _star_outline(earned, TOP_STARS),
    }


def _star_outline(first: int, last: int) -> str:
    centres = [12 + 24 * place for place in range(first, last)]
    return "".join(f"M{x} 2.6" + STAR_PATH.format(x=x) for x in centres)


# ---------------------------------------------------------------- states


@dataclass(frozen=True)
class Look:
    """How one kind of state is shown: colour class, icon, and the word if the model gives none."""

    tone: str
    icon: str
    word: str


STATES = {
    "not_started": Look("", "minus", "未开始"),
    "invited": Look("", "minus", "未开始"),
    "draft": Look("", "minus", "草稿"),
    "filling": Look("info", "pencil", "填写中"),
    "open": Look("info", "pencil", "填写中"),
    "running": Look("info", "refresh", "进行中"),
    "queued": Look("", "clock", "排队中"),
    "submitted": Look("warn", "clock", "待初审"),
    "waiting": Look("warn", "clock", "待办"),
    "returned": Look("info", "refresh", "退回补充"),
    "passed": Look("ok", "check", "已通过"),
    "reviewed": Look("ok", "check", "已通过"),
    "verified": Look("ok", "check", "已核实"),
    "done": Look("ok", "check", "已办结"),
    "finished": Look("ok", "check", "已办结"),
    "committed": Look("ok", "check", "已写入"),
    "active": Look("ok", "check", "有效"),
    "failed": Look("bad", "alert-circle", "没有办成"),
    "refused": Look("bad", "circle-x", "未通过"),
    "cancelled": Look("line", "x", "已取消"),
    "undone": Look("line", "arrow-back-up", "已撤回"),
    "vetoed": Look("bad", "ban", "一票否决"),
    "lead": Look("bad", "ban", "涉否决"),
    "in_review": Look("warn", "clock", "复核中"),
    "established": Look("bad", "ban", "已成立"),
    "dismissed": Look("line", "x", "不成立"),
    "lifted": Look("line", "arrow-back-up", "已撤销"),
    "awarded": Look("brand", "star", "已授星"),
    "final": Look("brand", "star", "已授星"),
    "publicised": Look("brand", "speakerphone", "公示中"),
    "notified": Look("info", "send", "已告知"),
    "suspended": Look("warn", "alert-triangle", "星级暂停"),
    "archived": Look("line", "lock", "已归档"),
    "locked": Look("line", "lock", "已锁定"),
    "withdrawn": Look("line", "x", "已退出"),
    "closed": Look("line", "lock", "已结束"),
}


@register.inclusion_tag("components/chip.html")
def state(code: str, word: str = "", tone: str | None = None, sign: str | None = None) -> dict:
    """Show a state as sign and word: ``{% state assessment.state assessment.get_state_display %}``.

    Unknown codes are shown in neutral colours with the given word.
    """
    look = STATES.get(str(code), Look("", "", str(code)))
    return {
        "label": word or look.word,
        "tone": look.tone if tone is None else tone,
        "icon": look.icon if sign is None else sign,
    }


# ---------------------------------------------------------------- dates


def _local_day(value: date | datetime) -> date:
    if isinstance(value, datetime):
        return timezone.localtime(value).date() if timezone.is_aware(value) else value.date()
    return value


def _local_moment(value: datetime) -> datetime:
    return timezone.localtime(value) if timezone.is_aware(value) else value


@register.filter
def cn_date(value: date | datetime | None) -> str:
    """Return 2026年11月20日, or — where the date is missing."""
    if not value:
        return MISSING
    day = _local_day(value)
    return f"{day.year}年{day.month}月{day.day}日"


@register.filter
def cn_formal_date(value: date | None) -> str:
    """Return 二〇二六年十二月二十八日, as certificates and deeds write it."""
    if not value:
        return MISSING
    day = _local_day(value)
    year = "".join("〇一二三四五六七八九"[int(digit)] for digit in str(day.year))
    return f"{year}年{_spoken(day.month)}月{_spoken(day.day)}日"


def _spoken(number: int) -> str:
    tens, ones = divmod(number, 10)
    digits = "〇一二三四五六七八九"
    ten = ("" if tens == 1 else digits[tens]) + "十" if tens else ""
    return ten + (digits[ones] if ones else "")


@register.filter
def cn_day(value: date | datetime | None) -> str:
    """Return 11月24日（周二）."""
    if not value:
        return MISSING
    day = _local_day(value)
    return f"{day.month}月{day.day}日（周{WEEKDAYS[day.weekday()]}）"


@register.filter
def cn_moment(value: datetime | None) -> str:
    """Return 11月19日 10:12, with the year when it is not this one."""
    if not value:
        return MISSING
    moment = _local_moment(value)
    year = f"{moment.year}年" if moment.year != timezone.localdate().year else ""
    return f"{year}{moment.month}月{moment.day}日 {moment:%H:%M}"


@register.filter
def cn_deadline(value: date | datetime | None) -> str:
    """Return 11月24日前, with the year when it is not this one."""
    if not value:
        return MISSING
    day = _local_day(value)
    year = f"{day.year}年" if day.year != timezone.localdate().year else ""
    return f"{year}{day.month}月{day.day}日前"


@register.inclusion_tag("components/deadline.html")
def deadline(value: date | datetime | None, today: date | None = None, done: bool = False) -> dict:
    """Say until when, in words and never by colour alone: 已超 1 天, 今天截止, 11月24日前.

    ``today`` is for tests and frozen pages. A deadline that is ``done`` is only a date.
    """
    if not value:
        return {"words": MISSING, "tone": ""}
    day, now = _local_day(value), today or timezone.localdate()
    left = (day - now).days
    if done:
        return {"words": cn_deadline(value), "tone": "", "day": day}
    if left < 0:
        return {"words": f"已超 {-left} 天", "tone": "over", "day": day}
    if left == 0:
        is_moment = isinstance(value, datetime)
        words = f"今天 {_local_moment(value):%H:%M} 前" if is_moment else "今天截止"
        return {"words": words, "tone": "over", "day": day}
    if left == 1:
        return {"words": f"明天，{cn_deadline(value)}", "tone": "soon", "day": day}
    return {"words": cn_deadline(value), "tone": "soon" if left <= 4 else "", "day": day}


# ---------------------------------------------------------------- numbers


def _number(value: object) -> Decimal | None:
    if value in (None, ""):
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


@register.filter
def points(value: object, places: int = 1) -> str:
    """Return points with one decimal and a real minus; a missing number is —, never 0."""
    number = _number(value)
    if number is None:
        return MISSING
    rounded = number.quantize(Decimal(1).scaleb(-int(places)), ROUND_HALF_UP)
    return f"{rounded:f}".replace("-", "−")


@register.filter
def signed(value: object) -> str:
    """Return a difference: +1.5, −0.4, 0.0."""
    number = _number(value)
    if number is None:
        return MISSING
    return f"+{points(number)}" if number > 0 else points(number)


@register.filter
def percent(value: object) -> str:
    """Return a share such as 0.8875 as 88.8%; a missing one is —."""
    number = _number(value)
    return MISSING if number is None else f"{points(number * 100)}%"


@register.filter
def mask_phone(value: str | None) -> str:
    """Return 138****0000; a number that is no mobile number keeps its last two digits."""
    digits = re.sub(r"\D", "", value or "")
    if not digits:
        return "未登记"
    mobile = digits[-11:]
    return f"{mobile[:3]}****{mobile[-4:]}" if len(digits) >= 11 else f"****{digits[-2:]}"


@register.filter
def or_blank(value: object, word: str = "未登记") -> object:
    """Return the value, or 未登记 (or ``word``) where nothing is on file."""
    return word if value in (None, "") else value


def _percent(value: object, full: object) -> str:
    """Return the share of ``full`` in percent with one decimal, cut to 0…100, for an SVG width."""
    number, whole = _number(value), _number(full)
    if number is None or not whole:
        return "0"
    return f"{min(max(number / whole * 100, Decimal(0)), Decimal(100)):.1f}"


# ---------------------------------------------------------------- bars and charts


@register.inclusion_tag("components/bar.html")
def bar(value: object, full: object, tone: str = "", label: str = "") -> dict:
    """Draw how much of ``full`` there is. ``tone``: d1…d4 for a dimension, db for the bonus."""
    return {"percent": _percent(value, full), "tone": tone, "label": label}


@register.inclusion_tag("components/score_cell.html")
def score_cell(value: object, full: object, tone: str = "d1") -> dict:
    """Draw a table cell with the number on top and a thin bar below; — where there is no score."""
    return {"value": points(value), "percent": _percent(value, full), "tone": tone}


@register.filter
def tone_of(place: int) -> str:
    """Return the colour class of the dimension at ``place`` (counted from 1)."""
    return f"d{(int(place) - 1) % 4 + 1}"


PIP_OF = {"done": "on", "part": "cur", "now": "cur", "plan": "cur", "over": "stop"}


@register.inclusion_tag("components/pips.html")
def pips_of(states: Iterable[str], label: str = "") -> dict:
    """Draw periods in their order: done filled, under way outlined, not held red, to come pale."""
    marks = [PIP_OF.get(state, "") for state in states]
    done = marks.count("on")
    return {"marks": marks, "label": f"{label} {done} / {len(marks)}".strip()}


@register.inclusion_tag("components/pips.html")
def pips(done: int, total: int, current: int = 0, stopped: int = 0, label: str = "") -> dict:
    """Draw progress in steps: ``done`` filled, then ``stopped`` red, then ``current`` outlined."""
    marks = ["on"] * int(done) + ["stop"] * int(stopped) + ["cur"] * int(current)
    marks += [""] * max(int(total) - len(marks), 0)
    return {"marks": marks[: int(total)], "label": label or f"进度 {done} / {total}"}


UNIT_KINDS = {
    "5": ("u5", "key5", "五星"),
    "4": ("u4", "key4", "四星"),
    "3": ("u3", "key3", "三星"),
    "2": ("u2", "key2", "二星"),
    "1": ("u1", "key1", "一星"),
    "0": ("u0", "key0", "未达星"),
    "wait": ("uw", "keyw", "资料不全"),
    "none": ("ux", "keyx", "未参评"),
    "veto": ("uv", "keyv", "涉否决"),
}
# One capsule per shop is read at a glance up to a few hundred; beyond, one stands for several.
MOST_UNITS = 240
UNIT_SCALES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)


def unit_scale_of(total: int, most: int = MOST_UNITS) -> int:
    """Return for how many shops one capsule stands, so that ``total`` needs at most ``most``."""
    return next((s for s in UNIT_SCALES if total <= s * most), UNIT_SCALES[-1])


@register.simple_tag
def unit_scale(numbers: Iterable[int], most: int = MOST_UNITS) -> int:
    """Return the scale that several charts side by side share: the largest of them decides."""
    return unit_scale_of(max(numbers, default=0), most)


@register.simple_tag
def unit_words(counts: Mapping, scale: int = 0) -> str:
    """Say what one capsule is: 一格一店, or 一格 50 家."""
    size = scale or unit_scale_of(sum(int(count) for count in dict(counts).values()))
    return "一格一店" if size == 1 else f"一格 {size} 家"


@register.inclusion_tag("components/units.html")
def units(
    counts: Mapping | Iterable, small: bool = False, legend: bool = False, scale: int = 0
) -> dict:
    """Draw one capsule per shop (一格一店), sorted by star, with the counts as its text.

    ``counts`` maps 5…0, "wait" (资料不全), "none" (未参评) and "veto" (涉否决) to a number of
    shops. ``scale`` is for how many shops a capsule stands; without it the chart decides. A kind
    with a single shop keeps its capsule at every scale.
    """
    given = {str(kind): int(count) for kind, count in dict(counts).items()}
    size = scale or unit_scale_of(sum(given.values()))
    rows = [
        {"unit": unit, "key": key, "word": word, "count": given[kind],
         "range": range(-(-given[kind] // size))}
        for kind, (unit, key, word) in UNIT_KINDS.items()
        if given.get(kind)
    ]  # fmt: skip
    text = "，".join(f"{row['word']} {row['count']} 家" for row in rows)
    return {"rows": rows, "small": small, "legend": legend, "text": text or "还没有药店"}


@register.inclusion_tag("components/units_legend.html")
def units_legend(counts: Mapping | Iterable) -> dict:
    """Write the legend of ``units`` alone, for several charts that share one."""
    return units(counts)


@register.inclusion_tag("components/line_chart.html")
def line_chart(lines: list, labels: list, low: int = 0, high: int = 100, title: str = "") -> dict:
    """Draw lines over time: ``lines`` = [{"name", "values", "tone"}]."""
    width, left, right, top, bottom = 560, 34, 476, 20, 160
    apart = (right - left) / max(len(labels) - 1, 1)

    def height(value: object) -> float:
        return round(bottom - (float(value) - low) / (high - low) * (bottom - top), 1)

    drawn = []
    for line in lines:
        dots = [
            (round(left + place * apart, 1), height(value))
            for place, value in enumerate(line["values"])
            if value is not None
        ]
        if dots:
            drawn.append(
                {
                    **line,
                    "dots": " ".join(f"{x},{y}" for x, y in dots),
                    "end": dots[-1],
                    "last": points([v for v in line["values"] if v is not None][-1]),
                }
            )
    _push_apart(drawn)
    rule = next(rule for rule in (1, 2, 5, 10, 20, 25, 50, 100) if (high - low) / rule <= 4)
    grid = [(value, height(value)) for value in range(-(-low // rule) * rule, high + 1, rule)]
    ticks = [(round(left + place * apart, 1), label) for place, label in enumerate(labels)]
    return {
        "lines": drawn, "grid": grid, "ticks": ticks, "title": title,
        "width": width, "left": left, "right": right, "labels": labels,
        "table": [(line["name"], line["values"]) for line in lines],
    }  # fmt: skip


def _push_apart(lines: list[dict], distance: int = 15) -> None:
    """Give every line end a label place that no other label covers."""
    lowest = float("-inf")
    for line in sorted(lines, key=lambda line: line["end"][1]):
        line["label_y"] = lowest = max(line["end"][1] + 4, lowest + distance)


@register.inclusion_tag("components/bar_chart.html")
def bar_chart(rows: list, full: object = None, title: str = "", unit: str = "") -> dict:
    """Draw horizontal bars: ``rows`` = [{"name", "value", "tone"?, "url"?}], widest = ``full``."""
    whole = full or max((float(row["value"]) for row in rows), default=0)
    shown = [{**row, "percent": _percent(row["value"], whole)} for row in rows]
    return {"rows": shown, "title": title, "unit": unit}


@register.inclusion_tag("components/spark.html")
def spark(values: list, label: str = "", tone: str = "d1") -> dict:
    """Draw a line the height of a text line; ``label`` says in words what it shows."""
    known = [float(value) for value in values if value is not None]
    low, high = (min(known), max(known)) if known else (0, 1)
    spread = (high - low) or 1
    step = 78 / max(len(known) - 1, 1)
    dots = " ".join(
        f"{1 + place * step:.1f},{18 - (value - low) / spread * 16:.1f}"
        for place, value in enumerate(known)
    )
    return {"dots": dots, "label": label, "tone": tone}


# ---------------------------------------------------------------- the result tree


@register.inclusion_tag("components/score_bar.html")
def score_bar(result: Mapping) -> dict:
    """Draw the total as one bar of dimensions and bonus, with the star lines as ticks on it."""
    full = _number(result.get("full")) or Decimal(100)
    segments, left = [], Decimal(0)
    parts = [
        (f"d{place % 4 + 1}", part["name"], _number(part.get("points")))
        for place, part in enumerate(result.get("dimensions", []))
    ]
    parts.append(("db", "加分", _number(result.get("bonus"))))
    for tone, name, number in parts:
        if number is None or number <= 0:
            continue
        width = min(number / full * 100, 100 - left)
        segments.append(
            {"tone": tone, "name": name, "points": points(number),
             "x": f"{left:.2f}", "width": f"{width:.2f}", "end": f"{left + width:.2f}"}
        )  # fmt: skip
        left += width
    ticks = []
    for band in result.get("bands", []):
        needs = [c["need"] for c in band.get("conditions", []) if c.get("kind") == "total"]
        if needs:
            ticks.append(
                {"x": _percent(needs[0], full), "stars": band["stars"],
                 "word": NUMERALS[int(band["stars"])], "reached": band.get("holds")}
            )  # fmt: skip
    text = "，".join(f"{segment['name']} {segment['points']}" for segment in segments)
    return {
        "segments": segments,
        "ticks": ticks,
        "rest": f"{left:.2f}",
        "text": text or "还没有得分",
    }


@register.filter
def gap_words(result: Mapping) -> str:
    """Say what is missing to the next star: 距五星差 1.4 分, or the first condition that fails."""
    failed = result.get("failed")
    if not failed or result.get("status") != "rated":
        return ""
    star = f"{NUMERALS[int(failed['stars'])]}星"
    need, have = _number(failed.get("need")), _number(failed.get("have"))
    if failed.get("kind") == "total" and need is not None and have is not None:
        return f"距{star}差 {points(need - have)} 分"
    return f"距{star}还差一条：{failed['label']}"


@register.inclusion_tag("components/score_explanation.html")
def score_explanation(result: Mapping, word: str = "拟评", links: Mapping | None = None) -> dict:
    """Explain a result from its tree: total, star lines, dimensions, bonus, vetoes, regain list.

    ``word`` goes before the star (拟评 for a draft, 评定 for an issued result); ``links`` maps a
    source id such as ``paper/12`` to an address the reader may open.
    """
    links = links or {}
    dimensions = []
    for place, part in enumerate(result.get("dimensions", [])):
        rows = [
            {**item, "kind": _kind_of(item), "sources": _with_links(item, links)}
            for item in part.get("items", [])
        ]
        dimensions.append(
            {
                **part,
                "tone": f"d{place % 4 + 1}",
                "lost": [row for row in rows if row["kind"] == "lost"],
                "other": [row for row in rows if row["kind"] in ("na", "fallback")],
                "missing": [row for row in rows if row["kind"] == "missing"],
                "kept": [row for row in rows if row["kind"] == "kept"],
            }
        )
    bonus_lines = [
        {**line, "sources": _with_links(line, links)} for line in result.get("bonus_lines", [])
    ]
    return {
        "result": result,
        "word": word,
        "gap": gap_words(result),
        "dimensions": dimensions,
        "bonus_lines": bonus_lines,
        "next_band": _next_band(result),
        "path": _path_words(result),
        "vetoes": [
            {**veto, "url": links.get(veto.get("source"))} for veto in result.get("vetoes", [])
        ],
    }


def _next_band(result: Mapping) -> dict | None:
    """Return the row of the table of stars just above the one reached, where one is missed."""
    if result.get("status") not in ("rated", "below_bands"):
        return None
    reached = result.get("stars") or 0
    above = [band for band in result.get("bands", []) if int(band["stars"]) > reached]
    lowest = min(above, key=lambda band: int(band["stars"]), default=None)
    return lowest if lowest is not None and not lowest.get("holds") else None


def _path_words(result: Mapping) -> str:
    """Say the cheapest way to the next star: what to make good, and the total that results."""
    path = result.get("path")
    if not path:
        return ""
    names = {step["code"]: step["name"] for step in result.get("regain", [])}
    done = "、".join(names.get(code, code) for code in path["codes"])
    return f"做到{done}，总分 {points(path['total_after'])}，到{star_word(path['stars'])}"


# What a source is called where it brings no name of its own.
SOURCE_WORDS = {
    "self": "药店自评",
    "reviewed": "评审",
    "department": "部门评分",
    "public": "群众口碑",
    "system": "系统记录",
}


def _kind_of(item: Mapping) -> str:
    kinds = {"not_applicable": "na", "missing": "missing", "fallback": "fallback"}
    if item.get("status") in kinds:
        return kinds[item["status"]]
    return "lost" if (_number(item.get("lost")) or 0) > 0 else "kept"


def _with_links(line: Mapping, links: Mapping) -> list[dict]:
    return [
        {
            **source,
            "url": links.get(source.get("id")),
            "words": source.get("label") or SOURCE_WORDS.get(source.get("kind"), source.get("id")),
        }
        for source in line.get("sources", [])
    ]
