from datetime import timedelta

import pytest
from django.utils import timezone

from association import jobs
from association.defaults import load_all
from association.models import Delivery, Job
from desk.actions import run_reminders
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
    load_all(now=timezone.now())

    for _ in range(2):
        jobs.run_due()

    assert sorted(Pledge.objects.values_list("state", flat=True)) == [
        "expired",
        "expired",
        "invited",
    ]
    told = Delivery.objects.filter(key__startswith="reminders:")
    assert [delivery.recipient for delivery in told] == [owner]
    assert told[0].message.subject == "请签署2098 年度自律承诺书"
    done = Job.objects.filter(kind__in=["pledges.lapse", "desk.remind"])
    assert sorted(done.values_list("kind", "state")) == [
        ("desk.remind", "done"),
        ("pledges.lapse", "done"),
    ]


def test_a_reminder_stops_by_itself_at_signing():
    today = timezone.localdate()
    campaign = CampaignFactory(sign_by=today, starts_on=today, ends_on=today + timedelta(days=9))
    load_all(now=timezone.now())
    owner_of(PledgeFactory(campaign=campaign, signed=True).pharmacy)

    assert run_reminders(today=today, now=timezone.now()) == 0
