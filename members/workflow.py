"""The life of a shop on the register."""

from accounts.roles import Permission
from association.workflow import Workflow
from members.enums import PharmacyStatus as S

PHARMACY = Workflow(
    initial=S.ACTIVE,
    labels=dict(S.choices),
    moves={
        (S.ACTIVE, "pause"): S.PAUSED,
        (S.ACTIVE, "close"): S.CLOSED,
        (S.PAUSED, "reopen"): S.ACTIVE,
        (S.PAUSED, "close"): S.CLOSED,
        (S.CLOSED, "reopen"): S.ACTIVE,  # a counter-act with its reason; nothing is edited back
    },
)

PERMISSION_FOR = {
    "pause": Permission.PHARMACY_MANAGE,
    "close": Permission.PHARMACY_MANAGE,
    "reopen": Permission.PHARMACY_MANAGE,
}
