"""The life of a cycle, of one assessment in it, and of the award that may follow."""

from accounts.roles import Permission
from association.workflow import Workflow
from starrating.enums import AssessmentState as A
from starrating.enums import AwardState as W
from starrating.enums import CycleState as C

CYCLE = Workflow(
    initial=C.DRAFT,
    labels=dict(C.choices),
    moves={
        (C.DRAFT, "replan"): C.DRAFT,
        (C.DRAFT, "open"): C.SELF_REVIEW,
        (C.SELF_REVIEW, "open"): C.SELF_REVIEW,  # adds only the shops that came since
        (C.SELF_REVIEW, "extend"): C.SELF_REVIEW,
        (C.SELF_REVIEW, "remind_late"): C.SELF_REVIEW,
        (C.SELF_REVIEW, "rate"): C.SELF_REVIEW,
        (C.SELF_REVIEW, "close_entry"): C.REVIEW,
        (C.REVIEW, "extend"): C.REVIEW,
        (C.REVIEW, "remind_late"): C.REVIEW,
        (C.REVIEW, "rate"): C.REVIEW,
        (C.REVIEW, "sign_first"): C.REVIEW,
        (C.REVIEW, "gate"): C.GATED,
        (C.GATED, "reopen"): C.REVIEW,
        (C.GATED, "notify"): C.NOTIFIED,
        (C.NOTIFIED, "publicise"): C.PUBLICISED,
        (C.PUBLICISED, "finalise"): C.FINAL,
        (C.FINAL, "archive"): C.ARCHIVED,
        (C.DRAFT, "cancel"): C.CANCELLED,
        (C.SELF_REVIEW, "cancel"): C.CANCELLED,
    },
)

ASSESSMENT = Workflow(
    initial=A.OPEN,
    labels=dict(A.choices),
    moves={
        (A.OPEN, "submit"): A.SUBMITTED,
        (A.RETURNED, "submit"): A.SUBMITTED,
        (A.SUBMITTED, "pass"): A.REVIEWED,
        (A.SUBMITTED, "return"): A.RETURNED,
        (A.REVIEWED, "return"): A.RETURNED,  # before the gate only
        (A.OPEN, "decline"): A.DECLINED,
        (A.RETURNED, "decline"): A.DECLINED,
        (A.OPEN, "excuse"): A.EXCUSED,
        (A.RETURNED, "excuse"): A.EXCUSED,
        (A.SUBMITTED, "excuse"): A.EXCUSED,
        (A.DECLINED, "readmit"): A.RETURNED,
        (A.EXCUSED, "readmit"): A.RETURNED,
    },
)

AWARD = Workflow(
    initial=W.VALID,
    labels=dict(W.choices),
    moves={
        (W.VALID, "suspend"): W.SUSPENDED,
        (W.SUSPENDED, "restore"): W.VALID,
        (W.VALID, "withdraw"): W.WITHDRAWN,
        (W.SUSPENDED, "withdraw"): W.WITHDRAWN,
        (W.VALID, "expire"): W.EXPIRED,
    },
)

# Who may do which act. The door of the view and the button on the page both read this.
PERMISSION_FOR = {
    "replan": Permission.CYCLE_MANAGE,
    "extend": Permission.CYCLE_MANAGE,
    "remind_late": Permission.CYCLE_MANAGE,
    "rate": Permission.CYCLE_MANAGE,
    "sign_first": Permission.GATE_SIGN_FIRST,
    "readmit": Permission.CYCLE_MANAGE,
    "open": Permission.CYCLE_MANAGE,
    "close_entry": Permission.CYCLE_MANAGE,
    "gate": Permission.GATE_SIGN_SECOND,
    "reopen": Permission.CYCLE_MANAGE,
    "notify": Permission.CYCLE_MANAGE,
    "publicise": Permission.CYCLE_MANAGE,
    "finalise": Permission.CYCLE_MANAGE,
    "archive": Permission.CYCLE_MANAGE,
    "cancel": Permission.CYCLE_MANAGE,
    "submit": Permission.ASSESSMENT_SUBMIT,
    "pass": Permission.ASSESSMENT_REVIEW,
    "return": Permission.ASSESSMENT_REVIEW,
    "decline": Permission.ASSESSMENT_SUBMIT,
    "excuse": Permission.CYCLE_MANAGE,
    "suspend": Permission.CYCLE_MANAGE,
    "restore": Permission.CYCLE_MANAGE,
    "withdraw": Permission.CYCLE_MANAGE,
    "expire": Permission.CYCLE_MANAGE,
}
