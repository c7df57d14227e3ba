"""The log of looks at guarded values (G4): written first, then the value is shown.

It is not the audit trail, which holds acts: nothing has changed, but the person whose record it is
may ask who has seen it.
"""

from datetime import datetime, timedelta

from django.db import models

from association.audit import acting_role
from association.errors import BusinessRuleError
from association.models import ReadEvent

LONGEST_REASON = 200


class ReasonMissingError(BusinessRuleError):
    """Who looks says why; the person concerned can read it."""


def record(*, by, target: models.Model, what: str, reason: str, now: datetime) -> ReadEvent:
    """Write one look inside the caller's transaction, before the value leaves it.

    ``what`` is in the words of the page (身份证号). Raises ``ReasonMissingError``.
    """
    reason = reason.strip()
    if not reason:
        raise ReasonMissingError("请写明为什么要看，本人能看到这条记录。")
    return ReadEvent.objects.create(
        reader_id=str(by.pk),
        reader_label=str(by)[:150],
        reader_role=acting_role(),
        what=what,
        target_model=target._meta.label,
        target_id=str(target.pk),
        target_label=str(target)[:200],
        reason=reason[:LONGEST_REASON],
        happened_at=now,
    )


def about(target: models.Model):
    """Return the looks at this record, the latest first."""
    return ReadEvent.objects.filter(
        target_model=target._meta.label, target_id=str(target.pk)
    ).order_by("-happened_at", "-pk")


def count_by(user, *, now: datetime, within: timedelta) -> int:
    """Return how many values the person has looked at in the last ``within``."""
    return ReadEvent.objects.filter(
        reader_id=str(user.pk), happened_at__gt=now - within, happened_at__lte=now
    ).count()
