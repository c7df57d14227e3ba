from datetime import date

import pytest

from accounts.roles import Role
from inspections import queries
from tests.factories.accounts import make_user
from tests.factories.inspections import ViolationFactory
from tests.factories.members import owner_of

pytestmark = pytest.mark.django_db

LAST_YEAR = date(2025, 1, 1)
YEAR = (date(2026, 1, 1), date(2026, 12, 31))


@pytest.mark.parametrize("count", [1, 3])
def test_veto_facts_answer_for_a_set_with_one_query(count, django_assert_num_queries):
    facts = ViolationFactory.create_batch(count, established=True)

    with django_assert_num_queries(1):
        answer = queries.veto_facts([fact.pharmacy_id for fact in facts], *YEAR)

    assert len(answer) == count
    assert answer[facts[0].pharmacy_id] == [
        {
            "id": f"violation/{facts[0].pk}",
            "code": "V05",
            "register_code": "veto/V05",
            "name": "从非法渠道购进药品",
            "document": "示例罚〔2026〕12号",
            "authority": "示例区市场监督管理局",
            "since": date(2026, 3, 1),
            "until": None,
        }
    ]


@pytest.mark.parametrize(
    ("fact", "counts"),
    [
        ({}, False),
        ({"in_review": True}, False),
        ({"established": True}, True),
        ({"established": True, "starts_on": date(2027, 1, 1)}, False),
        (
            {"established": True, "starts_on": date(2025, 1, 1), "ends_on": date(2025, 12, 31)},
            False,
        ),
        ({"established": True, "starts_on": date(2025, 1, 1), "ends_on": date(2026, 1, 1)}, True),
    ],
    ids=["lead", "in review", "open end", "later", "over before", "last day is the first"],
)
def test_only_established_facts_of_the_period_count(fact, counts):
    violation = ViolationFactory(**fact)

    assert bool(queries.veto_facts([violation.pharmacy_id], *YEAR)) is counts


def test_pending_facts_name_the_stage():
    lead = ViolationFactory()
    ViolationFactory(established=True, pharmacy=lead.pharmacy)

    assert queries.pending_facts([lead.pharmacy_id]) == {
        lead.pharmacy_id: [
            {"id": f"violation/{lead.pk}", "name": "从非法渠道购进药品", "stage": "线索"}
        ]
    }


def test_who_prepared_it_is_offered_everything_but_to_establish():
    judge = make_user(Role.ADJUDICATOR)
    own = ViolationFactory(in_review=True, prepared_by=judge)
    other = ViolationFactory(in_review=True)

    assert queries.acts_open_to(judge, own) == ("dismiss",)
    assert queries.acts_open_to(judge, other) == ("establish", "dismiss")
    assert queries.waiting_for_decision(judge) == 1
    assert queries.waiting_for_decision(make_user(Role.SECRETARIAT)) == 0


def test_the_shop_sees_established_facts_and_nothing_of_leads():
    lead = ViolationFactory()
    owner, clerk = owner_of(lead.pharmacy), make_user(Role.SECRETARIAT)

    assert queries.shop_panel(owner, lead.pharmacy) is None
    assert queries.shop_panel(clerk, lead.pharmacy)["violations"] == [lead]
    fact = ViolationFactory(established=True, pharmacy=lead.pharmacy)
    assert queries.shop_panel(owner, lead.pharmacy)["violations"] == [fact]
    assert queries.shop_panel(make_user(Role.REVIEWER), lead.pharmacy) is None
