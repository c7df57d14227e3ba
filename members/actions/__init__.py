"""What people do with the register: one function, one act, one transaction, one audit line."""

from members.actions.invitations import Invited, invite_owner, invite_person
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
    "Invited",
    "add_pharmacy",
    "add_unit",
    "appoint",
    "change_pharmacy",
    "change_unit",
    "close",
    "end_position",
    "invite_owner",
    "invite_person",
    "move_to_unit",
    "pause",
    "reopen",
]
