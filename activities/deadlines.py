"""What is owed in a year: the periods of each duty, their last day, the days that count.

Pure arithmetic; periods are days, both ends included. A due day that depends on a year without
announced working days is unknown (``None``), never guessed.
"""

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from activities.due_rules import DAYS_IN_WEEK, DueRule, due_day, parse_all
from activities.enums import AppliesIf, OwedBy, Rhythm, Shift
from association.working_days import UnknownYearError, WorkingCalendar

MONTHS_IN = {Rhythm.MONTH: 1, Rhythm.QUARTER: 3, Rhythm.HALF: 6, Rhythm.YEAR: 12}
ONE_DAY = timedelta(days=1)
# A summary may be written up to a week before its period ends; later it is the next one's turn.
EARLY_DAYS = 6
OVERDUE = -1  # the reminder when the day is over, where the rule names none of its own


@dataclass(frozen=True)
class Rule:
    """One version of a duty, as far as reckoning goes; valid on days, both ends included."""

    code: str
    rhythm: str
    due_rule: str
    starts_on: date
    ends_on: date | None = None
    shift: str = Shift.NONE
    grace: str = ""  # MM-DD of the year after: late, but still this year's
    times: int = 1
    owed_by: str = OwedBy.ASSOCIATION
    applies_if: str = AppliesIf.ALWAYS


@dataclass(frozen=True)
class Obligor:
    """Who may owe duties: the association (``key`` is ``None``) or a Party organisation."""

    key: int | None = None
    kind: str = OwedBy.ASSOCIATION
    has_committee: bool = False
    since: date | None = None
    until: date | None = None

    def owes(self, rule: Rule) -> bool:
        """Return whether the duty applies to this obligor at all."""
        fits = rule.applies_if != AppliesIf.COMMITTEE or self.has_committee
        return rule.owed_by == self.kind and fits

    def stood_in(self, start: date, end: date) -> bool:
        """Return whether the obligor existed for the whole period."""
        return (self.since is None or self.since <= start) and (
            self.until is None or end <= self.until
        )


@dataclass(frozen=True)
class Owed:
    """One duty in one period: until when, and on which days something held counts for it."""

    code: str
    start: date
    end: date
    due_on: date | None
    counts_from: date
    counts_until: date
    grace_until: date | None = None
    times: int = 1


def periods_of(year: int, rhythm: str) -> list[tuple[date, date]]:
    """Return the periods of ``rhythm`` in ``year``, in order; a week belongs to its Monday."""
    if rhythm == Rhythm.RECORD:
        return []
    if rhythm == Rhythm.WEEK:
        first = date(year, 1, 1)
        first += timedelta(days=-first.weekday() % DAYS_IN_WEEK)
        mondays = (first + timedelta(weeks=n) for n in range(53))
        return [(m, m + timedelta(days=6)) for m in mondays if m.year == year]
    length = MONTHS_IN[Rhythm(rhythm)]
    return [
        (date(year, first, 1), _last_of(year, first + length - 1)) for first in range(1, 13, length)
    ]


def _last_of(year: int, month: int) -> date:
    return date(year, month, monthrange(year, month)[1])


def period_name(start: date, end: date) -> str:
    """Return what people call the period: ``2026年3月``, ``2026年第2季度``, ``2026年``."""
    if end - start == timedelta(days=6):
        return f"{start.year}年{start.month}月{start.day}日当周"
    months = end.month - start.month + 1
    is_whole = start.day == 1 and end == _last_of(end.year, end.month)
    if months == MONTHS_IN[Rhythm.MONTH]:
        return f"{start.year}年{start.month}月"
    if is_whole and (start.month - 1) % months == 0:
        if months == MONTHS_IN[Rhythm.QUARTER]:
            return f"{start.year}年第{(start.month + 2) // 3}季度"
        if months == MONTHS_IN[Rhythm.HALF]:
            return f"{start.year}年{'上' if start.month == 1 else '下'}半年"
        if months == MONTHS_IN[Rhythm.YEAR]:
            return f"{start.year}年"
    return f"{start.year}年{start.month}至{end.month}月"


def owed_in(year: int, rule: Rule, calendar: WorkingCalendar) -> list[Owed]:
    """Return what ``rule`` asks for in ``year``: one for each whole period in its validity.

    A week without any working day is left out. Together the days that count make one line
    without gap or overlap, so that whatever was held counts for exactly one period.
    """
    rules = parse_all(rule.due_rule)
    found = []
    for (start, end), due_rule in _steps(periods_of(year, rule.rhythm), rules):
        if start < rule.starts_on or (rule.ends_on is not None and end > rule.ends_on):
            continue
        try:
            due_on = due_day(due_rule, rule.shift, start, end, calendar)
        except UnknownYearError:
            due_on = None
        if rule.rhythm == Rhythm.WEEK and due_on is not None and not start <= due_on <= end:
            continue
        closes = _closes(end, rule, due_rule)
        opens = start
        if closes != end:
            opens = _closes(start - ONE_DAY, rule, due_rule) + ONE_DAY
        grace_until = closes if rule.grace else None
        found.append(Owed(rule.code, start, end, due_on, opens, closes, grace_until, rule.times))
    return found


def _steps(
    periods: list[tuple[date, date]], rules: tuple[DueRule, ...]
) -> Iterable[tuple[tuple[date, date], DueRule]]:
    """Cut each period at the dates of its rules; with one rule it stays whole."""
    for start, end in periods:
        opens = start
        for place, rule in enumerate(rules, start=1):
            closes = end if place == len(rules) else date(start.year, rule.month, rule.n)
            yield (opens, closes), rule
            opens = closes + ONE_DAY


def _closes(end: date, rule: Rule, due_rule: DueRule) -> date:
    """Return the last day that counts for the period that ends on ``end``."""
    if rule.grace:
        month, day = map(int, rule.grace.split("-"))
        return date(end.year + 1, month, day)
    if due_rule.is_after_period:
        return _next_end(end, rule.rhythm) - timedelta(days=EARLY_DAYS + 1)
    return end


def _next_end(end: date, rhythm: str) -> date:
    if rhythm == Rhythm.WEEK:
        return end + timedelta(weeks=1)
    months = end.year * 12 + end.month - 1 + MONTHS_IN[Rhythm(rhythm)]
    return _last_of(months // 12, months % 12 + 1)


def obligations_of(
    year: int, rules: Iterable[Rule], obligors: Iterable[Obligor], calendar: WorkingCalendar
) -> list[tuple[int | None, Rule, Owed]]:
    """Return who owes what in ``year`` by which rule: the key of the obligor first."""
    bodies = list(obligors)
    return [
        (body.key, rule, owed)
        for rule in rules
        if any(body.owes(rule) for body in bodies)
        for owed in owed_in(year, rule, calendar)
        for body in bodies
        if body.owes(rule) and body.stood_in(owed.start, owed.end)
    ]


def reminder_due(due_on: date, leads: Iterable[int], today: date) -> int | None:
    """Return the lead, in days before the due day, of the reminder to be sent today, if any.

    Negative leads come after the due day. After missed nights only the most urgent is left, so
    nobody gets three at once.
    """
    left = (due_on - today).days
    known = set(leads)
    if left >= 0:
        return min((lead for lead in known if lead >= left), default=None)
    late = {lead for lead in known if lead < 0} or {OVERDUE}
    return min((lead for lead in late if lead >= left), default=None)
