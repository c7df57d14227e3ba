from datetime import date

import factory
from django.utils import timezone

from desk.models import AssociationProfile, MessageRule, ReminderDay, SavedFilter, SentReminder
from tests.factories.accounts import UserFactory
from tests.factories.association import MessageFactory


class AssociationProfileFactory(factory.django.DjangoModelFactory):
    """The association of this installation."""

    class Meta:
        model = AssociationProfile

    name = "示例区药品经营行业协会"


class MessageRuleFactory(factory.django.DjangoModelFactory):
    """A rule over the dates that a test sets by hand."""

    class Meta:
        model = MessageRule

    code = factory.Sequence(lambda n: f"rule-{n}")
    name = factory.Sequence(lambda n: f"示例规则{n}")
    source = "sample.dates"
    audience = "all"
    offsets = [0]
    subject = "请办{事项}"
    body = "{日期}前办好，{还有几天}。"
    changed_at = factory.LazyFunction(timezone.now)


class ReminderDayFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ReminderDay

    day = factory.LazyFunction(lambda: date(2026, 1, 1))
    ran_at = factory.LazyFunction(timezone.now)


class SentReminderFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = SentReminder

    key = factory.Sequence(lambda n: f"sample:{n}")
    rule = factory.SubFactory(MessageRuleFactory)
    day = factory.LazyFunction(lambda: date(2026, 1, 1))
    person = factory.SubFactory(UserFactory)
    message = factory.SubFactory(MessageFactory)


class SavedFilterFactory(factory.django.DjangoModelFactory):
    """A filter of the shop list that the office keeps."""

    class Meta:
        model = SavedFilter

    owner = factory.SubFactory(UserFactory)
    list_name = "members:list"
    name = factory.Sequence(lambda n: f"示例筛选{n}")
    parameters = {"kind": "chain"}
    saved_at = factory.LazyFunction(timezone.now)
