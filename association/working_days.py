"""Working days as China keeps them: weekends, official days off and make-up days (调休).

Pure arithmetic over a table; the table comes from ``CalendarDay``. A year that the State
Council has not announced is unknown, and a reckoning that touches it refuses to guess.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from association.errors import BusinessRuleError

SATURDAY = 5


class UnknownYearError(BusinessRuleError):
    """The table has no rows for this year; the secretariat must import the yearly notice."""

    def __init__(self, year: int) -> None:
        self.year = year
        super().__init__(
            f"{year} 年的节假日安排还没有录入，不能推算工作日。"
            f"请先在“工作日设置”导入 {year} 年安排。"
        )


@dataclass(frozen=True)
class WorkingCalendar:
    """The announced exceptions by day, and the years that are known."""

    exceptions: Mapping[date, bool]
    known_years: frozenset[int]

    def is_working(self, day: date) -> bool:
        """Return whether offices work on ``day``. Raises ``UnknownYearError``."""
        if day.year not in self.known_years:
            raise UnknownYearError(day.year)
        return self.exceptions.get(day, day.weekday() < SATURDAY)

    def add(self, day: date, working_days: int) -> date:
        """Return the ``working_days``-th working day after ``day``; ``day`` itself never counts.

        Day 1 of a period that starts with a publication on ``day`` is ``add(day, 1)``; the
        period ends at 24:00 of ``add(day, n)``.
        """
        if working_days < 0:
            raise ValueError("Working days are counted forward.")
        while working_days:
            day += timedelta(days=1)
            if self.is_working(day):
                working_days -= 1
        return day

    def count(self, start: date, end: date) -> int:
        """Return the working days after ``start`` up to and including ``end``; 0 when past."""
        days = (start + timedelta(days=n) for n in range(1, (end - start).days + 1))
        return sum(map(self.is_working, days))
