"""Reads of the pledge room, and what it answers to the rooms above."""

from collections.abc import Iterable
from datetime import date

from django.db.models import Count, F, Q
from django.utils.timezone import localtime

from accounts.permissions import allowed
from members.models import Pharmacy
from pledges.models import Campaign, Pledge, PledgeText
from pledges.text_diff import Wording
from pledges.workflow import PERMISSION_FOR, PLEDGE


def signed_in(pharmacy_ids: Iterable[int], start: date, end: date) -> dict[int, dict]:
    """Return for each shop the signature that holds on some day from ``start`` to ``end``.

    Both days are included. A shop without one is not in the answer. The latest campaign wins;
    a pledge that expired later still counts for the days on which it held.
    """
    rows = (
        Pledge.objects.filter(
            pharmacy__in=pharmacy_ids,
            signed_at__date__lte=end,
            campaign__starts_on__lte=end,
            campaign__ends_on__gte=start,
        )
        .order_by("campaign__year")
        .values("pk", "pharmacy_id", "signed_at", "campaign__year", "campaign__ends_on")
    )
    answer = {}
    for row in rows:
        day = localtime(row["signed_at"]).date()
        answer[row["pharmacy_id"]] = {
            "pledge": row["pk"],
            "year": row["campaign__year"],
            "signed_on": day,
            "holds_until": row["campaign__ends_on"],
            "source": {
                "id": f"pledge/{row['pk']}",
                "kind": "pledge",
                "label": f"{row['campaign__year']} 年度承诺书",
                "value": f"{day.isoformat()} 签署",
            },
        }
    return answer


def standing_pledge(pharmacy: Pharmacy, *, on: date) -> Pledge | None:
    """Return the signed pledge that holds on the day ``on``, with its text and clauses."""
    return (
        Pledge.objects.holding_on(on)
        .filter(pharmacy=pharmacy)
        .select_related("campaign__text", "pharmacy")
        .prefetch_related("campaign__text__clauses")
        .order_by("-campaign__year")
        .first()
    )


def waiting_for(user, *, on: date) -> list[Pledge]:
    """Return the pledges that ``user`` may sign now, the most urgent first."""
    waiting = (
        Pledge.objects.visible_to(user)
        .waiting()
        .filter(campaign__ends_on__gte=on)
        .select_related("campaign__text", "pharmacy__area")
        .order_by("campaign__sign_by", "pk")
    )
    return [pledge for pledge in waiting if "sign" in acts_open_to(user, pledge)]


def acts_open_to(user, pledge: Pledge) -> tuple[str, ...]:
    """Return the acts that the record allows now and the person may do on it."""
    acts = PLEDGE.acts_from(pledge.state)
    return tuple(a for a in acts if a != "lapse" and allowed(user, PERMISSION_FOR[a], pledge))


def progress(pledges) -> dict:
    """Return how many of ``pledges`` are signed, how many are not, and the same by area."""
    is_signed = Q(signed_at__isnull=False)
    counted = is_signed | Q(pk__in=pledges.unsigned().values("pk"))
    by_area = list(
        pledges.filter(counted)
        .values(code=F("pharmacy__area__code"), name=F("pharmacy__area__name"))
        .annotate(total=Count("pk"), signed=Count("pk", filter=is_signed))
        .order_by(F("pharmacy__area__order").asc(nulls_last=True), "code")
    )
    total, signed = (sum(row[key] for row in by_area) for key in ("total", "signed"))
    return {"total": total, "signed": signed, "waiting": total - signed, "areas": by_area}


def current_campaign(*, on: date) -> Campaign | None:
    """Return the latest campaign whose period includes ``on``."""
    return Campaign.objects.covering(on).select_related("text").order_by("-year").first()


def wall(*, on: date):
    """Return the standing pledges of open shops for the public wall, by area and name."""
    return (
        Pledge.objects.holding_on(on)
        .filter(pharmacy__in=Pharmacy.objects.active())
        .select_related("pharmacy__area", "campaign")
        .order_by(
            F("pharmacy__area__order").asc(nulls_last=True), "pharmacy__name_sort", "pharmacy_id"
        )
    )


def wording(text: PledgeText) -> list[Wording]:
    """Return the clauses of a version as they are compared with those of another."""
    rows = text.clauses.order_by("seq").values_list("key", "seq", "title", "text")
    return [Wording(*row) for row in rows]


def texts(user):
    """Return the versions of the wording in sight, the newest first."""
    return PledgeText.objects.visible_to(user).order_by("-created_at", "-pk")
