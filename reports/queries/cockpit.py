"""The regulator's figures: each one counts a list that the page behind it shows."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from django.db.models import Avg, Count, DecimalField, F, Q, QuerySet, Subquery
from django.db.models.fields.json import KT
from django.db.models.functions import Cast
from django.urls import reverse

from activities.enums import ActivityState
from activities.models import Activity
from inspections.models import Violation
from members.models import Pharmacy
from starrating.enums import CycleState
from starrating.models import Assessment, Cycle
from starrating.queries import stage

OPEN_RISKS = ("established", "in_review", "lead")
NO_AREA = "未登记片区"
RISKS_SHOWN = 6
TENTH = Decimal("0.1")


@dataclass
class AreaRow:
    """One sub-district: its shops by star, the mean of the rated ones, its open risks."""

    pk: int | None
    name: str
    code: str
    shops: int
    units: dict[str, int] = field(default_factory=dict)
    mean: Decimal | None = None
    risks: int = 0


@dataclass(frozen=True)
class PartRow:
    """One part of the scheme: how much of its points was reached, this time and the last."""

    name: str
    ratio: Decimal | None
    before: Decimal | None

    @property
    def change(self) -> Decimal | None:
        if self.ratio is None or self.before is None:
            return None
        return self.ratio - self.before

    @property
    def change_words(self) -> str:
        """The size of the change; the arrow beside it says the direction."""
        return "" if self.change is None else str(abs(self.change))


@dataclass(frozen=True)
class Cockpit:
    """Everything on the page, counted once; ``area`` is the sub-district it was narrowed to."""

    area: AreaRow | None
    every_area: list[AreaRow]
    cycle: Cycle | None
    previous: Cycle | None
    is_draft: bool
    figures: list[dict]
    areas: list[AreaRow]
    units: dict[str, int]
    parts: list[PartRow]
    risks: list[Violation]
    risk_count: int


def cockpit(user, *, area: str = "", today: date) -> Cockpit:
    """Return the page for the shops in sight, of the sub-district with the code ``area`` if given.

    Six queries whatever the number of shops.
    """
    seen = Pharmacy.objects.visible_to(user)
    risks = Violation.objects.visible_to(user).filter(state__in=OPEN_RISKS)
    every = rows = _area_rows(seen.on_register())
    chosen = next((row for row in every if area and row.code == area), None)
    if chosen is not None:
        rows = [chosen]
        seen, risks = seen.filter(area=chosen.pk), risks.filter(pharmacy__area=chosen.pk)
    cycle, previous = _cycles()
    standing = _count_risks(risks, rows)
    # A shop that closed since keeps its place in the cycle, as in the list behind the figures.
    drawn, before = _rated(cycle, previous, seen)
    _fill_areas(rows, drawn)
    units = stage_units(drawn) or ({"none": sum(row.shops for row in rows)} if rows else {})
    return Cockpit(
        area=chosen,
        every_area=[row for row in every if row.pk is not None],
        cycle=cycle,
        previous=previous,
        is_draft=cycle is not None and cycle.state not in {CycleState.FINAL, CycleState.ARCHIVED},
        figures=_figures(rows, cycle, previous, drawn, before, standing, today),
        areas=rows,
        units=units,
        parts=_parts(cycle, drawn, previous, before),
        risks=_newest(risks),
        risk_count=sum(standing.values()),
    )


def _cycles() -> tuple[Cycle | None, Cycle | None]:
    """Return the cycle at work or else the newest, and the one before it, in one query."""
    current = stage.by_attention()
    earlier = (
        Cycle.objects.filter(starts_on__lt=Subquery(current.values("starts_on")[:1]))
        .exclude(state__in=[CycleState.CANCELLED, CycleState.DRAFT])
        .order_by("-starts_on", "-pk")
    )
    both = Q(pk__in=current.values("pk")[:1]) | Q(pk__in=earlier.values("pk")[:1])
    found = list(Cycle.objects.filter(both).select_related("scheme").order_by("-starts_on", "-pk"))
    return (found[0] if found else None), (found[1] if len(found) > 1 else None)


def _area_rows(shops: QuerySet[Pharmacy]) -> list[AreaRow]:
    found = (
        shops.values("area", "area__name", "area__code")
        .annotate(n=Count("pk"))
        .order_by(F("area__order").asc(nulls_last=True), "area__name")
    )
    return [
        AreaRow(row["area"], row["area__name"] or NO_AREA, row["area__code"] or "", row["n"])
        for row in found
    ]


def _count_risks(risks: QuerySet[Violation], rows: Iterable[AreaRow]) -> dict[str, int]:
    """Write the open risks into the rows and return them by stage."""
    by_area, by_state = dict.fromkeys((row.pk for row in rows), 0), dict.fromkeys(OPEN_RISKS, 0)
    for area, state, number in (
        risks.values_list("pharmacy__area", "state").annotate(n=Count("pk")).order_by()
    ):
        by_area[area] = by_area.get(area, 0) + number
        by_state[state] += number
    for row in rows:
        row.risks = by_area[row.pk]
    return by_state


def _rated(cycle: Cycle | None, previous: Cycle | None, shops) -> tuple[list[dict], list[dict]]:
    """Return the draft ratings of both cycles by area and outcome, with their means."""
    cycles = [one for one in (cycle, previous) if one is not None]
    codes = {part.code for one in cycles for part in one.scheme.rules.dimensions}
    means = {
        f"part_{code}": Avg(
            Cast(KT(f"preview__parts__{code}"), DecimalField(max_digits=9, decimal_places=4))
        )
        for code in sorted(codes)
    }
    groups = (
        Assessment.objects.filter(cycle__in=cycles, pharmacy__in=shops)
        .values("cycle", "pharmacy__area", "preview_status", "preview_stars")
        .annotate(n=Count("pk"), totals=Count("preview_total"), total=Avg("preview_total"), **means)
        .order_by()
    )
    of = {one.pk: [] for one in cycles}
    for group in groups if cycles else ():
        of[group["cycle"]].append(group)
    return of[cycle.pk] if cycle else [], of[previous.pk] if previous else []


def stage_units(drawn: Iterable[dict]) -> dict[str, int]:
    """Count the groups for the unit chart."""
    counts: dict[str, int] = {}
    for row in drawn:
        kind = stage.unit_kind(row["preview_status"], row["preview_stars"])
        counts[kind] = counts.get(kind, 0) + row["n"]
    return counts


def _fill_areas(rows: Iterable[AreaRow], drawn: list[dict]) -> None:
    for row in rows:
        mine = [group for group in drawn if group["pharmacy__area"] == row.pk]
        row.units = stage_units(mine)
        if outside := row.shops - sum(row.units.values()):
            row.units["none"] = row.units.get("none", 0) + max(outside, 0)
        row.mean = _mean(mine, "total")


def _mean(groups: Iterable[dict], name: str) -> Decimal | None:
    """The mean of means by their numbers, one place, half up; ``None`` where nobody is rated."""
    known = [(g[name], g["totals"]) for g in groups if g[name] is not None and g["totals"]]
    number = sum(n for _, n in known)
    if not number:
        return None
    total = sum((mean * n for mean, n in known), Decimal(0))
    return (total / number).quantize(TENTH, ROUND_HALF_UP)


def _parts(cycle, drawn, previous, before) -> list[PartRow]:
    """Return each part of the scheme as percent reached; parts are matched by their name."""
    if cycle is None:
        return []
    earlier = {}
    if previous is not None:
        earlier = {part.name: _percent(before, part) for part in previous.scheme.rules.dimensions}
    return [
        PartRow(part.name, _percent(drawn, part), earlier.get(part.name))
        for part in cycle.scheme.rules.dimensions
    ]


def _percent(groups: Iterable[dict], part) -> Decimal | None:
    mean = _mean(groups, f"part_{part.code}")
    return None if mean is None else (mean / part.full * 100).quantize(TENTH, ROUND_HALF_UP)


def _stars(groups: Iterable[dict]) -> int:
    return sum(group["n"] for group in groups if (group["preview_stars"] or 0) >= 3)


def _figures(rows, cycle, previous, drawn, before, standing, today) -> list[dict]:
    """Return the strip of figures, each with the address of the list that it counts."""
    shops = sum(row.shops for row in rows)
    strip = [
        {"label": "会员药店", "value": shops, "unit": "家", "url": reverse("members:list")},
    ]
    if cycle is not None:
        strip += _star_figures(cycle, previous, drawn, before)
    held = Activity.objects.filter(state=ActivityState.VERIFIED, held_on__year=today.year).count()
    vetoes, everything = standing["established"], sum(standing.values())
    return [
        *strip,
        {
            "label": "未结风险",
            "value": everything,
            "unit": "项",
            "note": f"{vetoes} 项已认定" if vetoes else "没有已认定的",
            "tone": "bad" if vetoes else "",
            "url": reverse("inspections:violations"),
        },
        {
            "label": "已核实的活动",
            "value": held,
            "unit": "场",
            "note": f"{today.year} 年以来",
            "url": f"{reverse('activities:index')}?year={today.year}",
        },
    ]


def _star_figures(cycle: Cycle, previous: Cycle | None, drawn, before) -> list[dict]:
    rated = sum(g["n"] for g in drawn if g["preview_status"] in {"rated", "below_bands"})
    good, mean, earlier = _stars(drawn), _mean(drawn, "total"), _mean(before, "total")
    url = results_url(cycle)
    note, tone = f"{rated} 家已有结果", ""
    if mean is not None and earlier is not None and previous is not None:
        change = mean - earlier
        sign, tone = ("↑", "up") if change >= 0 else ("↓", "down")
        mean_note = f"{sign} {abs(change)} 较 {previous.name}"
    else:
        mean_note = "有总分的药店"
    share = f"家 · {good * 100 // rated}%" if rated else "家"
    return [
        {
            "label": "三星及以上",
            "value": good if rated else None,
            "unit": share,
            "note": note,
            "url": f"{url}?view=good",
        },
        {"label": "平均得分", "value": mean, "note": mean_note, "tone": tone, "url": url},
    ]


def results_url(cycle: Cycle) -> str:
    """The list behind the figures about stars."""
    return reverse("starrating:results", args=[cycle.pk])


def _newest(risks: QuerySet[Violation]) -> list[Violation]:
    """Return the newest open risks, the established ones on top."""
    rows = list(risks.select_related("pharmacy__area").order_by("-pk")[:200])
    return sorted(rows, key=lambda row: row.state != "established")[:RISKS_SHOWN]


def risk_days(risks: Iterable[Violation], today: date) -> list[dict]:
    """Return the risks with how many days they have stood."""
    return [{"row": row, "days": (today - row.prepared_at.date()).days} for row in risks]
