from members.models.imports import (
    HeadingMemory,
    ImportBatch,
    ImportLine,
    ImportRow,
    ImportText,
    ImportVerdict,
)
from members.models.people import Position, position_roles
from members.models.register import MemberUnit, Pharmacy, Tenure

__all__ = [
    "HeadingMemory",
    "ImportBatch",
    "ImportLine",
    "ImportRow",
    "ImportText",
    "ImportVerdict",
    "MemberUnit",
    "Pharmacy",
    "Position",
    "Tenure",
    "position_roles",
]
