"""Certificates as their pages show them, and what the public is told at this moment."""

from datetime import date

from django.db.models import Count, Q, QuerySet

from accounts.permissions import allowed
from association.models import AuditEvent
from members.models import Pharmacy
from starrating.enums import AwardState
from starrating.models import Award, Cycle
from starrating.workflow import AWARD, PERMISSION_FOR

SAID = {
    "award.suspended": "暂停星级",
    "award.restored": "恢复星级",
    "award.withdrawn": "撤销星级",
    "award.expired": "到期",
}


def awards_of(cycle: Cycle, user) -> QuerySet[Award]:
    """Return the certificates of the cycle in sight."""
    return Award.objects.visible_to(user).filter(result__assessment__cycle=cycle)


def counts_of(awards: QuerySet[Award]) -> dict[str, int]:
    """Return how many certificates stand in each state."""
    return dict(awards.order_by().values_list("state").annotate(n=Count("pk")))


def narrowed(awards: QuerySet[Award], *, state: str = "", text: str = "") -> QuerySet[Award]:
    """Return the certificates that match, with what a line of the list needs."""
    if state:
        awards = awards.filter(state=state)
    if text:
        shops = Pharmacy.objects.matching(text).values("pk")
        awards = awards.filter(Q(pharmacy__in=shops) | Q(serial__startswith=text))
    return (
        awards.select_related(None)
        .select_related("pharmacy__area", "result")
        .only(
            "serial",
            "token",
            "stars",
            "holder_name",
            "state",
            "state_reason",
            "valid_from",
            "valid_to",
            "pharmacy__name",
            "pharmacy__area__name",
            "result__assessment",
        )
    )


def acts_open_to(user, award: Award) -> tuple[str, ...]:
    """Return the acts that the state allows and the person may do; days expire by themselves."""
    return tuple(
        act
        for act in AWARD.acts_from(award.state)
        if act != "expire" and allowed(user, PERMISSION_FOR[act], award)
    )


def public_words(award: Award, *, today: date) -> str:
    """Return what somebody who scans the code reads first, today."""
    if award.state != AwardState.VALID:
        return f"证书{award.get_state_display()}"
    if award.valid_from > today:
        return "证书尚未生效"
    return "证书有效" if award.valid_to >= today else "证书已到期"


def history_of(award: Award) -> list[dict]:
    """Return what happened to the certificate since it was given, the latest first."""
    events = AuditEvent.objects.filter(
        target_model=award._meta.label, target_id=str(award.pk)
    ).order_by("-happened_at", "-pk")
    return [
        {
            "who": event.actor_label,
            "what": f"{SAID.get(event.act, event.act)}：{event.detail.get('reason', '')}",
            "at": event.happened_at,
        }
        for event in events[:50]
    ]
