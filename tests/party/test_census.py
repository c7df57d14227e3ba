"""亮身份: the public form takes a report and shows nobody; the secretary settles each one."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.urls import reverse

from association.workflow import ForbiddenMoveError
from party.actions import census as actions
from party.actions import members
from party.enums import CensusState, Relation, Standing
from party.models import CensusEntry, PartyMember
from party.queries.members import likely_members
from party.views.census import SIGNER, address_of
from tests.factories.accounts import UserFactory
from tests.factories.party import (
    CensusEntryFactory,
    CensusFactory,
    ConsentFactory,
    ConsentTextFactory,
    PartyMemberFactory,
    PartyOrganisationFactory,
    secretary_of,
)

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 20, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
PHONE = "15400000001"


def report(**more) -> actions.Report:
    base = {
        "name": "示例某",
        "workplace": "示例大药房",
        "standing": Standing.FULL,
        "phone": PHONE,
        "relation_here": True,
        "agrees": True,
    }
    return actions.Report(**base | more)


def posted(**more) -> dict:
    base = {
        "name": "示例某",
        "workplace": "示例大药房",
        "standing": "full",
        "relation": "here",
        "phone": PHONE,
        "agrees": "on",
    }
    return base | more


def test_a_report_is_kept_sealed_and_a_second_one_replaces_it():
    census = CensusFactory()

    first = actions.report(census, report(), now=NOON)
    second = actions.report(census, report(workplace="示例第二药房"), now=NOON)

    assert first.pk == second.pk
    entry = CensusEntry.objects.get()
    assert (entry.workplace, entry.phone) == ("示例第二药房", PHONE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT phone FROM party_censusentry")
        assert PHONE.encode() not in bytes(cursor.fetchone()[0])


@pytest.mark.parametrize(
    ("census", "more", "error"),
    [
        ({}, {"agrees": False}, actions.ReportError),
        ({}, {"phone": "12345"}, actions.ReportError),
        ({"ends_on": date(2026, 3, 19)}, {}, actions.CensusClosedError),
        ({"starts_on": date(2026, 3, 21)}, {}, actions.CensusClosedError),
        ({"closed_at": NOON}, {}, actions.CensusClosedError),
    ],
    ids=["no consent", "no mobile", "over", "not begun", "closed"],
)
def test_a_report_that_cannot_be_taken_leaves_nothing(census, more, error):
    with pytest.raises(error):
        actions.report(CensusFactory(**census), report(**more), now=NOON)

    assert not CensusEntry.objects.exists()


def test_a_flood_is_stopped(monkeypatch):
    monkeypatch.setattr(actions, "WAITING_AT_MOST", 2)
    census = CensusFactory()
    for number in range(2):
        actions.report(census, report(phone=f"1540000000{number}"), now=NOON)

    with pytest.raises(actions.CensusFullError):
        actions.report(census, report(phone="15400000009"), now=NOON)
    actions.report(census, report(phone="15400000000", workplace="改过的"), now=NOON)

    assert CensusEntry.objects.count() == 2


def test_the_likely_member_is_found_by_phone_before_the_name():
    census = CensusFactory()
    secretary = secretary_of(census.organisation)
    by_phone = ConsentFactory(member__organisation=census.organisation).member
    members.keep_numbers(by_phone, phone=PHONE, by=secretary, now=NOON)
    by_name = PartyMemberFactory(organisation=census.organisation, name="示例某")
    PartyMemberFactory(name="示例某")

    entry = actions.report(census, report(), now=NOON)

    assert likely_members(entry, secretary) == [by_phone, by_name]


def test_matching_hands_over_consent_and_phone_once():
    census = CensusFactory()
    member = PartyMemberFactory(organisation=census.organisation)
    entry = actions.report(census, report(), now=NOON)

    actions.match(entry, member, by=UserFactory(), now=NOON)

    member.refresh_from_db()
    assert (member.consent.way, member.consent.text, member.phone) == (
        "census",
        census.text,
        PHONE,
    )
    entry.refresh_from_db()
    assert (entry.state, entry.member) == (CensusState.MATCHED, member)
    with pytest.raises(ForbiddenMoveError):
        actions.match(entry, member, by=UserFactory(), now=NOON)


def test_a_member_elsewhere_in_the_tree_is_no_match():
    census = CensusFactory()
    entry = CensusEntryFactory(census=census)

    with pytest.raises(actions.SettlingError):
        actions.match(entry, PartyMemberFactory(), by=UserFactory(), now=NOON)

    entry.refresh_from_db()
    assert entry.state == CensusState.WAITING


@pytest.mark.parametrize(
    ("here", "relation", "home"),
    [
        (True, Relation.HERE, ""),
        (False, Relation.ELSEWHERE, "示例街道党委"),
        (None, Relation.ELSEWHERE, "待核实"),
    ],
)
def test_a_new_person_is_enrolled_as_reported(here, relation, home):
    census = CensusFactory()
    said = report(relation_here=here, home_organisation="示例街道党委" if here is False else "")
    entry = actions.report(census, said, now=NOON)

    actions.add(entry, census.organisation, by=UserFactory(), now=NOON)

    member = PartyMember.objects.get()
    assert (member.relation, member.home_organisation, member.phone) == (relation, home, PHONE)


def test_who_does_not_belong_here_loses_the_phone_at_once_and_may_be_looked_at_again():
    entry = actions.report(CensusFactory(), report(), now=NOON)
    by = UserFactory()

    with pytest.raises(actions.SettlingError):
        actions.dismiss(entry, reason="", by=by, now=NOON)
    actions.dismiss(entry, reason="在外省", by=by, now=NOON)
    entry.refresh_from_db()
    assert (entry.state, entry.phone, entry.phone_index) == (CensusState.NOT_OURS, None, "")
    actions.unsettle(entry, reason="认错人", by=by, now=NOON)

    entry.refresh_from_db()
    assert (entry.state, entry.settled_at) == (CensusState.WAITING, None)


# ------------------------------------------------------------------ behind the code


def test_the_public_form_takes_a_report_and_shows_no_list(client):
    census = CensusFactory(ends_on=date(2099, 12, 31))
    CensusEntryFactory(census=census, name="示例别人")
    member = PartyMemberFactory(organisation=census.organisation, name="示例党员甲")
    address = reverse("party:report", args=[SIGNER.sign(census.code)])

    form = client.get(address).content.decode()
    answer = client.post(address, posted()).content.decode()

    assert "已收到" in answer
    for page in (form, answer):
        assert "示例别人" not in page
        assert member.name not in page
    assert CensusEntry.objects.filter(name="示例某").count() == 1


def test_what_is_missing_is_said_and_nothing_is_kept(client):
    census = CensusFactory(ends_on=date(2099, 12, 31))
    address = reverse("party:report", args=[SIGNER.sign(census.code)])

    answer = client.post(address, posted(agrees=""))

    assert answer.status_code == 422
    assert "要先同意" in answer.content.decode()
    assert not CensusEntry.objects.exists()


def test_a_robot_is_thanked_and_forgotten(client):
    census = CensusFactory(ends_on=date(2099, 12, 31))

    answer = client.post(
        reverse("party:report", args=[SIGNER.sign(census.code)]), posted(website="http://x")
    )

    assert "已收到" in answer.content.decode()
    assert not CensusEntry.objects.exists()


def test_a_forged_or_renewed_code_opens_nothing(client):
    census = CensusFactory(ends_on=date(2099, 12, 31))
    signed = SIGNER.sign(census.code)
    forged = signed[:-1] + ("A" if signed[-1] != "A" else "B")

    assert client.get(reverse("party:report", args=[forged])).status_code == 404
    assert client.get(reverse("party:report", args=[census.code])).status_code == 404
    assert client.get(reverse("party:report", args=[signed])).status_code == 200
    actions.renew_code(census, by=UserFactory(), now=NOON)
    assert client.get(reverse("party:report", args=[signed])).status_code == 404


def test_the_secretary_settles_by_buttons(client):
    organisation = PartyOrganisationFactory()
    ConsentTextFactory()
    secretary = secretary_of(organisation)
    client.force_login(secretary)
    client.post(
        reverse("party:start_census", args=[organisation.pk]),
        {"title": "示例登记", "starts_on": "2026-01-01", "ends_on": "2099-12-31"},
    )
    census = organisation.censuses.get()
    entries = [actions.report(census, report(phone=f"1540000000{n}"), now=NOON) for n in range(3)]
    member = PartyMemberFactory(organisation=organisation, name="示例某")

    page = client.get(reverse("party:census", args=[census.pk])).content.decode()
    assert f'value="{member.pk}"' in page
    client.post(reverse("party:match", args=[entries[0].pk]), {"member": str(member.pk)})
    client.post(reverse("party:add", args=[entries[1].pk]), {"organisation": organisation.pk})
    client.post(reverse("party:dismiss", args=[entries[2].pk]), {"reason": "在外省"})
    assert [CensusEntry.objects.get(pk=entry.pk).state for entry in entries] == [
        "matched",
        "added",
        "not_ours",
    ]
    poster = client.get(reverse("party:poster", args=[census.pk])).content.decode()
    assert "data:image/svg+xml" in poster
    assert address_of(census) in poster


@pytest.mark.parametrize(
    ("act", "given", "sentence"),
    [
        ("match", {}, "先选定是名册里的哪一位。"),
        ("match", {"member": "nonsense"}, "先选定是名册里的哪一位。"),
        ("match", {"member": "elsewhere"}, "先选定是名册里的哪一位。"),
        ("add", {}, "先选定登记到哪个党支部。"),
        ("add", {"organisation": "9" * 30}, "先选定登记到哪个党支部。"),
        ("add", {"organisation": "elsewhere"}, "先选定登记到哪个党支部。"),
    ],
)
def test_who_is_not_chosen_is_asked_for_and_nothing_is_settled(client, act, given, sentence):
    entry = CensusEntryFactory()
    client.force_login(secretary_of(entry.census.organisation))
    elsewhere = PartyMemberFactory()
    keys = {"member": elsewhere.pk, "organisation": elsewhere.organisation_id}
    given = {name: keys[name] if value == "elsewhere" else value for name, value in given.items()}

    answer = client.post(reverse(f"party:{act}", args=[entry.pk]), given, follow=True)

    assert sentence in answer.content.decode()
    entry.refresh_from_db()
    assert entry.state == "waiting"
