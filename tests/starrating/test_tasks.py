"""Rating a whole cycle in the background, alone and with a second worker."""

from datetime import UTC, datetime
from itertools import chain

import pytest

from accounts.roles import Role
from association import jobs
from association.models import Job
from starrating import tasks
from starrating.actions.rating import request_rating
from starrating.enums import CycleState
from starrating.models import Assessment, Cycle
from tests.factories.accounts import make_user
from tests.factories.starrating import AssessmentFactory, CycleFactory

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def cycle(monkeypatch):
    """Ten shops in batches of two, with help above three."""
    monkeypatch.setattr(jobs, "wake", lambda: None)
    monkeypatch.setattr(tasks, "BATCH", 2)
    monkeypatch.setattr(tasks, "HELP_ABOVE", 3)
    cycle = CycleFactory(state=CycleState.REVIEW)
    AssessmentFactory.create_batch(10, cycle=cycle)
    return cycle


@pytest.fixture
def batches(monkeypatch):
    """Every batch that was rated, as positions in the cycle."""
    found = []
    rate_batch = tasks.rate_batch

    def noting(cycle, pks, *, now):
        first = Assessment.objects.order_by("pk").values_list("pk", flat=True)[0]
        found.append([pk - first for pk in pks])
        return rate_batch(cycle, pks, now=now)

    monkeypatch.setattr(tasks, "rate_batch", noting)
    return found


def asked(cycle) -> Job:
    return request_rating(cycle, by=make_user(Role.SECRETARIAT), now=NOW)


def test_a_worker_alone_rates_everything_once(cycle, batches):
    job = asked(cycle)
    jobs.run_due(clock=lambda: NOW)

    assert sorted(chain.from_iterable(batches)) == list(range(10))
    assert Job.objects.get(pk=job.pk).result == {"rated": 10}
    assert not Assessment.objects.filter(previewed_at=None).exists()
    assert Cycle.objects.get(pk=cycle.pk).rated_at is not None


def test_two_workers_meet_in_the_middle_and_do_nothing_twice(cycle, batches, monkeypatch):
    job = asked(cycle)
    helped = []
    rate_batch = tasks.rate_batch

    def with_help_after_the_first(cycle, pks, *, now):
        if len(batches) == 1 and not helped:
            helped.append(True)
            jobs.run_due()  # the other worker finds the helper's job
        return rate_batch(cycle, pks, now=now)

    monkeypatch.setattr(tasks, "rate_batch", with_help_after_the_first)
    jobs.run_due()

    assert batches[0] == [0, 1]
    assert batches[1] == [9, 8]
    assert set(chain.from_iterable(batches)) == set(range(10))
    assert {each.state for each in Job.objects.filter(kind__startswith="starrating")} == {"done"}
    assert Job.objects.get(pk=job.pk).result == {"rated": 10}


def test_what_a_helper_left_undone_is_done_by_the_first(cycle, batches):
    job = asked(cycle)
    Job.objects.create(
        kind="starrating.help_rating", key=f"{job.key}:help", state="failed", done_count=4,
        queue="default", payload={}, not_before=NOW, created_at=NOW, label="示例",
    )  # fmt: skip
    jobs.run_due(clock=lambda: NOW)

    assert sorted(chain.from_iterable(batches)) == list(range(6))
