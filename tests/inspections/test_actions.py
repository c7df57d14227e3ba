import threading
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from accounts.roles import GRANTS, Permission, Role
from association.models import AuditEvent, Delivery
from association.workflow import ForbiddenMoveError
from inspections import actions, queries
from inspections.enums import ViolationState
from inspections.models import Ground, Violation
from inspections.workflow import PERMISSION_FOR, VIOLATION
from tests.factories.accounts import UserFactory, make_user
from tests.factories.association import StoredFileFactory
from tests.factories.inspections import GroundFactory, ViolationFactory
from tests.factories.members import PharmacyFactory, PositionFactory, owner_of

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 20, 12, tzinfo=ZoneInfo("Asia/Shanghai"))


def draft(**more) -> actions.Draft:
    known = {"code": "veto/V05", "facts": "示例事实。", "starts_on": date(2026, 3, 1)}
    return actions.Draft(**known | more)


def test_prepare_enters_a_lead_with_the_words_of_the_list():
    GroundFactory()
    clerk = make_user(Role.SECRETARIAT)

    lead = actions.prepare(PharmacyFactory(), draft(), by=clerk, now=NOON)

    assert (lead.state, lead.title, lead.prepared_by) == ("lead", "从非法渠道购进药品", clerk)
    assert AuditEvent.objects.get().act == "violation.prepared"


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"code": "veto/V99"}, actions.GroundUnknownError),
        ({"ends_on": date(2026, 2, 1)}, actions.DaysError),
        ({"decided_on": date(2026, 3, 21)}, actions.DaysError),
    ],
    ids=["unknown ground", "ends before it starts", "a paper from tomorrow"],
)
def test_prepare_refuses_and_writes_nothing(more, error):
    GroundFactory()

    with pytest.raises(error):
        actions.prepare(PharmacyFactory(), draft(**more), by=make_user(), now=NOON)

    assert not Violation.objects.exists()
    assert not AuditEvent.objects.exists()


def test_review_names_what_is_missing_and_amend_completes_it():
    GroundFactory()
    lead = ViolationFactory()
    clerk = make_user()

    with pytest.raises(actions.PaperMissingError, match="还缺文书号、作出机关、文书日期、依据文件"):
        actions.review(lead, by=clerk, now=NOON)
    actions.amend(
        lead,
        draft(document_number="示例罚1号", authority="示例局", decided_on=date(2026, 3, 2)),
        paper=StoredFileFactory(),
        by=clerk,
        now=NOON,
    )
    reviewed = actions.review(lead, by=clerk, now=NOON)

    assert (reviewed.state, reviewed.reviewed_by) == ("in_review", clerk)
    assert list(AuditEvent.objects.order_by("pk").values_list("act", flat=True)) == [
        "violation.amended",
        "violation.reviewed",
    ]


def test_under_review_nobody_changes_what_is_written():
    GroundFactory()

    with pytest.raises(ForbiddenMoveError, match="复核中"):
        actions.amend(ViolationFactory(in_review=True), draft(), by=make_user(), now=NOON)


def test_establish_needs_a_second_person():
    violation = ViolationFactory(in_review=True)

    with pytest.raises(actions.SamePersonError, match="登记人不能自己认定"):
        actions.establish(violation, reason="属实", by=violation.prepared_by, now=NOON)

    assert Violation.objects.get().state == "in_review"
    assert not AuditEvent.objects.exists()


def test_establish_keeps_the_opinion_and_tells_the_owner():
    violation = ViolationFactory(in_review=True)
    owner = owner_of(violation.pharmacy)
    judge = make_user(Role.ADJUDICATOR)

    done = actions.establish(violation, reason="文书属实", by=judge, now=NOON)

    assert (done.state, done.established_by, done.established_reason) == (
        "established",
        judge,
        "文书属实",
    )
    assert AuditEvent.objects.get().detail["document"] == "示例罚〔2026〕12号"
    delivery = Delivery.objects.get()
    assert delivery.recipient == owner
    assert "暂不授星" in delivery.message.body


def test_a_lead_is_never_established_directly():
    with pytest.raises(ForbiddenMoveError, match="线索"):
        actions.establish(ViolationFactory(), reason="属实", by=make_user(), now=NOON)


@pytest.mark.parametrize("state", [{}, {"in_review": True}], ids=["lead", "in review"])
def test_dismiss_closes_with_a_reason(state):
    violation = ViolationFactory(**state)

    with pytest.raises(actions.ReasonMissingError):
        actions.dismiss(violation, reason=" ", by=make_user(), now=NOON)
    done = actions.dismiss(violation, reason="查无此事", by=make_user(), now=NOON)

    assert (done.state, done.closed_reason) == ("dismissed", "查无此事")
    assert AuditEvent.objects.get().act == "violation.dismissed"


def test_lift_takes_an_established_fact_back():
    violation = ViolationFactory(established=True)
    owner_of(violation.pharmacy)

    done = actions.lift(violation, reason="复议撤销处罚", by=make_user(), now=NOON)

    assert done.state == "lifted"
    assert AuditEvent.objects.get().detail == {"reason": "复议撤销处罚"}
    assert Delivery.objects.count() == 1
    with pytest.raises(ForbiddenMoveError):
        actions.lift(violation, reason="再撤", by=make_user(), now=NOON)


@pytest.mark.django_db(transaction=True)
def test_of_two_decisions_in_the_same_second_one_stands():
    violation = ViolationFactory(in_review=True)
    judges = [make_user(Role.ADJUDICATOR) for _ in range(2)]
    gate, outcomes = threading.Barrier(2), []

    def try_it(act, judge):
        try:
            gate.wait()
            outcomes.append(act(violation, reason="示例意见", by=judge, now=NOON).state)
        except ForbiddenMoveError:
            outcomes.append("refused")
        finally:
            connection.close()

    acts = [actions.establish, actions.dismiss]
    threads = [
        threading.Thread(target=try_it, args=pair) for pair in zip(acts, judges, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) in (["established", "refused"], ["dismissed", "refused"])


def test_load_grounds_twice_enters_them_once():
    document = {"grounds": [{"code": "veto/V01", "name": "示例", "basis": "", "order": 1}]}

    assert [actions.load_grounds(document, now=NOON) for _ in range(2)] == [1, 0]
    assert Ground.objects.count() == 1


def test_every_state_can_be_reached_and_every_act_has_a_door():
    reached, frontier = set(), {VIOLATION.initial}
    while frontier:
        reached |= frontier
        frontier = {
            VIOLATION.after(s, a) for s in frontier for a in VIOLATION.acts_from(s)
        } - reached

    assert reached == set(ViolationState.values)
    assert {act for _, act in VIOLATION.moves} == set(PERMISSION_FOR)


def test_no_role_both_prepares_and_establishes():
    both = {Permission.VIOLATION_PREPARE, Permission.VIOLATION_ESTABLISH}

    assert [role for role, held in GRANTS.items() if both <= held] == []


def test_nobody_decides_about_a_shop_of_their_own_company():
    violation = ViolationFactory(in_review=True)
    judge = make_user(Role.ADJUDICATOR)
    PositionFactory(user=judge, pharmacy=None, unit=violation.pharmacy.unit, role=Role.HEAD_OFFICE)

    for act in (actions.establish, actions.dismiss):
        with pytest.raises(actions.RecusedError):
            act(violation, reason="属实", by=judge, now=NOON)

    violation.refresh_from_db()
    assert violation.state == "in_review"
    assert queries.acts_open_to(judge, violation) == ()
    assert queries.is_recused(judge, violation)
    established = ViolationFactory(established=True, pharmacy=violation.pharmacy)
    with pytest.raises(actions.RecusedError):
        actions.lift(established, reason="复议撤销", by=judge, now=NOON)


def test_the_head_office_is_told_where_the_shop_has_no_owner():
    violation = ViolationFactory(in_review=True)
    office = UserFactory()
    PositionFactory(user=office, pharmacy=None, unit=violation.pharmacy.unit, role=Role.HEAD_OFFICE)

    actions.establish(violation, reason="属实", by=make_user(Role.ADJUDICATOR), now=NOON)

    delivery = Delivery.objects.get()
    assert delivery.recipient == office
    assert delivery.message.link == f"/members/shops/{violation.pharmacy_id}/"
    assert queries.was_told(violation, "establish")
    assert not queries.was_told(violation, "lift")


@pytest.mark.parametrize("documented", [False, True], ids=["without a paper", "with its paper"])
def test_a_second_writer_of_a_lead_is_told_to_look_again(documented):
    GroundFactory()
    lead = ViolationFactory(documented=documented)
    seen = actions.stamp(lead)
    actions.amend(lead, draft(facts="甲补充的事实"), seen=seen, by=make_user(), now=NOON)

    with pytest.raises(actions.LeadChangedError):
        actions.amend(lead, draft(facts="乙补充的事实"), seen=seen, by=make_user(), now=NOON)

    lead.refresh_from_db()
    assert lead.facts == "甲补充的事实"
