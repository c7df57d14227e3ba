"""Duties, obligations, activities and what hangs on them."""

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import factory
from django.utils import timezone

from activities.enums import (
    ActivityState,
    Audience,
    FeedKind,
    JointCode,
    Kind,
    PaperKind,
    Programme,
    Rhythm,
    SignUpState,
    SourceStatus,
)
from activities.models import (
    ActionItem,
    Activity,
    ActivityPaper,
    AgendaItem,
    Attendance,
    CalendarFeed,
    CharityCredit,
    Duty,
    Fulfilment,
    JointMark,
    Minutes,
    Obligation,
    PlanVersion,
    Series,
    SignUp,
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
    kind = Kind.VOLUNTEER
    rhythm = Rhythm.MONTH
    due_rule = "last_workday(month)"
    lead_days = [7, 3]
    evidence = ["照片"]
    source = "示例依据"
    source_status = SourceStatus.PRACTICE
    starts_on = date(2024, 1, 1)


class ObligationFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Obligation

    duty = factory.SubFactory(DutyFactory)
    code = factory.SelfAttribute("duty.code")
    period_start = date(2026, 3, 1)
    period_end = date(2026, 3, 31)
    due_on = date(2026, 3, 31)
    counts_from = factory.SelfAttribute("period_start")
    counts_until = factory.SelfAttribute("period_end")
    times = factory.SelfAttribute("duty.times")


def obligation_in(start: date, end: date, due_on: date | None = None, **more) -> Obligation:
    """Return an obligation of the period from ``start`` to ``end``."""
    return ObligationFactory(period_start=start, period_end=end, due_on=due_on, **more)


class SeriesFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Series

    name = "示例系列"
    created_at = factory.LazyFunction(timezone.now)
    created_by = factory.SubFactory(UserFactory)


class ActivityFactory(factory.django.DjangoModelFactory):
    """A record; ``verified=True`` for one that counts, ``planned`` or ``published`` before it."""

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
        planned = factory.Trait(state=ActivityState.PLANNED, recorded_at=None, recorded_by=None)
        published = factory.Trait(
            state=ActivityState.PUBLISHED,
            audience=Audience.MEMBERS,
            published_at=factory.LazyFunction(timezone.now),
            published_by=factory.SubFactory(UserFactory),
            recorded_at=None,
            recorded_by=None,
        )

    title = factory.Sequence(lambda n: f"示例义诊{n}")
    kind = Kind.VOLUNTEER
    held_on = date(2026, 3, 14)
    state = ActivityState.RECORDED
    created_at = factory.LazyFunction(
        lambda: datetime(2026, 3, 1, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
    )
    created_by = factory.SubFactory(UserFactory)
    changed_at = factory.SelfAttribute("created_at")
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
    code = factory.SelfAttribute("obligation.code")


class JointMarkFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = JointMark

    activity = factory.SubFactory(ActivityFactory)
    code = JointCode.SERVICE


class PlanVersionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = PlanVersion

    year = 2026
    number = factory.Sequence(lambda n: n + 1)
    saved_at = factory.LazyFunction(timezone.now)
    saved_by = factory.SubFactory(UserFactory)


class SignUpFactory(factory.django.DjangoModelFactory):
    """A sign-up that has its places; they are not counted in ``activity.taken``."""

    class Meta:
        model = SignUp

    activity = factory.SubFactory(ActivityFactory, published=True)
    pharmacy = factory.SubFactory(PharmacyFactory)
    people = 1
    state = SignUpState.TAKEN
    signed_at = factory.LazyFunction(timezone.now)
    signed_by = factory.SubFactory(UserFactory)


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


class MinutesFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Minutes

    activity = factory.SubFactory(ActivityFactory)
    chair = "示例会长"
    recorder = "示例秘书"
    present = "示例会长、示例秘书"
    written_at = factory.LazyFunction(timezone.now)
    written_by = factory.SubFactory(UserFactory)


class AgendaItemFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = AgendaItem

    minutes = factory.SubFactory(MinutesFactory)
    order = factory.Sequence(lambda n: n + 1)
    title = "本周任务与责任人"


class ActionItemFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ActionItem

    set_in = factory.SubFactory(ActivityFactory)
    level = Rhythm.WEEK
    text = factory.Sequence(lambda n: f"示例事项{n}")
    owner_name = "示例责任人"
    due_on = date(2026, 3, 20)
    set_at = factory.LazyFunction(timezone.now)
    set_by = factory.SubFactory(UserFactory)


class CalendarFeedFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = CalendarFeed

    user = factory.SubFactory(UserFactory)
    kind = FeedKind.PERSONAL
    opened_at = factory.LazyFunction(timezone.now)


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
