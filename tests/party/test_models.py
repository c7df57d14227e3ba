from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.permissions import allowed, allowed_somewhere, roles_anywhere
from accounts.roles import Permission, Role
from party.enums import OrganisationKind, PostRole
from party.models import PartyOrganisation, Post
from tests.factories.accounts import UserFactory, make_user
from tests.factories.members import MemberUnitFactory
from tests.factories.party import (
    CoveredUnitFactory,
    PartyOrganisationFactory,
    PostFactory,
    secretary_of,
)

pytestmark = pytest.mark.django_db


def refused(write) -> bool:
    try:
        with transaction.atomic():
            write()
    except IntegrityError:
        return True
    return False


def test_the_database_refuses_what_must_not_be():
    branch = PartyOrganisationFactory()
    rows = PartyOrganisation.objects.filter(pk=branch.pk)
    post = PostFactory(organisation=branch)
    posts = Post.objects.filter(pk=post.pk)
    covered = CoveredUnitFactory(organisation=branch)
    now = timezone.now()

    cases = {
        "kind known": lambda: rows.update(kind="club"),
        "own parent": lambda: rows.update(parent=branch),
        "group without branch": lambda: rows.update(kind=OrganisationKind.GROUP),
        "term in order": lambda: rows.update(term_ends_on=date(2020, 1, 1)),
        "half a term": lambda: rows.update(term_ends_on=None),
        "dissolved without document": lambda: rows.update(dissolved_on=date(2026, 1, 1)),
        "same name": lambda: PartyOrganisationFactory(name=branch.name),
        "unit twice": lambda: CoveredUnitFactory(organisation=branch, unit=covered.unit),
        "unit days": lambda: CoveredUnitFactory(ends_on=date(2020, 1, 1)),
        "role known": lambda: posts.update(role="chief"),
        "secretary of a company": lambda: posts.update(unit=covered.unit),
        "secretary of nothing": lambda: posts.update(organisation=None),
        "president of a branch": lambda: posts.update(role=PostRole.PRESIDENT),
        "coach of both": lambda: posts.update(role=PostRole.COACH, unit=covered.unit),
        "second secretary": lambda: PostFactory(organisation=branch),
        "post days": lambda: posts.update(ends_on=date(2020, 1, 1)),
        "ended by nobody": lambda: posts.update(ended_at=now),
        "confirmed by nobody": lambda: posts.update(access_confirmed_at=now),
        "confirmed without login": lambda: posts.update(
            access_confirmed_at=now, access_confirmed_by=UserFactory()
        ),
        "confirmed by who asked": lambda: posts.update(
            user=UserFactory(), access_confirmed_at=now, access_confirmed_by=post.created_by
        ),
    }

    assert [name for name, write in cases.items() if not refused(write)] == []
    assert not refused(
        lambda: posts.update(role=PostRole.COACH, organisation=None, unit=MemberUnitFactory())
    )


def chain() -> list[PartyOrganisation]:
    """Return committee, general branch, branch and group, each below the one before."""
    committee = PartyOrganisationFactory(kind=OrganisationKind.INTEGRATED_COMMITTEE)
    general = PartyOrganisationFactory(kind=OrganisationKind.GENERAL_BRANCH, parent=committee)
    branch = PartyOrganisationFactory(parent=general)
    group = PartyOrganisationFactory(kind=OrganisationKind.GROUP, parent=branch)
    return [committee, general, branch, group]


@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_a_tree_never_grows_into_itself(place):
    organisations = chain()
    top = organisations[0]

    assert refused(
        lambda: PartyOrganisation.objects.filter(pk=top.pk).update(parent=organisations[place])
    )
    assert PartyOrganisation.objects.get(pk=top.pk).parent is None


def test_a_keeper_sees_the_own_organisation_and_those_below():
    committee, general, branch, group = chain()
    sibling = PartyOrganisationFactory(parent=committee)

    seen = {
        holder: set(PartyOrganisation.objects.visible_to(secretary_of(holder)))
        for holder in (committee, branch)
    }

    assert seen[committee] == {committee, general, branch, group, sibling}
    assert seen[branch] == {branch, group}


def test_the_role_holds_below_and_nowhere_else():
    committee, general, branch, group = chain()
    secretary = secretary_of(general)

    assert [allowed(secretary, Permission.PARTY_MANAGE, each) for each in chain()] == [False] * 4
    assert [
        allowed(secretary, Permission.PARTY_MANAGE, each)
        for each in (committee, general, branch, group)
    ] == [False, True, True, True]
    assert roles_anywhere(secretary) == {Role.PARTY_SECRETARY}


@pytest.mark.parametrize(
    "more",
    [
        {"access_confirmed_at": None, "access_confirmed_by": None},
        {"role": PostRole.PUBLICITY},
        {"role": PostRole.DISCIPLINE},
        {"role": PostRole.COACH},
        {"starts_on": date.today() + timedelta(days=2)},  # noqa: DTZ011 -- any later day will do
        {"ends_on": date(2024, 12, 31)},
        {"user__is_active": False},
    ],
    ids=[
        "not confirmed",
        "publicity",
        "discipline",
        "instructor",
        "not yet begun",
        "ended",
        "login closed",
    ],
)
def test_a_post_that_opens_no_door(more):
    user = UserFactory(is_active=more.pop("user__is_active", True))
    post = PostFactory(user=user, **more)

    assert not allowed_somewhere(user, Permission.PARTY_VIEW)
    assert not PartyOrganisation.objects.visible_to(user).filter(pk=post.organisation_id).exists()


def test_a_dissolved_organisation_opens_no_door():
    branch = PartyOrganisationFactory(
        dissolved_on=date(2026, 1, 1), dissolved_document="示例批〔2026〕1号"
    )

    assert not roles_anywhere(secretary_of(branch))


@pytest.mark.parametrize("role", [Role.SECRETARIAT, Role.REGULATOR, Role.INSPECTOR])
def test_no_granted_role_sees_an_organisation(role):
    PartyOrganisationFactory()

    assert not PartyOrganisation.objects.visible_to(make_user(role)).exists()
    assert not allowed_somewhere(make_user(role), Permission.PARTY_VIEW)
