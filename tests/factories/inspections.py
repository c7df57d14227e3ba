"""Veto grounds and violations."""

from datetime import date

import factory
from django.utils import timezone

from inspections.enums import ViolationState
from inspections.models import Ground, Violation
from tests.factories.accounts import UserFactory
from tests.factories.association import StoredFileFactory
from tests.factories.members import PharmacyFactory


class GroundFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Ground
        django_get_or_create = ("code",)

    code = "veto/V05"
    name = "从非法渠道购进药品"


class ViolationFactory(factory.django.DjangoModelFactory):
    """A lead; ``documented=True`` with its paper, ``in_review=True``, ``established=True``."""

    class Meta:
        model = Violation

    class Params:
        documented = factory.Trait(
            document_number="示例罚〔2026〕12号",
            authority="示例区市场监督管理局",
            decided_on=date(2026, 3, 1),
            paper=factory.SubFactory(StoredFileFactory),
        )
        in_review = factory.Trait(documented=True, state=ViolationState.IN_REVIEW)
        established = factory.Trait(
            documented=True,
            state=ViolationState.ESTABLISHED,
            established_at=factory.LazyFunction(timezone.now),
            established_by=factory.SubFactory(UserFactory),
            established_reason="文书属实",
        )

    pharmacy = factory.SubFactory(PharmacyFactory)
    code = "veto/V05"
    title = "从非法渠道购进药品"
    facts = "示例事实。"
    starts_on = date(2026, 3, 1)
    prepared_at = factory.LazyFunction(timezone.now)
    prepared_by = factory.SubFactory(UserFactory)
