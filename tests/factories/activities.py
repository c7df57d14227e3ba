"""Duties, obligations, activities and what hangs on them."""

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import factory
from django.utils import timezone

from activities.enums import ActivityState, PaperKind, Programme, Rhythm
from activities.models import (
    Activity,
    ActivityPaper,
    Attendance,
    CharityCredit,
    Duty,
    Fulfilment,
    Obligation,
)
from tests.factories.accounts import UserFactory
from tests.factories.association import StoredFileFactory
from tests.factories.members import PharmacyFactory


class DutyFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Duty

    code = factory.Sequence(lambda n: f"duty/T{n}")
    name = "一志愿"
    full_name = "每月一志愿"
    programme = Programme.SIX_ONES
    rhythm = Rhythm.MONTH
    due_rule = "last_workday"
    lead_days = [7, 3]
    papers = "照片"
    source = "示例依据"
    starts_on = date(2024, 1, 1)


class ObligationFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Obligation

    duty = factory.SubFactory(DutyFactory)
    period_start = date(2026, 3, 1)
    period_end = date(2026, 3, 31)
    due_on = date(2026, 3, 31)


class ActivityFactory(factory.django.DjangoModelFactory):
    """A record; ``verified=True`` for one that counts."""

    class Meta:
        model = Activity
        skip_postgeneration_save = True

    class Params:
        verified = factory.Trait(
            state=ActivityState.VERIFIED,
            verified_at=factory.LazyFunction(timezone.now),
            verified_by=factory.SubFactory(UserFactory),
            verifications=1,
        )

    title = factory.Sequence(lambda n: f"示例义诊{n}")
    held_on = date(2026, 3, 14)
    recorded_at = factory.LazyFunction(
        lambda: datetime(2026, 3, 15, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
    )
    recorded_by = factory.SubFactory(UserFactory)

    @factory.post_generation
    def obligations(activity, create, extracted, **kwargs):  # noqa: N805 -- factory_boy's own shape
        for obligation in extracted or ():
            FulfilmentFactory(activity=activity, obligation=obligation)


class FulfilmentFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Fulfilment

    activity = factory.SubFactory(ActivityFactory)
    obligation = factory.SubFactory(ObligationFactory)


class ActivityPaperFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ActivityPaper

    activity = factory.SubFactory(ActivityFactory)
    stored = factory.SubFactory(StoredFileFactory)
    kind = PaperKind.PAPER
    added_at = factory.LazyFunction(timezone.now)
    added_by = factory.SubFactory(UserFactory)


class AttendanceFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Attendance

    activity = factory.SubFactory(ActivityFactory)
    pharmacy = factory.SubFactory(PharmacyFactory)
    people = 1


class CharityCreditFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = CharityCredit

    activity = factory.SubFactory(ActivityFactory, verified=True)
    pharmacy = factory.SubFactory(PharmacyFactory)
    code = "bonus/B01"
    quantity = Decimal(1)
    unit = "times"
    earned_on = date(2026, 3, 14)
    round = 1
    entered_at = factory.LazyFunction(timezone.now)
    entered_by = factory.SubFactory(UserFactory)
