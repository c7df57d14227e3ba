"""Where a cycle stands: the stage card of the workbench and of the cycle's own page."""

from datetime import date

from django.db.models import Case, Count, Q, QuerySet, When

from starrating.enums import AssessmentState as A
from starrating.enums import CycleState as C
from starrating.models import Assessment, Cycle

STAGES = (
    (C.SELF_REVIEW, "企业自评"),
    (C.REVIEW, "评审与评分"),
    (C.GATED, "质量审核"),
    (C.NOTIFIED, "告知与异议"),
    (C.PUBLICISED, "公示"),
    (C.FINAL, "授牌"),
)
ORDER = [C.DRAFT, *(state for state, _ in STAGES), C.ARCHIVED]


def current_cycle() -> Cycle | None:
    """Return the cycle that is at work, else one in preparation, else the newest that stands.

    Next year's plan does not hide a cycle that shops still wait for.
    """
    return by_attention().select_related("scheme").first()


def by_attention() -> QuerySet[Cycle]:
    """Return the cycles that stand, the one that the house looks at first."""
    rank = Case(
        When(state__in=[C.FINAL, C.ARCHIVED], then=2), When(state=C.DRAFT, then=1), default=0
    )
    return Cycle.objects.exclude(state=C.CANCELLED).order_by(rank, "-starts_on", "-pk")


def steps(cycle: Cycle) -> list[dict]:
    """Return the stages for the stepper, each with the date that ends it."""
    notes = {
        C.SELF_REVIEW: _until(cycle.entry_closes_on),
        C.REVIEW: _until(cycle.review_closes_on),
        C.GATED: _day(cycle.gate_second_at and cycle.gate_second_at.date()),
        C.NOTIFIED: _until(cycle.objections_close_on),
        C.PUBLICISED: _until(cycle.publicity_ends_on),
        C.FINAL: _day(cycle.finalised_at and cycle.finalised_at.date()),
    }
    here = ORDER.index(cycle.state) if cycle.state in ORDER else 0
    return [
        {
            "label": label,
            "note": notes[state],
            "state": "done"
            if ORDER.index(state) < here or cycle.state in {C.FINAL, C.ARCHIVED}
            else "now"
            if state == cycle.state
            else "",
        }
        for state, label in STAGES
    ]


def _until(day: date | None) -> str:
    return f"{day.month}月{day.day}日止" if day else ""


def _day(day: date | None) -> str:
    return f"{day.month}月{day.day}日" if day else ""


def counts(cycle: Cycle, pharmacies=None) -> dict[str, int]:
    """Count the files of the cycle by how far they are, in one query.

    ``pharmacies`` narrows to the shops in sight.
    """
    rows = Assessment.objects.filter(cycle=cycle)
    if pharmacies is not None:
        rows = rows.filter(pharmacy__in=pharmacies)
    return rows.aggregate(
        all=Count("pk"),
        taking_part=Count("pk", filter=~Q(state__in=[A.DECLINED, A.EXCUSED])),
        handed_in=Count("pk", filter=Q(state__in=[A.SUBMITTED, A.REVIEWED])),
        late=Count("pk", filter=Q(state=A.OPEN)),
        returned=Count("pk", filter=Q(state=A.RETURNED)),
        to_review=Count("pk", filter=Q(state=A.SUBMITTED)),
        unconfirmed=Count("pk", filter=Q(state=A.SUBMITTED, confirmed_at=None)),
        reviewed=Count("pk", filter=Q(state=A.REVIEWED)),
        rated=Count("pk", filter=Q(preview__isnull=False)),
    )


def shops_in_sight(cycle: Cycle, user):
    """The shops of the cycle whose files the person may see, to narrow counts with."""
    return Assessment.objects.visible_to(user).filter(cycle=cycle).values("pharmacy")


def distribution(cycle: Cycle, pharmacies=None) -> dict[str, int]:
    """Count the shops by draft star for the unit chart: ``{"5": 18, …, "none": 6, "veto": 2}``."""
    rows = Assessment.objects.filter(cycle=cycle)
    if pharmacies is not None:
        rows = rows.filter(pharmacy__in=pharmacies)
    found = rows.values_list("preview_status", "preview_stars").annotate(n=Count("pk"))
    drawn: dict[str, int] = {}
    for status, stars, number in found.order_by():
        kind = unit_kind(status, stars)
        drawn[kind] = drawn.get(kind, 0) + number
    return drawn


def unit_kind(status: str, stars: int | None) -> str:
    """The capsule of the unit chart for one shop."""
    if status == "rated" and stars:
        return str(stars)
    if status in {"vetoed", "suspended"}:
        return "veto"
    if status in {"incomplete", "awaiting"}:
        return "wait"
    return "0" if status == "below_bands" else "none"


def unassigned(cycle: Cycle) -> int:
    """Count the shops taking part that no reviewer has."""
    return (
        Assessment.objects.taking_part()
        .filter(cycle=cycle)
        .exclude(assignments__ended_at=None, assignments__isnull=False)
        .count()
    )
