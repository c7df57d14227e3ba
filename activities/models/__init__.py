from activities.models.activities import (
    COMING,
    HELD,
    Activity,
    ActivityPaper,
    Attendance,
    Fulfilment,
    JointMark,
    Series,
)
from activities.models.credits import CharityCredit
from activities.models.duties import Duty, Obligation, follows_programme
from activities.models.feeds import CalendarFeed
from activities.models.meetings import ActionItem, AgendaItem, Minutes
from activities.models.plans import PlanVersion
from activities.models.sign_ups import SignUp

__all__ = [
    "COMING",
    "HELD",
    "ActionItem",
    "Activity",
    "ActivityPaper",
    "AgendaItem",
    "Attendance",
    "CalendarFeed",
    "CharityCredit",
    "Duty",
    "Fulfilment",
    "JointMark",
    "Minutes",
    "Obligation",
    "PlanVersion",
    "Series",
    "SignUp",
    "follows_programme",
]
