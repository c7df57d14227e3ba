from datetime import date, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError
from django.utils import timezone

from accounts import actions
from accounts.models import Area, Invitation, RoleGrant, User
from accounts.roles import Role
from association.models import AuditEvent, Delivery
from tests.factories.accounts import (
    AreaFactory,
    InvitationFactory,
    RoleGrantFactory,
    UserFactory,
    make_user,
)

NOW = timezone.now()
PASSWORD = "湖边的老树开花了又落"  # ten characters: enough for a shop, too short for staff
LONG = "湖边的老树开花了又落了一地"

pytestmark = pytest.mark.django_db


def acts() -> list[str]:
    return list(AuditEvent.objects.order_by("pk").values_list("act", flat=True))


# ------------------------------------------------------------------ accounts


def test_create_user_makes_an_account_nobody_can_log_in_to_yet():
    by = UserFactory()

    user = actions.create_user(
        username="lihua", real_name="李华", phone="+86 138 0000 0000", by=by, now=NOW
    )

    assert (user.phone, user.has_usable_password()) == ("13800000000", False)
    assert acts() == ["user.created"]


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"username": "LiHua"}, actions.AccountTakenError),
        ({"username": "other", "phone": "13800000000"}, actions.AccountTakenError),
        ({"username": "other", "phone": "12345"}, actions.InvalidPhoneError),
    ],
)
def test_create_user_refuses_and_nothing_changes(fields, error):
    UserFactory(username="lihua", phone="13800000000")

    with pytest.raises(error):
        actions.create_user(real_name="李华", by=None, now=NOW, **fields)

    assert User.objects.count() == 1
    assert acts() == []


def test_deactivate_ends_links_and_keeps_the_roles():
    user, by = make_user(Role.REVIEWER), UserFactory()
    invitation = InvitationFactory(user=user)

    actions.deactivate(user, reason="已离职", by=by, now=NOW)

    user.refresh_from_db()
    invitation.refresh_from_db()
    assert not user.is_active
    assert invitation.revoked_at == NOW
    assert user.role_grants.in_force().exists()
    assert acts() == ["user.deactivated"]
    assert actions.reactivate(user, by=by, now=NOW).is_active
    with pytest.raises(actions.AccountClosedError):
        actions.reactivate(user, by=by, now=NOW)


def test_nobody_switches_their_own_account_off():
    user = UserFactory()

    with pytest.raises(actions.SelfServiceError):
        actions.deactivate(user, reason="试试", by=user, now=NOW)

    assert acts() == []


def test_change_phone_tells_the_person():
    user = UserFactory(phone="13800000000")

    actions.change_phone(user, phone="13900000000", reason="手机丢失", by=UserFactory(), now=NOW)

    user.refresh_from_db()
    assert user.phone == "13900000000"
    assert Delivery.objects.get().recipient == user
    assert acts() == ["user.phone_changed"]


def test_the_phone_of_a_staff_account_is_not_changed_by_one_person():
    user = make_user(Role.REVIEWER, phone="13800000000")

    with pytest.raises(actions.SecondPersonError):
        actions.change_phone(user, phone="13900000000", reason="换号", by=UserFactory(), now=NOW)

    user.refresh_from_db()
    assert user.phone == "13800000000"


# ------------------------------------------------------------------ invitations


def test_the_link_sets_the_password_once():
    user = UserFactory(password=None)
    token = actions.invite(user, by=UserFactory(), now=NOW)

    accepted = actions.accept_invitation(token, password=PASSWORD, now=NOW)

    assert accepted.check_password(PASSWORD)
    assert Invitation.objects.get().token_digest != token
    assert acts() == ["user.invited", "invitation.accepted"]
    with pytest.raises(actions.InvitationOverError):
        actions.accept_invitation(token, password=LONG, now=NOW)
    accepted.refresh_from_db()
    assert accepted.check_password(PASSWORD)


def test_a_link_ends_after_fourteen_days():
    token = actions.invite(UserFactory(), by=UserFactory(), now=NOW)

    with pytest.raises(actions.InvitationOverError):
        actions.accept_invitation(token, password=PASSWORD, now=NOW + timedelta(days=14))


def test_a_new_link_ends_the_one_before():
    user, by = UserFactory(), UserFactory()
    old = actions.invite(user, by=by, now=NOW)
    actions.invite(user, by=by, now=NOW)

    with pytest.raises(actions.InvitationOverError):
        actions.accept_invitation(old, password=PASSWORD, now=NOW)


def test_a_revoked_link_opens_nothing():
    user, by = UserFactory(), UserFactory()
    token = actions.invite(user, by=by, now=NOW)
    actions.revoke_invitation(user, by=by, now=NOW)

    with pytest.raises(actions.InvitationOverError):
        actions.accept_invitation(token, password=PASSWORD, now=NOW)
    with pytest.raises(actions.InvitationOverError):
        actions.revoke_invitation(user, by=by, now=NOW)


def test_a_person_with_a_password_is_told_of_a_reset_link():
    user = UserFactory()

    actions.invite(user, by=UserFactory(), now=NOW)

    assert Delivery.objects.get().recipient == user


@pytest.mark.parametrize(
    ("role", "password", "is_good"),
    [
        (None, PASSWORD, True),
        (None, "short", False),
        (None, "password", False),
        (None, "药店12345678", False),
        (Role.REGULATOR, PASSWORD, False),
        (Role.REGULATOR, LONG, True),
    ],
)
def test_passwords_are_longer_for_staff_and_never_obvious(role, password, is_good):
    token = actions.invite(make_user(role, password=None), by=None, now=NOW)

    if is_good:
        actions.accept_invitation(token, password=password, now=NOW)
    else:
        with pytest.raises(actions.WeakPasswordError):
            actions.accept_invitation(token, password=password, now=NOW)
        assert Invitation.objects.get().used_at is None


# ------------------------------------------------------------------ roles


def test_a_role_holds_only_after_a_second_person_confirmed():
    user, first, second = UserFactory.create_batch(3)
    area = AreaFactory()

    grant = actions.propose_role(user, Role.INSPECTOR, area=area, by=first, now=NOW)
    assert not RoleGrant.objects.in_force().exists()
    actions.confirm_role(grant, by=second, now=NOW)

    assert User.objects.get(pk=user.pk).area_roles == {Role.INSPECTOR: {area.pk}}
    assert acts() == ["role.proposed", "role.confirmed"]


@pytest.mark.parametrize("who", ["proposer", "receiver"])
def test_proposer_and_receiver_cannot_confirm(who):
    user, first = UserFactory.create_batch(2)
    grant = actions.propose_role(user, Role.INSPECTOR, by=first, now=NOW)

    with pytest.raises(actions.SecondPersonError):
        actions.confirm_role(grant, by={"proposer": first, "receiver": user}[who], now=NOW)

    grant.refresh_from_db()
    assert grant.confirmed_at is None
    assert acts() == ["role.proposed"]


def test_the_database_too_wants_a_second_person():
    first = UserFactory()

    with pytest.raises(IntegrityError, match="confirmed_by_second"):
        RoleGrantFactory(is_first=False, granted_by=first, confirmed_by=first)


def test_a_role_of_one_shop_is_not_given_here():
    with pytest.raises(actions.WrongRoleError):
        actions.propose_role(UserFactory(), Role.OWNER, by=UserFactory(), now=NOW)


def test_the_same_role_twice_is_refused():
    user = make_user(Role.REVIEWER)

    with pytest.raises(actions.RoleHeldError):
        actions.propose_role(user, Role.REVIEWER, by=UserFactory(), now=NOW)

    assert RoleGrant.objects.count() == 1


def test_a_leave_deputy_holds_the_role_on_the_days_named():
    user, first, second = UserFactory.create_batch(3)
    today = timezone.localdate()
    past = {"starts_on": today - timedelta(days=9), "ends_on": today - timedelta(days=1)}
    grant = actions.propose_role(user, Role.ADJUDICATOR, by=first, now=NOW, **past)
    actions.confirm_role(grant, by=second, now=NOW)
    assert not RoleGrant.objects.in_force().exists()

    again = actions.propose_role(
        user, Role.ADJUDICATOR, by=first, now=NOW, starts_on=today, ends_on=today
    )
    actions.confirm_role(again, by=second, now=NOW)
    assert list(RoleGrant.objects.in_force()) == [again]


def test_days_out_of_order_are_refused():
    with pytest.raises(actions.DaysOutOfOrderError):
        actions.propose_role(
            UserFactory(),
            Role.REVIEWER,
            by=UserFactory(),
            now=NOW,
            starts_on=date(2026, 2, 2),
            ends_on=date(2026, 2, 1),
        )


def test_revoke_takes_the_role_back_with_its_reason():
    grant = RoleGrantFactory(role=Role.REVIEWER)

    actions.revoke_role(grant, reason="岗位调整", by=UserFactory(), now=NOW)

    assert not RoleGrant.objects.in_force().exists()
    assert acts() == ["role.revoked"]
    with pytest.raises(actions.GrantOverError):
        actions.revoke_role(grant, reason="再次", by=UserFactory(), now=NOW)
    with pytest.raises(actions.GrantOverError):
        actions.confirm_role(grant, by=UserFactory(), now=NOW)


def test_the_last_secretariat_role_cannot_be_revoked():
    grant = RoleGrantFactory(role=Role.SECRETARIAT)

    with pytest.raises(actions.SelfServiceError):
        actions.revoke_role(grant, reason="离职", by=UserFactory(), now=NOW)

    RoleGrantFactory(role=Role.SECRETARIAT)
    actions.revoke_role(grant, reason="离职", by=UserFactory(), now=NOW)


# ------------------------------------------------------------------ sub-districts, command


def test_areas_are_added_and_renamed():
    by = UserFactory()
    area = actions.save_area(None, code="A1", name="东湖街道", order=1, by=by, now=NOW)
    actions.save_area(area, code="A1", name="西湖街道", order=2, by=by, now=NOW)

    assert list(Area.objects.values_list("code", "name", "order")) == [("A1", "西湖街道", 2)]
    assert acts() == ["area.added", "area.changed"]
    with pytest.raises(actions.AreaTakenError):
        actions.save_area(None, code="A2", name="西湖街道", order=3, by=by, now=NOW)


def test_create_secretary_prints_a_link_that_works(capsys):
    call_command("create_secretary", "lihua", "李华")

    token = capsys.readouterr().out.strip().rsplit("/", 2)[1]
    user = actions.accept_invitation(token, password=LONG, now=timezone.now())
    assert user.global_roles == {Role.SECRETARIAT}
    with pytest.raises(CommandError, match="已有人用"):
        call_command("create_secretary", "lihua", "李华")
    assert User.objects.count() == 1
