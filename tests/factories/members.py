"""Companies, shops and the people who answer for them."""

import unicodedata
from datetime import date

import factory
from django.utils import timezone
from pypinyin import Style, lazy_pinyin

from accounts.models import User
from accounts.roles import Role
from members.models import MemberUnit, Pharmacy, Position, Tenure
from tests.factories.accounts import AreaFactory, UserFactory


def folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split()).lower()


def initials(text: str) -> str:
    return "".join(lazy_pinyin(text, style=Style.FIRST_LETTER))[:100].lower()


def sort_key(text: str) -> str:
    return " ".join(lazy_pinyin(text))[:200].lower()


class MemberUnitFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = MemberUnit

    name = factory.Sequence(lambda n: f"示例医药有限公司{n}")
    name_folded = factory.LazyAttribute(lambda made: folded(made.name))
    name_initials = factory.LazyAttribute(lambda made: initials(made.name))
    name_sort = factory.LazyAttribute(lambda made: sort_key(made.name))


class PharmacyFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Pharmacy

    unit = factory.SubFactory(MemberUnitFactory)
    name = factory.Sequence(lambda n: f"示例大药房第{n}店")
    area = factory.SubFactory(AreaFactory)
    address = factory.Sequence(lambda n: f"示例路{n}号")
    licence_number = factory.Sequence(lambda n: f"示例-DA-{n:04}")
    licence_expires_on = date(2029, 12, 31)
    joined_on = date(2020, 1, 1)
    opened_on = date(2020, 1, 1)
    public_token = factory.Sequence(lambda n: f"token{n:06}")
    name_folded = factory.LazyAttribute(lambda made: folded(made.name))
    address_folded = factory.LazyAttribute(lambda made: folded(made.address))
    name_initials = factory.LazyAttribute(lambda made: initials(made.name))
    name_sort = factory.LazyAttribute(lambda made: sort_key(made.name))
    created_at = factory.LazyFunction(timezone.now)
    updated_at = factory.LazyFunction(timezone.now)


class TenureFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Tenure

    pharmacy = factory.SubFactory(PharmacyFactory)
    unit = factory.SelfAttribute("pharmacy.unit")


class PositionFactory(factory.django.DjangoModelFactory):
    """A person at one shop; ``unit=…, pharmacy=None`` for one who answers for a company."""

    class Meta:
        model = Position

    user = factory.SubFactory(UserFactory)
    role = Role.OWNER
    pharmacy = factory.SubFactory(PharmacyFactory)
    starts_on = date(2020, 1, 1)
    created_at = factory.LazyFunction(timezone.now)


def owner_of(*pharmacies: Pharmacy) -> User:
    """Return a person who owns each of ``pharmacies``."""
    user = UserFactory()
    for pharmacy in pharmacies:
        PositionFactory(user=user, pharmacy=pharmacy, role=Role.OWNER)
    return user


def staff_of(pharmacy: Pharmacy) -> User:
    """Return an employee of ``pharmacy``."""
    return PositionFactory(pharmacy=pharmacy, role=Role.STAFF).user


def head_office_of(unit: MemberUnit) -> User:
    """Return a person of the head office of ``unit``."""
    return PositionFactory(unit=unit, pharmacy=None, role=Role.HEAD_OFFICE).user
