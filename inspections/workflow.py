"""The life of one violation: a lead, reviewed by a second person, established or dismissed."""

from accounts.roles import Permission
from association.workflow import Workflow
from inspections.enums import ViolationState as S

VIOLATION = Workflow(
    initial=S.LEAD,
    labels=dict(S.choices),
    moves={
        (S.LEAD, "amend"): S.LEAD,
        (S.LEAD, "review"): S.IN_REVIEW,
        (S.LEAD, "dismiss"): S.DISMISSED,
        (S.IN_REVIEW, "establish"): S.ESTABLISHED,
        (S.IN_REVIEW, "dismiss"): S.DISMISSED,
        (S.ESTABLISHED, "lift"): S.LIFTED,
    },
)

# Who may do which act. The door of the view and the button on the page both read this.
PERMISSION_FOR = {
    "amend": Permission.VIOLATION_PREPARE,
    "review": Permission.VIOLATION_PREPARE,
    "establish": Permission.VIOLATION_ESTABLISH,
    "dismiss": Permission.VIOLATION_ESTABLISH,
    "lift": Permission.VIOLATION_ESTABLISH,
}
