"""Which meetings the rules ask for in a year, and which are missing. Pure.

How often each kind is due comes from the rules; who owes it from the shape of the organisation:
without a committee no committee meetings, without groups no group meetings.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from party.periods import period_name, periods_of
from party.rule_book import RuleBook

KINDS = ("general", "committee", "group", "lecture", "theme_day", "life")


@dataclass(frozen=True)
class Owed:
    """One kind in one period: both days included."""

    kind: str
    start: date
    end: date

    @property
    def period(self) -> str:
        return period_name(self.start, self.end)

    def is_over(self, today: date) -> bool:
        """Return whether the period has passed."""
        return self.end < today


def kinds_owed(*, has_committee: bool, has_groups: bool) -> tuple[str, ...]:
    """Return the kinds that the organisation has to hold at all."""
    without = set() if has_committee else {"committee"}
    without |= set() if has_groups else {"group"}
    return tuple(kind for kind in KINDS if kind not in without)


def owed_in(
    year: int,
    rules: RuleBook,
    *,
    has_committee: bool,
    has_groups: bool,
    since: date | None = None,
) -> list[Owed]:
    """Return what is owed in ``year``, kind by kind; only periods that ``since`` allows.

    An organisation founded within a period owes nothing for it.
    """
    return [
        Owed(kind, start, end)
        for kind in kinds_owed(has_committee=has_committee, has_groups=has_groups)
        for start, end in periods_of(year, rules.rhythm(kind) or "")
        if since is None or start >= since
    ]


def missing(owed: Iterable[Owed], held: Iterable[tuple[str, date]], *, today: date) -> list[Owed]:
    """Return what is owed, is over, and was not held on any of the days in ``held``."""
    days: dict[str, list[date]] = {}
    for kind, day in held:
        days.setdefault(kind, []).append(day)
    return [
        each
        for each in owed
        if each.is_over(today)
        and not any(each.start <= day <= each.end for day in days.get(each.kind, []))
    ]


def silent_days(held: Iterable[date], since: date | None, today: date) -> int | None:
    """Return how many days the organisation has held nothing, counted from its founding at most."""
    last = max((day for day in held if day <= today), default=since)
    return None if last is None else (today - last).days


def in_rows(owed: Iterable[Owed]) -> list[tuple[str, list[Owed]]]:
    """Return what is owed as rows of a table, one a kind."""
    return [(kind, list(cells)) for kind, cells in groupby(owed, key=lambda each: each.kind)]
