"""The life of one pledge: invited, signed, over with the period of its campaign.

A stamped paper, or a head office's signature, is an offer: the pledge waits for the second
person and holds only once they accept.
"""

from accounts.roles import Permission
from association.workflow import Workflow
from pledges.enums import BreachState as B
from pledges.enums import PledgeState as S

PLEDGE = Workflow(
    initial=S.INVITED,
    labels=dict(S.choices),
    moves={
        (S.INVITED, "sign"): S.SIGNED,
        (S.INVITED, "hand_in"): S.AWAITING,
        (S.INVITED, "sign_for"): S.AWAITING,
        (S.INVITED, "lapse"): S.EXPIRED,  # never signed, and the period is over
        (S.AWAITING, "sign"): S.SIGNED,  # the owner does it after all: the offer is overtaken
        (S.AWAITING, "accept"): S.SIGNED,
        (S.AWAITING, "confirm"): S.SIGNED,
        (S.AWAITING, "refuse"): S.INVITED,
        (S.AWAITING, "decline"): S.INVITED,
        (S.AWAITING, "lapse"): S.EXPIRED,
        (S.SIGNED, "lapse"): S.EXPIRED,
        (S.SIGNED, "breach"): S.BREACHED,
        (S.SIGNED, "withdraw"): S.WITHDRAWN,
        (S.BREACHED, "restore"): S.SIGNED,
        (S.BREACHED, "withdraw"): S.WITHDRAWN,
        (S.BREACHED, "lapse"): S.EXPIRED,
    },
)

# An appeal must be able to succeed: then the finding is dismissed.
BREACH = Workflow(
    initial=B.OPENED,
    labels=dict(B.choices),
    moves={
        (B.OPENED, "notify"): B.NOTIFIED,
        (B.OPENED, "dismiss"): B.DISMISSED,
        (B.NOTIFIED, "hear"): B.HEARD,
        (B.NOTIFIED, "decide"): B.DECIDED,  # the hearing is waived, or its days are over
        (B.NOTIFIED, "dismiss"): B.DISMISSED,
        (B.HEARD, "decide"): B.DECIDED,
        (B.HEARD, "dismiss"): B.DISMISSED,
        (B.DECIDED, "appeal"): B.APPEALED,
        (B.DECIDED, "repair"): B.REPAIRED,
        (B.APPEALED, "decide"): B.DECIDED,
        (B.APPEALED, "dismiss"): B.DISMISSED,
    },
)

# Who may do which act. ``lapse`` is done by the worker when the period is over.
PERMISSION_FOR = {
    "sign": Permission.PLEDGE_SIGN,
    "hand_in": Permission.PLEDGE_HAND_IN,
    "sign_for": Permission.PLEDGE_SIGN_FOR,
    "accept": Permission.PLEDGE_MANAGE,
    "refuse": Permission.PLEDGE_MANAGE,
    "confirm": Permission.PLEDGE_SIGN,
    "decline": Permission.PLEDGE_SIGN,
    "lapse": Permission.PLEDGE_MANAGE,
    "breach": Permission.PLEDGE_MANAGE,
    "restore": Permission.PLEDGE_MANAGE,
    "withdraw": Permission.PLEDGE_MANAGE,
    "notify": Permission.PLEDGE_MANAGE,
    "hear": Permission.PLEDGE_SIGN,
    "decide": Permission.PLEDGE_MANAGE,
    "dismiss": Permission.PLEDGE_MANAGE,
    "appeal": Permission.PLEDGE_SIGN,
    "repair": Permission.PLEDGE_MANAGE,
}
