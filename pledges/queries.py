"""Reads of the pledge room, and what it answers to the rooms above."""

from collections.abc import Iterable, Mapping
from datetime import date

from django.db.models import Count, F, Q
from django.utils.timezone import localtime

from accounts.models import Area
from accounts.permissions import allowed
from members.enums import UnitKind
from members.models import Pharmacy
from members.queries import narrowed
from pledges.models import Campaign, Pledge, PledgeText
from pledges.text_diff import Wording
from pledges.workflow import PERMISSION_FOR, PLEDGE

PREVIEW_NAMES = 50


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
        .order_by("campaign__year", "pk")
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
        .order_by("-year", "-signed_at")
        .first()
    )


def to_invite(text: PledgeText, year: int, audience: Mapping[str, str]):
    """Return the open shops of the audience that have no pledge of this title in the year."""
    asked = Pledge.objects.filter(year=year, text_title=text.title)
    shops = narrowed(Pharmacy.objects.active(), audience)
    return shops.exclude(pk__in=asked.values("pharmacy"))


def audience_preview(text: PledgeText, year: int, audience: Mapping[str, str]) -> dict:
    """Return how many shops a campaign would ask, by area, the first names, and who is left out."""
    shops = to_invite(text, year, audience)
    in_all = narrowed(Pharmacy.objects.active(), audience).count()
    areas = (
        shops.values(where=F("area__name"))
        .annotate(count=Count("pk"))
        .order_by(F("area__order").asc(nulls_last=True), "area__code")
    )
    rows = list(areas)
    count = sum(row["count"] for row in rows)
    names = shops.select_related("unit", "area").order_by("name_sort", "pk")[:PREVIEW_NAMES]
    return {
        "count": count,
        "areas": rows,
        "shops": list(names),
        "asked_already": in_all - count,
        "more": max(count - PREVIEW_NAMES, 0),
    }


def audience_words(audience: Mapping[str, str]) -> str:
    """Return the filters of an audience in words; 全部营业中的药店 when there are none."""
    words = []
    if area := audience.get("area"):
        words.append(Area.objects.filter(pk=area).values_list("name", flat=True).first() or "")
    if kind := audience.get("kind"):
        words.append(dict(UnitKind.choices).get(kind, kind))
    words += [f"“{audience[name]}”" for name in ("unit", "q") if audience.get(name)]
    return "，".join(word for word in words if word) or "全部营业中的药店"


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


def progress_by_unit(pledges, *, most: int = 20) -> list[dict]:
    """Return signed and all by company: those with several shops, the most open ones first."""
    is_signed = Q(signed_at__isnull=False)
    counted = is_signed | Q(pk__in=pledges.unsigned().values("pk"))
    rows = (
        pledges.filter(counted)
        .values(pk=F("pharmacy__unit"), name=F("pharmacy__unit__name"))
        .annotate(total=Count("pk"), signed=Count("pk", filter=is_signed))
        .filter(total__gt=1)
        .order_by(F("signed") - F("total"), "name")
    )
    return list(rows[:most])


def current_campaign(*, on: date) -> Campaign | None:
    """Return the campaign of the latest year that includes ``on``; of several the first opened."""
    rows = Campaign.objects.covering(on).select_related("text")
    return rows.order_by("-year", "opened_at", "pk").first()


def wall(*, on: date):
    """Return one standing pledge, the latest, of each open shop for the public wall."""
    latest = Pledge.objects.holding_on(on).order_by("pharmacy", "-year", "-signed_at", "-pk")
    return (
        Pledge.objects.filter(pk__in=latest.distinct("pharmacy").values("pk"))
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
