"""People, sub-districts and roles for tests.

``make_user(Role.SECRETARIAT)`` is a person with that role everywhere;
``UserFactory(roles=[Role.INSPECTOR, Role.REGULATOR])`` one with several. Scoped roles (owner,
staff, head office) need a place: ``tests.factories.members.owner_of(pharmacy)``.
"""

import hashlib
from datetime import timedelta

import factory
from django.utils import timezone

from accounts.models import Area, Invitation, RoleGrant, User
from accounts.roles import GLOBAL_ROLES, Role

PASSWORD = "示例密码 twelve-long"


class AreaFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Area

    code = factory.Sequence(lambda n: f"A{n:03}")
    name = factory.Sequence(lambda n: f"示例街道{n}")
    order = factory.Sequence(lambda n: n % 1000)


class UserFactory(factory.django.DjangoModelFactory):
    """A person with a login; ``roles=[…]`` grants association-wide roles, confirmed."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"user{n}")
    real_name = factory.Sequence(lambda n: f"示例用户{n}")
    email = factory.LazyAttribute(lambda made: f"{made.username}@example.test")
    password = factory.django.Password(PASSWORD)

    @factory.post_generation
    def roles(user, create, extracted, **kwargs):  # noqa: N805 -- factory_boy's own shape
        for role in extracted or ():
            RoleGrantFactory(user=user, role=role)


class RoleGrantFactory(factory.django.DjangoModelFactory):
    """A confirmed grant; ``waiting=True`` for one that still needs its second person."""

    class Meta:
        model = RoleGrant

    class Params:
        waiting = factory.Trait(confirmed_at=None, confirmed_by=None, is_first=False)

    user = factory.SubFactory(UserFactory)
    role = Role.SECRETARIAT
    granted_at = factory.LazyFunction(timezone.now)
    confirmed_at = factory.LazyFunction(timezone.now)
    is_first = True


class InvitationFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Invitation

    user = factory.SubFactory(UserFactory)
    token_digest = factory.Sequence(lambda n: hashlib.sha256(str(n).encode()).hexdigest())
    created_at = factory.LazyFunction(timezone.now)
    expires_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=14))


def make_user(role: Role | None = None, *, area: Area | None = None, **fields) -> User:
    """Return a person with ``role`` everywhere or in ``area``; without a role a bare login."""
    user = UserFactory(**fields)
    if role is not None:
        if role not in GLOBAL_ROLES:
            raise ValueError(f"{role} holds at a place: use tests.factories.members.")
        RoleGrantFactory(user=user, role=role, area=area)
    return user
