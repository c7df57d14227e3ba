"""Reminders: in time, once for each occasion, and none when it is done."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from accounts.roles import Role
from activities import actions
from association.models import Delivery
from tests.factories.accounts import make_user
from tests.factories.activities import (
    ActivityFactory,
    DutyFactory,
    ObligationFactory,
    SignUpFactory,
)
from tests.factories.association import CalendarDayFactory

pytestmark = pytest.mark.django_db

SHANGHAI = ZoneInfo("Asia/Shanghai")


def morning(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 9, tzinfo=SHANGHAI)


def test_remind_tells_the_office_once_for_each_lead_time():
    obligation = ObligationFactory()
    clerk = make_user(Role.SECRETARIAT)
    make_user(Role.REGULATOR)

    told = [actions.remind(obligation, now=morning(3, day)) for day in (20, 24, 25, 29, 30)]
    late = [actions.remind(obligation, now=morning(4, day)) for day in (2, 3, 20)]

    assert told == [0, 1, 0, 1, 0]
    assert late == [1, 0, 0]
    assert {d.recipient for d in Delivery.objects.all()} == {clerk}
    assert list(Delivery.objects.order_by("pk").values_list("key", flat=True)) == [
        f"obligation:{obligation.pk}:{slot}:{clerk.pk}" for slot in ("due-7d", "due-3d", "late-1d")
    ]


def test_leads_after_the_due_day_are_sent_each_on_its_day():
    duty = DutyFactory(lead_days=[3, -5, -30])
    obligation = ObligationFactory(duty=duty)
    make_user(Role.SECRETARIAT)

    days = [morning(4, 2), morning(4, 6), morning(4, 20), morning(5, 1)]

    assert [actions.remind(obligation, now=now) for now in days] == [0, 1, 0, 1]


def test_leads_in_working_days_step_over_a_holiday():
    CalendarDayFactory(day=date(2026, 3, 27))  # a Friday off
    duty = DutyFactory(lead_days=[3], leads_in_workdays=True)
    obligation = ObligationFactory(duty=duty)
    make_user(Role.SECRETARIAT)

    assert [actions.remind(obligation, now=morning(3, day)) for day in (24, 25)] == [0, 1]


def test_a_met_obligation_is_left_in_peace():
    obligation = ObligationFactory()
    ActivityFactory(verified=True, obligations=[obligation])
    make_user(Role.SECRETARIAT)

    assert actions.remind(obligation, now=morning(3, 30)) == 0


def test_an_obligation_of_four_times_is_met_by_the_fourth():
    obligation = ObligationFactory(times=2)
    ActivityFactory(verified=True, obligations=[obligation])
    make_user(Role.SECRETARIAT)

    assert actions.remind(obligation, now=morning(3, 30)) == 1
    ActivityFactory(verified=True, obligations=[obligation])
    assert actions.remind(obligation, now=morning(4, 5)) == 0


def test_an_unknown_due_day_reminds_nobody():
    make_user(Role.SECRETARIAT)

    assert actions.remind(ObligationFactory(due_on=None), now=morning(3, 30)) == 0


def test_those_who_have_a_place_are_told_the_evening_before_and_once():
    entry = SignUpFactory(activity__held_on=date(2026, 3, 21))
    SignUpFactory(activity=entry.activity, state="waiting")
    evening = datetime(2026, 3, 20, 17, tzinfo=SHANGHAI)

    assert [actions.remind_guests(entry.activity, now=evening) for _ in range(2)] == [1, 0]
    assert Delivery.objects.get().recipient == entry.signed_by
