"""One search over the rooms, and nobody finds what they may not see."""

import pytest
from django.urls import reverse

from accounts.roles import Role
from tests.factories.accounts import UserFactory, make_user
from tests.factories.inspections import ViolationFactory
from tests.factories.members import PharmacyFactory, owner_of
from tests.factories.starrating import AssessmentFactory, AwardFactory, ReviewAssignmentFactory

pytestmark = pytest.mark.django_db


def search(client, user, typed, **query):
    client.force_login(user)
    return client.get(reverse("reports:search"), {"q": typed, **query})


def test_the_only_shop_found_opens_at_once(client):
    shop = PharmacyFactory(name="示例橘井药房")
    answer = search(client, make_user(Role.SECRETARIAT), "橘井药房")
    assert answer.url == reverse("members:shop", args=[shop.pk])


def test_several_things_are_listed_by_kind(client):
    PharmacyFactory(name="示例康宁药房甲店")
    PharmacyFactory(name="示例康宁药房乙店")
    shown = search(client, make_user(Role.SECRETARIAT), "康宁").content.decode()
    assert "示例康宁药房甲店" in shown
    assert "示例康宁药房乙店" in shown
    assert "找到 2 项" in shown


def test_a_certificate_is_found_by_its_number(client):
    award = AwardFactory(serial="2026-0088")
    answer = search(client, make_user(Role.SECRETARIAT), "2026-00")
    assert answer.url == reverse("reports:verify", args=[award.token])


def test_a_reviewer_finds_own_cases_and_no_others(client):
    reviewer = make_user(Role.REVIEWER)
    mine = AssessmentFactory(pharmacy__name="示例益民药房")
    AssessmentFactory(pharmacy__name="示例益民药店", cycle=mine.cycle)
    ReviewAssignmentFactory(assessment=mine, reviewer=reviewer)
    answer = search(client, reviewer, "益民")
    assert answer.url.endswith(f"case={mine.pk}")


def test_an_owner_finds_neither_other_shops_nor_leads(client):
    own = PharmacyFactory(name="示例同心药房")
    ViolationFactory(pharmacy__name="示例同心药店", document_number="同心〔2026〕1号")
    answer = search(client, owner_of(own), "同心")
    assert answer.url == reverse("members:shop", args=[own.pk])


@pytest.mark.parametrize("typed", ["", "药", "  "], ids=["nothing", "one character", "blanks"])
def test_too_little_is_not_searched(client, typed):
    PharmacyFactory(name="示例药房")
    answer = search(client, make_user(Role.SECRETARIAT), typed)
    assert "示例药房" not in answer.content.decode()


def test_nothing_found_says_what_to_try(client):
    shown = search(client, make_user(Role.SECRETARIAT), "没有这家").content.decode()
    assert "没有找到“没有这家”" in shown
    assert "换个简称试试" in shown


def test_a_login_without_a_role_finds_nothing(client):
    PharmacyFactory(name="示例橘井药房")
    assert "没有找到" in search(client, UserFactory(), "橘井").content.decode()


@pytest.mark.parametrize("shops", [2, 5])
def test_a_search_costs_the_same_queries_for_two_and_five(client, shops, django_assert_num_queries):
    for number in range(shops):
        PharmacyFactory(name=f"示例康宁药房{number}店")
    search(client, make_user(Role.SECRETARIAT), "康宁")
    with django_assert_num_queries(12):
        client.get(reverse("reports:search"), {"q": "康宁"})
