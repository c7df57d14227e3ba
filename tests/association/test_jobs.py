from datetime import UTC, datetime, time, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, connections
from django.utils import timezone

from association import jobs, outbox
from association.errors import BusinessRuleError
from association.models import AuditEvent, Delivery, Heartbeat, Job, JobState
from tests.factories.accounts import UserFactory
from tests.factories.association import DeliveryFactory, JobFactory

NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)  # 12:00 in Shanghai


@pytest.fixture(autouse=True)
def own_handlers(monkeypatch):
    """Each test registers what it needs; the rooms' own handlers stay out of the way."""
    jobs.discover()
    monkeypatch.setattr(jobs, "HANDLERS", {})
    monkeypatch.setattr(jobs, "SCHEDULES", {})
    monkeypatch.setattr(jobs, "wake", lambda: None)


class Clock:
    """A clock that a test sets by hand."""

    def __init__(self, now=NOON):
        self.now = now

    def __call__(self):
        return self.now


def drain(clock=None) -> int:
    return jobs.run_due(clock=clock or Clock())[0]


def waiting(**fields) -> Job:
    return JobFactory(not_before=NOON, created_at=NOON, **fields)


@pytest.mark.django_db
def test_a_job_runs_once_and_keeps_its_result():
    seen = []

    @jobs.handler("sample.work", label="示例任务")
    def work(job, *, shop, **_future):
        seen.append(shop)
        jobs.progress(job, 1, 1, item="示例店")
        return {"rated": 1}

    job = waiting(payload={"shop": 7, "unknown_to_an_old_worker": True})

    assert drain() == 1
    assert drain() == 0
    job.refresh_from_db()
    assert seen == [7]
    assert (job.state, job.result, job.done_count, job.total_count) == (
        JobState.DONE,
        {"rated": 1},
        1,
        1,
    )
    assert job.lease_until is None
    assert job.finished_at == NOON


@pytest.mark.django_db
def test_asking_twice_gives_the_same_row():
    first = jobs.enqueue("sample.work", key="a", now=NOON)
    again = jobs.enqueue("sample.work", key="a", now=NOON, payload={"other": 1})

    assert first == again
    assert Job.objects.get().payload == {}


@pytest.mark.django_db
def test_a_long_job_is_claimed_again_after_each_slice_and_behind_the_others():
    order = []

    @jobs.handler("sample.long", label="长任务")
    def long(job, **_future):
        order.append("long")
        jobs.progress(job, job.done_count + 1, 3)
        if job.done_count < 3:
            raise jobs.NotYet

    @jobs.handler("sample.work", label="短任务")
    def short(job, **_future):
        order.append("short")

    clock = Clock()
    job = waiting(kind="sample.long")
    waiting()
    assert jobs.run_due(clock=clock)[0] == 4

    assert sorted(order) == ["long", "long", "long", "short"]
    job.refresh_from_db()
    assert (job.state, job.done_count) == (JobState.DONE, 3)


@pytest.mark.django_db
def test_attempts_are_counted_before_running_so_that_a_killer_is_parked():
    job = waiting()
    clock = Clock()

    for _ in range(jobs.MAX_ATTEMPTS):
        assert jobs.claim(clock()) == job  # and the worker dies
        assert jobs.claim(clock()) is None
        clock.now += jobs.LEASE

    assert jobs.claim(clock()) is None
    job.refresh_from_db()
    assert (job.state, job.attempts, job.last_error) == (JobState.FAILED, 5, "运行中断。")


@pytest.mark.django_db
def test_a_job_that_breaks_off_is_tried_again_later_and_parked_after_five_times():
    @jobs.handler("sample.work", label="示例任务")
    def broken(job, **_future):
        raise RuntimeError("boom")

    job, clock = waiting(), Clock()
    runs = 0
    for _ in range(12):
        runs += drain(clock)
        clock.now += timedelta(minutes=10)

    job.refresh_from_db()
    assert runs == jobs.MAX_ATTEMPTS
    assert (job.state, job.last_error) == (JobState.FAILED, "RuntimeError: boom")


@pytest.mark.django_db
def test_a_refusal_of_the_rules_is_a_fact_and_not_tried_again():
    @jobs.handler("sample.work", label="示例任务")
    def refused(job, **_future):
        jobs.problem(job, "第 12 行", "没有找到药店")
        raise BusinessRuleError("周期已归档，不能再评定。")

    job = waiting()
    assert drain() == 1
    assert drain(Clock(NOON + timedelta(days=1))) == 0

    job.refresh_from_db()
    assert (job.state, job.last_error) == (JobState.FAILED, "周期已归档，不能再评定。")
    assert job.problems == [{"item": "第 12 行", "reason": "没有找到药店"}]


@pytest.mark.django_db
def test_one_broken_job_does_not_stop_the_next():
    @jobs.handler("sample.work", label="示例任务")
    def work(job, *, fails, **_future):
        if fails:
            raise RuntimeError("boom")

    waiting(payload={"fails": True})
    good = waiting(payload={"fails": False})
    drain()

    good.refresh_from_db()
    assert good.state == JobState.DONE


@pytest.mark.django_db
def test_cancel_stops_a_running_job_at_its_next_step():
    person = UserFactory()

    @jobs.handler("sample.work", label="示例任务")
    def work(job, **_future):
        jobs.cancel(job, by=person, now=NOON)
        jobs.progress(job, 1, 2)
        raise AssertionError("progress must have stopped it")

    job = waiting()
    drain()

    job.refresh_from_db()
    assert job.state == JobState.CANCELLED
    assert AuditEvent.objects.get().act == "job.cancelled"


@pytest.mark.django_db
def test_cancel_of_a_finished_job_is_refused_and_changes_nothing():
    job = JobFactory(state=JobState.DONE)

    with pytest.raises(jobs.JobNotOpenError, match="已完成"):
        jobs.cancel(job, by=UserFactory(), now=NOON)

    job.refresh_from_db()
    assert job.state == JobState.DONE
    assert not AuditEvent.objects.exists()


@pytest.mark.django_db
def test_periodic_work_has_one_job_a_slot_and_a_missed_night_is_caught_up():
    slots = []

    @jobs.periodic("sample.nightly", label="每晚任务", every=jobs.DAY, at=time(2, 0))
    def nightly(job, *, slot, **_future):
        slots.append(slot)

    clock = Clock()
    drain(clock)
    drain(clock)
    clock.now += timedelta(days=3)  # the machine was off for three nights
    drain(clock)

    assert slots == ["2026-11-20T02:00:00+08:00", "2026-11-23T02:00:00+08:00"]


@pytest.mark.django_db
def test_a_job_waits_for_its_time():
    @jobs.handler("sample.work", label="示例任务")
    def work(job, **_future):
        return None

    JobFactory(not_before=NOON + timedelta(hours=1))

    assert drain() == 0
    assert drain(Clock(NOON + timedelta(hours=1))) == 1


@pytest.mark.django_db
def test_messages_are_delivered_once_and_not_before_their_time():
    person = UserFactory()
    outbox.post("a", to=[person], subject="一", body="一", now=NOON)
    outbox.post("b", to=[person], subject="二", body="二", now=NOON, not_before=NOON + jobs.DAY)

    assert jobs.deliver_due(NOON) == 1
    assert jobs.deliver_due(NOON) == 0
    assert Delivery.objects.get(delivered_at=NOON).message.subject == "一"


@pytest.mark.django_db
def test_more_messages_than_a_batch_are_all_delivered(monkeypatch):
    monkeypatch.setattr(jobs, "DELIVERY_BATCH", 2)
    person = UserFactory()
    DeliveryFactory.create_batch(5, recipient=person, delivered_at=None, not_before=NOON)

    assert jobs.deliver_due(NOON) == 5


@pytest.mark.django_db
def test_draining_leaves_a_sign_of_life():
    assert jobs.worker_is_quiet(NOON)
    drain()

    assert Heartbeat.objects.get().seen_at == NOON
    assert not jobs.worker_is_quiet(NOON + timedelta(minutes=2))
    assert jobs.worker_is_quiet(NOON + timedelta(minutes=4))


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_claim_the_same_job():
    job = waiting()
    other = connections.create_connection("default")
    try:
        with connection.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT 1 FROM association_job FOR UPDATE")
            with other.cursor() as second:
                second.execute("SELECT id FROM association_job FOR UPDATE SKIP LOCKED")
                assert second.fetchall() == []
            cursor.execute("COMMIT")
    finally:
        other.close()
    assert jobs.claim(NOON) == job


@pytest.mark.django_db
def test_the_command_drains_once(capsys):
    call_command("drain")

    assert capsys.readouterr().out == "0 jobs run\n"


@pytest.mark.django_db
def test_old_periodic_rows_are_forgotten_and_those_of_people_are_kept():
    @jobs.periodic("sample.nightly", label="每晚任务", every=jobs.DAY)
    def nightly(job, **_future):
        return None

    done = {"state": JobState.DONE, "finished_at": NOON - jobs.DAY, "kind": "sample.nightly"}
    JobFactory(created_by=None, **done)
    JobFactory(**done)

    assert jobs.forget_periodic(NOON) == 1
    assert Job.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"state": "unheard"}, "association_job_state_known"),
        ({"done_count": 3, "total_count": 2}, "association_job_done_within_total"),
    ],
)
def test_the_database_refuses(fields, name):
    with pytest.raises(IntegrityError, match=name):
        JobFactory(**fields)


@pytest.mark.django_db
def test_the_health_check_of_the_worker_fails_when_it_has_been_quiet():
    with pytest.raises(CommandError, match="没有动静"):
        call_command("worker_alive")
    Heartbeat.objects.create(name=jobs.WORKER, seen_at=timezone.now())
    call_command("worker_alive")
