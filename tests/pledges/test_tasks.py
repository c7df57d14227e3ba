from datetime import timedelta

import pytest
from django.utils import timezone

from association import jobs
from association.models import Delivery, Job
from pledges.models import Pledge
from tests.factories.members import owner_of
from tests.factories.pledges import CampaignFactory, PledgeFactory

pytestmark = pytest.mark.django_db


def test_the_worker_reminds_in_time_and_closes_what_is_over():
    today = timezone.localdate()
    running = CampaignFactory(
        year=2098,
        starts_on=today - timedelta(days=9),
        sign_by=today + timedelta(days=7),
        ends_on=today + timedelta(days=90),
    )
    over = CampaignFactory(
        year=2097,
        starts_on=today - timedelta(days=90),
        sign_by=today - timedelta(days=80),
        ends_on=today - timedelta(days=1),
    )
    waiting = PledgeFactory(campaign=running)
    owner = owner_of(waiting.pharmacy)
    PledgeFactory(campaign=over, signed=True)
    PledgeFactory(campaign=over)

    for _ in range(2):
        jobs.run_due()

    assert sorted(Pledge.objects.values_list("state", flat=True)) == [
        "expired",
        "expired",
        "invited",
    ]
    told = Delivery.objects.filter(key__startswith="pledge-campaign:")
    assert [delivery.recipient for delivery in told] == [owner]
    done = Job.objects.filter(kind__startswith="pledges.").values_list("kind", "state")
    assert sorted(done) == [("pledges.lapse", "done"), ("pledges.remind", "done")]
