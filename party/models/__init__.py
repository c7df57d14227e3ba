from party.models.meetings import Meeting, MeetingPaper, Motion, RollEntry
from party.models.members import (
    ID_NUMBER,
    PHONE,
    Census,
    CensusEntry,
    Consent,
    ConsentText,
    PartyMember,
)
from party.models.organisations import (
    CoveredUnit,
    PartyOrganisation,
    Post,
    organisations_kept_by,
    party_roles,
)
from party.models.rules import PartyRule
from party.models.work import Problem, WorkItem, WorkPaper, WorkTask

__all__ = [
    "ID_NUMBER",
    "PHONE",
    "Census",
    "CensusEntry",
    "Consent",
    "ConsentText",
    "CoveredUnit",
    "Meeting",
    "MeetingPaper",
    "Motion",
    "PartyMember",
    "PartyOrganisation",
    "PartyRule",
    "Post",
    "Problem",
    "RollEntry",
    "WorkItem",
    "WorkPaper",
    "WorkTask",
    "organisations_kept_by",
    "party_roles",
]
