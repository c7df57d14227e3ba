"""The lives of a meeting, a reported person, a piece of work and a problem.

Nothing is undone by changing the row: a counter-act (reopen, discard, resume, reject) says why.
"""

from accounts.roles import Permission
from association.workflow import Workflow
from party.enums import CensusState as C
from party.enums import MeetingState as M
from party.enums import ProblemState as P
from party.enums import WorkState as W

MEETING = Workflow(
    initial=M.PLANNED,
    labels=dict(M.choices),
    moves={
        (M.PLANNED, "amend"): M.PLANNED,
        (M.PLANNED, "announce"): M.ANNOUNCED,
        (M.PLANNED, "hold"): M.HELD,
        (M.PLANNED, "cancel"): M.CANCELLED,
        (M.ANNOUNCED, "amend"): M.ANNOUNCED,
        (M.ANNOUNCED, "hold"): M.HELD,
        (M.ANNOUNCED, "cancel"): M.CANCELLED,
        (M.HELD, "amend"): M.HELD,
        (M.HELD, "close"): M.CLOSED,
        (M.HELD, "discard"): M.DISCARDED,
        (M.CLOSED, "reopen"): M.HELD,
        (M.CLOSED, "discard"): M.DISCARDED,
    },
)

CENSUS_ENTRY = Workflow(
    initial=C.WAITING,
    labels=dict(C.choices),
    moves={
        (C.WAITING, "match"): C.MATCHED,
        (C.WAITING, "add"): C.ADDED,
        (C.WAITING, "dismiss"): C.NOT_OURS,
        (C.MATCHED, "unsettle"): C.WAITING,
        (C.NOT_OURS, "unsettle"): C.WAITING,
    },
)

WORK = Workflow(
    initial=W.NOT_STARTED,
    labels=dict(W.choices),
    moves={
        (W.NOT_STARTED, "start"): W.IN_PROGRESS,
        (W.NOT_STARTED, "report"): W.IN_REVIEW,
        (W.NOT_STARTED, "excuse"): W.NOT_APPLICABLE,
        (W.IN_PROGRESS, "report"): W.IN_REVIEW,
        (W.IN_PROGRESS, "excuse"): W.NOT_APPLICABLE,
        (W.IN_REVIEW, "approve"): W.DONE,
        (W.IN_REVIEW, "return"): W.RETURNED,
        (W.RETURNED, "report"): W.IN_REVIEW,
        (W.RETURNED, "excuse"): W.NOT_APPLICABLE,
        (W.DONE, "resume"): W.IN_PROGRESS,
        (W.NOT_APPLICABLE, "resume"): W.IN_PROGRESS,
    },
)

PROBLEM = Workflow(
    initial=P.OPEN,
    labels=dict(P.choices),
    moves={
        (P.OPEN, "solve"): P.SOLVED,
        (P.SOLVED, "accept"): P.ACCEPTED,
        (P.SOLVED, "reject"): P.OPEN,
        (P.ACCEPTED, "reject"): P.OPEN,
    },
)

# Who may do which act: the keepers of the organisation. Door and button both read this.
PERMISSION_FOR = {
    act: Permission.PARTY_MANAGE
    for table in (MEETING, CENSUS_ENTRY, WORK, PROBLEM)
    for _, act in table.moves
}
