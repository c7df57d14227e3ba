"""Positions at shops and companies: given, ended, and what they open."""

from datetime import UTC, date, datetime

import pytest
from django.utils import timezone

from accounts.roles import Role
from association.models import AuditEvent
from members import actions
from members.actions import people
from members.models import Pharmacy, Position
from tests.factories.accounts import UserFactory
from tests.factories.members import MemberUnitFactory, PharmacyFactory, PositionFactory

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
TODAY = date(2026, 11, 20)

pytestmark = pytest.mark.django_db


def test_appoint_lets_the_owner_see_the_shop_from_that_day_on():
    shop, person = PharmacyFactory(), UserFactory(real_name="王某")

    actions.appoint(
        person, Role.OWNER, at=shop, starts_on=date(2026, 1, 1), by=UserFactory(), now=NOW
    )

    assert list(Pharmacy.objects.visible_to(person)) == [shop]
    assert shop.roles_of(person) == {Role.OWNER}
    event = AuditEvent.objects.get()
    assert (event.act, event.detail) == ("position.given", {"person": "王某", "position": "owner"})


@pytest.mark.parametrize(
    ("role", "place"),
    [
        (Role.OWNER, MemberUnitFactory),
        (Role.STAFF, MemberUnitFactory),
        (Role.HEAD_OFFICE, PharmacyFactory),
        (Role.REVIEWER, PharmacyFactory),
    ],
)
def test_appoint_refuses_a_role_at_the_wrong_kind_of_place(role, place):
    with pytest.raises(people.WrongPlaceError):
        actions.appoint(UserFactory(), role, at=place(), starts_on=TODAY, by=UserFactory(), now=NOW)

    assert not Position.objects.exists()
    assert not AuditEvent.objects.exists()


def test_appoint_twice_is_refused():
    held = PositionFactory()

    with pytest.raises(people.AlreadyHereError, match="已是药店负责人"):
        actions.appoint(
            held.user, Role.OWNER, at=held.pharmacy, starts_on=TODAY, by=UserFactory(), now=NOW
        )

    assert Position.objects.count() == 1


def test_a_position_that_was_ended_opens_nothing_from_that_moment():
    today = timezone.localdate()
    held = PositionFactory()

    actions.end_position(held, ends_on=today, by=UserFactory(), now=timezone.now())

    assert not Pharmacy.objects.visible_to(held.user).exists()
    assert AuditEvent.objects.get().act == "position.ended"


@pytest.mark.parametrize(
    ("ends_on", "words"),
    [(date(2019, 12, 31), "不能早于"), (date(2026, 11, 21), "不能晚于今天")],
)
def test_a_position_ends_on_a_day_that_fits(ends_on, words):
    held = PositionFactory(starts_on=date(2020, 1, 1))

    with pytest.raises(people.DaysOutOfOrderError, match=words):
        actions.end_position(held, ends_on=ends_on, by=UserFactory(), now=NOW)

    assert Position.objects.get().ends_on is None


def test_a_position_ends_once():
    held = PositionFactory(ends_on=date(2025, 1, 1))

    with pytest.raises(people.PositionEndedError, match="2025-01-01"):
        actions.end_position(held, ends_on=TODAY, by=UserFactory(), now=NOW)
