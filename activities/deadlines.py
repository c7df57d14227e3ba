"""The periods of a duty and the last day on which it can be met: pure arithmetic.

Periods are days, both ends included. The rule comes with the duty as text: ``last_workday`` of
the period, or a fixed day of the year such as ``11-30``.
"""

from calendar import monthrange
from datetime import date, timedelta

from activities.enums import Rhythm
from association.working_days import WorkingCalendar

MONTHS_IN = {Rhythm.MONTH: 1, Rhythm.QUARTER: 3, Rhythm.YEAR: 12}
LAST_WORKDAY = "last_workday"


def periods_of(year: int, rhythm: str) -> list[tuple[date, date]]:
    """Return the periods of ``rhythm`` in ``year``, in order."""
    length = MONTHS_IN[Rhythm(rhythm)]
    return [
        (date(year, first, 1), date(year, last, monthrange(year, last)[1]))
        for first, last in ((m, m + length - 1) for m in range(1, 13, length))
    ]


def period_name(start: date, end: date) -> str:
    """Return what people call the period: ``2026年3月``, ``2026年第2季度``, ``2026年``."""
    if (start.year, start.month) == (end.year, end.month):
        return f"{start.year}年{start.month}月"
    if end.month - start.month == MONTHS_IN[Rhythm.QUARTER] - 1:
        return f"{start.year}年第{(start.month + 2) // 3}季度"
    return f"{start.year}年"


def due_day(rule: str, start: date, end: date, calendar: WorkingCalendar) -> date:
    """Return the last day to meet a duty in the period from ``start`` to ``end``.

    Raises ``UnknownYearError`` when the rule asks for working days of a year without a table.
    """
    if rule != LAST_WORKDAY:
        month, day = map(int, rule.split("-"))
        return date(start.year, month, day)
    day = end
    while not calendar.is_working(day):
        day -= timedelta(days=1)
    return day


def reminder_due(due_on: date, lead_days: list[int], today: date) -> int | None:
    """Return the lead time, in days, of the reminder that is to be sent today, if any.

    After missed nights only the most urgent one is left, so nobody gets three at once.
    """
    left = (due_on - today).days
    return min((lead for lead in lead_days if 0 <= left <= lead), default=None)
