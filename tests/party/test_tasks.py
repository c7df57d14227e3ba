"""Reminders: once for each mark, to those who keep the ledger, safe to repeat."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from association import jobs
from association.models import Delivery
from party import tasks
from party.actions import reminders
from party.enums import OrganisationKind, Standing
from tests.factories.association import JobFactory
from tests.factories.party import (
    PartyMemberFactory,
    PartyOrganisationFactory,
    WorkTaskFactory,
    load_rules,
    secretary_of,
)

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 20, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
TODAY = date(2026, 3, 20)


def test_a_term_is_spoken_of_once_at_each_mark_and_once_when_it_is_over():
    load_rules()
    ends_on = TODAY + timedelta(days=200)
    branch = PartyOrganisationFactory(
        term_starts_on=ends_on - timedelta(days=1095), term_ends_on=ends_on
    )
    secretary = secretary_of(branch)

    for day in range(260):
        reminders.of_term(branch, now=NOON + timedelta(days=day))

    subjects = [d.message.subject for d in Delivery.objects.order_by("pk")]
    assert [subject.removeprefix(branch.name) for subject in subjects] == [
        "任期 180 天后届满",
        "任期 90 天后届满",
        "任期 60 天后届满",
        "任期 30 天后届满",
        "任期已满，还没有换届",
    ]
    assert {d.recipient for d in Delivery.objects.all()} == {secretary}


def test_after_missed_nights_only_the_most_urgent_mark_is_spoken_of():
    load_rules()
    branch = PartyOrganisationFactory(term_ends_on=TODAY + timedelta(days=25))
    secretary_of(branch)

    reminders.of_term(branch, now=NOON)

    assert Delivery.objects.count() == 1


def test_keepers_above_are_told_and_nobody_else():
    load_rules()
    top = PartyOrganisationFactory(kind=OrganisationKind.COMMITTEE)
    branch = PartyOrganisationFactory(parent=top, term_ends_on=TODAY)
    above, own = secretary_of(top), secretary_of(branch)
    secretary_of(PartyOrganisationFactory())

    reminders.of_term(branch, now=NOON)

    assert {d.recipient for d in Delivery.objects.all()} == {above, own}


def test_a_probation_is_spoken_of_without_a_name_and_nothing_is_changed():
    member = PartyMemberFactory(
        standing=Standing.PROBATIONARY, probation_ends_on=TODAY + timedelta(days=7)
    )
    secretary_of(member.organisation)

    assert [reminders.of_probation(member, now=NOON) for _ in range(2)] == [1, 0]

    message = Delivery.objects.get().message
    assert member.name not in message.subject + message.body
    member.refresh_from_db()
    assert member.standing == Standing.PROBATIONARY


def test_the_work_of_a_day_comes_in_one_message():
    branch = PartyOrganisationFactory()
    secretary_of(branch)
    for days in (7, 1, 3):
        WorkTaskFactory(organisation=branch, due_on=TODAY + timedelta(days=days))

    assert reminders.of_work(branch, now=NOON) == 1

    assert Delivery.objects.get().message.subject == "责任清单有 2 项快到期"


def test_the_worker_runs_it_every_morning_and_twice_does_no_harm(monkeypatch):
    load_rules()
    branch = PartyOrganisationFactory(term_ends_on=TODAY + timedelta(days=30))
    secretary_of(branch)
    monkeypatch.setattr(tasks.timezone, "now", lambda: NOON)
    jobs.discover()

    assert tasks.remind(JobFactory()) == {"told": 1}
    assert tasks.remind(JobFactory()) == {"told": 0}
    assert "party.remind" in jobs.SCHEDULES
