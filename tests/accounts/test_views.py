from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from accounts import actions
from accounts.adapter import DEVICE_COOKIE
from accounts.middleware import RENEWED_AT, SIGNED_IN_AT
from accounts.models import User
from accounts.roles import Role
from association.models import AuditEvent
from tests.factories.accounts import (
    PASSWORD,
    AreaFactory,
    RoleGrantFactory,
    UserFactory,
    make_user,
)
from tests.factories.members import PharmacyFactory, owner_of

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/login/"


def text_of(response) -> str:
    return response.content.decode()


def log_in(client, login, password=PASSWORD):
    return client.post(LOGIN, {"login": login, "password": password})


# ------------------------------------------------------------------ the door


@pytest.mark.parametrize(
    "typed",
    ["lihua", "li@example.test", "13800000000", "+86 138 0000 0000", "138-0000-0000"],
)
def test_phone_user_name_and_email_open_the_same_door(client, typed):
    user = UserFactory(username="lihua", email="li@example.test", phone="13800000000")

    assert log_in(client, typed).status_code == 302
    assert client.session["_auth_user_id"] == str(user.pk)


def test_a_wrong_password_says_so_and_nothing_about_who_exists(client):
    UserFactory(phone="13800000000")

    known = log_in(client, "13800000000", "wrong")
    unknown = log_in(client, "13900000000", "wrong")

    assert "账号或密码不对" in text_of(known)
    assert "账号或密码不对" in text_of(unknown)


def test_a_guesser_locks_out_neither_other_phones_nor_the_owners_own_device(client, settings):
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "3/h/key"}
    cache.clear()
    for number in ("13800000000", "13900000000"):
        UserFactory(phone=number)
    log_in(client, "13800000000")  # this device is known from now on
    known = client.cookies[DEVICE_COOKIE].value
    client.logout()
    stranger = type(client)()
    for _ in range(4):
        log_in(stranger, "13800000000", "wrong")

    assert "试错次数太多" in text_of(log_in(stranger, "13800000000"))
    assert log_in(stranger, "13900000000").status_code == 302
    own = type(client)()
    own.cookies[DEVICE_COOKIE] = known
    assert log_in(own, "13800000000").status_code == 302


def test_the_three_names_of_an_account_share_one_bucket(client, settings):
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "3/h/key"}
    cache.clear()
    UserFactory(username="lihua", email="li@example.test", phone="13800000000")
    for name in ("lihua", "LI@example.test", "+86 138 0000 0000"):
        log_in(client, name, "wrong")

    assert "试错次数太多" in text_of(log_in(client, "lihua"))


def test_the_cookie_of_another_account_is_no_known_device(client, settings):
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "3/h/key"}
    cache.clear()
    UserFactory(username="guesser")
    UserFactory(username="lihua")
    log_in(client, "guesser")
    client.logout()  # the cookie stays
    for _ in range(3):
        log_in(client, "lihua", "wrong")

    assert "试错次数太多" in text_of(log_in(client, "lihua"))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: UserFactory(), "您的账号还没有角色"),
        (lambda: make_user(Role.REGULATOR), "能办的是：秘书处。您的角色是：监管部门（只读）。"),
        (lambda: make_user(Role.SECRETARIAT, area=AreaFactory()), "但不管这条记录"),
    ],
    ids=["no role yet", "another role", "the right in another place"],
)
def test_a_shut_door_says_what_it_asks_for_and_who_may(client, make, words):
    client.force_login(make())

    answer = client.get(reverse("accounts:people"))

    assert answer.status_code == 403
    assert "“授予角色”权限" in text_of(answer)
    assert words in text_of(answer)


def test_sign_up_is_closed(client):
    assert "邀请" in text_of(client.get("/accounts/signup/"))
    client.post("/accounts/signup/", {"username": "x", "password1": PASSWORD})
    assert not User.objects.exists()


def test_the_demo_says_that_the_second_factor_is_off(client):
    assert "登录不要求第二重验证" in text_of(client.get(LOGIN))


def test_a_staff_session_is_a_working_day_and_a_shops_two_weeks(client):
    make_user(Role.SECRETARIAT, username="staff")
    log_in(client, "staff")
    assert client.session.get_expiry_age() == 8 * 3600

    client.logout()
    UserFactory(username="shop")
    log_in(client, "shop")
    assert client.session.get_expiry_age() == 14 * 24 * 3600


@pytest.mark.parametrize(
    ("role", "hours", "is_in"),
    [
        (Role.SECRETARIAT, 7.9, True),
        (Role.SECRETARIAT, 8.1, False),
        (None, 89 * 24, True),
        (None, 91 * 24, False),
    ],
    ids=["staff before the evening", "staff after it", "shop in the quarter", "shop after it"],
)
def test_a_session_ends_by_the_clock_of_its_login_however_busy_it_is(client, role, hours, is_in):
    make_user(role, username="someone")
    log_in(client, "someone")
    session = client.session
    session[SIGNED_IN_AT] -= hours * 3600
    session.save()

    answer = client.get(reverse("accounts:profile"))

    assert (answer.status_code == 200) == is_in


def test_a_shop_that_comes_back_every_day_keeps_its_fourteen_days(client):
    UserFactory(username="shop")
    log_in(client, "shop")
    session = client.session
    session[RENEWED_AT] -= 25 * 3600
    session.save()
    stored = Session.objects.filter(pk=session.session_key)
    stored.update(expire_date=timezone.now() + timedelta(days=1))

    client.get(reverse("accounts:profile"))

    assert stored.get().expire_date > timezone.now() + timedelta(days=13)


def test_a_mail_server_that_is_away_fails_no_page(client, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    UserFactory(email="li@example.test")

    answer = client.post(reverse("account_reset_password"), {"email": "li@example.test"})

    assert answer.status_code == 302


def test_where_no_mail_is_set_up_the_page_names_the_other_way(client, settings):
    settings.EMAIL_HOST = ""
    page = text_of(client.get(reverse("account_reset_password")))
    assert "由秘书处发一个重设链接" in page
    assert "<form" not in page


# ------------------------------------------------------------------ second factor


def test_staff_without_a_factor_get_only_the_page_to_set_one_up(client, settings):
    settings.MFA_REQUIRED = True
    make_user(Role.SECRETARIAT, username="staff")
    log_in(client, "staff")

    answer = client.get(reverse("accounts:people"))
    assert answer.headers["Location"] == reverse("mfa_activate_totp")
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    assert client.get(reverse("mfa_activate_totp")).status_code == 200

    user = User.objects.get()
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": "x"})
    assert client.get(reverse("accounts:people")).status_code == 200


def test_shops_need_no_second_factor(client, settings):
    settings.MFA_REQUIRED = True
    client.force_login(owner_of(PharmacyFactory()))

    assert client.get(reverse("accounts:profile")).status_code == 200


# ------------------------------------------------------------------ invitations


def test_from_the_invitation_to_the_login(client):
    user = UserFactory(username="lihua", password=None)
    secretary = make_user(Role.SECRETARIAT)
    client.force_login(secretary)
    page = client.post(reverse("accounts:invite", args=[user.pk]), follow=True)
    address = page.context["address"]
    assert "data:image/svg+xml" in text_of(page)
    again = client.get(reverse("accounts:link", args=[user.pk]), follow=True)
    assert "链接只显示一次" in text_of(again)

    client.logout()
    path = address.removeprefix("http://127.0.0.1:8000")
    client.post(path, {"password": "湖边的老树开花", "again": "另一句话另一句"})
    assert not User.objects.get(pk=user.pk).has_usable_password()
    client.post(path, {"password": "湖边的老树开花了", "again": "湖边的老树开花了"})
    assert log_in(client, "lihua", "湖边的老树开花了").status_code == 302
    assert client.get(path).status_code == 404


def test_an_unknown_link_says_what_to_do(client):
    answer = client.get(reverse("accounts:join", args=["nonsense"]))

    assert answer.status_code == 404
    assert "再要一个" in text_of(answer)


# ------------------------------------------------------------------ people and roles


def test_two_people_make_a_role(client):
    first, second = make_user(Role.SECRETARIAT), make_user(Role.SECRETARIAT)
    person = UserFactory()
    client.force_login(first)
    client.post(reverse("accounts:propose_role", args=[person.pk]), {"role": "inspector"})
    grant = person.role_grants.get()

    client.post(reverse("accounts:confirm_role", args=[grant.pk]))
    grant.refresh_from_db()
    assert grant.confirmed_at is None

    client.force_login(second)
    assert "等待第二人确认" in text_of(client.get(reverse("accounts:people")))
    client.post(reverse("accounts:confirm_role", args=[grant.pk]))
    grant.refresh_from_db()
    assert grant.confirmed_by == second


def test_the_audit_names_the_role_that_opened_the_door(client):
    user = make_user(Role.REVIEWER)
    RoleGrantFactory(user=user, role=Role.SECRETARIAT)
    client.force_login(user)

    client.post(
        reverse("accounts:add_person"), {"real_name": "李华", "username": "lihua", "phone": ""}
    )

    assert AuditEvent.objects.get(act="user.created").actor_role == Role.SECRETARIAT


@pytest.mark.parametrize("name", ["invite", "reactivate", "revoke_invitation"])
def test_acts_on_people_are_closed_to_others(client, name):
    client.force_login(make_user(Role.REVIEWER))

    answer = client.post(reverse(f"accounts:{name}", args=[UserFactory().pk]))

    assert answer.status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_people_asks_the_same_number_of_queries(client, count, django_assert_num_queries):
    secretary = make_user(Role.SECRETARIAT)
    UserFactory.create_batch(count, roles=[Role.REVIEWER])
    client.force_login(secretary)
    client.get(reverse("accounts:people"))

    with django_assert_num_queries(11):
        page = client.get(reverse("accounts:people"))

    assert text_of(page).count("评审员") == count


def test_people_are_found_by_name_login_and_phone(client):
    UserFactory(username="lihua", real_name="李华", phone="13800000000")
    client.force_login(make_user(Role.SECRETARIAT, real_name="王某"))

    for q in ("李华", "LIHU", "+86 138 0000 0000"):
        page = client.get(reverse("accounts:people"), {"q": q})
        assert [user.username for user, _ in page.context["rows"]] == ["lihua"]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("deactivate", {"reason": "已离职"}),
        ("change_phone", {"phone": "13800000000", "reason": "换号"}),
    ],
)
def test_forms_about_a_person_lead_back_to_the_person(client, name, data):
    person = UserFactory()
    client.force_login(make_user(Role.SECRETARIAT))
    address = reverse(f"accounts:{name}", args=[person.pk])

    assert client.get(address).status_code == 200
    assert client.post(address, {}).status_code == 200
    assert client.post(address, data).headers["Location"] == f"/accounts/people/{person.pk}/"


# ------------------------------------------------------------------ oneself


def test_the_switcher_changes_the_menu_and_no_right(client):
    user = make_user(Role.SECRETARIAT)
    RoleGrantFactory(user=user, role=Role.REGULATOR)
    client.force_login(user)
    profile = reverse("accounts:profile")
    assert "账号与角色" in text_of(client.get(profile))

    client.post(reverse("accounts:workspace"), {"role": "regulator"})
    assert "账号与角色" not in text_of(client.get(profile))
    assert client.get(reverse("accounts:people")).status_code == 200

    client.post(reverse("accounts:workspace"), {"role": "owner"})
    assert client.session["workspace"] == "regulator"


def test_the_profile_of_a_shop_is_a_phone_page(client):
    client.force_login(owner_of(PharmacyFactory()))

    page = text_of(client.get(reverse("accounts:profile")))

    assert "药店负责人" in page
    assert 'class="mnav"' in page


def test_a_login_without_a_role_is_told_whom_to_ask(client):
    client.force_login(UserFactory())

    assert "还没有角色，请联系协会秘书处" in text_of(client.get(reverse("accounts:profile")))


def test_a_link_expires_with_its_days(client):
    user = UserFactory(password=None)
    token = actions.invite(user, by=None, now=timezone.now() - timezone.timedelta(days=15))

    assert client.get(reverse("accounts:join", args=[token])).status_code == 404
