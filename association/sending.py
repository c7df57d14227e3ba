"""Taking messages out of the portal: claim, write the try down, send, write what became of it.

A process may die at any point. Before the try is written nothing has gone out; after it the row
comes back when its lease is over, and the same reference tells the other side that it is the same
message. So nothing is lost, and nothing is sent twice without being recognisable as such.
"""

import logging
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from time import monotonic
from urllib.parse import urlsplit

from django.conf import settings
from django.core import signing
from django.db import connection, transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from association import reach
from association.carriers import registry
from association.carriers.interface import CarrierAwayError, Parcel, RefusedForGoodError
from association.delivery_times import (
    MAX_TRIES,
    out_of_quiet,
    reference,
    rest_after,
    wait_after,
)
from association.models import (
    GROUP_CHANNELS,
    Channel,
    ChannelSetting,
    Delivery,
    DeliveryAttempt,
    Outcome,
)

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=130)
MINUTE = timedelta(minutes=1)
SWITCHED_OFF = "这个渠道已停用。"
NO_ADDRESS = "没有登记能用的地址。"
UNSUBSCRIBE = "association.unsubscribe"


def send_due(*, clock: Callable[[], datetime] = timezone.now, seconds: float | None = None) -> int:
    """Send what is due on every open channel; return how many went out."""
    if not Delivery.objects.waiting().outward().filter(not_before__lte=clock()).exists():
        return 0
    until = None if seconds is None else monotonic() + seconds
    usable = reach.open_channels()
    _give_up_closed(usable, clock())
    return sum(_drain(setting, clock, until) for setting in usable.values())


def _drain(setting: ChannelSetting, clock, until: float | None) -> int:
    carrier = registry.CARRIERS[setting.channel]
    sent = 0
    with ExitStack() as line:
        send = None
        while until is None or monotonic() < until:
            claimed = claim(setting.channel, clock())
            if claimed is None:
                break
            delivery, attempt = claimed
            try:
                if send is None:
                    send = line.enter_context(carrier.connect(setting.options))
                receipt = send(parcel_of(delivery))
            except CarrierAwayError as error:
                _rest(delivery, attempt, str(error), clock())
                break
            except Exception as error:
                # Whatever it was, this one message waits; the line is opened anew for the next.
                if not isinstance(error, RefusedForGoodError):
                    logger.warning("Delivery %s was not sent: %s", delivery.pk, error)
                _failed(delivery, attempt, error, clock())
                line.close()
                send = None
            else:
                _sent(delivery, attempt, receipt, clock())
                sent += 1
    return sent


@transaction.atomic
def claim(channel: str, now: datetime) -> tuple[Delivery, DeliveryAttempt] | None:
    """Take the next due delivery and write the try down before it is made.

    ``None`` when nothing is due, the channel rests, or its minute is full.
    """
    setting = ChannelSetting.objects.filter(channel=channel, is_on=True).first()
    if setting is None or (setting.rest_until and setting.rest_until > now):
        return None
    if setting.per_minute is not None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"channel:{channel}"])
        tries = DeliveryAttempt.objects.filter(channel=channel, started_at__gt=now - MINUTE)
        if tries.count() >= setting.per_minute:
            return None
    due = (
        Delivery.objects.waiting()
        .filter(Q(lease_until=None) | Q(lease_until__lte=now), channel=channel)
        .filter(not_before__lte=now)
        .select_related("message", "recipient")
        .select_for_update(skip_locked=True, of=("self",))
        .order_by("not_before", "id")
    )
    while (delivery := due.first()) is not None:
        delivery.address = registry.address_of(channel, delivery.recipient)
        if delivery.attempts >= MAX_TRIES:
            park(delivery, delivery.last_error or "发送时进程中断。", now)
        elif not delivery.address and delivery.channel not in GROUP_CHANNELS:
            park(delivery, NO_ADDRESS, now)
        else:
            delivery.attempts += 1
            delivery.lease_until = now + LEASE
            delivery.save(update_fields=["attempts", "lease_until", "address"])
            attempt = DeliveryAttempt.objects.create(
                delivery=delivery, channel=channel, started_at=now
            )
            return delivery, attempt
    return None


def parcel_of(delivery: Delivery) -> Parcel:
    """Return what leaves the portal: absolute links, the reference that never changes."""
    message = delivery.message
    mail = delivery.channel == Channel.EMAIL
    return Parcel(
        reference=reference(delivery.key, urlsplit(settings.PUBLIC_URL).hostname or ""),
        address=delivery.address,
        subject=message.subject,
        body=message.body,
        link=f"{settings.PUBLIC_URL}{message.link}" if message.link.startswith("/") else "",
        unsubscribe=unsubscribe_address(delivery.recipient_id, delivery.channel) if mail else "",
    )


def unsubscribe_address(user_pk: int, channel: str) -> str:
    """Return the link by which a person stops ``channel`` without logging in."""
    token = signing.dumps([user_pk, channel], salt=UNSUBSCRIBE)
    return f"{settings.PUBLIC_URL}{reverse('desk:unsubscribe', args=[token])}"


# ------------------------------------------------------------------ what became of a try


@transaction.atomic
def _sent(delivery: Delivery, attempt: DeliveryAttempt, receipt: str, now: datetime) -> None:
    _end(attempt, Outcome.SENT, receipt, now)
    Delivery.objects.filter(pk=delivery.pk).update(
        delivered_at=now, lease_until=None, last_error=""
    )
    ChannelSetting.objects.filter(channel=delivery.channel, failures__gt=0).update(
        failures=0, rest_until=None, last_error=""
    )


@transaction.atomic
def _failed(delivery: Delivery, attempt: DeliveryAttempt, error: Exception, now) -> None:
    for_good = isinstance(error, RefusedForGoodError)
    reason = str(error) or type(error).__name__
    _end(attempt, Outcome.REFUSED if for_good else Outcome.FAILED, reason, now)
    if for_good or delivery.attempts >= MAX_TRIES:
        park(delivery, reason, now)
        return
    Delivery.objects.filter(pk=delivery.pk).update(
        lease_until=None,
        last_error=reason,
        not_before=now + wait_after(delivery.attempts, delivery.key),
    )


@transaction.atomic
def _rest(delivery: Delivery, attempt: DeliveryAttempt, reason: str, now: datetime) -> None:
    """Let the channel rest; the message is not to blame and keeps its tries."""
    _end(attempt, Outcome.AWAY, reason, now)
    Delivery.objects.filter(pk=delivery.pk).update(
        lease_until=None, attempts=F("attempts") - 1, last_error=reason
    )
    setting = ChannelSetting.objects.select_for_update().get(channel=delivery.channel)
    setting.failures = min(setting.failures + 1, 1000)
    setting.rest_until, setting.last_error = now + rest_after(setting.failures), reason[:500]
    setting.save(update_fields=["failures", "rest_until", "last_error"])


def _end(attempt: DeliveryAttempt, outcome: Outcome, detail: str, now: datetime) -> None:
    attempt.ended_at, attempt.outcome, attempt.detail = now, outcome, detail[:500]
    attempt.save(update_fields=["ended_at", "outcome", "detail"])


def park(delivery: Delivery, reason: str, now: datetime) -> Delivery | None:
    """Give a delivery up and hand the message to the next channel that leads to the person."""
    delivery.parked_at, delivery.lease_until, delivery.last_error = now, None, reason
    delivery.save(update_fields=["parked_at", "lease_until", "last_error"])
    if not delivery.after or delivery.recipient is None:
        return None
    usable = reach.open_channels()
    route = reach.routes_of([delivery.recipient], delivery.after, usable)[delivery.recipient_id]
    if not route:
        return None
    made, _ = Delivery.objects.get_or_create(
        key=f"{delivery.key.rpartition(':')[0]}:{route[0]}",
        defaults={
            "message": delivery.message,
            "recipient": delivery.recipient,
            "channel": route[0],
            "after": route[1:],
            "replaces": delivery,
            "not_before": out_of_quiet(timezone.localtime(now)),
        },
    )
    return made


def _give_up_closed(usable, now: datetime) -> None:
    """What waits on a channel that was switched off goes on by the next one."""
    closed = Delivery.objects.waiting().outward().exclude(channel__in=list(usable))
    for pk in closed.filter(not_before__lte=now).values_list("pk", flat=True)[:500]:
        with transaction.atomic():
            row = (
                Delivery.objects.waiting()
                .select_for_update(skip_locked=True, of=("self",))
                .select_related("message", "recipient")
                .filter(pk=pk)
                .first()
            )
            if row is not None:
                park(row, SWITCHED_OFF, now)
