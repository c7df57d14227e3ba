"""The life of one pledge: invited, signed, over with the period of its campaign.

Breach, repair and withdrawal join the table together with the acts that cause them.
"""

from accounts.roles import Permission
from association.workflow import Workflow
from pledges.enums import PledgeState as S

PLEDGE = Workflow(
    initial=S.INVITED,
    labels=dict(S.choices),
    moves={
        (S.INVITED, "sign"): S.SIGNED,
        (S.INVITED, "lapse"): S.EXPIRED,  # never signed, and the period is over
        (S.SIGNED, "lapse"): S.EXPIRED,
    },
)

# Who may do which act. ``lapse`` is done by the worker when the period is over.
PERMISSION_FOR = {
    "sign": Permission.PLEDGE_SIGN,
    "lapse": Permission.PLEDGE_MANAGE,
}
