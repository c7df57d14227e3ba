"""What reviewers do, and who may not."""

from datetime import UTC, datetime

import pytest

from accounts.roles import Role
from association.models import AuditEvent, Delivery
from association.workflow import ForbiddenMoveError
from starrating.actions import entry, review
from starrating.models import Assessment, ReviewAssignment
from tests.factories.accounts import UserFactory, make_user
from tests.factories.members import MemberUnitFactory, PharmacyFactory, PositionFactory, owner_of
from tests.factories.starrating import (
    AssessmentFactory,
    CycleFactory,
    ReviewAssignmentFactory,
    best_answers,
)

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def reviewer():
    return make_user(Role.REVIEWER)


def handed_in(reviewer=None, **answers):
    """A confirmed sheet with best answers but those given, assigned to ``reviewer``."""
    assessment = AssessmentFactory()
    owner = owner_of(assessment.pharmacy)
    sheet = best_answers(assessment.cycle.scheme) | answers
    entry.save_answers(assessment, answers=sheet, by=owner, now=NOW)
    entry.submit(assessment, by=owner, now=NOW)
    if reviewer is not None:
        ReviewAssignmentFactory(assessment=assessment, reviewer=reviewer)
    return Assessment.objects.get(pk=assessment.pk)


def test_a_pass_takes_the_shops_values_and_the_reviewers_corrections(reviewer):
    assessment = handed_in(reviewer, S03="0")
    review.pass_(assessment, values={"S03": "2"}, opinion="现场看过", by=reviewer, now=NOW)
    fresh = Assessment.objects.get(pk=assessment.pk)
    assert (fresh.state, fresh.reviewed_by) == ("reviewed", reviewer)
    assert fresh.sheet["S03"]["self"]["value"] == "0"
    assert fresh.sheet["S03"]["reviewed"]["value"] == "2"
    assert fresh.sheet["S01"]["reviewed"]["value"] == "符合"
    event = AuditEvent.objects.get(act="rating.reviewed")
    assert event.detail == {"changed": {"S03": ["0", "2"]}, "opinion": "现场看过"}


@pytest.mark.parametrize(
    ("value", "state"),
    [pytest.param("", "confirmed", id="accepted"), pytest.param("符合", "refused", id="not")],
)
def test_a_claim_is_confirmed_with_the_pass_or_answered_with_a_value(reviewer, value, state):
    assessment = handed_in(reviewer)
    Assessment.objects.filter(pk=assessment.pk).update(
        sheet=assessment.sheet | {"S06": {"na": {"reason": "不拆零"}}}
    )
    review.pass_(assessment, values={"S06": value}, by=reviewer, now=NOW)
    entry_now = Assessment.objects.get(pk=assessment.pk).sheet["S06"]
    assert f"{state}_at" in entry_now["na"]
    assert ("reviewed" in entry_now) == (state == "refused")


def test_a_value_that_does_not_fit_names_the_item_and_changes_nothing(reviewer):
    assessment = handed_in(reviewer)
    with pytest.raises(review.ReviewedValueError, match="质量管理制度"):
        review.pass_(assessment, values={"S03": "许多"}, by=reviewer, now=NOW)
    fresh = Assessment.objects.get(pk=assessment.pk)
    assert (fresh.state, fresh.sheet) == ("submitted", assessment.sheet)


def test_an_unconfirmed_sheet_cannot_pass(reviewer):
    assessment = handed_in(reviewer)
    Assessment.objects.filter(pk=assessment.pk).update(confirmed_at=None, confirmed_by=None)
    with pytest.raises(review.NotConfirmedError, match="还没有确认"):
        review.pass_(assessment, by=reviewer, now=NOW)


def test_a_return_tells_the_shop_what_to_supply_and_opens_the_sheet(reviewer):
    assessment = handed_in(reviewer)
    review.return_(assessment, notes={"S03": "请补制度目录照片"}, by=reviewer, now=NOW)
    fresh = Assessment.objects.get(pk=assessment.pk)
    assert (fresh.state, fresh.confirmed_at) == ("returned", None)
    assert list(fresh.notes.values_list("item", "text")) == [("S03", "请补制度目录照片")]
    message = Delivery.objects.get().message
    assert "请补制度目录照片" in message.body
    assert message.link == f"/ratings/{assessment.pk}/fill/"
    owner = Delivery.objects.get().recipient
    entry.save_answers(fresh, answers={"S03": "1"}, by=owner, now=NOW)
    entry.submit(fresh, by=owner, now=NOW)
    review.return_(fresh, opinion="照片看不清", by=reviewer, now=NOW.replace(hour=3))
    assert Delivery.objects.count() == 2


def test_a_return_without_a_word_is_refused(reviewer):
    assessment = handed_in(reviewer)
    with pytest.raises(review.ReasonMissingError):
        review.return_(assessment, notes={"S03": "  "}, by=reviewer, now=NOW)
    assert Assessment.objects.get(pk=assessment.pk).state == "submitted"
    assert Delivery.objects.count() == 0


def test_a_reviewed_case_can_go_back_before_the_gate_and_not_after(reviewer):
    assessment = handed_in(reviewer)
    review.pass_(assessment, by=reviewer, now=NOW)
    review.return_(assessment, opinion="补照片", by=reviewer, now=NOW)
    assert Assessment.objects.get(pk=assessment.pk).reviewed_by is None
    assessment.cycle.state = "gated"
    assessment.cycle.gate_first_by, assessment.cycle.gate_first_at = UserFactory(), NOW
    assessment.cycle.save()
    with pytest.raises(review.ReviewClosedError):
        review.return_(assessment, opinion="再补", by=reviewer, now=NOW)


def test_a_case_of_somebody_else_is_refused(reviewer):
    assessment = handed_in(make_user(Role.REVIEWER))
    with pytest.raises(review.NotAssignedError):
        review.pass_(assessment, by=reviewer, now=NOW)


def test_a_second_pass_is_refused(reviewer):
    assessment = handed_in(reviewer)
    review.pass_(assessment, by=reviewer, now=NOW)
    with pytest.raises(ForbiddenMoveError):
        review.pass_(assessment, by=reviewer, now=NOW)


@pytest.mark.parametrize("place", ["shop", "sister shop", "company"])
def test_a_reviewer_of_the_same_company_is_recused(place):
    reviewer = make_user(Role.REVIEWER)
    assessment = handed_in()
    unit = assessment.pharmacy.unit
    if place == "company":
        PositionFactory(user=reviewer, pharmacy=None, unit=unit, role=Role.HEAD_OFFICE)
    else:
        shop = assessment.pharmacy if place == "shop" else PharmacyFactory(unit=unit)
        PositionFactory(user=reviewer, pharmacy=shop, role=Role.STAFF)
    with pytest.raises(review.RecusedError):
        review.assign(assessment, reviewer=reviewer, by=UserFactory(), now=NOW)
    assert not assessment.assignments.exists()


def test_a_reviewer_who_joins_the_company_later_cannot_decide(reviewer):
    assessment = handed_in(reviewer)
    PositionFactory(user=reviewer, pharmacy=assessment.pharmacy, role=Role.STAFF)
    with pytest.raises(review.RecusedError):
        review.pass_(assessment, by=reviewer, now=NOW)


def test_cases_are_shared_evenly_and_never_to_the_own_company():
    first, second = make_user(Role.REVIEWER), make_user(Role.REVIEWER)
    cycle = CycleFactory()
    own = MemberUnitFactory()
    PositionFactory(user=first, pharmacy=None, unit=own, role=Role.HEAD_OFFICE)
    for _ in range(3):
        AssessmentFactory(cycle=cycle)
    tied = AssessmentFactory(cycle=cycle, pharmacy=PharmacyFactory(unit=own))
    given = review.assign_evenly(cycle, reviewers=[first, second], by=UserFactory(), now=NOW)
    assert given == (4, 0)
    assert ReviewAssignment.objects.get(assessment=tied).reviewer == second
    assert ReviewAssignment.objects.filter(reviewer=first).count() == 2
    again = review.assign_evenly(cycle, reviewers=[first, second], by=UserFactory(), now=NOW)
    assert again == (0, 0)


def test_a_shop_tied_to_every_reviewer_is_counted_not_given():
    only = make_user(Role.REVIEWER)
    assessment = AssessmentFactory()
    PositionFactory(user=only, pharmacy=assessment.pharmacy, role=Role.STAFF)
    given = review.assign_evenly(assessment.cycle, reviewers=[only], by=UserFactory(), now=NOW)
    assert given == (0, 1)


def test_a_new_assignment_ends_the_old_one(reviewer):
    assessment = handed_in(reviewer)
    other = make_user(Role.REVIEWER)
    review.assign(assessment, reviewer=other, by=UserFactory(), now=NOW)
    assert assessment.assignments.get(ended_at=None).reviewer == other
    assert assessment.assignments.count() == 2
