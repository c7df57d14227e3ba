from members.models.people import Position, position_roles
from members.models.register import MemberUnit, Pharmacy, Tenure

__all__ = ["MemberUnit", "Pharmacy", "Position", "Tenure", "position_roles"]
