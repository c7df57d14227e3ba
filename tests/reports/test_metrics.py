"""Figures of the work list: each against a case counted by hand, and none from nothing."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from party import metrics as registry
from party.enums import MeetingKind, MeetingState, PostRole
from party.metrics import Figure
from pledges.enums import PledgeState
from reports import metrics
from tests.factories.activities import ActivityFactory, DutyFactory, ObligationFactory
from tests.factories.members import MemberUnitFactory, PharmacyFactory
from tests.factories.party import (
    CoveredUnitFactory,
    MeetingFactory,
    PartyMemberFactory,
    PartyOrganisationFactory,
    PostFactory,
    load_rules,
)
from tests.factories.pledges import CampaignFactory, PledgeFactory

pytestmark = pytest.mark.django_db

SHANGHAI = ZoneInfo("Asia/Shanghai")
START, END, TODAY = date(2026, 1, 1), date(2026, 3, 31), date(2026, 4, 2)


@pytest.fixture
def branch():
    load_rules()
    return PartyOrganisationFactory(has_committee=True)


def asked(name: str, branch, start=START, end=END, today=TODAY) -> Figure | None:
    return registry.figure(name, branch, start, end, today)


def test_what_is_registered_is_what_the_list_names():
    assert set(metrics.METRICS) <= registry.names()
    assert "review.rate" not in registry.names()
    assert "fee.rate" not in registry.names()


def test_a_branch_of_which_nothing_is_known_gets_no_figure(branch):
    empty = [
        name
        for name in ("coverage.org", "coverage.coach", "cross_post", "exec_ratio", "pledge.rate",
                     "data.complete", "license.expired", "six_ones.volunteer",
                     "six_ones.lecture_service", "clinic.count", "star.rate")
        if asked(name, branch) is not None
    ]  # fmt: skip

    assert empty == []


def test_seats_and_posts(branch):
    member = PartyMemberFactory(organisation=branch, is_executive=True)
    other = PartyMemberFactory(organisation=branch)
    assert asked("staff.fulltime", branch) == Figure(
        "0 名", is_met=False, url=branch.get_absolute_url()
    )
    PostFactory(organisation=branch, member=member)
    PostFactory(organisation=branch, role=PostRole.ORGANISATION, member=other)
    PostFactory(organisation=branch, role=PostRole.FULLTIME_WORKER)
    PostFactory(organisation=None, role=PostRole.SECRETARY_GENERAL, member=other)

    assert asked("org.committee", branch).text == "2/4 个岗位，50%"
    assert asked("staff.fulltime", branch).is_met is True
    assert asked("exec_ratio", branch).text == "1/2 名，50%"
    assert asked("cross_post", branch).is_met is False
    PostFactory(organisation=None, role=PostRole.DEPUTY_SECRETARY_GENERAL, member=member)
    assert asked("cross_post", branch).text == "书记兼任副秘书长"


def test_coverages_and_terms(branch):
    unit, far = MemberUnitFactory(), MemberUnitFactory()
    PartyMemberFactory.create_batch(3, organisation=branch, unit=unit)
    PartyMemberFactory(organisation=branch, unit=far)

    assert asked("coverage.org", branch).text == "0/1 家，0%"
    assert asked("coverage.joint", branch).text == "0/1 家，0%"
    assert asked("coverage.coach", branch).text == "0/2 家，0%"
    CoveredUnitFactory(organisation=branch, unit=unit)
    PostFactory(organisation=None, unit=far, role=PostRole.COACH)
    assert asked("coverage.org", branch).is_met is True
    assert asked("coverage.coach", branch).text == "1/1 家，100%"
    assert asked("term.due", branch).text == "1/1 个，100%"
    assert asked("term.due", branch, today=date(2027, 7, 1)).is_met is False


def held(branch, kind, month, day=20, state=MeetingState.HELD):
    MeetingFactory(
        organisation=branch,
        kind=kind,
        state=state,
        starts_at=datetime(2026, month, day, 15, tzinfo=SHANGHAI),
    )


def test_meetings_are_counted_where_their_period_has_ended(branch):
    for month in (1, 2):
        held(branch, MeetingKind.COMMITTEE, month)
        held(branch, MeetingKind.THEME_DAY, month)
    held(branch, MeetingKind.GENERAL, 2)
    held(branch, MeetingKind.THEME_DAY, 3, state=MeetingState.PLANNED)

    # general 1 of 1, committee 2 of 3, lecture 0 of 1; no groups, so nothing is owed for them
    assert asked("meeting.ontime", branch).text == "3/5 次，60%"
    assert asked("themeday", branch).text == "2/3 次，66%"


def test_the_association_s_own_work(branch):
    unit = MemberUnitFactory()
    known = PharmacyFactory(unit=unit, phone="000-6000000", licence_expires_on=date(2026, 4, 1))
    PharmacyFactory(unit=unit, phone="", licence_expires_on=None)
    campaign = CampaignFactory(year=2026)
    PledgeFactory(campaign=campaign, pharmacy=known)

    assert asked("data.complete", branch).text == "1/2 家药店，50%"
    expired = asked("license.expired", branch)
    assert (expired.text, expired.is_met, expired.note) == (
        "过期 1 家",
        False,
        "另有 1 家没有登记有效期",
    )
    assert asked("pledge.rate", branch).text == "0/1 家药店，0%"
    assert campaign.pledges.filter(state=PledgeState.SIGNED).count() == 0


def test_activities_count_once_verified(branch):
    volunteer = ObligationFactory(duty=DutyFactory(code="duty/B01"))
    clinic = ObligationFactory(duty=DutyFactory(code="duty/D01"))
    assert asked("six_ones.volunteer", branch).text == "0/1 次，0%"

    ActivityFactory(obligations=[volunteer, clinic], verified=True)

    assert asked("six_ones.volunteer", branch).text == "1/1 次，100%"
    assert asked("clinic.count", branch).text == "今年 1 场"
