"""Days for a draft plan: by the rule of each duty, or as last year; pure arithmetic.

A proposal is always a working day of a known year. What cannot be reckoned is left open.
"""

from datetime import date, timedelta

from activities.due_rules import parse_all
from activities.enums import Rhythm
from association.working_days import UnknownYearError, WorkingCalendar

ONE_DAY = timedelta(days=1)
# Working days between the proposal and the last day, so that a postponement still fits.
ROOM = {Rhythm.WEEK: 0, Rhythm.MONTH: 3, Rhythm.QUARTER: 10, Rhythm.HALF: 15, Rhythm.YEAR: 20}
# Rules that name the day itself: the proposal is that day.
NAMES_THE_DAY = frozenset({"nth_weekday", "day_of_month"})


def proposed_day(
    rhythm: str,
    due_rule: str,
    *,
    opens: date,
    due_on: date | None,
    earliest: date,
    calendar: WorkingCalendar,
) -> date | None:
    """Return a working day from ``opens`` to ``due_on`` to hold it on, not before ``earliest``.

    ``None`` when there is none left, or when the working days of the year are not known.
    """
    first = max(opens, earliest)
    if due_on is None or due_on < first:
        return None
    names_the_day = any(rule.kind in NAMES_THE_DAY for rule in parse_all(due_rule))
    try:
        day = due_on if names_the_day else _back(due_on, ROOM[Rhythm(rhythm)], calendar)
        day = max(day, first)
        while not calendar.is_working(day):
            day += ONE_DAY
    except UnknownYearError:
        return None
    return day if day <= due_on else _last_working(first, due_on, calendar)


def _back(day: date, working_days: int, calendar: WorkingCalendar) -> date:
    while working_days:
        day -= ONE_DAY
        if calendar.is_working(day):
            working_days -= 1
    return day


def _last_working(first: date, last: date, calendar: WorkingCalendar) -> date | None:
    day = last
    while day >= first:
        if calendar.is_working(day):
            return day
        day -= ONE_DAY
    return None


def same_weekday(day: date, year: int) -> date:
    """Return the day of ``year`` in the same month with the same weekday, counted alike.

    The third Saturday of March stays the third Saturday; a fifth one becomes the last.
    """
    number = (day.day - 1) // 7
    first = date(year, day.month, 1)
    first += timedelta(days=(day.weekday() - first.weekday()) % 7)
    found = first + timedelta(weeks=number)
    return found if found.month == day.month else found - timedelta(weeks=1)


def carried_forward(
    day: date, year: int, *, was_working: bool, calendar: WorkingCalendar
) -> date | None:
    """Return where last year's ``day`` falls in ``year``; ``None`` while that year is unknown.

    What was held on a working day stays on one: a holiday moves it to the next working day.
    """
    found = same_weekday(day, year)
    try:
        while was_working and not calendar.is_working(found):
            found += ONE_DAY
    except UnknownYearError:
        return None
    return found if year in calendar.known_years else None
