"""Rows of the ground floor for tests."""

import hashlib
from datetime import date

import factory
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from association.models import (
    AuditEvent,
    AuditSeal,
    AuditSealEntry,
    CalendarDay,
    Channel,
    ChannelChoice,
    ChannelSetting,
    Delivery,
    DeliveryAttempt,
    Heartbeat,
    Job,
    Message,
    ReadEvent,
    StoredFile,
)
from tests.factories.accounts import UserFactory


class AuditEventFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = AuditEvent

    act = "sample.done"
    actor_id = "1"
    actor_label = "示例用户"
    target_model = "accounts.Area"
    target_id = "1"
    target_label = "示例街道"
    happened_at = factory.LazyFunction(timezone.now)


class AuditSealFactory(factory.django.DjangoModelFactory):
    """A seal by its own word only; ``association.sealing.seal_next`` makes true ones."""

    class Meta:
        model = AuditSeal

    number = factory.Sequence(lambda n: n + 1)
    count = 1
    root = factory.LazyAttribute(lambda made: hashlib.sha256(b"r%d" % made.number).hexdigest())
    previous = "0" * 64
    hash = factory.LazyAttribute(lambda made: hashlib.sha256(b"h%d" % made.number).hexdigest())
    sealed_at = factory.LazyFunction(timezone.now)


class AuditSealEntryFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = AuditSealEntry

    seal = factory.SubFactory(AuditSealFactory)
    position = 1
    event_id = factory.LazyFunction(lambda: AuditEventFactory().pk)
    leaf = "0" * 64


class StoredFileFactory(factory.django.DjangoModelFactory):
    """A stored file with real bytes: ``StoredFileFactory(content=b"…")``."""

    class Meta:
        model = StoredFile

    class Params:
        content = b"%PDF-1.4 sample"

    original_name = "示例材料.pdf"
    content_type = "application/pdf"
    size = factory.LazyAttribute(lambda made: len(made.content))
    sha256 = factory.LazyAttribute(lambda made: hashlib.sha256(made.content).hexdigest())
    path = factory.LazyAttributeSequence(
        lambda made, n: default_storage.save(f"sample/{n}", ContentFile(made.content))
    )
    uploaded_at = factory.LazyFunction(timezone.now)
    uploaded_by = factory.SubFactory(UserFactory)


class JobFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Job

    kind = "sample.work"
    key = factory.Sequence(lambda n: f"sample:{n}")
    label = "示例任务"
    not_before = factory.LazyFunction(timezone.now)
    created_at = factory.LazyFunction(timezone.now)
    created_by = factory.SubFactory(UserFactory)


class MessageFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Message

    subject = "自评退回补充"
    body = "请补拍执业药师挂牌照片，再提交。"
    posted_at = factory.LazyFunction(timezone.now)


class DeliveryFactory(factory.django.DjangoModelFactory):
    """A message in somebody's inbox; ``delivered_at=None`` for one that still waits."""

    class Meta:
        model = Delivery

    key = factory.Sequence(lambda n: f"sample:{n}")
    message = factory.SubFactory(MessageFactory)
    recipient = factory.SubFactory(UserFactory)
    not_before = factory.LazyFunction(timezone.now)
    delivered_at = factory.LazyFunction(timezone.now)


class DeliveryAttemptFactory(factory.django.DjangoModelFactory):
    """A try that was cut short; ``outcome`` and ``ended_at`` for one that ended."""

    class Meta:
        model = DeliveryAttempt

    delivery = factory.SubFactory(DeliveryFactory)
    channel = Channel.EMAIL
    started_at = factory.LazyFunction(timezone.now)


class ChannelSettingFactory(factory.django.DjangoModelFactory):
    """A channel that is switched on."""

    class Meta:
        model = ChannelSetting
        django_get_or_create = ("channel",)

    channel = Channel.EMAIL
    is_on = True


class ChannelChoiceFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ChannelChoice

    user = factory.SubFactory(UserFactory)
    channel = Channel.EMAIL
    is_wanted = False
    changed_at = factory.LazyFunction(timezone.now)


class CalendarDayFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = CalendarDay
        django_get_or_create = ("day",)

    day = factory.LazyFunction(lambda: date(2026, 1, 1))
    is_working = False
    name = "元旦"


class HeartbeatFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Heartbeat

    name = "worker"
    seen_at = factory.LazyFunction(timezone.now)


class ReadEventFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ReadEvent

    reader_id = "1"
    reader_label = "示例用户"
    what = "身份证号"
    target_model = "party.PartyMember"
    target_id = "1"
    target_label = "示例党员"
    reason = "示例理由"
    happened_at = factory.LazyFunction(timezone.now)
