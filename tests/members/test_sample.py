"""The demo's register: invented, valid, and made by the same acts as people use."""

from datetime import UTC, datetime

import pytest

from accounts.roles import Role
from association import sample
from association.models import AuditEvent
from members.credit_code import normalise
from members.enums import PharmacyStatus
from members.models import ImportBatch, MemberUnit, Pharmacy, Position
from tests.factories.accounts import UserFactory

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(monkeypatch):
    """The chapters of the register alone, told for 96 shops."""
    sample.discover()
    ours = {name: c for name, c in sample.CHAPTERS.items() if name.startswith("members.")}
    monkeypatch.setattr(sample, "CHAPTERS", ours)
    story = sample.Story(now=NOW)
    sample.tell(story)
    return story


def test_the_demo_has_96_shops_of_about_forty_companies_in_four_sub_districts(told):
    assert Pharmacy.objects.count() == 96
    assert 38 <= MemberUnit.objects.count() <= 48
    assert Pharmacy.objects.exclude(area=None).values("area").distinct().count() == 4


def test_every_name_says_that_it_is_invented_and_every_code_is_well_formed(told):
    for shop in told.shops:
        assert "示例" in shop.name
        assert "示例" in shop.address
    for unit in MemberUnit.objects.all():
        assert "示例" in unit.name
        assert normalise(unit.credit_code)[2:8] == "000000"


def test_lists_have_something_to_show(told):
    assert Pharmacy.objects.filter(status=PharmacyStatus.PAUSED).count() == 1
    assert Pharmacy.objects.filter(status=PharmacyStatus.CLOSED).count() == 1
    assert Pharmacy.objects.filter(licence_expires_on=None).exists()
    assert Pharmacy.objects.filter(licence_expires_on__lt=NOW.date()).exists()
    assert Pharmacy.objects.filter(tenures__ends_on__isnull=False).count() == 1


def test_every_act_is_in_the_audit_trail_and_none_lies_in_the_future(told):
    added = AuditEvent.objects.filter(act="pharmacy.added", actor_label="李某").count()
    imported = AuditEvent.objects.filter(act="import.committed").order_by("pk").first()
    assert added + imported.detail["new"] == 96
    assert not AuditEvent.objects.filter(happened_at__gt=NOW).exists()


def test_each_role_has_a_person_and_each_shop_an_owner(told):
    assert told.user("secretary").global_roles == {Role.SECRETARIAT}
    assert told.user("regulator").global_roles == {Role.REGULATOR}
    assert Pharmacy.objects.visible_to(told.user("owner")).count() == 2
    assert Pharmacy.objects.visible_to(told.user("head_office")).count() > 2
    owned = Position.objects.filter(role=Role.OWNER).values("pharmacy").distinct()
    assert owned.count() == 96


def test_the_same_seed_tells_the_same_story(told):
    again = sample.Story(now=NOW)

    assert again.rng("members").random() == told.rng("members").random()
    assert sample.tell(again) == []


def test_a_story_of_one_shop_can_be_told(monkeypatch):
    sample.discover()
    ours = {name: c for name, c in sample.CHAPTERS.items() if name.startswith("members.")}
    monkeypatch.setattr(sample, "CHAPTERS", ours)
    UserFactory()

    sample.tell(sample.Story(now=NOW, size=1))

    assert Pharmacy.objects.count() == 1


def test_the_history_of_imports_has_one_of_each(told):
    batches = ImportBatch.objects.order_by("pk")

    assert [batch.state for batch in batches] == ["committed", "undone", "checked"]
    assert batches[0].counts == {"new": 4, "changed": 1, "same": 0, "error": 1}
    assert batches[1].result["undone"]["left"] == 0
    assert batches[2].counts == {"new": 1, "changed": 1, "same": 0, "error": 1}
    assert not batches.filter(uploaded_at__gt=NOW).exists()
