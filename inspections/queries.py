"""Reads of the inspections room, and what it answers to the rooms above."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from django.db.models import Q
from django.urls import reverse

from accounts.permissions import allowed, allowed_somewhere
from accounts.roles import Permission
from association.models import AuditEvent, Delivery
from inspections.enums import ViolationState
from inspections.models import Violation
from inspections.workflow import PERMISSION_FOR, VIOLATION
from members.queries import units_of


def veto_facts(pharmacy_ids: Iterable[int], start: date, end: date) -> dict[int, list[dict]]:
    """Return for each shop the established facts whose days of effect touch the period.

    Both days included. Lifted, dismissed and merely suspected facts are not in it. Each fact:
    ``{"id": "violation/12", "code": "V05", "register_code", "name", "document", "authority",
    "since", "until"}``; ``until`` is ``None`` while it holds.
    """
    rows = (
        Violation.objects.standing()
        .filter(Q(ends_on=None) | Q(ends_on__gte=start), starts_on__lte=end)
        .filter(pharmacy__in=pharmacy_ids)
        .order_by("pharmacy_id", "code", "pk")
    )
    answer: dict[int, list[dict]] = defaultdict(list)
    for row in rows:
        answer[row.pharmacy_id].append(
            {
                "id": f"violation/{row.pk}",
                "code": row.code.partition("/")[2],
                "register_code": row.code,
                "name": row.title,
                "document": row.document_number,
                "authority": row.authority,
                "since": row.starts_on,
                "until": row.ends_on,
            }
        )
    return dict(answer)


def pending_facts(pharmacy_ids: Iterable[int]) -> dict[int, list[dict]]:
    """Return for each shop what is still a lead or under review; it counts for nothing yet."""
    rows = Violation.objects.pending().filter(pharmacy__in=pharmacy_ids).order_by("pk")
    answer: dict[int, list[dict]] = defaultdict(list)
    for row in rows:
        answer[row.pharmacy_id].append(
            {"id": f"violation/{row.pk}", "name": row.title, "stage": row.get_state_display()}
        )
    return dict(answer)


def acts_open_to(user, violation: Violation) -> tuple[str, ...]:
    """Return the acts that the record allows now and the person may do on it."""
    acts = VIOLATION.acts_from(violation.state)
    may = tuple(act for act in acts if allowed(user, PERMISSION_FOR[act], violation))
    if violation.pharmacy.unit_id in units_of([user])[user.pk]:
        return tuple(act for act in may if act in ("amend", "review"))
    if violation.prepared_by_id == user.pk:
        return tuple(act for act in may if act != "establish")
    return may


def is_recused(user, violation: Violation) -> bool:
    """Whether the person could decide, were the shop not one of the own company."""
    decides = allowed(user, PERMISSION_FOR["establish"], violation)
    return decides and violation.pharmacy.unit_id in units_of([user])[user.pk]


def waiting_for_decision(user) -> int:
    """Return how many violations wait for this person's own decision, for the navigation."""
    if not allowed_somewhere(user, PERMISSION_FOR["establish"]):
        return 0
    waiting = Violation.objects.visible_to(user).filter(state=ViolationState.IN_REVIEW)
    return waiting.exclude(prepared_by=user).count()


def was_told(violation: Violation, slot: str) -> bool:
    """Return whether anybody at the shop was sent the message about this step."""
    slot = {"establish": "established", "lift": "lifted"}[slot]
    return Delivery.objects.filter(key__startswith=f"violation:{violation.pk}:{slot}:").exists()


SAID = {
    "violation.prepared": "登记线索",
    "violation.amended": "补充线索",
    "violation.reviewed": "送复核",
    "violation.established": "认定成立",
    "violation.dismissed": "认定不成立",
    "violation.lifted": "撤销",
}


def history_of(violation: Violation) -> list[dict]:
    """Return who did what to the record, the latest first, in the words of the timeline."""
    events = AuditEvent.objects.filter(
        target_model=violation._meta.label, target_id=str(violation.pk)
    ).order_by("-happened_at", "-pk")
    rows = []
    for event in events[:50]:
        said, reason = SAID.get(event.act, event.act), event.detail.get("reason")
        rows.append(
            {
                "who": event.actor_label,
                "what": f"{said}：{reason}" if reason else said,
                "at": event.happened_at,
            }
        )
    return rows


def shop_panel(user, pharmacy) -> dict | None:
    """Return what the page of a shop shows to those who may see violations; else ``None``.

    People of the shop see what is established, in the same careful words, and nothing of leads.
    """
    seen = Violation.objects.visible_to(user).filter(pharmacy=pharmacy)
    if user.area_roles:
        rows = list(seen.order_by("-prepared_at")[:10])
        may_prepare = allowed(user, Permission.VIOLATION_PREPARE, pharmacy)
        if not rows and not may_prepare:
            return None
        prepare = f"{reverse('inspections:prepare')}?pharmacy={pharmacy.pk}"
        return {
            "violations": rows,
            "is_office": True,
            "prepare_url": prepare if may_prepare else "",
        }
    rows = list(Violation.objects.standing().filter(pharmacy=pharmacy).order_by("-established_at"))
    return {"violations": rows, "is_office": False} if rows else None
