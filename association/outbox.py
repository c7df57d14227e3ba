"""Posting messages: a row each in the act's own transaction; the worker delivers them.

A unique key such as ``rectification:12:due-3d`` makes a reminder safe to repeat. Everybody finds
the message in the portal; the first channel of ``channels`` that leads to a person carries it out
of the portal as well, and the next ones stand in when that one gives up.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, time

from django.db import models
from django.utils import timezone

from association import reach, sms_words
from association.delivery_times import QUIET_FROM, QUIET_UNTIL, out_of_quiet
from association.models import Channel, ChannelSetting, Delivery, Message

DEFAULT_CHANNELS = (Channel.EMAIL,)


def post(key: str, *, to: Iterable, subject: str, body: str, now: datetime, **more) -> int:
    """Post one message to the users in ``to``; return how many new people get it.

    ``key`` names the occasion; with the recipient it is unique for ever, so a second call for
    the same occasion adds nothing for those who already have it. The rest as in ``write``.
    """
    _, fresh = write(key, to=to, subject=subject, body=body, now=now, **more)
    return len(fresh)


def write(
    key: str,
    *,
    to: Iterable,
    subject: str,
    body: str,
    now: datetime,
    link: str = "",
    not_before: datetime | None = None,
    channels: Sequence[str] = DEFAULT_CHANNELS,
    about: models.Model | None = None,
    quiet: tuple[time, time] = (QUIET_FROM, QUIET_UNTIL),
) -> tuple[Message | None, list]:
    """Write the message and its deliveries; return it with the people who did not have it.

    What leaves the portal keeps to the quiet hours, and waits for a second look when it goes to
    many. ``about`` names the record that it speaks of; whoever may not look into the room of that
    record sees in the log of deliveries that something went out, and not what.
    """
    recipients = {user.pk: user for user in to}
    taken = set(
        Delivery.objects.filter(key__in=[f"{key}:{pk}" for pk in recipients]).values_list(
            "recipient_id", flat=True
        )
    )
    fresh = [user for pk, user in recipients.items() if pk not in taken]
    if not fresh:
        return None, []
    message = Message.objects.create(
        subject=subject, body=body, link=link, posted_at=now, **described(about)
    )
    moment = not_before or now
    rows = [
        Delivery(key=f"{key}:{user.pk}", message=message, recipient=user, not_before=moment)
        for user in fresh
    ]
    usable = reach.open_channels() if channels else {}
    if usable:
        routes = reach.routes_of(fresh, fit_for(message, channels), usable)
        calm = out_of_quiet(timezone.localtime(moment), *quiet)
        rows += outward(key, message, routes, usable, calm)
    Delivery.objects.bulk_create(rows, ignore_conflicts=True)
    return message, fresh


def outward(
    key: str,
    message: Message,
    routes: dict[int, list[str]],
    usable: dict[str, ChannelSetting],
    moment: datetime,
) -> list[Delivery]:
    """Return the rows that carry ``message`` out of the portal from ``moment`` on, not saved yet.

    More people by one channel than it lets through at once are held until somebody releases them.
    """
    first: dict[str, list[int]] = {}
    for pk, route in routes.items():
        if route:
            first.setdefault(route[0], []).append(pk)
    return [
        Delivery(
            key=f"{key}:{pk}:{channel}",
            message=message,
            recipient_id=pk,
            channel=channel,
            after=routes[pk][1:],
            not_before=None if len(people) > usable[channel].hold_above else moment,
        )
        for channel, people in first.items()
        for pk in people
    ]


def fit_for(message: Message, channels: Sequence[str]) -> list[str]:
    """Return the channels that this message may take: some things no text message may say."""
    secret = bool(sms_words.refusal(message.subject)) or message.about_model.startswith("party.")
    return [each for each in channels if each == Channel.EMAIL or not secret]


def described(about: models.Model | None) -> dict[str, str]:
    """Name the record that a message speaks of, as the audit trail names it."""
    if about is None:
        return {}
    label = getattr(about, "audit_label", "") or str(about)
    return {
        "about_model": about._meta.label,
        "about_id": str(about.pk),
        "about_label": label[:200],
    }
