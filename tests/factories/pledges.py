"""Pledge texts, campaigns and pledges."""

from datetime import date

import factory
from django.utils import timezone

from pledges.enums import ConfirmedWith, PledgeState, SigningWay
from pledges.models import (
    Breach,
    BreachDecision,
    BreachFile,
    BreachLevel,
    Campaign,
    Clause,
    Mandate,
    Offer,
    Pledge,
    PledgeText,
    Receipt,
    SigningDraft,
)
from tests.factories.accounts import UserFactory
from tests.factories.association import StoredFileFactory
from tests.factories.members import MemberUnitFactory, PharmacyFactory


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
            way=SigningWay.ONLINE,
            confirmed_with=ConfirmedWith.PASSWORD,
            receipt_token=factory.Sequence(lambda n: f"receipt{n:015}"),
        )

    campaign = factory.SubFactory(CampaignFactory)
    pharmacy = factory.SubFactory(PharmacyFactory)
    invited_at = factory.LazyFunction(timezone.now)


class SigningDraftFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = SigningDraft

    pledge = factory.SubFactory(PledgeFactory)
    person = factory.SubFactory(UserFactory)
    opened_at = factory.LazyFunction(timezone.now)
    saved_at = factory.LazyFunction(timezone.now)


class ReceiptFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Receipt

    pledge = factory.SubFactory(PledgeFactory, signed=True)
    issue = 1
    file = factory.SubFactory(StoredFileFactory)
    sha256 = factory.Sequence(lambda n: f"{n:064x}")
    issued_at = factory.LazyFunction(timezone.now)


class MandateFactory(factory.django.DjangoModelFactory):
    """A mandate for this year."""

    class Meta:
        model = Mandate

    unit = factory.SubFactory(MemberUnitFactory)
    paper = factory.SubFactory(StoredFileFactory)
    starts_on = factory.LazyFunction(lambda: timezone.localdate().replace(month=1, day=1))
    ends_on = factory.LazyFunction(lambda: timezone.localdate().replace(month=12, day=31))
    recorded_at = factory.LazyFunction(timezone.now)
    recorded_by = factory.SubFactory(UserFactory)


class OfferFactory(factory.django.DjangoModelFactory):
    """A stamped paper that waits for the second person."""

    class Meta:
        model = Offer

    pledge = factory.SubFactory(PledgeFactory, state=PledgeState.AWAITING)
    way = SigningWay.PAPER
    signed_name = "示例负责人"
    scan = factory.SubFactory(StoredFileFactory)
    offered_at = factory.LazyFunction(timezone.now)
    offered_by = factory.SubFactory(UserFactory)


class BreachLevelFactory(factory.django.DjangoModelFactory):
    """Level 2 of the content, whose name nobody reads."""

    class Meta:
        model = BreachLevel
        django_get_or_create = ("level",)

    level = 2
    title = "约谈"
    trigger = "同项二次违诺"
    measure = "约谈，书面整改"
    hearing_days = 5
    least_deciders = 2
    names_for = "nobody"


class BreachFactory(factory.django.DjangoModelFactory):
    """A breach that the shop has been told of."""

    class Meta:
        model = Breach

    pledge = factory.SubFactory(PledgeFactory, signed=True)
    clause = factory.LazyAttribute(
        lambda breach: breach.pledge.campaign.text.clauses.order_by("seq").first()
    )
    level = factory.SubFactory(BreachLevelFactory)
    state = "notified"
    facts = "示例事实"
    source_kind = "inspection"
    source_label = "示例抽查"
    opened_at = factory.LazyFunction(timezone.now)
    opened_by = factory.SubFactory(UserFactory)
    notified_at = factory.LazyFunction(timezone.now)
    hear_until = factory.LazyFunction(timezone.localdate)


class BreachFileFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = BreachFile

    breach = factory.SubFactory(BreachFactory)
    file = factory.SubFactory(StoredFileFactory)


class BreachDecisionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = BreachDecision

    breach = factory.SubFactory(BreachFactory)
    number = 1
    level = factory.SubFactory(BreachLevelFactory)
    reasons = "示例理由"
    minutes = factory.SubFactory(StoredFileFactory)
    decided_at = factory.LazyFunction(timezone.now)
    recorded_by = factory.SubFactory(UserFactory)
