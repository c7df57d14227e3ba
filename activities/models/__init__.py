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
from activities.models.plans import PlanVersion
from activities.models.sign_ups import SignUp

__all__ = [
    "COMING",
    "HELD",
    "Activity",
    "ActivityPaper",
    "Attendance",
    "CalendarFeed",
    "CharityCredit",
    "Duty",
    "Fulfilment",
    "JointMark",
    "Obligation",
    "PlanVersion",
    "Series",
    "SignUp",
    "follows_programme",
]
