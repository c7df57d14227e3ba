"""What anybody may read: a projection of its own, without a name or number of a person."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db.models import Count, Q, QuerySet

from accounts.models import Area
from members.models import Pharmacy
from pledges.models import Pledge
from pledges.queries import standing_pledge
from starrating.enums import AwardState, CycleState
from starrating.models import Award, Cycle, Result

GOOD, FAIR = 90, 75
MEANINGS = {
    5: "经营规范，诚信突出",
    4: "经营规范，诚信良好",
    3: "经营较规范",
    2: "基本规范，还有差距",
    1: "达到基本要求",
}


@dataclass(frozen=True)
class ShopPage:
    """All that the page behind the code on the door shows."""

    pharmacy: Pharmacy
    award: Award | None
    meaning: str
    parts: list[dict]
    vetoes: list[dict]
    pledge: Pledge | None
    under_review: bool


def star_awards(*, on: date) -> QuerySet[Award]:
    """Awards that hold today, by sub-district and name; no ranks."""
    return (
        Award.objects.valid_on(on)
        .filter(pharmacy__status="active")
        .select_related("pharmacy__area")
        .order_by("pharmacy__area__order", "pharmacy__area__name", "pharmacy__name_sort", "pk")
    )


def star_counts(*, on: date) -> list[dict]:
    """Return each sub-district with its number of star shops and the split by stars."""
    found = (
        Award.objects.valid_on(on)
        .filter(pharmacy__status="active")
        .values("pharmacy__area", "stars")
        .annotate(n=Count("pk"))
        .order_by()
    )
    by_area: dict[int | None, dict[str, int]] = {}
    for row in found:
        split = by_area.setdefault(row["pharmacy__area"], {})
        split[str(row["stars"])] = split.get(str(row["stars"]), 0) + row["n"]
    return [
        {"area": area, "split": by_area.get(area.pk, {}), "count": sum(by_area[area.pk].values())}
        for area in Area.objects.order_by("order", "name")
        if area.pk in by_area
    ]


def shop_page(pharmacy: Pharmacy, *, today: date) -> ShopPage:
    """Gather the page of one shop."""
    award = (
        Award.objects.for_paper()
        .filter(pharmacy=pharmacy, valid_from__lte=today, valid_to__gte=today)
        .exclude(state=AwardState.WITHDRAWN)
        .order_by("-valid_from")
        .first()
    )
    tree = award.result.tree if award else {}
    return ShopPage(
        pharmacy=pharmacy,
        award=award,
        meaning=MEANINGS.get(award.stars, "") if award else "",
        parts=[_part(d) for d in tree.get("dimensions", ())],
        vetoes=list(tree.get("vetoes", ())),
        pledge=standing_pledge(pharmacy, on=today),
        under_review=Result.objects.filter(
            assessment__pharmacy=pharmacy, assessment__cycle__state=CycleState.PUBLICISED
        ).exists(),
    )


def _part(dimension: dict) -> dict:
    """One of the three parts in words: good, fair or weak, with the largest gaps in plain words."""
    ratio = round(float(dimension["ratio"] or 0) * 100)
    gaps = sorted(
        (i for i in dimension["items"] if i["status"] == "scored" and float(i["lost"] or 0) > 0),
        key=lambda item: -float(item["lost"]),
    )
    if gaps:
        text = "做得还不够的：" + "；".join(item["name"] for item in gaps[:2]) + "。"
    else:
        text = "各项都符合要求。"
    return {
        "name": dimension["name"],
        "ratio": ratio,
        "word": "好" if ratio >= GOOD else "较好" if ratio >= FAIR else "一般",
        "text": text,
    }


def live_code(award: Award, *, now: datetime) -> str:
    """A six-digit code that changes each minute: a photographed page soon shows an old one."""
    minute = now.strftime("%Y%m%d%H%M")
    digest = hmac.new(
        settings.SECRET_KEY.encode(), f"verify:{award.token}:{minute}".encode(), hashlib.sha256
    ).hexdigest()
    return f"{int(digest[:12], 16) % 1_000_000:06d}"


def publicities() -> QuerySet[Cycle]:
    """Cycles whose list the public may read, the newest first."""
    return Cycle.objects.public().select_related("scheme").order_by("-publicised_at")


def search_awards(awards: QuerySet[Award], typed: str) -> QuerySet[Award]:
    """Narrow the star list to shops that match what was typed."""
    shops = Pharmacy.objects.matching(typed)
    return awards.filter(Q(pharmacy__in=shops) | Q(serial=typed.strip()))
