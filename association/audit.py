"""Writing the audit trail."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from django.db import models

from association.models import AuditEvent

_acting_role: ContextVar[str] = ContextVar("acting_role", default="")


@contextmanager
def acting_as(role: str) -> Iterator[None]:
    """Name the role that opened the door; every act recorded inside carries it."""
    token = _acting_role.set(role)
    try:
        yield
    finally:
        _acting_role.reset(token)


def acting_role() -> str:
    """Return the role that opened the door, empty outside of any."""
    return _acting_role.get()


def record(act: str, *, by, target: models.Model, now: datetime, role="", **detail) -> AuditEvent:
    """Write one audit event inside the caller's transaction.

    ``act`` is dotted and past tense (``rating.marked``); ``by`` is a user, or ``None`` for the
    portal itself. ``detail`` must be JSON-safe: what changed and why, never a whole record and
    never an ID-card number. A record that must not be named in the trail (a Party member) has an
    ``audit_label`` of its own.
    """
    label = getattr(target, "audit_label", "") or str(target)
    return AuditEvent.objects.create(
        act=act,
        actor_id=str(by.pk) if by is not None else "",
        actor_label=str(by)[:150] if by is not None else "系统",
        actor_role=role or (_acting_role.get() if by is not None else ""),
        target_model=target._meta.label,
        target_id=str(target.pk),
        target_label=label[:200],
        detail=detail,
        happened_at=now,
    )
