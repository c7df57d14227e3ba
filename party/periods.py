"""The periods of a piece of work and its last day: pure arithmetic. Both ends included.

Where an item names no day, it is due on the last working day of its period. What is to be looked
after every day or every week is put on record once a month; what depends on an occasion or on the
term of office once a year: a row a day would be a form filled for its own sake.
"""

from calendar import monthrange
from datetime import date, timedelta

from association.working_days import WorkingCalendar

MONTHS_IN = {
    "daily": 1,
    "weekly": 1,
    "monthly": 1,
    "quarterly": 3,
    "half_yearly": 6,
    "yearly": 12,
    "per_term": 12,
    "on_event": 12,
}
RHYTHMS = {
    "daily": "每天，按月登记",
    "weekly": "每周，按月登记",
    "monthly": "每月",
    "quarterly": "每季",
    "half_yearly": "每半年",
    "yearly": "每年",
    "per_term": "每届，按年登记",
    "on_event": "有事即办，按年登记",
}


def periods_of(year: int, rhythm: str) -> list[tuple[date, date]]:
    """Return the periods of ``rhythm`` in ``year``, in order."""
    length = MONTHS_IN[rhythm]
    return [
        (date(year, first, 1), date(year, first + length - 1, _last(year, first + length - 1)))
        for first in range(1, 13, length)
    ]


def _last(year: int, month: int) -> int:
    return monthrange(year, month)[1]


def period_name(start: date, end: date) -> str:
    """Return what people call the period: 2026年3月, 2026年第2季度, 2026年上半年, 2026年."""
    months = (end.year - start.year) * 12 + end.month - start.month + 1
    if months == 1:
        return f"{start.year}年{start.month}月"
    if months == 3:
        return f"{start.year}年第{(start.month + 2) // 3}季度"
    if months == 6:
        return f"{start.year}年{'上' if start.month == 1 else '下'}半年"
    return f"{start.year}年"


def due_day(rule: str, start: date, end: date, calendar: WorkingCalendar) -> date:
    """Return the last day: the day ``MM-DD`` named, else the last working day of the period.

    Raises ``UnknownYearError`` when the working days of the year are not known.
    """
    if rule:
        month, number = map(int, rule.split("-"))
        return date(end.year, month, number)
    day = end
    while not calendar.is_working(day):
        day -= timedelta(days=1)
    return day
