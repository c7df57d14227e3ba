"""What the office does with messages on their way: try again, let go, call off."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from association import audit, jobs, reach
from association.delivery_times import out_of_quiet
from association.errors import BusinessRuleError
from association.models import Delivery, Message


class NotParkedError(BusinessRuleError):
    """The delivery is under way, has arrived, or cannot go this way any more."""


class NotHeldError(BusinessRuleError):
    """Nothing of the message waits for a second look."""


@transaction.atomic
def retry_delivery(delivery: Delivery, *, by, now: datetime) -> Delivery:
    """Let a delivery that was given up run again, with fresh tries."""
    rows = Delivery.objects.select_related("message").select_for_update(of=("self",))
    delivery = rows.get(pk=delivery.pk)
    if delivery.parked_at is None:
        raise NotParkedError("这条消息没有停止投递，不用再发。")
    if delivery.channel not in reach.open_channels():
        raise NotParkedError(
            f"{delivery.get_channel_display()}渠道没有启用，先在“消息渠道”里启用再发。"
        )
    if delivery.replacements.filter(delivered_at__isnull=False).exists():
        raise NotParkedError("这条消息已改由别的渠道送达，不用再发。")
    _set_going(delivery, now)
    audit.record("delivery.retried", by=by, target=delivery, now=now, channel=delivery.channel)
    transaction.on_commit(jobs.wake, robust=True)
    return delivery


@transaction.atomic
def retry_parked(channel: str, *, by, now: datetime) -> int:
    """Let everything that was given up on ``channel`` run again; return how many."""
    if channel not in reach.open_channels():
        raise NotParkedError("这个渠道没有启用，先在“消息渠道”里启用再发。")
    parked = Delivery.objects.parked().filter(channel=channel)
    rows = list(
        parked.exclude(replacements__delivered_at__isnull=False)
        .select_related("message")
        .select_for_update(of=("self",))
        .order_by("pk")
    )
    if not rows:
        raise NotParkedError("没有要再发的消息，能再发的都已改由别的渠道送达。")
    for delivery in rows:
        _set_going(delivery, now)
    audit.record(
        "delivery.channel_retried", by=by, target=rows[0], now=now, channel=channel, count=len(rows)
    )
    transaction.on_commit(jobs.wake, robust=True)
    return len(rows)


@transaction.atomic
def release(message: Message, *, by, now: datetime) -> int:
    """Let go what was held of ``message``, within the hours for it; return how many."""
    count = _held(message).update(not_before=out_of_quiet(timezone.localtime(now)))
    if not count:
        raise NotHeldError("这条消息没有待放行的，可能同事已经处理。")
    audit.record("message.released", by=by, target=message, now=now, count=count)
    transaction.on_commit(jobs.wake, robust=True)
    return count


@transaction.atomic
def drop(message: Message, *, reason: str, by, now: datetime) -> int:
    """Call off what was held of ``message``; the portal's own inboxes keep it."""
    if not reason.strip():
        raise NotHeldError("请写明不外发的原因。")
    count = _held(message).update(parked_at=now, after=[], last_error=f"不外发：{reason.strip()}")
    if not count:
        raise NotHeldError("这条消息没有待放行的，可能同事已经处理。")
    audit.record(
        "message.dropped", by=by, target=message, now=now, count=count, reason=reason.strip()
    )
    return count


def _held(message: Message):
    rows = Delivery.objects.held().filter(message=message).select_for_update()
    return Delivery.objects.filter(pk__in=list(rows.values_list("pk", flat=True)))


def _set_going(delivery: Delivery, now: datetime) -> None:
    delivery.parked_at, delivery.lease_until, delivery.attempts = None, None, 0
    delivery.not_before = now
    delivery.save(update_fields=["parked_at", "lease_until", "attempts", "not_before"])
