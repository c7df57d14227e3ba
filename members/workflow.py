"""The life of a shop on the register, and of a sheet on its way into it."""

from accounts.roles import Permission
from association.workflow import Workflow
from members.enums import ImportState as I
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

IMPORT = Workflow(
    initial=I.READING,
    labels=dict(I.choices),
    moves={
        (I.READING, "read"): I.MAPPING,
        (I.READING, "refuse"): I.UNREADABLE,
        (I.MAPPING, "choose_sheet"): I.READING,
        (I.CHECKED, "choose_sheet"): I.READING,
        (I.MAPPING, "map"): I.CHECKING,
        (I.CHECKED, "map"): I.CHECKING,  # other columns, or the register has moved on
        (I.CHECKING, "check"): I.CHECKED,
        (I.CHECKING, "remap"): I.MAPPING,
        (I.CHECKED, "remap"): I.MAPPING,
        (I.CHECKED, "commit"): I.COMMITTED,
        (I.COMMITTED, "undo"): I.UNDONE,
        (I.READING, "discard"): I.DISCARDED,
        (I.MAPPING, "discard"): I.DISCARDED,
        (I.CHECKING, "discard"): I.DISCARDED,
        (I.CHECKED, "discard"): I.DISCARDED,
        (I.READING, "expire"): I.EXPIRED,
        (I.MAPPING, "expire"): I.EXPIRED,
        (I.CHECKING, "expire"): I.EXPIRED,
        (I.CHECKED, "expire"): I.EXPIRED,
    },
)

PERMISSION_FOR = {
    "pause": Permission.PHARMACY_MANAGE,
    "close": Permission.PHARMACY_MANAGE,
    "reopen": Permission.PHARMACY_MANAGE,
    # The worker's own moves (read, refuse, check, expire) belong to whoever uploaded the sheet.
    **dict.fromkeys(sorted({act for _, act in IMPORT.moves}), Permission.PHARMACY_IMPORT),
}
