"""The tree by its acts: founding, moving, terms, posts and access, local rules, coverage."""

import threading
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, connection

from accounts.permissions import allowed_somewhere
from accounts.roles import Permission, Role
from association.models import AuditEvent
from party import queries
from party.actions import organisations as actions
from party.enums import OrganisationKind, PostRole, Standing
from party.models import PartyOrganisation, PartyRule, Post
from party.queries import organisations as tree
from tests.factories.accounts import UserFactory, make_user
from tests.factories.members import MemberUnitFactory
from tests.factories.party import (
    CoveredUnitFactory,
    PartyMemberFactory,
    PartyOrganisationFactory,
    PostFactory,
    branch_with,
    load_rules,
)

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 20, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
TODAY = date(2026, 3, 20)


@pytest.fixture
def rules():
    load_rules()


def facts(**more) -> actions.OrganisationFacts:
    return actions.OrganisationFacts(**{"name": "示例党支部", "kind": "branch"} | more)


def test_found_writes_the_row_and_one_line():
    committee = PartyOrganisationFactory(kind=OrganisationKind.COMMITTEE)
    made = actions.found(facts(parent=committee), by=UserFactory(), now=NOON)

    assert made.parent == committee
    assert AuditEvent.objects.get().act == "party.organisation_founded"


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"kind": "group"}, actions.WrongParentError),
        ({"founded_on": date(2026, 3, 21)}, actions.DaysOutOfOrderError),
    ],
    ids=["a group on top", "founded tomorrow"],
)
def test_found_refuses_and_writes_nothing(more, error):
    with pytest.raises(error):
        actions.found(facts(**more), by=UserFactory(), now=NOON)

    assert not PartyOrganisation.objects.exists()
    assert not AuditEvent.objects.exists()


def test_a_branch_stands_under_no_branch_and_a_name_once():
    branch = PartyOrganisationFactory(name="示例甲")

    with pytest.raises(actions.WrongParentError, match="不能设在"):
        actions.found(facts(parent=branch), by=UserFactory(), now=NOON)
    with pytest.raises(actions.NameTakenError):
        actions.found(facts(name="示例甲"), by=UserFactory(), now=NOON)


def test_an_organisation_does_not_move_below_itself():
    top = PartyOrganisationFactory(kind=OrganisationKind.COMMITTEE, name="示例甲")
    below = PartyOrganisationFactory(kind=OrganisationKind.COMMITTEE, name="示例乙", parent=top)

    with pytest.raises(actions.WrongParentError, match="就在"):
        actions.change(
            top, facts(name="示例甲", kind="committee", parent=below), by=UserFactory(), now=NOON
        )

    top.refresh_from_db()
    assert top.parent is None


@pytest.mark.django_db(transaction=True)
def test_two_moves_in_the_same_second_make_no_cycle():
    one = PartyOrganisationFactory(kind=OrganisationKind.COMMITTEE)
    other = PartyOrganisationFactory(kind=OrganisationKind.COMMITTEE)
    start, outcomes = threading.Barrier(2), []

    def move(what, under):
        start.wait()
        try:
            PartyOrganisation.objects.filter(pk=what.pk).update(parent=under)
            outcomes.append("moved")
        except IntegrityError:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=move, args=pair) for pair in ((one, other), (other, one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["moved", "refused"]


# ------------------------------------------------------------------ terms


def test_a_term_ends_by_the_rule_of_the_day_and_the_next_follows(rules):
    branch = PartyOrganisationFactory(term_starts_on=None, term_ends_on=None)
    by = UserFactory()

    first = actions.begin_term(
        branch, elected_on=date(2020, 7, 1), document="示例1号", by=by, now=NOON
    )
    assert first.term_ends_on == date(2023, 7, 1)
    second = actions.begin_term(
        branch, elected_on=date(2023, 6, 20), document="示例2号", by=by, now=NOON
    )

    assert second.term_ends_on == date(2026, 6, 20)
    assert AuditEvent.objects.latest("pk").detail["before"] == "2023-07-01"


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"document": " "}, actions.DocumentMissingError),
        ({"elected_on": date(2026, 3, 21)}, actions.DaysOutOfOrderError),
        ({"elected_on": date(2024, 7, 1)}, actions.DaysOutOfOrderError),
    ],
    ids=["no paper", "tomorrow", "before the present term"],
)
def test_an_election_that_cannot_be_is_refused(rules, more, error):
    branch = PartyOrganisationFactory()

    with pytest.raises(error):
        actions.begin_term(
            branch,
            **{"elected_on": date(2026, 1, 5), "document": "示例"} | more,
            by=UserFactory(),
            now=NOON,
        )

    branch.refresh_from_db()
    assert branch.term_ends_on == date(2027, 6, 30)


@pytest.mark.parametrize(
    ("day", "is_taken"),
    [
        (date(2028, 7, 1), True),
        (date(2028, 7, 2), False),
        (date(2026, 7, 1), True),
        (date(2026, 6, 30), False),
    ],
    ids=["a year later", "a day more", "a year earlier", "a day less"],
)
def test_a_term_is_shifted_by_a_year_at_most(rules, day, is_taken):
    branch = PartyOrganisationFactory(
        term_starts_on=date(2024, 7, 1), term_ends_on=date(2027, 7, 1)
    )

    def shift():
        return actions.shift_term(branch, ends_on=day, document="示例", by=UserFactory(), now=NOON)

    if is_taken:
        assert shift().term_ends_on == day
    else:
        with pytest.raises(actions.DaysOutOfOrderError, match="最长 1 年"):
            shift()


def test_only_an_empty_organisation_is_dissolved():
    branch = branch_with(1)
    PostFactory(organisation=branch)
    PartyOrganisationFactory(kind=OrganisationKind.GROUP, parent=branch)

    with pytest.raises(actions.NotEmptyError, match="党员、下级党组织、在任岗位"):
        actions.dissolve(branch, on=TODAY, document="示例", by=UserFactory(), now=NOON)
    empty = PartyOrganisationFactory()
    actions.dissolve(empty, on=TODAY, document="示例", by=UserFactory(), now=NOON)

    assert set(PartyOrganisation.objects.standing()) >= {branch}
    assert empty not in PartyOrganisation.objects.standing()


# ------------------------------------------------------------------ posts and access


def post_facts(**more) -> actions.PostFacts:
    return actions.PostFacts(
        **{"role": PostRole.SECRETARY, "name": "示例某", "starts_on": date(2026, 1, 1)} | more
    )


def test_access_needs_a_second_person_and_closes_with_the_post():
    branch, asker, second = PartyOrganisationFactory(), UserFactory(), UserFactory()
    holder = UserFactory()
    post = actions.appoint(branch, post_facts(user=holder), by=asker, now=NOON)
    assert not allowed_somewhere(holder, Permission.PARTY_VIEW)

    for nobody in (asker, holder):
        with pytest.raises(actions.SamePersonError):
            actions.confirm_access(post, by=nobody, now=NOON)
    actions.confirm_access(post, by=second, now=NOON)
    fresh = type(holder).objects.get(pk=holder.pk)
    assert allowed_somewhere(fresh, Permission.PARTY_VIEW)
    with pytest.raises(actions.AlreadyEndedError):
        actions.confirm_access(post, by=second, now=NOON)

    actions.end_post(post, ends_on=TODAY, reason="调动", by=asker, now=NOON)
    gone = type(holder).objects.get(pk=holder.pk)
    assert not allowed_somewhere(gone, Permission.PARTY_VIEW)


@pytest.mark.parametrize(
    ("place", "more", "error"),
    [
        ("branch", {"role": PostRole.PRESIDENT}, actions.WrongPlaceError),
        (None, {}, actions.WrongPlaceError),
        (None, {"role": PostRole.COACH}, actions.WrongPlaceError),
        ("group", {}, actions.WrongPlaceError),
        ("branch", {"role": PostRole.GROUP_LEADER}, actions.WrongPlaceError),
        ("taken", {}, actions.SeatTakenError),
        ("branch", {"role": PostRole.PUBLICITY, "login": True}, actions.WrongPlaceError),
    ],
    ids=[
        "president of a branch",
        "secretary of nothing",
        "instructor of nothing",
        "secretary of a group",
        "group leader of a branch",
        "a second secretary",
        "a login that keeps nothing",
    ],
)
def test_posts_that_do_not_exist_are_refused(place, more, error):
    branch = PartyOrganisationFactory()
    group = PartyOrganisationFactory(kind=OrganisationKind.GROUP, parent=branch)
    taken = PostFactory().organisation
    at = {"branch": branch, "group": group, "taken": taken, None: None}[place]
    user = UserFactory() if more.pop("login", False) else None

    with pytest.raises(error):
        actions.appoint(at, post_facts(**more, user=user), by=UserFactory(), now=NOON)

    assert Post.objects.count() == 1


def test_one_person_here_and_in_the_association():
    member = PartyMemberFactory()
    secretary = PostFactory(organisation=member.organisation)
    general = PostFactory(organisation=None, role=PostRole.SECRETARY_GENERAL, member=member)
    PostFactory(organisation=None, role=PostRole.PRESIDENT)

    assert dict(tree.cross_appointments())[general] == []
    actions.identify(secretary, member, by=UserFactory(), now=NOON)

    assert dict(tree.cross_appointments())[general] == [secretary]


def test_a_vacancy_says_since_when(rules):
    branch = PartyOrganisationFactory(has_committee=True, founded_on=date(2021, 7, 1))
    PostFactory(organisation=branch)
    PostFactory(
        organisation=branch,
        role=PostRole.DISCIPLINE,
        ends_on=date(2026, 2, 28),
        ended_at=NOON,
        ended_by=UserFactory(),
    )

    empty = tree.facts_of([branch], today=TODAY)[branch.pk]["vacancies"]

    assert [(vacancy.role, vacancy.days(TODAY)) for vacancy in empty] == [
        ("organisation", 1723),
        ("publicity", 1723),
        ("discipline", 19),
    ]


# ------------------------------------------------------------------ rules and coverage


def test_loading_the_rules_twice_enters_them_once(rules):
    before = PartyRule.objects.count()

    load_rules()

    assert PartyRule.objects.count() == before == 40
    assert not PartyRule.objects.filter(source="").exists()
    book = queries.rule_book(TODAY)
    assert (book.branch_from, book.branch_up_to, book.committee_from) == (3, 50, 7)
    assert book.term_watch == (180, 90, 60, 30)


def test_the_nearest_local_rule_wins_and_the_past_keeps_its_own(rules):
    top = PartyOrganisationFactory(kind=OrganisationKind.COMMITTEE)
    branch = PartyOrganisationFactory(parent=top)
    other = PartyOrganisationFactory()
    by = UserFactory()
    code = "org.branch.min_full_members"

    def local(where, value, day):
        actions.set_local_rule(
            where, code, value, starts_on=day, source="示例文件", by=by, now=NOON
        )

    local(top, 5, date(2026, 1, 1))
    local(branch, 6, date(2026, 3, 1))

    def least(day, where):
        return queries.rule_book(day, where).branch_from

    assert least(date(2025, 12, 31), branch) == 3
    assert least(date(2026, 2, 28), branch) == 5
    assert least(date(2026, 3, 1), branch) == 6
    assert least(date(2026, 3, 1), top) == 5
    assert least(date(2026, 3, 1), other) == 3
    with pytest.raises(actions.AlreadyCoveredError):
        local(branch, 7, date(2026, 3, 1))
    with pytest.raises(actions.UnknownRuleError):
        actions.set_local_rule(top, "no.rule", 1, starts_on=TODAY, source="示例", by=by, now=NOON)


def test_the_board_names_the_companies_that_are_not_covered(rules):
    branch = PartyOrganisationFactory()
    own, wide, far = MemberUnitFactory(), MemberUnitFactory(), MemberUnitFactory()
    CoveredUnitFactory(organisation=branch, unit=own)
    PartyMemberFactory.create_batch(3, organisation=branch, unit=own)
    PartyMemberFactory.create_batch(3, organisation=branch, unit=wide)
    PartyMemberFactory(organisation=branch, unit=wide, standing=Standing.PROBATIONARY)

    board = tree.coverage([branch.pk], today=TODAY)

    assert board.organisation.missing == (wide.pk,)
    assert board.own_branch.missing == (wide.pk,)
    assert set(board.work.missing) == {wide.pk, far.pk}
    actions.appoint(None, post_facts(role=PostRole.COACH, unit=far), by=UserFactory(), now=NOON)
    assert tree.coverage([branch.pk], today=TODAY).work.missing == (wide.pk,)


def test_a_company_leaves_and_comes_back():
    branch, unit, by = PartyOrganisationFactory(), MemberUnitFactory(), UserFactory()
    first = actions.cover(branch, unit, starts_on=date(2026, 1, 1), by=by, now=NOON)
    with pytest.raises(actions.AlreadyCoveredError):
        actions.cover(branch, unit, starts_on=date(2026, 1, 1), by=by, now=NOON)
    actions.uncover(first, ends_on=date(2026, 2, 1), by=by, now=NOON)
    with pytest.raises(actions.AlreadyEndedError):
        actions.uncover(first, ends_on=date(2026, 2, 1), by=by, now=NOON)
    actions.cover(branch, unit, starts_on=date(2026, 3, 1), by=by, now=NOON)

    assert branch.covered_units.count() == 2


def test_totals_hold_numbers_and_no_name(rules):
    branch = branch_with(3, probationary=1)
    PostFactory(organisation=branch)

    found = queries.totals(today=TODAY)

    assert found["members"] == {
        "here": 4,
        "elsewhere": 0,
        "full": 3,
        "probationary": 1,
        "floating": 0,
    }
    assert branch.name not in str(found)
    assert branch.members.first().name not in str(found)


def test_the_number_of_queries_does_not_grow_with_the_tree(rules, django_assert_num_queries):
    for count in (1, 4):
        for _ in range(count):
            PostFactory(organisation=branch_with(2))
        organisations = list(PartyOrganisation.objects.all())
        with django_assert_num_queries(9):
            tree.facts_of(organisations, today=TODAY)


def test_only_those_who_may_found_see_the_logins_that_wait():
    post = PostFactory(user=UserFactory(), access_confirmed_at=None, access_confirmed_by=None)

    assert Post.objects.visible_to(make_user(Role.SECRETARIAT)).get() == post
    assert not Post.objects.visible_to(make_user(Role.REGULATOR)).exists()
