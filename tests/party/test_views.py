"""The pages of the room: who sees what, what a button does, what stays in the room."""

from datetime import date, datetime
from io import BytesIO
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from accounts.roles import Role
from association import read_log
from party.actions import members as member_actions
from party.enums import MeetingKind, MeetingState, OrganisationKind, PostRole
from party.models import Meeting, PartyMember, PartyOrganisation, Post, WorkTask
from tests.factories.accounts import UserFactory, make_user
from tests.factories.association import CalendarDayFactory
from tests.factories.members import MemberUnitFactory, PharmacyFactory, owner_of
from tests.factories.party import (
    CensusFactory,
    ConsentFactory,
    ConsentTextFactory,
    MeetingFactory,
    MeetingPaperFactory,
    PartyMemberFactory,
    PartyOrganisationFactory,
    PartyRuleFactory,
    PostFactory,
    ProblemFactory,
    WorkItemFactory,
    WorkPaperFactory,
    WorkTaskFactory,
    branch_with,
    load_rules,
    secretary_of,
)

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 20, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
PHONE = "15400000001"


@pytest.fixture
def branch():
    load_rules()
    return branch_with(5, name="示例协会党支部")


@pytest.fixture
def secretary(client, branch):
    user = secretary_of(branch)
    client.force_login(user)
    return user


def page(response) -> str:
    assert response.status_code == 200
    return response.content.decode()


def photo() -> SimpleUploadedFile:
    drawn = BytesIO()
    Image.new("RGB", (40, 30), "teal").save(drawn, "JPEG")
    return SimpleUploadedFile("签到.jpg", drawn.getvalue(), "image/jpeg")


LISTS = [
    "desk",
    "organisations",
    "coverage",
    "rules",
    "members",
    "censuses",
    "meetings",
    "work_list",
]


@pytest.mark.parametrize("name", LISTS)
def test_every_list_opens_for_a_keeper_with_and_without_rows(client, secretary, branch, name):
    assert client.get(reverse(f"party:{name}")).status_code == 200
    PostFactory(organisation=branch, role=PostRole.PUBLICITY)
    MeetingFactory(organisation=branch)
    WorkTaskFactory(organisation=branch)
    CensusFactory(organisation=branch)
    ProblemFactory(organisation=branch)
    assert client.get(reverse(f"party:{name}")).status_code == 200


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize(
    "role", [Role.SECRETARIAT, Role.REGULATOR, Role.INSPECTOR, Role.REVIEWER, Role.ADJUDICATOR]
)
def test_no_other_role_opens_a_list(client, name, role):
    client.force_login(make_user(role))

    assert client.get(reverse(f"party:{name}")).status_code == 403


def record_pages(branch) -> list[str]:
    """Return the address of every page about one record of ``branch``."""
    member = ConsentFactory(member__organisation=branch).member
    meeting = MeetingFactory(organisation=branch)
    task = WorkTaskFactory(organisation=branch)
    return [
        reverse("party:organisation", args=[branch.pk]),
        reverse("party:ledger", args=[branch.pk]),
        reverse("party:work_ledger", args=[branch.pk]),
        reverse("party:problems", args=[branch.pk]),
        reverse("party:member", args=[member.pk]),
        reverse("party:consent_sheet", args=[member.pk]),
        reverse("party:census", args=[CensusFactory(organisation=branch).pk]),
        reverse("party:poster", args=[CensusFactory(organisation=branch).pk]),
        reverse("party:meeting", args=[meeting.pk]),
        reverse("party:roll_sheet", args=[meeting.pk]),
        reverse("party:paper", args=[MeetingPaperFactory(meeting=meeting).pk]),
        reverse("party:work_task", args=[task.pk]),
        reverse("party:work_paper", args=[WorkPaperFactory(task=task).pk]),
        reverse("party:problem", args=[ProblemFactory(organisation=branch).pk]),
    ]


def test_the_records_of_another_branch_do_not_exist(client, secretary, branch):
    other = branch_with(2, name="示例别处党支部")

    own = [client.get(url).status_code for url in record_pages(branch)]
    foreign = [client.get(url).status_code for url in record_pages(other)]

    assert set(own) == {200}
    assert set(foreign) == {404}


@pytest.mark.parametrize("role", [Role.SECRETARIAT, Role.REGULATOR])
def test_office_and_authority_see_no_record(client, branch, role):
    client.force_login(make_user(role))

    assert {client.get(url).status_code for url in record_pages(branch)} == {404}


def test_a_committee_keeps_what_stands_below_it(client, branch):
    committee = PartyOrganisationFactory(kind=OrganisationKind.COMMITTEE)
    branch.parent = committee
    branch.save()
    client.force_login(secretary_of(committee))

    assert {client.get(url).status_code for url in record_pages(branch)} == {200}


# ------------------------------------------------------------------ members and looks


def test_a_number_is_masked_until_somebody_says_why(client, secretary, branch):
    member = ConsentFactory(member__organisation=branch).member
    member_actions.keep_numbers(member, phone=PHONE, by=secretary, now=NOON)
    address = reverse("party:member", args=[member.pk])
    reveal = reverse("party:reveal", args=[member.pk])

    before = page(client.get(address))
    refused = client.post(reveal, {"which": "phone", "reason": ""})
    seen = page(client.post(reveal, {"which": "phone", "reason": "通知开会"}))
    after = page(client.get(address))

    assert "154****0001" in before
    assert PHONE not in before
    assert refused.status_code == 422
    assert PHONE not in refused.content.decode()
    assert PHONE in seen
    assert PHONE not in after
    assert "通知开会" in after
    assert read_log.about(member).get().reader_role == Role.PARTY_SECRETARY


def test_the_person_reads_the_own_record_and_who_looked_and_nothing_else(client, branch):
    member = ConsentFactory(member__organisation=branch).member
    keeper, person = secretary_of(branch), UserFactory()
    member_actions.keep_numbers(member, phone=PHONE, by=keeper, now=NOON)
    member_actions.link_login(member, person, by=keeper, now=NOON)
    member_actions.reveal(member, "phone", reason="通知开会", by=keeper, now=NOON)
    other = PartyMemberFactory(organisation=branch, name="示例别的党员")
    client.force_login(person)

    mine = page(client.get(reverse("party:mine")))
    profile = page(client.get(reverse("accounts:profile")))

    assert member.name in mine
    assert "154****0001" in mine
    assert f"<b>{keeper}</b> 看了手机号：通知开会" in mine
    assert other.name not in mine
    assert reverse("party:mine") in profile
    assert client.get(reverse("party:members")).status_code == 403
    assert client.get(reverse("party:member", args=[member.pk])).status_code == 404


def test_the_person_agrees_and_withdraws_with_the_own_login(client, branch):
    text = ConsentTextFactory()
    member, person = PartyMemberFactory(organisation=branch), UserFactory()
    keeper = secretary_of(branch)
    member_actions.link_login(member, person, by=keeper, now=NOON)
    client.force_login(person)

    assert text.body in page(client.get(reverse("party:mine")))
    client.post(reverse("party:agree"), {"version": "99"})
    member.refresh_from_db()
    assert member.consent is None
    client.post(reverse("party:agree"), {"version": "1"})
    member.refresh_from_db()
    assert (member.consent.way, member.consent.text) == ("login", text)
    member_actions.keep_numbers(member, phone=PHONE, by=keeper, now=NOON)
    client.post(reverse("party:take_consent_back"))

    member.refresh_from_db()
    assert (member.consent, member.phone) == (None, None)


def test_a_login_without_a_record_is_told_so(client):
    client.force_login(UserFactory())

    assert "没有关联党员记录" in page(client.get(reverse("party:mine")))
    assert reverse("party:mine") not in page(client.get(reverse("accounts:profile")))


@pytest.mark.parametrize("act", ["agree", "take_consent_back"])
def test_nobody_consents_for_a_record_that_is_not_their_own(client, branch, act):
    member = ConsentFactory(member__organisation=branch).member
    ConsentTextFactory()
    for person in (UserFactory(is_superuser=True), secretary_of(branch)):
        client.force_login(person)
        assert client.post(reverse(f"party:{act}"), {"version": "1"}).status_code == 404

    assert member.consents.get().withdrawn_at is None


def test_a_member_is_enrolled_agrees_and_gets_numbers(client, secretary, branch):
    ConsentTextFactory()
    unit = MemberUnitFactory(name="示例橘井药房")
    added = client.post(
        reverse("party:enroll", args=[branch.pk]),
        {
            "name": "示例新人",
            "standing": "full",
            "relation": "here",
            "rights": "normal",
            "official_system": "unknown",
            "unit": "橘井",
        },
    )
    member = PartyMember.objects.get(name="示例新人")
    assert added.url == reverse("party:member", args=[member.pk])
    assert member.unit == unit

    numbers = reverse("party:numbers", args=[member.pk])
    assert client.post(numbers, {"phone": PHONE}).status_code == 422
    client.post(
        reverse("party:consent", args=[member.pk]),
        {"given_on": "2026-01-05", "paper": photo()},
    )
    client.post(numbers, {"phone": PHONE})
    member.refresh_from_db()
    assert member.phone == PHONE

    client.post(reverse("party:withdraw", args=[member.pk]), {"reason": ""})
    member.refresh_from_db()
    assert member.phone is None


def test_a_company_that_is_not_on_the_register_is_said(client, secretary, branch):
    answer = client.post(
        reverse("party:cover", args=[branch.pk]), {"unit": "没有的药房", "starts_on": "2026-01-01"}
    )

    assert answer.status_code == 422
    assert "会员名册里没有" in answer.content.decode()
    assert not branch.covered_units.exists()


# ------------------------------------------------------------------ meetings by clicks


def test_a_meeting_goes_from_the_cell_to_the_archive(client, secretary, branch):
    year = date.today().year  # noqa: DTZ011 -- the page opens on this year
    matrix = page(client.get(reverse("party:meetings")))
    assert "支部党员大会" in matrix
    plan = reverse("party:plan") + f"?organisation={branch.pk}&kind=general&day={year}-01-20"
    form = client.get(plan).context["form"]
    assert form.initial["kind"] == "general"

    made = client.post(
        plan,
        {
            "organisation": branch.pk,
            "kind": "general",
            "title": "示例党员大会",
            "day": f"{year}-01-02",
            "hour": "15:00",
            "chair": "示例某",
            "recorder": "示例某某",
        },
    )
    meeting = Meeting.objects.get()
    address = reverse("party:meeting", args=[meeting.pk])
    assert made.url == address
    sheet = page(client.get(reverse("party:roll_sheet", args=[meeting.pk])))
    assert "应到 5 人" in sheet

    rolled = client.post(reverse("party:hold", args=[meeting.pk]))
    assert rolled.url == reverse("party:roll", args=[meeting.pk])
    entries = list(meeting.roll.order_by("pk"))
    presence = {f"presence_{e.pk}": "present" for e in entries}
    presence[f"presence_{entries[0].pk}"] = "excused"
    missing = client.post(rolled.url, presence)
    assert missing.status_code == 422
    assert "写明原因" in missing.content.decode()
    client.post(rolled.url, presence | {f"reason_{entries[0].pk}": "出差"})

    shown = page(client.get(address))
    assert "应到有表决权 5 人的过半" in shown
    client.post(reverse("party:propose", args=[meeting.pk]), {"title": "议题", "ballot": "secret"})
    motion = meeting.motions.get()
    count = reverse("party:count", args=[meeting.pk, motion.pk])
    refused = client.post(count, {"votes_for": 4, "against": 1, "abstentions": 0})
    assert "无效" in refused.content.decode()
    failed = client.post(count, {"votes_for": 2, "against": 2, "abstentions": 0}, follow=True)
    assert "还差 1 票" in failed.content.decode()

    assert "归档前还缺" in page(client.get(address))
    client.post(reverse("party:minutes", args=[meeting.pk]), {"minutes": "示例记录"})
    client.post(reverse("party:attach", args=[meeting.pk]), {"kind": "roll", "file": photo()})
    client.post(reverse("party:close", args=[meeting.pk]))

    meeting.refresh_from_db()
    assert meeting.state == MeetingState.CLOSED
    paper = client.get(reverse("party:minutes_paper", args=[meeting.pk]))
    assert paper.headers["Content-Type"] == "application/pdf"
    assert paper.content.startswith(b"%PDF")
    ledger = page(client.get(reverse("party:ledger", args=[branch.pk]) + f"?year={year}"))
    assert "2 赞成、2 不赞成、0 弃权" in ledger


def test_a_joint_meeting_offers_no_vote_and_refuses_one(client, secretary, branch):
    meeting = MeetingFactory(organisation=branch, kind=MeetingKind.JOINT)
    address = reverse("party:meeting", args=[meeting.pk])

    assert "不作党组织决议" in page(client.get(address))
    answer = client.post(
        reverse("party:propose", args=[meeting.pk]), {"title": "决议", "ballot": "hands"}
    )

    assert answer.status_code == 422
    assert not meeting.motions.exists()


@pytest.mark.parametrize(("act", "state"), [("discard", "discarded"), ("cancel", "cancelled")])
def test_counter_acts_ask_why(client, secretary, branch, act, state):
    start = MeetingState.HELD if act == "discard" else MeetingState.PLANNED
    meeting = MeetingFactory(organisation=branch, state=start)
    address = reverse(f"party:{act}", args=[meeting.pk])

    assert client.post(address, {"reason": ""}).status_code == 422
    client.post(address, {"reason": "登记错了"})

    meeting.refresh_from_db()
    assert (meeting.state, meeting.set_aside_reason) == (state, "登记错了")


# ------------------------------------------------------------------ the tree by clicks


def test_the_secretariat_sets_up_the_first_and_a_second_person_opens_it(client):
    load_rules()
    first, second, holder = (make_user(Role.SECRETARIAT) for _ in range(3))
    holder.role_grants.all().delete()
    client.force_login(first)
    client.post(
        reverse("party:found_top"),
        {"name": "示例综合党委", "kind": "integrated_committee", "superior": "示例上级"},
    )
    top = PartyOrganisation.objects.get()
    client.post(
        reverse("party:appoint_first") + f"?organisation={top.pk}",
        {
            "role": "secretary",
            "name": "示例某",
            "starts_on": "2026-01-01",
            "user": holder.username,
        },
    )
    post = Post.objects.get()
    confirm = reverse("party:confirm_access", args=[post.pk])

    client.post(confirm)
    post.refresh_from_db()
    assert post.access_confirmed_at is None
    client.force_login(second)
    assert "确认开通" in page(client.get(reverse("party:totals")))
    client.post(confirm)
    post.refresh_from_db()
    assert post.access_confirmed_by == second
    client.force_login(holder)
    assert top.name in page(client.get(reverse("party:organisations")))


def test_totals_show_numbers_and_nobody(client, branch):
    PostFactory(organisation=branch, name="示例书记某")
    for role in (Role.SECRETARIAT, Role.REGULATOR):
        client.force_login(make_user(role))
        shown = page(client.get(reverse("party:totals")))
        assert "5<small>名</small>" in shown
        for member in branch.members.all():
            assert member.name not in shown
        assert "示例书记某" not in shown
    assert branch.name not in shown


def test_a_local_rule_is_entered_by_its_numbers(client, secretary, branch):
    rule = PartyRuleFactory(code="sample.min", value={"min": 1, "freq": "monthly"})

    client.post(
        reverse("party:local_rule", args=[rule.pk]),
        {
            "organisation": branch.pk,
            "starts_on": "2026-01-01",
            "source": "示例文件",
            "number_min": "2",
        },
    )

    local = branch.local_rules.get()
    assert (local.value, local.status) == ({"min": 2, "freq": "monthly"}, "local")


# ------------------------------------------------------------------ the work list by clicks


def test_a_task_goes_through_two_pairs_of_hands(client, secretary, branch):
    CalendarDayFactory()
    WorkItemFactory(metric="nobody.knows")
    client.post(reverse("party:set_out", args=[branch.pk]), {"year": "2026"})
    task = WorkTask.objects.first()
    address = reverse("party:work_task", args=[task.pk])
    assert "系统暂无数据，人工填报" in page(client.get(address))

    client.post(reverse("party:attach_work", args=[task.pk]), {"evidence": "记录", "file": photo()})
    refused = client.post(
        reverse("party:report_work", args=[task.pk]), {"note": "已办", "figure": "3 次"}
    )
    assert "截至哪一天" in refused.content.decode()
    client.post(
        reverse("party:report_work", args=[task.pk]),
        {"note": "已办", "figure": "3 次", "figure_on": "2026-01-31", "figure_paper": "台账"},
    )
    own = client.post(reverse("party:review_work", args=[task.pk]), {"decision": "pass"})
    assert "不能自己审核" in own.content.decode()

    client.force_login(secretary_of(branch, PostRole.ORGANISATION))
    client.post(reverse("party:review_work", args=[task.pk]), {"decision": "pass"})
    task.refresh_from_db()
    assert task.state == "done"
    assert "3 次，截至 2026年1月31日，出自台账" in page(client.get(address))


@pytest.mark.parametrize("count", [1, 3])
def test_the_register_asks_the_same_number_of_queries(
    client, secretary, branch, count, django_assert_num_queries
):
    PartyMemberFactory.create_batch(count, organisation=branch)

    with django_assert_num_queries(11):
        client.get(reverse("party:members"))


@pytest.mark.parametrize("count", [1, 3])
def test_the_matrix_asks_the_same_number_of_queries(
    client, secretary, branch, count, django_assert_num_queries
):
    MeetingFactory.create_batch(count, organisation=branch)

    with django_assert_num_queries(13):
        client.get(reverse("party:meetings"))


def test_shops_and_strangers_are_turned_away(client, branch):
    address = reverse("party:members")
    assert client.get(address).status_code == 302
    client.force_login(owner_of(PharmacyFactory()))
    assert client.get(address).status_code == 403


def test_a_login_without_a_role_comes_home_to_the_own_record(client, branch):
    member, person = PartyMemberFactory(organisation=branch), UserFactory()
    member_actions.link_login(member, person, by=secretary_of(branch), now=NOON)
    client.force_login(person)

    assert client.get("/").url == reverse("party:mine")
    client.force_login(UserFactory())
    assert client.get("/").status_code == 200


def test_the_party_secretary_comes_home_to_the_room(client, secretary):
    assert client.get("/").url == reverse("party:desk")
