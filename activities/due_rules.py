"""When a duty is due, as one line of text that content and editor share: pure arithmetic.

``last_workday(month)`` · ``nth_weekday(week, 1, 周一)`` · ``nth_weekday(month, 2, 周二)`` ·
``day_of_month(15)`` · ``fixed_date(11-30)`` · ``nth_month_day(quarter, 1, 20)`` ·
``within_days(quarter_end, 7)`` · ``within_workdays(month_end, 5)`` · ``next_month_day(5)`` ·
``on_field(term_ends_on)``. Two fixed dates joined by ``;`` cut the year into two steps.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from activities.enums import Rhythm, Shift
from association.errors import BusinessRuleError
from association.working_days import WorkingCalendar

WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
DAYS_IN_WEEK = 7
LONGEST_MONTH = 31
# The due day lies behind the period: what was done is summed up or handed in afterwards.
AFTER = frozenset({"within_days", "within_workdays", "next_month_day"})
# Which rhythm a kind can go with; the rest goes with any that has periods.
RHYTHMS = {
    "day_of_month": {Rhythm.MONTH},
    "fixed_date": {Rhythm.YEAR},
    "nth_month_day": {Rhythm.QUARTER, Rhythm.HALF},
    "on_field": {Rhythm.RECORD},
}
PERIODS = {"week": Rhythm.WEEK, "month": Rhythm.MONTH}
SHAPE = re.compile(r"\s*([a-z_]+)\(([^()]*)\)\s*")


class DueRuleError(BusinessRuleError):
    """The rule cannot be read, or does not go with the rhythm."""


@dataclass(frozen=True)
class DueRule:
    """One rule in its parts; which of them mean something depends on ``kind``.

    ``n`` is the how-many-eth, the day or the number of days; ``month`` counts within the year or
    within the period; ``weekday`` is 0 for Monday; ``field`` names where a record has its day.
    """

    kind: str
    n: int = 0
    month: int = 0
    weekday: int = 0
    period: str = ""
    field: str = ""

    @property
    def is_after_period(self) -> bool:
        """Whether the due day lies behind the period."""
        return self.kind in AFTER

    def text(self) -> str:
        """Return the rule as it is stored; ``parse`` reads it back."""
        arguments = {
            "last_workday": self.period,
            "nth_weekday": f"{self.period}, {self.n}, {WEEKDAYS[self.weekday]}",
            "day_of_month": str(self.n),
            "fixed_date": f"{self.month:02}-{self.n:02}",
            "nth_month_day": f"{self.period}, {self.month}, {self.n}",
            "within_days": f"{self.period}, {self.n}",
            "within_workdays": f"{self.period}, {self.n}",
            "next_month_day": str(self.n),
            "on_field": self.field,
        }[self.kind]
        return f"{self.kind}({arguments})"


def parse(text: str) -> DueRule:
    """Read one rule. Raises ``DueRuleError``."""
    found = SHAPE.fullmatch(text)
    if found is None:
        raise DueRuleError(f"期限规则“{text}”读不懂，请重新选择。")
    kind, inside = found.groups()
    arguments = [part.strip() for part in inside.split(",")]
    try:
        return _read(kind, arguments)
    except (KeyError, ValueError, IndexError):
        raise DueRuleError(f"期限规则“{text}”读不懂，请重新选择。") from None


def _read(kind: str, given: list[str]) -> DueRule:
    match kind:
        case "last_workday":
            return DueRule(kind, period=given[0])
        case "nth_weekday":
            weekday = WEEKDAYS.index(given[2])
            return DueRule(kind, n=_within(given[1], 5), weekday=weekday, period=given[0])
        case "day_of_month" | "next_month_day":
            return DueRule(kind, n=_within(given[0], LONGEST_MONTH))
        case "fixed_date":
            month, day = given[0].split("-")
            date(2024, int(month), int(day))  # a leap year: 02-29 is a day, 02-30 is not
            return DueRule(kind, n=int(day), month=int(month))
        case "nth_month_day":
            month_of, day_of = _within(given[1], 6), _within(given[2], LONGEST_MONTH)
            return DueRule(kind, n=day_of, month=month_of, period=given[0])
        case "within_days" | "within_workdays":
            return DueRule(kind, n=_within(given[1], 200), period=given[0])
        case "on_field":
            return DueRule(kind, field=given[0])
    raise KeyError(kind)


def _within(text: str, highest: int) -> int:
    number = int(text)
    if not 1 <= number <= highest:
        raise ValueError(text)
    return number


def parse_all(text: str) -> tuple[DueRule, ...]:
    """Read the rules of a duty: one, or several fixed dates that cut the year into steps."""
    rules = tuple(parse(part) for part in text.split(";"))
    if len(rules) > 1 and not (
        all(rule.kind == "fixed_date" for rule in rules)
        and list(rules) == sorted(rules, key=lambda rule: (rule.month, rule.n))
    ):
        raise DueRuleError("只有每年的固定日期可以分几步，并且要按先后排列。")
    return rules


def check(rhythm: str, text: str) -> None:
    """Refuse a rule that does not go with the rhythm. Raises ``DueRuleError``."""
    for rule in parse_all(text):
        fitting = RHYTHMS.get(rule.kind)
        if rule.kind == "nth_weekday":
            fitting = {PERIODS.get(rule.period)}
        if fitting is None:
            fitting = set(Rhythm) - {Rhythm.RECORD}
        if rhythm not in fitting:
            raise DueRuleError(f"“{Rhythm(rhythm).label}”的任务不能用“{in_words(rule)}”作期限。")


def in_words(rule: DueRule) -> str:
    """Return the rule as people say it: 周期最后一个工作日, 每年11月30日."""
    match rule.kind:
        case "last_workday":
            return "周期最后一个工作日"
        case "nth_weekday" if rule.period == "week":
            return f"每{WEEKDAYS[rule.weekday]}"
        case "nth_weekday":
            return f"每月第 {rule.n} 个{WEEKDAYS[rule.weekday]}"
        case "day_of_month":
            return f"每月 {rule.n} 日"
        case "fixed_date":
            return f"每年 {rule.month} 月 {rule.n} 日"
        case "nth_month_day":
            return f"周期第 {rule.month} 个月的 {rule.n} 日"
        case "within_days":
            return f"周期结束后 {rule.n} 天内"
        case "within_workdays":
            return f"周期结束后 {rule.n} 个工作日内"
        case "next_month_day":
            return f"次月 {rule.n} 日"
    return "记录里的日期"


def all_in_words(text: str) -> str:
    """Return what ``parse_all`` reads, as people say it."""
    return "、".join(in_words(rule) for rule in parse_all(text))


def due_day(rule: DueRule, shift: str, start: date, end: date, calendar: WorkingCalendar) -> date:
    """Return the last day to meet a duty in the period from ``start`` to ``end``.

    Raises ``UnknownYearError`` when it depends on working days of a year without a table.
    """
    match rule.kind:
        case "last_workday":
            return _before(end, calendar)
        case "within_workdays":
            return calendar.add(end, rule.n)
        case "nth_weekday":
            day = start + timedelta(days=(rule.weekday - start.weekday()) % DAYS_IN_WEEK)
            day += timedelta(weeks=rule.n - 1)
            if day > end:  # there is no fifth Friday in this month: the last one counts
                day -= timedelta(weeks=1)
        case "day_of_month":
            day = _in_month(start, rule.n)
        case "fixed_date":
            day = _in_month(date(start.year, rule.month, 1), rule.n)
        case "nth_month_day":
            day = _in_month(date(start.year, start.month + rule.month - 1, 1), rule.n)
        case "within_days":
            day = end + timedelta(days=rule.n)
        case "next_month_day":
            day = _in_month(end + timedelta(days=1), rule.n)
        case _:
            raise DueRuleError("这项任务的日期写在记录里，不按周期推算。")
    if shift == Shift.NEXT:
        return calendar.add(day - timedelta(days=1), 1)
    return _before(day, calendar) if shift == Shift.PREVIOUS else day


def _in_month(month: date, day: int) -> date:
    """Return that day of the month, the last one where the month is shorter."""
    return month.replace(day=min(day, monthrange(month.year, month.month)[1]))


def _before(day: date, calendar: WorkingCalendar) -> date:
    """Return ``day`` if it is a working day, else the last one before."""
    while not calendar.is_working(day):
        day -= timedelta(days=1)
    return day
