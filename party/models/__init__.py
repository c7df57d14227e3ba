from party.models.organisations import (
    CoveredUnit,
    PartyOrganisation,
    Post,
    organisations_kept_by,
    party_roles,
)

__all__ = [
    "CoveredUnit",
    "PartyOrganisation",
    "Post",
    "organisations_kept_by",
    "party_roles",
]
