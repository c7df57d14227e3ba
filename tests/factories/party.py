"""Party organisations, the companies they cover, posts."""

from datetime import date

import factory
from django.utils import timezone

from accounts.models import User
from party.enums import OrganisationKind, PostRole
from party.models import CoveredUnit, PartyOrganisation, Post
from tests.factories.accounts import UserFactory
from tests.factories.members import MemberUnitFactory


class PartyOrganisationFactory(factory.django.DjangoModelFactory):
    """A branch; ``kind=OrganisationKind.GROUP, parent=…`` for a group in it."""

    class Meta:
        model = PartyOrganisation

    name = factory.Sequence(lambda n: f"示例第{n}党支部")
    kind = OrganisationKind.BRANCH
    founded_on = date(2021, 7, 1)
    document = "示例批〔2021〕1号"
    term_starts_on = date(2024, 7, 1)
    term_ends_on = date(2027, 6, 30)
    created_at = factory.LazyFunction(timezone.now)


class CoveredUnitFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = CoveredUnit

    organisation = factory.SubFactory(PartyOrganisationFactory)
    unit = factory.SubFactory(MemberUnitFactory)
    starts_on = date(2021, 7, 1)


class PostFactory(factory.django.DjangoModelFactory):
    """A post; ``user=…`` gives its holder a login that a second person has confirmed."""

    class Meta:
        model = Post

    organisation = factory.SubFactory(PartyOrganisationFactory)
    role = PostRole.SECRETARY
    name = factory.Sequence(lambda n: f"示例某{n}")
    starts_on = date(2024, 7, 1)
    created_at = factory.LazyFunction(timezone.now)
    created_by = factory.SubFactory(UserFactory)
    access_confirmed_at = factory.LazyAttribute(
        lambda made: timezone.now() if made.user is not None else None
    )
    access_confirmed_by = factory.LazyAttribute(
        lambda made: UserFactory() if made.user is not None else None
    )
    user = None


def secretary_of(organisation: PartyOrganisation, role: str = PostRole.SECRETARY) -> User:
    """Return a person who keeps the ledger of ``organisation`` and of those below it."""
    return PostFactory(organisation=organisation, role=role, user=UserFactory()).user
