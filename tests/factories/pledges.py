"""Pledge texts, campaigns and pledges."""

from datetime import date

import factory
from django.utils import timezone

from pledges.enums import PledgeState
from pledges.models import Campaign, Clause, Pledge, PledgeText
from tests.factories.accounts import UserFactory
from tests.factories.members import PharmacyFactory


class ClauseFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Clause

    seq = factory.Sequence(lambda n: n + 1)
    key = factory.Sequence(lambda n: f"clause_{n}")
    title = "守法经营"
    text = "持有效证照，按核准的方式经营。"
    cites = ["item/R01"]


class PledgeTextFactory(factory.django.DjangoModelFactory):
    """A text with two clauses, ``law`` and ``service``; ``clauses=[]`` for none."""

    class Meta:
        model = PledgeText
        skip_postgeneration_save = True

    title = "示例自律承诺书"
    version = factory.Sequence(lambda n: f"{n}.0")
    preamble = "自愿作出以下承诺。"
    created_at = factory.LazyFunction(timezone.now)

    @factory.post_generation
    def clauses(text, create, extracted, **kwargs):  # noqa: N805 -- factory_boy's own shape
        keys = ("law", "service") if extracted is None else extracted
        for seq, key in enumerate(keys, start=1):
            ClauseFactory(text_version=text, seq=seq, key=key, title=f"示例条款{seq}")


class CampaignFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Campaign

    text = factory.SubFactory(PledgeTextFactory)
    year = factory.Sequence(lambda n: 2026 + n)
    starts_on = date(2026, 1, 1)
    ends_on = date(2026, 12, 31)
    sign_by = date(2026, 1, 31)
    opened_at = factory.LazyFunction(timezone.now)
    opened_by = factory.SubFactory(UserFactory)


class PledgeFactory(factory.django.DjangoModelFactory):
    """An invitation; ``signed=True`` for one with a signature."""

    class Meta:
        model = Pledge

    class Params:
        signed = factory.Trait(
            state=PledgeState.SIGNED,
            signed_at=factory.LazyFunction(timezone.now),
            signed_by=factory.SubFactory(UserFactory),
            signed_name="示例负责人",
            text_sha256="0" * 64,
            ticked=["law", "service"],
        )

    campaign = factory.SubFactory(CampaignFactory)
    pharmacy = factory.SubFactory(PharmacyFactory)
    invited_at = factory.LazyFunction(timezone.now)
