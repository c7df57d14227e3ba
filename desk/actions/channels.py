"""Channels out of the portal: switching, trying, and what a person wants."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from association import audit
from association.carriers import registry
from association.carriers.interface import Parcel
from association.errors import BusinessRuleError
from association.models import Channel, ChannelChoice, ChannelSetting

TRIAL = "trial"


class ChannelNotReadyError(BusinessRuleError):
    """The channel lacks something, or the trial did not get through."""


@transaction.atomic
def save_channel(
    channel: str,
    *,
    is_on: bool,
    options: dict,
    per_minute: int | None,
    hold_above: int,
    by,
    now: datetime,
) -> ChannelSetting:
    """Keep how a channel is used. Raises ``ChannelNotReadyError`` while it lacks anything."""
    lacking = registry.missing(channel, options)
    if is_on and lacking:
        raise ChannelNotReadyError(f"还缺{'、'.join(lacking)}，补齐后才能启用。")
    found = ChannelSetting.objects.select_for_update().filter(channel=channel).first()
    setting = found or ChannelSetting(channel=channel)
    was_on = setting.is_on
    setting.is_on, setting.options = is_on, options
    setting.per_minute, setting.hold_above = per_minute, hold_above
    # Whoever has just put it right need not wait until the rest is over.
    setting.failures, setting.rest_until, setting.last_error = 0, None, ""
    setting.changed_at, setting.changed_by = now, by
    setting.save()
    audit.record(
        "channel.saved", by=by, target=setting, now=now, channel=channel, is_on=is_on, was_on=was_on
    )
    return setting


def try_channel(channel: str, *, address: str, by, now: datetime) -> str:
    """Send one trial message at once and return the receipt; what went wrong is said in words."""
    setting = ChannelSetting.objects.filter(channel=channel).first()
    options = setting.options if setting else {}
    if lacking := registry.missing(channel, options):
        raise ChannelNotReadyError(f"还缺{'、'.join(lacking)}，补齐后再试。")
    parcel = Parcel(
        reference=f"<trial.{now:%Y%m%d%H%M%S%f}@localhost>",
        address=address,
        subject="试发：消息渠道已接通",
        body="这是一条试发的消息，不用处理。",
    )
    try:
        with registry.CARRIERS[channel].connect(options) as send:
            receipt = send(parcel)
    except Exception as error:
        # Whatever the other side says is the answer to the question that the trial asks.
        raise ChannelNotReadyError(f"没有发出去：{error or type(error).__name__}") from error
    if setting is not None:
        audit.record("channel.tried", by=by, target=setting, now=now, channel=channel)
    return receipt


@transaction.atomic
def choose_channels(user, wanted: Mapping[str, bool], *, now: datetime) -> None:
    """Keep which channels out of the portal a person wants; the own inbox is always there."""
    for channel, is_wanted in wanted.items():
        _choose(user, channel, is_wanted, now)


@transaction.atomic
def stop_channel(user, channel: str, *, now: datetime) -> None:
    """Stop one channel for a person, from the link in a mail."""
    _choose(user, channel, False, now)


def _choose(user, channel: str, is_wanted: bool, now: datetime) -> None:
    choice, is_new = ChannelChoice.objects.select_for_update().get_or_create(
        user=user,
        channel=Channel(channel),
        defaults={"is_wanted": is_wanted, "changed_at": now},
    )
    if not is_new and choice.is_wanted == is_wanted:
        return
    if is_new and is_wanted:
        return
    choice.is_wanted, choice.changed_at = is_wanted, now
    choice.save(update_fields=["is_wanted", "changed_at"])
    audit.record("channel.chosen", by=user, target=user, now=now, channel=channel, wanted=is_wanted)
