"""The regulator's figures: each one counts a list that the page behind it shows."""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from django.db.models import Avg, Count, Q

from accounts.models import Area
from activities.enums import ActivityState
from activities.models import Activity
from inspections.models import Violation
from members.models import Pharmacy
from starrating.models import Assessment, Cycle
from starrating.queries import stage

OPEN_RISKS = ["lead", "in_review", "established"]


@dataclass(frozen=True)
class AreaRow:
    """One sub-district: its shops by star, the mean of the rated ones, its open risks."""

    area: Area
    shops: int
    units: dict[str, int]
    mean: Decimal | None
    risks: int


def areas(user, cycle: Cycle | None) -> list[AreaRow]:
    """Return the sub-districts in sight; three queries however many there are."""
    shops = Pharmacy.objects.visible_to(user).on_register()
    numbers = dict(shops.values_list("area").annotate(n=Count("pk")).order_by())
    risks = dict(
        Violation.objects.visible_to(user)
        .filter(state__in=OPEN_RISKS)
        .values_list("pharmacy__area")
        .annotate(n=Count("pk"))
        .order_by()
    )
    units: dict[int | None, dict[str, int]] = {}
    totals: dict[int | None, list] = {}
    if cycle is not None:
        found = (
            Assessment.objects.filter(cycle=cycle, pharmacy__in=shops)
            .values_list("pharmacy__area", "preview_status", "preview_stars")
            .annotate(n=Count("pk"), mean=Avg("preview_total"))
            .order_by()
        )
        for area, status, stars, number, mean in found:
            drawn = units.setdefault(area, {})
            kind = stage.unit_kind(status, stars)
            drawn[kind] = drawn.get(kind, 0) + number
            if mean is not None:
                totals.setdefault(area, []).append((mean, number))
    return [
        AreaRow(
            area=area,
            shops=numbers[area.pk],
            units=units.get(area.pk, {"none": numbers[area.pk]}),
            mean=_mean(totals.get(area.pk, [])),
            risks=risks.get(area.pk, 0),
        )
        for area in Area.objects.order_by("order", "name")
        if numbers.get(area.pk)
    ]


def _mean(weighted: list[tuple[Decimal, int]]) -> Decimal | None:
    """The mean of means by their numbers, one place, half up; ``None`` where nobody is rated."""
    number = sum(n for _, n in weighted)
    if not number:
        return None
    total = sum((mean * n for mean, n in weighted), Decimal(0))
    return (total / number).quantize(Decimal("0.1"), ROUND_HALF_UP)


def figures(user, cycle: Cycle | None, *, today: date) -> list[dict]:
    """Return the strip of figures, each with the address of the list that it counts."""
    shops = Pharmacy.objects.visible_to(user).on_register()
    risks = Violation.objects.visible_to(user).filter(state__in=OPEN_RISKS)
    numbers = risks.aggregate(all=Count("pk"), vetoes=Count("pk", filter=Q(state="established")))
    strip = [
        {"label": "会员药店", "value": shops.count(), "unit": "家", "url": "/members/"},
    ]
    if cycle is not None:
        rated = Assessment.objects.filter(cycle=cycle, pharmacy__in=shops).aggregate(
            good=Count("pk", filter=Q(preview_stars__gte=3)),
            all=Count("pk", filter=Q(preview_status__in=["rated", "below_bands"])),
            mean=Avg("preview_total"),
        )
        results = f"/ratings/cycles/{cycle.pk}/results/"
        strip += [
            {
                "label": "三星及以上",
                "value": rated["good"] if rated["all"] else None,
                "unit": "家",
                "note": f"已有试评 {rated['all']} 家",
                "url": f"{results}?view=good",
            },
            {
                "label": "平均得分",
                "value": None
                if rated["mean"] is None
                else rated["mean"].quantize(Decimal("0.1"), ROUND_HALF_UP),
                "note": "有总分的药店",
                "url": results,
            },
        ]
    held = Activity.objects.filter(state=ActivityState.VERIFIED, held_on__year=today.year).count()
    strip += [
        {
            "label": "未结风险",
            "value": numbers["all"],
            "unit": "项",
            "note": f"{numbers['vetoes']} 项已认定" if numbers["vetoes"] else "",
            "tone": "bad" if numbers["vetoes"] else "",
            "url": "/inspections/violations/",
        },
        {
            "label": f"{today.year} 年已核实活动",
            "value": held,
            "unit": "场",
            "url": f"/activities/?year={today.year}",
        },
    ]
    return strip


def risk_list(user, *, limit: int = 6):
    """Return the newest open risks, the established ones on top."""
    rows = (
        Violation.objects.visible_to(user)
        .filter(state__in=OPEN_RISKS)
        .select_related("pharmacy__area")
    )
    return sorted(rows.order_by("-pk")[:200], key=lambda row: row.state != "established")[:limit]
