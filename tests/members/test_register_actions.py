"""Entering, correcting and moving companies and shops."""

from datetime import UTC, date, datetime

import pytest

from association.models import AuditEvent
from association.workflow import ForbiddenMoveError
from members import actions
from members.actions import register
from members.credit_code import InvalidCreditCodeError
from members.enums import PharmacyStatus, UnitKind
from members.models import MemberUnit, Pharmacy, Tenure
from tests.factories.accounts import AreaFactory, UserFactory
from tests.factories.members import MemberUnitFactory, PharmacyFactory, TenureFactory

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk():
    return UserFactory(real_name="李某")


def facts_of(shop, **changes):
    """The keyword arguments of ``change_pharmacy`` that leave everything as it is."""
    names = [
        "name",
        "area",
        "address",
        "phone",
        "licence_number",
        "licence_expires_on",
        "joined_on",
        "opened_on",
    ]
    return {name: getattr(shop, name) for name in names} | changes


def test_add_unit_keeps_the_name_as_a_careful_typist_writes_it(clerk):
    unit = actions.add_unit(name="　示例　同心医药 ", kind=UnitKind.CHAIN, by=clerk, now=NOW)

    assert unit.name == "示例 同心医药"
    assert unit.name_initials == "sltxyy"
    assert unit.credit_code is None
    event = AuditEvent.objects.get()
    assert (event.act, event.actor_label, event.happened_at) == ("unit.added", "李某", NOW)


@pytest.mark.parametrize(
    ("fields", "error", "words"),
    [
        ({"name": "  "}, register.NameMissingError, "请填写名称。"),
        ({"name": "示例", "credit_code": "123"}, InvalidCreditCodeError, "应为 18 位"),
    ],
    ids=["no name", "a code too short"],
)
def test_add_unit_refuses_and_writes_nothing(clerk, fields, error, words):
    with pytest.raises(error, match=words):
        actions.add_unit(**fields, by=clerk, now=NOW)

    assert not MemberUnit.objects.exists()
    assert not AuditEvent.objects.exists()


def test_add_unit_names_the_unit_that_has_the_code(clerk):
    taken = "91440100MA0000015P"
    MemberUnitFactory(name="示例甲公司", credit_code=taken)

    with pytest.raises(register.CreditCodeTakenError, match="示例甲公司"):
        actions.add_unit(name="示例乙", credit_code=taken, by=clerk, now=NOW)


def test_change_unit_notes_what_changed_but_no_phone_number(clerk):
    unit = MemberUnitFactory(name="示例甲", contact_phone="13800000000")

    actions.change_unit(
        unit,
        name="示例乙",
        kind=UnitKind.CHAIN,
        credit_code=None,
        joined_on=date(2024, 5, 1),
        contact_name="",
        contact_phone="13900000000",
        by=clerk,
        now=NOW,
    )

    unit.refresh_from_db()
    assert (unit.name, unit.name_initials, unit.kind) == ("示例乙", "sly", UnitKind.CHAIN)
    assert AuditEvent.objects.get().detail["changed"] == {
        "name": ["示例甲", "示例乙"],
        "kind": ["single", "chain"],
        "joined_on": [None, "2024-05-01"],
        "contact_phone": ["（略）", "（略）"],
    }


def test_add_pharmacy_opens_its_tenure(clerk):
    unit, area = MemberUnitFactory(), AreaFactory()

    shop = actions.add_pharmacy(
        unit,
        name="示例康宁大药房",
        area=area,
        address="示例路 1 号",
        licence_number=" 闽da592 0001 ",
        opened_on=date(2021, 3, 1),
        by=clerk,
        now=NOW,
    )

    assert shop.licence_number == "闽DA5920001"
    assert shop.address_folded == "示例路1号"
    assert len(shop.public_token) == 22
    tenure = Tenure.objects.get()
    assert (tenure.unit, tenure.starts_on, tenure.ends_on) == (unit, date(2021, 3, 1), None)
    assert AuditEvent.objects.get().act == "pharmacy.added"


def test_add_pharmacy_takes_a_shop_of_which_little_is_known(clerk):
    shop = actions.add_pharmacy(MemberUnitFactory(), name="示例药房", by=clerk, now=NOW)

    assert (shop.licence_number, shop.licence_expires_on, shop.area) == (None, None, None)
    assert shop.tenures.get().starts_on is None


def test_add_pharmacy_refuses_a_licence_of_another_shop(clerk):
    PharmacyFactory(name="示例甲店", licence_number="DA001")

    with pytest.raises(register.LicenceTakenError, match="已登记在“示例甲店”名下"):
        actions.add_pharmacy(
            MemberUnitFactory(), name="示例乙店", licence_number="da001", by=clerk, now=NOW
        )

    assert Pharmacy.objects.count() == 1
    assert not AuditEvent.objects.exists()


def test_add_pharmacy_refuses_the_same_shop_twice(clerk):
    shop = PharmacyFactory(name="示例甲店", address="示例路1号")

    with pytest.raises(register.SameShopTwiceError, match="同名同址"):
        actions.add_pharmacy(shop.unit, name="示例甲店", address="示例路 1 号", by=clerk, now=NOW)


def test_change_pharmacy_notes_before_and_after(clerk):
    shop = PharmacyFactory(name="示例甲店", phone="")

    actions.change_pharmacy(shop, **facts_of(shop, name="示例乙店"), by=clerk, now=NOW)

    shop.refresh_from_db()
    assert (shop.name, shop.name_initials, shop.updated_at) == ("示例乙店", "slyd", NOW)
    assert AuditEvent.objects.get().detail["changed"] == {"name": ["示例甲店", "示例乙店"]}


def test_change_pharmacy_to_the_same_leaves_no_trace(clerk):
    shop = PharmacyFactory()

    actions.change_pharmacy(shop, **facts_of(shop), by=clerk, now=NOW)

    assert not AuditEvent.objects.exists()


@pytest.mark.parametrize(
    ("state", "act", "after"),
    [
        ("active", actions.pause, "paused"),
        ("active", actions.close, "closed"),
        ("paused", actions.reopen, "active"),
        ("paused", actions.close, "closed"),
        ("closed", actions.reopen, "active"),
    ],
)
def test_a_shop_moves_and_the_reason_stays(clerk, state, act, after):
    shop = PharmacyFactory(status=state)

    act(shop, reason="装修", by=clerk, now=NOW)

    shop.refresh_from_db()
    assert shop.status == after
    assert AuditEvent.objects.get().detail == {"before": state, "after": after, "reason": "装修"}


def test_a_paused_shop_cannot_be_paused_again(clerk):
    shop = PharmacyFactory(status=PharmacyStatus.PAUSED)

    with pytest.raises(ForbiddenMoveError, match="停业"):
        actions.pause(shop, reason="装修", by=clerk, now=NOW)

    assert not AuditEvent.objects.exists()


def test_a_move_without_a_reason_is_refused(clerk):
    shop = PharmacyFactory()

    with pytest.raises(register.ReasonMissingError):
        actions.close(shop, reason=" ", by=clerk, now=NOW)

    shop.refresh_from_db()
    assert shop.status == PharmacyStatus.ACTIVE


def test_a_new_owner_gets_the_shop_with_its_history(clerk):
    tenure = TenureFactory(starts_on=date(2020, 1, 1))
    shop, new = tenure.pharmacy, MemberUnitFactory(name="示例新主")

    actions.move_to_unit(shop, new, since=date(2026, 11, 1), reason="转让", by=clerk, now=NOW)

    shop.refresh_from_db()
    assert shop.unit == new
    assert list(shop.tenures.order_by("pk").values_list("unit", "starts_on", "ends_on")) == [
        (tenure.unit_id, date(2020, 1, 1), date(2026, 10, 31)),
        (new.pk, date(2026, 11, 1), None),
    ]
    assert AuditEvent.objects.get().act == "pharmacy.moved"


@pytest.mark.parametrize(
    ("since", "words"),
    [(date(2026, 11, 21), "不能晚于今天"), (date(2020, 1, 1), "要晚于这一天")],
    ids=["in the future", "on the first day of the old tenure"],
)
def test_a_change_of_owner_must_fit_the_days(clerk, since, words):
    tenure = TenureFactory(starts_on=date(2020, 1, 1))

    with pytest.raises(register.TenureError, match=words):
        actions.move_to_unit(
            tenure.pharmacy, MemberUnitFactory(), since=since, reason="转让", by=clerk, now=NOW
        )

    assert Tenure.objects.get().ends_on is None
    assert not AuditEvent.objects.exists()


def test_a_shop_is_not_moved_to_the_unit_it_has(clerk):
    tenure = TenureFactory()

    with pytest.raises(register.TenureError, match="现在就属于"):
        actions.move_to_unit(
            tenure.pharmacy, tenure.unit, since=date(2026, 1, 1), reason="x", by=clerk, now=NOW
        )
