"""What the database refuses, and who sees which shop."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from members.models import MemberUnit, Pharmacy
from tests.factories.accounts import UserFactory, make_user
from tests.factories.members import (
    HeadingMemoryFactory,
    ImportBatchFactory,
    ImportLineFactory,
    ImportRowFactory,
    ImportTextFactory,
    ImportVerdictFactory,
    MemberUnitFactory,
    PharmacyFactory,
    PositionFactory,
    TenureFactory,
    head_office_of,
    owner_of,
)

pytestmark = pytest.mark.django_db
DAY = date(2026, 1, 1)


def twin(**fields):
    first = PharmacyFactory()
    return PharmacyFactory(unit=first.unit, name=first.name, address=first.address, **fields)


@pytest.mark.parametrize(
    ("constraint", "make"),
    [
        ("members_memberunit_kind_known", lambda: MemberUnitFactory(kind="club")),
        ("members_memberunit_credit_code_or_null", lambda: MemberUnitFactory(credit_code="")),
        (
            "members_memberunit_credit_code",
            lambda: MemberUnitFactory.create_batch(2, credit_code="91440100MA0000015P"),
        ),
        ("members_pharmacy_status_known", lambda: PharmacyFactory(status="gone")),
        ("members_pharmacy_licence_or_null", lambda: PharmacyFactory(licence_number="")),
        (
            "members_pharmacy_licence_number",
            lambda: PharmacyFactory.create_batch(2, licence_number="DA1"),
        ),
        ("members_pharmacy_unique_in_unit", twin),
        (
            "members_pharmacy_source_id_unique",
            lambda: PharmacyFactory.create_batch(2, source="示例名册", source_id="7"),
        ),
        (
            "members_pharmacy_public_token",
            lambda: PharmacyFactory.create_batch(2, public_token="same"),
        ),
        (
            "members_tenure_one_open_per_pharmacy",
            lambda: TenureFactory(pharmacy=TenureFactory().pharmacy),
        ),
        (
            "members_tenure_days_in_order",
            lambda: TenureFactory(starts_on=DAY, ends_on=date(2025, 1, 1)),
        ),
        ("members_position_exactly_one_place", lambda: PositionFactory(pharmacy=None)),
        (
            "members_position_exactly_one_place",
            lambda: PositionFactory(unit=MemberUnitFactory()),
        ),
        ("members_position_role_known", lambda: PositionFactory(role=Role.REVIEWER)),
        (
            "members_position_once_while_open",
            lambda: PositionFactory.create_batch(2, user=UserFactory(), pharmacy=PharmacyFactory()),
        ),
        (
            "members_position_days_in_order",
            lambda: PositionFactory(starts_on=DAY, ends_on=date(2025, 1, 1)),
        ),
        ("members_position_ended_pair", lambda: PositionFactory(ended_by=UserFactory())),
    ],
)
def test_the_database_refuses(constraint, make):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        make()


def test_source_ids_may_be_empty_for_many():
    PharmacyFactory.create_batch(2, source="示例名册", source_id="")

    assert Pharmacy.objects.count() == 2


def test_the_regulator_of_an_area_sees_its_shops_and_their_companies_alone():
    here, other = PharmacyFactory(), PharmacyFactory()
    person = make_user(Role.INSPECTOR, area=here.area)

    assert list(Pharmacy.objects.visible_to(person)) == [here]
    assert list(MemberUnit.objects.visible_to(person)) == [here.unit]
    assert other.roles_of(person) == set()


def test_a_reviewer_sees_no_shop_by_the_role_alone():
    PharmacyFactory()

    assert not Pharmacy.objects.visible_to(make_user(Role.REVIEWER)).exists()


def test_head_office_holds_its_role_at_every_shop_of_the_company():
    shop, other = PharmacyFactory.create_batch(2)
    person = head_office_of(shop.unit)

    assert shop.roles_of(person) == {Role.HEAD_OFFICE}
    assert other.roles_of(person) == set()
    assert list(Pharmacy.objects.visible_to(person)) == [shop]


def test_a_shop_owned_and_managed_is_listed_once():
    shop = PharmacyFactory()
    person = owner_of(shop)
    PositionFactory(user=person, unit=shop.unit, pharmacy=None, role=Role.HEAD_OFFICE)

    assert Pharmacy.objects.visible_to(person).count() == 1


@pytest.mark.parametrize("model", ["memberunit", "pharmacy", "tenure", "position"])
def test_the_back_office_shows_the_register_and_changes_nothing(client, model):
    TenureFactory()
    PositionFactory()
    client.force_login(UserFactory(is_staff=True, is_superuser=True))

    assert client.get(reverse(f"admin:members_{model}_changelist")).status_code == 200
    assert client.get(reverse(f"admin:members_{model}_add")).status_code == 403


@pytest.mark.parametrize(
    "broken",
    [
        lambda: ImportVerdictFactory(verdict="perhaps"),
        lambda: ImportBatchFactory(state="perhaps"),
        lambda: ImportBatchFactory(undone_at=timezone.now()),
        lambda: HeadingMemoryFactory(signature=HeadingMemoryFactory().signature),
        lambda: ImportRowFactory(batch=(row := ImportRowFactory()).batch, number=row.number),
        lambda: ImportLineFactory(batch=(row := ImportLineFactory()).batch, number=row.number),
        lambda: ImportTextFactory(batch=(row := ImportTextFactory()).batch, text=row.text),
    ],
    ids=["verdict", "state", "undone by nobody", "one memory", "one row", "one line", "one text"],
)
def test_the_database_refuses_a_sheet_that_contradicts_itself(broken):
    with pytest.raises(IntegrityError), transaction.atomic():
        broken()
