import pytest
from django.utils import timezone

from accounts.roles import Role
from activities.models import Obligation
from association import jobs
from association.models import Delivery, Job
from tests.factories.accounts import make_user
from tests.factories.activities import DutyFactory
from tests.factories.association import CalendarDayFactory

pytestmark = pytest.mark.django_db


def test_the_worker_makes_the_years_obligations_and_reminds_once():
    today = timezone.localdate()
    CalendarDayFactory(day=today.replace(month=1, day=1))
    DutyFactory(rhythm="year", due_rule=f"fixed_date({today:%m-%d})", lead_days=[0])
    clerk = make_user(Role.SECRETARIAT)

    for _ in range(2):
        jobs.run_due()

    due = Obligation.objects.get(period_start__year=today.year)
    mine = Delivery.objects.filter(key__startswith=f"obligation:{due.pk}:", recipient=clerk)
    assert [d.message.subject for d in mine] == [f"{due}今天到期"]
    kinds = Job.objects.filter(kind__startswith="activities.").values_list("kind", "state")
    assert sorted(kinds) == [
        ("activities.oblige", "done"),
        ("activities.remind", "done"),
        ("activities.remind_guests", "done"),
    ]
