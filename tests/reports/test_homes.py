"""The first page of each role: what must be done, by when and why."""

from datetime import date, timedelta

import pytest

from accounts.roles import Role
from inspections.models import Violation
from reports.queries.stage_card import stage_card
from reports.queries.workbench import situation
from starrating.models import Assessment
from tests.factories.accounts import UserFactory, make_user
from tests.factories.inspections import ViolationFactory
from tests.factories.members import PharmacyFactory, owner_of
from tests.factories.starrating import (
    AssessmentFactory,
    CycleFactory,
    MarkPaperFactory,
    ReviewAssignmentFactory,
)

pytestmark = pytest.mark.django_db


def home(client, user):
    client.force_login(user)
    return client.get("/", follow=True).content.decode()


@pytest.fixture
def cycle():
    return CycleFactory(entry_closes_on=date(2099, 11, 30), review_closes_on=date(2099, 12, 31))


def test_the_secretariat_sees_who_is_late_and_who_has_no_reviewer(client, cycle):
    AssessmentFactory(cycle=cycle)
    shown = home(client, make_user(Role.SECRETARIAT))
    assert "提醒 1 家没交自评的药店" in shown
    assert "给 1 家药店分派评审员" in shown


def test_a_bonus_paper_waits_for_somebody_else_than_its_author(client, cycle):
    author, other = make_user(Role.SECRETARIAT), make_user(Role.SECRETARIAT)
    MarkPaperFactory(cycle=cycle, bonus=True, value_count=1, entered_by=author)
    assert "确认 1 份加分材料" not in home(client, author)
    assert "确认 1 份加分材料" in home(client, other)


def test_a_reviewer_sees_only_the_own_cases(client, cycle):
    reviewer = make_user(Role.REVIEWER)
    mine = AssessmentFactory(cycle=cycle)
    AssessmentFactory(cycle=cycle)
    owner = UserFactory()
    Assessment.objects.update(
        state="submitted",
        submitted_at="2026-11-01T00:00Z",
        submitted_by=owner,
        confirmed_at="2026-11-01T00:00Z",
        confirmed_by=owner,
    )
    assert "评审 " not in home(client, reviewer)
    ReviewAssignmentFactory(assessment=mine, reviewer=reviewer)
    assert "评审 1 家药店的自评" in home(client, reviewer)


def test_the_adjudicator_is_asked_for_the_second_signature_but_not_twice(client, cycle):
    cycle.state, cycle.gate_first_by, cycle.gate_first_at = (
        "review",
        UserFactory(),
        "2026-12-01T00:00Z",
    )
    cycle.save()
    assert f"{cycle.name}质量审核第二签" in home(client, make_user(Role.ADJUDICATOR))


def test_the_reviewers_page_lists_the_cases_that_can_be_passed_now(client, cycle):
    reviewer, owner = make_user(Role.REVIEWER), UserFactory()
    mine = AssessmentFactory(cycle=cycle)
    ReviewAssignmentFactory(assessment=mine, reviewer=reviewer)
    assert "等您评审的药店" not in home(client, reviewer)
    Assessment.objects.update(
        state="submitted",
        submitted_at="2026-11-01T00:00Z",
        submitted_by=owner,
        confirmed_at="2026-11-01T00:00Z",
        confirmed_by=owner,
    )
    shown = home(client, reviewer)
    assert "等您评审的药店" in shown
    assert mine.pharmacy.name in shown


def test_the_inspector_sees_the_open_leads_of_the_district(client):
    lead = ViolationFactory()
    shown = home(client, make_user(Role.INSPECTOR))
    assert lead.pharmacy.name in shown
    assert lead.title in shown


def test_an_empty_installation_leads_from_the_profile_to_the_first_cycle(client):
    secretary = make_user(Role.SECRETARIAT)
    shown = home(client, secretary)
    assert "开始使用" in shown
    assert shown.count("btn-p") == 1
    CycleFactory()
    assert "开始使用" not in home(client, secretary)


@pytest.mark.parametrize(
    ("days", "says"),
    [
        pytest.param([], "现在没有要办的事", id="nothing"),
        pytest.param([None], "有 1 件要办，今天没有到期的", id="no day"),
        pytest.param([0, 0, 5], "今天有 2 件必须办完", id="today"),
        pytest.param([-3, 0], "今天有 1 件必须办完，1 件已过期限", id="late and today"),
    ],
)
def test_the_situation_is_said_in_one_line(days, says):
    today = date(2026, 11, 20)
    tasks = [{"due": None if d is None else today + timedelta(days=d)} for d in days]
    assert situation(tasks, today=today) == says


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ("draft", "还没有开放自评。"),
        ("self_review", "自评在 2099年11月30日 24:00 截止，之后转入评审。"),
        ("review", "评审和试评都已办完，可以送质量审核，由两人签字。"),
        ("gated", "质量审核已通过，接下来把结果和理由告知每家药店。"),
    ],
)
def test_the_card_says_what_holds_the_cycle_up(cycle, state, says):
    cycle.state = state
    cycle.save()
    assert stage_card(cycle, today=date(2099, 11, 1)).holds_up == says


def test_the_card_counts_the_days_to_the_end_of_the_stage(cycle):
    ends = cycle.entry_closes_on
    chips = [stage_card(cycle, today=ends + timedelta(days=n)).chip for n in (-10, 0, 1)]
    words = cycle.get_state_display()
    assert chips == [f"{words} · 还有 10 天", f"{words} · 今天截止", f"{words} · 已过截止日 1 天"]


def test_the_owner_sees_the_one_thing_owed_and_until_when(client, cycle):
    assessment = AssessmentFactory(cycle=cycle)
    shown = home(client, owner_of(assessment.pharmacy))
    assert "自评开始了" in shown
    assert "11月30日（周一） 24:00 前提交" in shown
    assert "6 部分已好 0 部分" in shown


def test_an_owner_of_two_shops_switches_and_stays_there(client, cycle):
    first, second = PharmacyFactory(), PharmacyFactory()
    owner = owner_of(first, second)
    client.force_login(owner)
    client.get("/", {"shop": second.pk})
    assert f"<h1>{second.name}</h1>" in client.get("/").content.decode()


def test_a_foreign_shop_cannot_be_chosen(client):
    own, foreign = PharmacyFactory(), PharmacyFactory()
    client.force_login(owner_of(own))
    shown = client.get("/", {"shop": foreign.pk}).content.decode()
    assert foreign.name not in shown


def test_a_login_without_any_role_gets_a_page_and_no_rights(client):
    assert "工作台" in home(client, UserFactory())
    assert not Violation.objects.exists()
