"""The life of one pledge: invited, signed, over with the period of its campaign.

A stamped paper, or a head office's signature, is an offer: the pledge waits for the second
person and holds only once they accept.
"""

from accounts.roles import Permission
from association.workflow import Workflow
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
}
