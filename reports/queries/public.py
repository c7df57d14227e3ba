"""What anybody may read: a projection of its own, without a name or number of a person."""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.utils.timezone import localtime

from accounts.models import Area
from association.templatetags.ui import cn_date
from inspections.queries import veto_facts
from members.models import Pharmacy
from pledges.models import Pledge
from pledges.queries import standing_pledge
from starrating.enums import AwardState, CycleState, SchemeState
from starrating.models import Award, Cycle, Scheme
from starrating.queries.stage import unit_kind

GOOD, FAIR = 90, 75
GAPS_NAMED = 2
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
    lines: list[str]
    parts: list[dict]
    facts: list[dict]
    pledge: Pledge | None
    publicity: Cycle | None
    code: str

    @property
    def has_star(self) -> bool:
        """Whether a star holds at this moment."""
        return self.award is not None and self.award.state == AwardState.VALID


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


def summed(splits: Iterable[dict[str, int]]) -> dict[str, int]:
    """Add up the splits of several sub-districts."""
    total: dict[str, int] = {}
    for split in splits:
        for stars, number in split.items():
            total[stars] = total.get(stars, 0) + number
    return total


def shop_page(pharmacy: Pharmacy, *, now: datetime) -> ShopPage:
    """Gather the page of one shop."""
    today = localtime(now).date()
    award = (
        Award.objects.for_paper()
        .filter(pharmacy=pharmacy, valid_from__lte=today, valid_to__gte=today)
        .exclude(state=AwardState.WITHDRAWN)
        .order_by("-valid_from")
        .first()
    )
    lines = []
    if award is not None:
        cycle = award.result.assessment.cycle
        lines = [f"{cycle.name}评定", f"有效至 {cn_date(award.valid_to)}"]
    facts = veto_facts([pharmacy.pk], today, today).get(pharmacy.pk, [])
    return ShopPage(
        pharmacy=pharmacy,
        award=award,
        meaning=MEANINGS.get(award.stars, "") if award else "",
        lines=lines,
        parts=[_part(d) for d in award.result.tree.get("dimensions", ())] if award else [],
        facts=facts,
        pledge=standing_pledge(pharmacy, on=today),
        publicity=Cycle.objects.filter(
            state=CycleState.PUBLICISED, assessments__pharmacy=pharmacy
        ).first(),
        code=live_code(award.token, now=now) if award else "",
    )


def _part(dimension: dict) -> dict:
    """One of the three parts in words: good, fair or weak, with the largest gaps in plain words."""
    ratio = round(float(dimension["ratio"] or 0) * 100)
    counted = [item for item in dimension["items"] if item["status"] in {"scored", "fallback"}]
    gaps = sorted(
        (item for item in counted if float(item["lost"] or 0) > 0),
        key=lambda item: -float(item["lost"]),
    )
    met = len(counted) - len(gaps)
    if gaps:
        names = "；".join(item["name"] for item in gaps[:GAPS_NAMED])
        more = f"等 {len(gaps)} 项" if len(gaps) > GAPS_NAMED else ""
        text = f"{len(counted)} 项里 {met} 项做到位。还不够的：{names}{more}。"
    else:
        text = f"{len(counted)} 项都做到位。" if counted else ""
    return {
        "name": dimension["name"],
        "ratio": ratio,
        "word": "好" if ratio >= GOOD else "较好" if ratio >= FAIR else "一般",
        "text": text,
    }


def live_code(token: str, *, now: datetime) -> str:
    """A six-digit code that changes each minute: a photographed page soon shows an old one."""
    minute = localtime(now).strftime("%Y%m%d%H%M")
    digest = hmac.new(
        settings.SECRET_KEY.encode(), f"verify:{token}:{minute}".encode(), hashlib.sha256
    ).hexdigest()
    return f"{int(digest[:12], 16) % 1_000_000:06d}"


def publicities() -> QuerySet[Cycle]:
    """Cycles whose list the public may read, the newest first."""
    return Cycle.objects.public().select_related("scheme").order_by("-publicised_at")


def search_awards(awards: QuerySet[Award], typed: str) -> QuerySet[Award]:
    """Narrow the star list to shops that match what was typed."""
    shops = Pharmacy.objects.matching(typed)
    return awards.filter(Q(pharmacy__in=shops) | Q(serial=typed.strip()))


def scheme_in_force() -> Scheme | None:
    """Return the published scheme that the newest cycle goes by, else the newest published."""
    cycle = (
        Cycle.objects.exclude(state__in=[CycleState.DRAFT, CycleState.CANCELLED])
        .select_related("scheme")
        .order_by("-starts_on", "-pk")
        .first()
    )
    if cycle is not None:
        return cycle.scheme
    return Scheme.objects.filter(state=SchemeState.PUBLISHED).order_by("-published_at").first()


@dataclass(frozen=True)
class Verdict:
    """What the verification page says first: does the certificate hold at this moment?"""

    words: str
    tone: str
    icon: str
    text: str = ""


def verdict(award: Award, *, today: date) -> Verdict:
    """Return the answer of the verification page in words."""
    if award.state != AwardState.VALID:
        tone = "warn" if award.state == AwardState.SUSPENDED else "bad"
        icon = "player-pause" if award.state == AwardState.SUSPENDED else "circle-x"
        return Verdict(f"证书{award.get_state_display()}", tone, icon, award.state_reason)
    if award.valid_from > today:
        text = f"{cn_date(award.valid_from)}起有效"
        return Verdict("证书尚未生效", "warn", "hourglass", text)
    if award.valid_to < today:
        text = f"有效期到 {cn_date(award.valid_to)}为止"
        return Verdict("证书已到期", "bad", "circle-x", text)
    return Verdict("证书有效", "ok", "circle-check")


NO_AREA = "未登记片区"


def publicity_found(lines: list[dict], *, area: str, text: str) -> list[dict]:
    """Return the lines of the frozen list in one sub-district that hold the words typed."""
    words = text.split()
    return [
        line
        for line in lines
        if (not area or (line["area"] or NO_AREA) == area)
        and all(word in line["shop"] for word in words)
    ]


def by_area(lines: list[dict]) -> dict[str, list[dict]]:
    """Return the lines by sub-district in their order."""
    areas: dict[str, list[dict]] = {}
    for line in lines:
        areas.setdefault(line["area"] or NO_AREA, []).append(line)
    return areas


def publicity_units(lines: list[dict]) -> dict[str, int]:
    """Count the frozen list for the unit chart."""
    counts: dict[str, int] = {}
    for line in lines:
        kind = unit_kind(line["status"], line["stars"])
        counts[kind] = counts.get(kind, 0) + 1
    return counts
