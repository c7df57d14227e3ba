"""On which list an action item stands: the week's until its month is over, then the month's …

Nothing is moved and nothing is stored: the list follows from where the item was set and the day.
A weekly meeting's item of January is the weekly meeting's in January, the monthly meeting's until
the end of March, the quarter's from April, and the year's from the next year on.
"""

from datetime import date

from activities.enums import Rhythm

WEEK, MONTH = str(Rhythm.WEEK), str(Rhythm.MONTH)
QUARTER, YEAR = str(Rhythm.QUARTER), str(Rhythm.YEAR)
LADDER = (WEEK, MONTH, QUARTER, YEAR)
LIST_NAMES = {WEEK: "周例会", MONTH: "月办公会", QUARTER: "季小结", YEAR: "年总结"}


def level_on(set_at: str, set_on: date, day: date) -> str:
    """Return which meeting looks after an item on ``day`` that is still not done.

    ``set_at`` is the rhythm of the meeting that set it; it never falls back to a smaller one.
    """
    if day.year != set_on.year:
        reached = YEAR
    elif _quarter(day) != _quarter(set_on):
        reached = QUARTER
    elif day.month != set_on.month:
        reached = MONTH
    else:
        reached = WEEK
    return max(reached, rung(set_at), key=LADDER.index)


def rung(rhythm: str) -> str:
    """Return the list that a meeting of ``rhythm`` keeps; half a year goes with the year."""
    return rhythm if rhythm in LADDER else YEAR


def _quarter(day: date) -> int:
    return (day.month - 1) // 3
