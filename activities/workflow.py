"""The life of one activity record: entered, then verified; undone only by a counter-act."""

from accounts.roles import Permission
from activities.enums import ActivityState as S
from association.workflow import Workflow

ACTIVITY = Workflow(
    initial=S.RECORDED,
    labels=dict(S.choices),
    moves={
        (S.RECORDED, "amend"): S.RECORDED,
        (S.RECORDED, "verify"): S.VERIFIED,
        (S.RECORDED, "discard"): S.DISCARDED,
        (S.VERIFIED, "revoke"): S.RECORDED,  # the credits are taken back by rows of their own
    },
)

# Who may do which act. The door of the view and the button on the page both read this.
PERMISSION_FOR = {
    "amend": Permission.ACTIVITY_MANAGE,
    "verify": Permission.ACTIVITY_VERIFY,
    "discard": Permission.ACTIVITY_MANAGE,
    "revoke": Permission.ACTIVITY_VERIFY,
}
