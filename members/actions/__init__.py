"""What people do with the register: one function, one act, one transaction, one audit line."""

from members.actions.people import appoint, end_position
from members.actions.register import (
    add_pharmacy,
    add_unit,
    change_pharmacy,
    change_unit,
    close,
    move_to_unit,
    pause,
    reopen,
)

__all__ = [
    "add_pharmacy",
    "add_unit",
    "appoint",
    "change_pharmacy",
    "change_unit",
    "close",
    "end_position",
    "move_to_unit",
    "pause",
    "reopen",
]
