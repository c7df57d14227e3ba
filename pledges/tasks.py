"""What the worker does for the pledge room."""

from django.utils import timezone

from association import jobs
from pledges import documents
from pledges.actions import campaigns, receipts
from pledges.enums import PledgeState
from pledges.models import Pledge

SLICE = 2000


@jobs.handler("pledges.issue_receipt", label="生成承诺回执")
def issue_receipt(job, *, pledge, **_future) -> dict:
    """Make the first receipt of a signature; one that is there already is enough."""
    try:
        receipts.issue(
            Pledge.objects.get(pk=pledge), draw=documents.receipt, by=None, now=timezone.now()
        )
    except receipts.ReceiptIsCurrentError:
        return {"issued": 0}
    return {"issued": 1}


@jobs.periodic("pledges.lapse", label="关闭已到期的承诺", every=jobs.DAY)
def lapse(job, **_future) -> dict:
    """Close the pledges whose period is over, each in a transaction of its own."""
    now = timezone.now()
    due = Pledge.objects.filter(
        state__in=[PledgeState.INVITED, PledgeState.AWAITING, PledgeState.SIGNED],
        campaign__ends_on__lt=timezone.localdate(now),
    ).order_by("pk")
    batch = list(due[: SLICE + 1])
    for pledge in batch[:SLICE]:
        campaigns.lapse(pledge, now=now)
    done = job.done_count + len(batch[:SLICE])
    jobs.progress(job, done)
    if len(batch) > SLICE:
        raise jobs.NotYet
    return {"lapsed": done}
