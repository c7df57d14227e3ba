"""Dates that somebody should be reminded of: rooms name them, rules say when and how.

In a room's ``AppConfig.ready``::

    date_sources.register(
        DateSource("pledges.sign_by", "承诺书签署截止", {"owners": "没签的药店负责人"}, find)
    )

``find(since, until)`` returns what falls due between the two days, both included, and is
still open: what is done has left the list, so that its reminders stop by themselves.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from association.reminder_plan import Occurrence

Find = Callable[[date, date], Iterable[Occurrence]]


@dataclass(frozen=True)
class DateSource:
    """One kind of date: its name in rules, its label, who can be told, how to find it."""

    name: str
    label: str
    audiences: Mapping[str, str]
    find: Find


SOURCES: dict[str, DateSource] = {}


def register(source: DateSource) -> None:
    """Make a kind of date known; a second registration of the same name replaces the first."""
    SOURCES[source.name] = source
