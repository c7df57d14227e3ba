"""Letting people in: links, slips, sheets for many shops."""

from datetime import UTC, date, datetime
from io import BytesIO

import pytest
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from accounts import actions as accounts
from accounts.models import Invitation, User
from accounts.roles import Role
from association import files, jobs
from association.models import AuditEvent, Job, StoredFile
from members import actions, documents, queries, tasks
from members.actions import invitations
from members.models import Pharmacy, Position
from tests.factories.accounts import UserFactory, make_user
from tests.factories.members import MemberUnitFactory, PharmacyFactory, PositionFactory

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
PASSWORD = "示例密码 eight"

pytestmark = pytest.mark.django_db


@pytest.fixture
def secretary(client):
    user = make_user(Role.SECRETARIAT)
    client.force_login(user)
    return user


@pytest.fixture
def invited_owner():
    """An owner with a position but without a password."""
    user = UserFactory()
    user.set_unusable_password()
    user.save()
    return PositionFactory(user=user)


def test_a_new_person_gets_an_account_a_position_and_a_link():
    shop = PharmacyFactory()

    invited = actions.invite_person(
        shop, real_name="王某", phone="138 0000 0000", role=Role.OWNER, by=UserFactory(), now=NOW
    )
    person = accounts.accept_invitation(invited.token, password=PASSWORD, now=NOW)

    assert (person.username, person.phone, person.real_name) == ("13800000000",) * 2 + ("王某",)
    assert shop.roles_of(person) == {Role.OWNER}
    assert invited.expires_at == datetime(2026, 12, 4, 2, 0, tzinfo=UTC)
    acts = set(AuditEvent.objects.values_list("act", flat=True))
    assert {"user.created", "position.given", "user.invited"} <= acts


def test_a_known_number_gets_a_second_position_and_no_new_link():
    person = UserFactory(phone="13800000000", real_name="王某")
    shop = PharmacyFactory()

    invited = actions.invite_person(
        shop, real_name="王某", phone="13800000000", role=Role.STAFF, by=UserFactory(), now=NOW
    )

    assert (invited.user, invited.token) == (person, "")
    assert not Invitation.objects.exists()


@pytest.mark.parametrize(
    ("name", "phone", "words"),
    [
        (" ", "13800000000", "请填写姓名"),
        ("王某", "12345", "11 位手机号"),
        ("李某", "13900000000", "账号姓名是“王某”"),
    ],
    ids=["no name", "no mobile number", "the number of somebody else"],
)
def test_an_invitation_that_does_not_fit_is_refused_and_leaves_nothing(name, phone, words):
    UserFactory(phone="13900000000", real_name="王某")
    shop, by = PharmacyFactory(), UserFactory()
    before = User.objects.count()

    with pytest.raises(invitations.InvitationDetailsError, match=words):
        actions.invite_person(shop, real_name=name, phone=phone, role=Role.OWNER, by=by, now=NOW)

    assert User.objects.count() == before
    assert not Position.objects.exists()
    assert not AuditEvent.objects.exists()


def test_a_shop_without_an_owner_gets_an_account_of_its_own():
    shop = PharmacyFactory()

    invited = actions.invite_owner(shop, by=UserFactory(), now=NOW)

    assert invited.user.username == f"yd{shop.pk:06}"
    assert shop.roles_of(invited.user) == {Role.OWNER}
    assert invited.position.starts_on == date(2026, 11, 20)


def test_a_second_sheet_makes_the_first_worthless(invited_owner):
    shop, by = invited_owner.pharmacy, UserFactory()

    first = actions.invite_owner(shop, by=by, now=NOW)
    second = actions.invite_owner(shop, by=by, now=NOW)

    with pytest.raises(accounts.InvitationOverError):
        accounts.accept_invitation(first.token, password=PASSWORD, now=NOW)
    assert accounts.accept_invitation(second.token, password=PASSWORD, now=NOW)


def test_an_owner_with_a_password_gets_no_link():
    held = PositionFactory()

    assert actions.invite_owner(held.pharmacy, by=UserFactory(), now=NOW).token == ""
    assert not Invitation.objects.exists()


def test_a_shop_struck_off_is_not_invited():
    with pytest.raises(invitations.NotOnRegisterError, match="已注销"):
        actions.invite_owner(PharmacyFactory(status="closed"), by=UserFactory(), now=NOW)


def test_who_still_needs_a_sheet(invited_owner):
    has_password, ended, nobody = PositionFactory(), PositionFactory(), PharmacyFactory()
    actions.end_position(ended, ends_on=timezone.localdate(), by=UserFactory(), now=timezone.now())

    waiting = queries.without_open_owner(Pharmacy.objects.all())

    assert set(waiting) == {invited_owner.pharmacy, ended.pharmacy, nobody}
    assert has_password.pharmacy not in waiting


def test_the_slip_carries_the_link_as_code_and_as_text(settings, invited_owner):
    settings.PUBLIC_URL = "https://portal.example.org"
    invited = actions.invite_owner(invited_owner.pharmacy, by=UserFactory(), now=NOW)

    slip = documents.slip(invited_owner.pharmacy, invited)

    path = reverse("accounts:join", args=[invited.token])
    assert slip.link == f"https://portal.example.org{path}"
    assert slip.qr.startswith("data:image/svg+xml")


def test_the_job_prints_four_slips_to_a_page(secretary):
    shops = [*PharmacyFactory.create_batch(5), PositionFactory().pharmacy]
    payload = {
        "shops": [shop.pk for shop in shops],
        "organisation": "示例区药品经营行业协会",
        "user_id": secretary.pk,
    }
    job = jobs.enqueue("members.print_invitations", key="k", payload=payload, by=secretary, now=NOW)

    result = tasks.print_invitations(job, **payload)

    assert result == {"sheets": 5, "open_already": 1}
    stored = StoredFile.objects.get(pk=job.result_file_id)
    pages = PdfReader(BytesIO(open_bytes(stored))).pages
    assert len(pages) == 2
    text = "".join(page.extract_text() for page in pages)
    assert shops[0].name in text
    assert "示例区药品经营行业协会" in text


def open_bytes(stored) -> bytes:
    with files.open_for(stored) as paper:
        return paper.read()


def test_the_office_invites_a_person_and_sees_the_link_once(client, secretary):
    shop = PharmacyFactory()
    data = {"real_name": "王某", "phone": "13800000000", "role": "owner"}

    page = client.post(reverse("members:invite_to_shop", args=[shop.pk]), data)

    assert "13800000000" in page.content.decode()
    assert "/accounts/join/" in page.content.decode()
    assert "no-store" in page["Cache-Control"]


def test_a_company_invites_its_head_office(client, secretary):
    unit = MemberUnitFactory()
    data = {"real_name": "赵某", "phone": "13800000000", "role": "head_office"}

    client.post(reverse("members:invite_to_unit", args=[unit.pk]), data)

    assert Position.objects.get().unit == unit


def test_an_open_account_is_told_apart(client, secretary):
    held = PositionFactory()
    url = reverse("members:invite_owner", args=[held.pharmacy_id])

    page = client.post(url, follow=True).content.decode()

    assert "不用再邀请" in page


def test_few_slips_come_on_the_page(client, secretary):
    shops = PharmacyFactory.create_batch(2)
    url = reverse("members:invitations")

    assert "2 家" in client.get(url).content.decode()
    page = client.post(url).content.decode()

    assert all(shop.name in page for shop in shops)
    assert page.count('class="slip"') == 2
    assert not Job.objects.exists()


def test_many_slips_become_a_job(client, secretary, monkeypatch):
    monkeypatch.setattr("members.views.invitations.ON_PAGE", 1)
    chosen, other = PharmacyFactory(name="示例甲"), PharmacyFactory(name="示例乙")
    third = PharmacyFactory(name="示例甲二")

    client.post(reverse("members:invitations") + "?q=甲")

    assert sorted(Job.objects.get().payload["shops"]) == sorted([chosen.pk, third.pk])
    assert other.pk not in Job.objects.get().payload["shops"]


def test_too_many_slips_are_refused_with_a_way_out(client, secretary, monkeypatch):
    monkeypatch.setattr("members.views.invitations.IN_ONE_JOB", 1)
    PharmacyFactory.create_batch(2)
    url = reverse("members:invitations")

    client.post(url)

    assert "分批打印" in client.get(url).content.decode()
    assert not Job.objects.exists()


def test_only_the_secretariat_invites(client):
    shop = PharmacyFactory()
    client.force_login(make_user(Role.REGULATOR))

    assert client.get(reverse("members:invitations")).status_code == 403
    assert client.post(reverse("members:invite_owner", args=[shop.pk])).status_code == 403
