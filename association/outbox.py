"""Posting messages: a row each in the act's own transaction; the worker delivers them.

A unique key such as ``rectification:12:due-3d`` makes a reminder safe to repeat.
"""

from collections.abc import Iterable
from datetime import datetime

from association.models import Delivery, Message


def post(
    key: str,
    *,
    to: Iterable,
    subject: str,
    body: str,
    now: datetime,
    link: str = "",
    not_before: datetime | None = None,
) -> int:
    """Post one message to the users in ``to``; return how many new deliveries it made.

    ``key`` names the occasion; with the recipient it is unique for ever, so a second call for
    the same occasion adds nothing for those who already have it.
    """
    recipients = {user.pk: user for user in to}
    taken = set(
        Delivery.objects.filter(key__in=[f"{key}:{pk}" for pk in recipients]).values_list(
            "recipient_id", flat=True
        )
    )
    fresh = [user for pk, user in recipients.items() if pk not in taken]
    if not fresh:
        return 0
    message = Message.objects.create(subject=subject, body=body, link=link, posted_at=now)
    rows = [
        Delivery(
            key=f"{key}:{user.pk}", message=message, recipient=user, not_before=not_before or now
        )
        for user in fresh
    ]
    Delivery.objects.bulk_create(rows, ignore_conflicts=True)
    return len(fresh)
