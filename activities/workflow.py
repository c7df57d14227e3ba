"""The life of one activity: planned, published, held, then verified; undone by a counter-act."""

from accounts.roles import Permission
from activities.enums import ActivityState as S
from association.workflow import Workflow

ACTIVITY = Workflow(
    initial=S.PLANNED,
    labels=dict(S.choices),
    moves={
        (S.PLANNED, "change"): S.PLANNED,
        (S.PLANNED, "publish"): S.PUBLISHED,
        (S.PLANNED, "hold"): S.RECORDED,
        (S.PLANNED, "attend"): S.PLANNED,
        (S.PLANNED, "cancel"): S.CANCELLED,
        (S.PUBLISHED, "change"): S.PUBLISHED,
        (S.PUBLISHED, "hold"): S.RECORDED,
        (S.PUBLISHED, "attend"): S.PUBLISHED,
        (S.PUBLISHED, "cancel"): S.CANCELLED,
        (S.CANCELLED, "restore"): S.PLANNED,
        (S.RECORDED, "amend"): S.RECORDED,
        (S.RECORDED, "attend"): S.RECORDED,
        (S.RECORDED, "verify"): S.VERIFIED,
        (S.RECORDED, "discard"): S.DISCARDED,
        (S.VERIFIED, "revoke"): S.RECORDED,  # the credits are taken back by rows of their own
    },
)

# Who may do which act. The door of the view and the button on the page both read this.
PERMISSION_FOR = {
    "change": Permission.ACTIVITY_MANAGE,
    "publish": Permission.ACTIVITY_MANAGE,
    "hold": Permission.ACTIVITY_MANAGE,
    "attend": Permission.ACTIVITY_MANAGE,
    "cancel": Permission.ACTIVITY_MANAGE,
    "restore": Permission.ACTIVITY_MANAGE,
    "amend": Permission.ACTIVITY_MANAGE,
    "verify": Permission.ACTIVITY_VERIFY,
    "discard": Permission.ACTIVITY_MANAGE,
    "revoke": Permission.ACTIVITY_VERIFY,
}
