"""Reads of the Party room for its own pages and for the rooms above.

The rooms above ask ``rule_book``, ``meetings_held``, ``branches``, ``life_owed`` and ``totals``.
"""

from party.queries.meetings import (
    CalendarMeeting,
    due_members,
    life_owed,
    meetings_for_calendar,
    meetings_held,
    missing_before_filing,
    roll_of,
)
from party.queries.organisations import branches, keepers_of, totals
from party.queries.rules import rule_book

__all__ = [
    "CalendarMeeting",
    "branches",
    "due_members",
    "keepers_of",
    "life_owed",
    "meetings_for_calendar",
    "meetings_held",
    "missing_before_filing",
    "roll_of",
    "rule_book",
    "totals",
]
