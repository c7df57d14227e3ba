"""Stars on the wall through the door, and what the public is told at the same moment."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from starrating.models import Award
from tests.factories.accounts import make_user
from tests.factories.members import PharmacyFactory, owner_of
from tests.factories.starrating import AwardFactory

pytestmark = pytest.mark.django_db


def award_today(**fields):
    today = timezone.localdate()
    return AwardFactory(
        valid_from=today - timedelta(days=30), valid_to=today + timedelta(days=300), **fields
    )


@pytest.fixture
def secretary(client):
    user = make_user(Role.SECRETARIAT)
    client.force_login(user)
    return user


def act(client, name, award, reason="示例原因"):
    view = "restore_award" if name == "restore" else name
    address = reverse(f"starrating:{view}", args=[award.pk])
    return client.post(address, {f"{name}-reason": reason})


def seen_by_all(client, award):
    return client.get(reverse("reports:verify", args=[award.token])).content.decode()


def test_an_award_is_suspended_restored_and_withdrawn_and_the_public_page_follows(
    client, secretary
):
    award = award_today()
    address = reverse("starrating:award", args=[award.pk])
    assert "证书有效" in client.get(address).content.decode()
    for name, says in (
        ("suspend", "证书暂停"),
        ("restore", "证书有效"),
        ("withdraw", "证书已撤销"),
    ):
        answer = act(client, name, award, reason=f"{says}的原因")
        assert answer.url == address
        assert says in seen_by_all(client, award)
        assert (f"{says}的原因" in seen_by_all(client, award)) == (name != "restore")
        assert says in client.get(address).content.decode()
    gone = reverse("starrating:restore_award", args=[award.pk])
    assert gone not in client.get(address).content.decode()


@pytest.mark.parametrize("name", ["suspend", "withdraw"])
def test_without_a_reason_nothing_moves(client, secretary, name):
    award = award_today()
    refused = act(client, name, award, reason=" ")
    assert refused.status_code == 422
    assert "请写明原因" in refused.content.decode()
    assert Award.objects.get().state == "valid"


def test_an_act_out_of_its_turn_is_refused_on_the_page(client, secretary):
    award = award_today(state="withdrawn", state_reason="已换发")
    refused = act(client, "restore", award)
    assert refused.status_code == 422
    assert "不能进行此操作" in refused.content.decode()


@pytest.mark.parametrize("name", ["suspend", "restore", "withdraw"])
def test_only_the_secretariat_moves_an_award(client, name):
    award = award_today()
    for user, status in (
        (make_user(Role.REGULATOR), 403),
        (owner_of(award.pharmacy), 403),
        (owner_of(PharmacyFactory()), 404),
    ):
        client.force_login(user)
        assert act(client, name, award).status_code == status
    assert Award.objects.get().state == "valid"


def test_the_list_is_narrowed_by_state_and_words_and_paged_by_serial(client, secretary):
    award = award_today()
    cycle = award.result.assessment.cycle
    for _ in range(51):
        award_today(result__assessment__cycle=cycle)
    Award.objects.filter(pk=award.pk).update(state="suspended", state_reason="复核中")
    address = reverse("starrating:awards", args=[cycle.pk])
    first = client.get(address)
    second = client.get(first.context["next_url"])
    assert (len(first.context["awards"]), len(second.context["awards"])) == (50, 2)
    assert [row.pk for row in client.get(address, {"state": "suspended"}).context["awards"]] == [
        award.pk
    ]
    found = client.get(address, {"q": award.serial})
    assert [row.pk for row in found.context["awards"]] == [award.pk]
    assert "没有符合条件的证书" in client.get(address, {"q": "没有这家"}).content.decode()


def test_the_regulator_reads_the_list_and_prints_nothing(client):
    award = award_today()
    client.force_login(make_user(Role.REGULATOR))
    cycle = award.result.assessment.cycle
    shown = client.get(reverse("starrating:awards", args=[cycle.pk])).content.decode()
    assert award.serial in shown
    assert "合并打印" not in shown
