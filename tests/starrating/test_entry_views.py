"""The owner's pages and the reviewer's workspace through the door."""

from datetime import datetime, time

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from starrating.models import Assessment
from tests.factories.accounts import make_user
from tests.factories.members import owner_of
from tests.factories.pledges import CampaignFactory, PledgeFactory
from tests.factories.starrating import (
    AssessmentFactory,
    CycleFactory,
    ReviewAssignmentFactory,
    best_answers,
)
from tests.starrating.test_entry_actions import photo

pytestmark = pytest.mark.django_db


@pytest.fixture
def assessment():
    return AssessmentFactory(
        cycle=CycleFactory(entry_closes_on="2099-11-30", review_closes_on="2099-12-31")
    )


@pytest.fixture
def owner(client, assessment):
    user = owner_of(assessment.pharmacy)
    client.force_login(user)
    return user


def fields(assessment, part):
    """What the browser would send for a part with best answers."""
    answers = best_answers(assessment.cycle.scheme)
    data = {}
    section = next(s for s in assessment.cycle.scheme.rules.sections if s.code == part)
    for code in section.items:
        actual, _, due = answers[code].partition("/")
        data |= {f"{code}-actual": actual, f"{code}-due": due} if due else {code: answers[code]}
    return data


def test_the_owner_walks_all_parts_without_script_and_hands_in(client, owner, assessment):
    assert client.get(reverse("starrating:mine")).url == f"/ratings/{assessment.pk}/fill/"
    address = reverse("starrating:fill_part", args=[assessment.pk, "s1"])
    while "/fill/" in address:
        part = address.rstrip("/").rsplit("/", 1)[1]
        assert client.get(address).status_code == 200
        address = client.post(address, fields(assessment, part)).url
    assert address == reverse("starrating:check", args=[assessment.pk])
    refused = client.post(address)
    assert refused.status_code == 422
    assert "请先勾选“我确认以上内容属实”" in refused.content.decode()
    client.post(address, {"is_truthful": "1"})
    assert Assessment.objects.get(pk=assessment.pk).state == "submitted"
    assert (
        "自评已交给协会"
        in client.get(reverse("starrating:fill", args=[assessment.pk])).content.decode()
    )


def test_a_bad_answer_comes_back_with_what_was_typed(client, owner, assessment):
    address = reverse("starrating:fill_part", args=[assessment.pk, "s1"])
    answer = client.post(address, {"S01": "符合", "S03": "许多"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "有 1 处要改，其余已保存" in page
    assert 'value="许多"' in page
    assert Assessment.objects.get(pk=assessment.pk).sheet["S01"]["self"]["value"] == "符合"


def test_autosave_answers_with_the_time_and_the_problems(client, owner, assessment):
    address = reverse("starrating:fill_part", args=[assessment.pk, "s1"])
    answer = client.post(address, {"S01": "符合", "S03": "x"}, headers={"X-Autosave": "1"})
    body = answer.json()
    assert (answer.status_code, body["version"], set(body["problems"])) == (200, 1, {"S03"})
    assert len(body["saved_at"]) == 5


def test_a_photo_goes_up_and_is_seen_by_those_who_may(client, owner, assessment):
    client.post(
        reverse("starrating:attach", args=[assessment.pk]), {"item": "S03", "upload": photo()}
    )
    paper = assessment.evidence_files.get()
    address = reverse("starrating:evidence", args=[paper.pk])
    assert client.get(address)["Content-Type"] == "image/jpeg"
    client.force_login(owner_of(AssessmentFactory().pharmacy))
    assert client.get(address).status_code == 404
    client.logout()
    assert client.get(address).status_code == 302


def test_another_shops_sheet_does_not_exist(client, assessment):
    client.force_login(owner_of(AssessmentFactory().pharmacy))
    for name in ("fill", "check"):
        assert client.get(reverse(f"starrating:{name}", args=[assessment.pk])).status_code == 404


def test_the_secretariat_types_a_paper_sheet_with_the_signed_original(client, assessment):
    client.force_login(make_user(Role.SECRETARIAT))
    address = reverse("starrating:on_behalf", args=[assessment.pk])
    data = {}
    for section in assessment.cycle.scheme.rules.sections:
        data |= fields(assessment, section.code)
    refused = client.post(address, data | {"then": "submit"})
    assert "请上传药店签字的自评表" in refused.content.decode()
    client.post(address, data | {"then": "submit", "signed_paper": photo()})
    fresh = Assessment.objects.get(pk=assessment.pk)
    assert (fresh.state, fresh.is_on_behalf, fresh.confirmed_at) == ("submitted", True, None)
    owner = owner_of(assessment.pharmacy)
    client.force_login(owner)
    client.post(reverse("starrating:confirm", args=[assessment.pk]))
    assert Assessment.objects.get(pk=assessment.pk).confirmed_by == owner


@pytest.fixture
def case(assessment):
    Assessment.objects.filter(pk=assessment.pk).update(
        state="submitted",
        submitted_at="2026-11-01T00:00Z",
        submitted_by=(user := owner_of(assessment.pharmacy)),
        confirmed_at="2026-11-01T00:00Z",
        confirmed_by=user,
        sheet={
            code: {"self": {"value": value}}
            for code, value in best_answers(assessment.cycle.scheme).items()
        },
    )
    return assessment


def test_the_reviewer_opens_a_case_passes_it_and_comes_to_the_next(client, case):
    reviewer = make_user(Role.REVIEWER)
    ReviewAssignmentFactory(assessment=case, reviewer=reviewer)
    client.force_login(reviewer)
    address = reverse("starrating:review", args=[case.cycle_id])
    page = client.get(address, {"case": case.pk}).content.decode()
    assert "通过，看下一家" in page
    answer = client.post(reverse("starrating:decide", args=[case.pk]), {"decision": "pass"})
    assert answer.url == f"{address}?view=todo"
    assert Assessment.objects.get(pk=case.pk).state == "reviewed"


def test_a_return_without_words_keeps_the_case_open_with_a_sentence(client, case):
    reviewer = make_user(Role.REVIEWER)
    ReviewAssignmentFactory(assessment=case, reviewer=reviewer)
    client.force_login(reviewer)
    answer = client.post(reverse("starrating:decide", args=[case.pk]), {"decision": "return"})
    assert answer.status_code == 422
    assert "退回要写明补什么" in answer.content.decode()
    assert Assessment.objects.get(pk=case.pk).state == "submitted"


def test_a_reviewer_sees_only_what_was_assigned(client, case):
    client.force_login(make_user(Role.REVIEWER))
    page = client.get(reverse("starrating:review", args=[case.cycle_id])).content.decode()
    assert case.pharmacy.name not in page
    assert client.post(reverse("starrating:decide", args=[case.pk])).status_code == 404


@pytest.mark.parametrize("shops", [1, 3])
def test_the_work_list_costs_the_same_queries_for_one_and_three(
    client, shops, django_assert_num_queries
):
    cycle = CycleFactory()
    reviewer = make_user(Role.REVIEWER)
    for _ in range(shops):
        ReviewAssignmentFactory(assessment=AssessmentFactory(cycle=cycle), reviewer=reviewer)
    client.force_login(reviewer)
    address = reverse("starrating:review", args=[cycle.pk])
    client.get(address)
    with django_assert_num_queries(11):
        client.get(address, {"view": "all"})


def test_a_signed_pledge_is_known_and_suggests_the_answer(client, owner, assessment):
    address = reverse("starrating:fill_part", args=[assessment.pk, "s1"])
    before = client.get(address).content.decode()
    cycle = assessment.cycle
    campaign = CampaignFactory(
        year=cycle.ends_on.year,
        starts_on=cycle.starts_on,
        sign_by=cycle.starts_on,
        ends_on=cycle.ends_on,
    )
    signed_at = timezone.make_aware(datetime.combine(cycle.starts_on, time(12)))
    PledgeFactory(campaign=campaign, pharmacy=assessment.pharmacy, signed=True, signed_at=signed_at)

    after = client.get(address)

    row = next(row for row in after.context["rows"] if row.line.item.code == "S01")
    assert (row.answer, row.line.answer) == ("符合", "")
    assert row.known == "2026 年度承诺书已在 2026年1月1日签署"
    assert row.known in after.content.decode()
    assert row.known not in before
