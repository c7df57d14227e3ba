"""What the rating of a cycle gave: distribution, movement since the last one, the list of shops."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery

from members.models import Pharmacy
from starrating.enums import AssessmentState, CycleState, ResultStatus
from starrating.models import Assessment, Cycle, Result
from starrating.queries.results import STAR_NAMES
from starrating.queries.stage import distribution, unit_kind

# Once shops have been told, the figures are results and no longer a draft.
TOLD = (CycleState.NOTIFIED, CycleState.PUBLICISED, CycleState.FINAL, CycleState.ARCHIVED)
NEAR = Decimal(2)
TOP = 5
WITHOUT_STAR = [ResultStatus.BELOW_BANDS, ResultStatus.VETOED, ResultStatus.SUSPENDED]
OUT = [ResultStatus.DECLINED, ResultStatus.EXEMPT, ResultStatus.TOO_NEW]
# The sheet and the frozen evidence are large and stand in no list.
LIST_FIELDS = (
    "cycle",
    "state",
    "preview",
    "preview_status",
    "preview_total",
    "preview_stars",
    "pharmacy__name",
    "pharmacy__name_sort",
    "pharmacy__licence_number",
    "pharmacy__area__name",
    "pharmacy__unit__name",
    "pharmacy__unit__kind",
)


def previous_cycle(cycle: Cycle) -> Cycle | None:
    """Return the cycle before this one whose results were published; ``None`` for the first."""
    return (
        Cycle.objects.public()
        .filter(starts_on__lt=cycle.starts_on)
        .defer("publicity_text")
        .order_by("-starts_on", "-pk")
        .first()
    )


def rows_of(cycle: Cycle, user, *, previous: Cycle | None) -> QuerySet[Assessment]:
    """Return the files of the cycle in sight, each with the stars of the ``previous`` cycle."""
    before = Result.objects.filter(
        assessment__cycle=previous, assessment__pharmacy=OuterRef("pharmacy")
    )
    return (
        Assessment.objects.visible_to(user)
        .filter(cycle=cycle)
        .annotate(previous_stars=Subquery(before.order_by("-version").values("stars")[:1]))
    )


def views_of(cycle: Cycle) -> dict[str, tuple[str, Q]]:
    """Return the saved views of the list: name → label and condition."""
    return {
        "all": ("全部", Q()),
        "rated": ("评上星", Q(preview_status=ResultStatus.RATED)),
        "good": ("三星及以上", Q(preview_stars__gte=3)),
        "near": (f"差 {NEAR} 分内升星", _near(cycle)),
        "up": ("比上年升", Q(preview_stars__gt=F("previous_stars"))),
        "down": (
            "比上年降",
            Q(preview_stars__lt=F("previous_stars"))
            | Q(preview_status__in=WITHOUT_STAR, previous_stars__isnull=False),
        ),
        "below": ("未达星", Q(preview_status=ResultStatus.BELOW_BANDS)),
        "veto": (
            "涉否决",
            Q(preview_status__in=[ResultStatus.VETOED, ResultStatus.SUSPENDED]),
        ),
        "incomplete": (
            "资料不全",
            Q(preview_status__in=[ResultStatus.INCOMPLETE, ResultStatus.AWAITING]),
        ),
        "out": (
            "不参评、免评",
            Q(preview_status__in=OUT)
            | Q(state__in=[AssessmentState.DECLINED, AssessmentState.EXCUSED]),
        ),
        "without": (
            "没有结果",
            ~Q(
                preview_status__in=[
                    ResultStatus.RATED,
                    ResultStatus.INCOMPLETE,
                    ResultStatus.AWAITING,
                    *WITHOUT_STAR,
                ]
            ),
        ),
    }


def _near(cycle: Cycle) -> Q:
    """Shops whose total lies less than ``NEAR`` points below the line of a higher star."""
    found = Q(pk__in=[])
    if cycle.scheme.rules.total.good != "high":
        return found
    for band in cycle.scheme.rules.bands:
        for condition in band.conditions:
            if condition.of == "total" and condition.op == "gte":
                close = Q(
                    preview_total__gte=condition.need - NEAR, preview_total__lt=condition.need
                )
                found |= close & (Q(preview_stars=None) | Q(preview_stars__lt=band.stars))
    return found & Q(preview_status__in=[ResultStatus.RATED, ResultStatus.BELOW_BANDS])


def counts_of(rows: QuerySet[Assessment], views: dict[str, tuple[str, Q]]) -> dict[str, int]:
    """Return how many shops stand under each view, in one query."""
    return rows.aggregate(
        **{name: Count("pk", filter=condition) for name, (_, condition) in views.items()}
    )


def narrowed(
    rows: QuerySet[Assessment], *, text: str = "", area=None, stars: int | None = None
) -> QuerySet[Assessment]:
    """Return the shops that match what was typed and chosen."""
    if area is not None:
        rows = rows.filter(pharmacy__area=area)
    if stars is not None:
        rows = rows.filter(preview_stars=stars)
    if text.strip():
        rows = rows.filter(pharmacy__in=Pharmacy.objects.matching(text).values("pk"))
    return rows


def listed(rows: QuerySet[Assessment]) -> QuerySet[Assessment]:
    """Return ``rows`` with exactly what a line of the list needs, by name."""
    return (
        rows.select_related("pharmacy__area", "pharmacy__unit")
        .only(*LIST_FIELDS)
        .order_by("pharmacy__name_sort", "pharmacy_id")
    )


KINDS = (
    *((str(stars), STAR_NAMES[stars], str(stars), f"stars={stars}") for stars in range(TOP, 0, -1)),
    ("0", "未达星", "0", "view=below"),
    ("veto", "涉否决", "v", "view=veto"),
    ("wait", "资料不全", "w", "view=incomplete"),
    ("none", "没有结果", "x", "view=without"),
)


def sample_of(cycle: Cycle, user) -> QuerySet[Assessment]:
    """Return the shops that were drawn for the second person, by name."""
    return listed(Assessment.objects.visible_to(user).filter(cycle=cycle, pk__in=cycle.gate_sample))


@dataclass(frozen=True)
class Outcome:
    """The figures that two people sign: how the shops lie, what moved, what is missing."""

    units: dict[str, int]
    before: dict[str, int]
    all: int
    rated: int
    incomplete: int
    vetoed: int
    up: int
    down: int
    same: int
    previous: Cycle | None
    expected_top_share: int | None

    @property
    def top_share(self) -> int | None:
        """The share of five-star shops among the rated ones in whole percent, half up."""
        if not self.rated:
            return None
        return (self.units.get(str(TOP), 0) * 200 + self.rated) // (2 * self.rated)

    @property
    def table(self) -> list[dict]:
        """One line for each kind of shop that occurs now or before, the best first."""
        return [
            {
                "word": word,
                "key": f"key{mark}",
                "query": query,
                "count": self.units.get(kind, 0),
                "before": self.before.get(kind, 0),
            }
            for kind, word, mark, query in KINDS
            if self.units.get(kind) or self.before.get(kind)
        ]

    @property
    def is_above_expected(self) -> bool:
        """Whether more five-star shops came out than the council expects; a hint, no bar."""
        share, expected = self.top_share, self.expected_top_share
        return share is not None and expected is not None and share > expected


def outcome_of(cycle: Cycle, user) -> Outcome:
    """Return the figures of the shops in sight, in four queries."""
    previous = previous_cycle(cycle)
    rows = rows_of(cycle, user, previous=previous)
    units: dict[str, int] = {}
    found = rows.values_list("preview_status", "preview_stars").annotate(n=Count("pk"))
    statuses: dict[str, int] = {}
    for status, stars, number in found.order_by():
        kind = unit_kind(status, stars)
        units[kind] = units.get(kind, 0) + number
        statuses[status] = statuses.get(status, 0) + number
    views = views_of(cycle)
    moved = rows.aggregate(
        up=Count("pk", filter=views["up"][1]),
        down=Count("pk", filter=views["down"][1]),
        same=Count("pk", filter=Q(preview_stars=F("previous_stars"))),
    )
    return Outcome(
        units=units,
        # The same shops a year ago: what is compared is what these people may see now.
        before=distribution(previous, rows.values("pharmacy")) if previous else {},
        all=sum(statuses.values()),
        rated=statuses.get(ResultStatus.RATED, 0),
        incomplete=units.get("wait", 0),
        vetoed=units.get("veto", 0),
        previous=previous,
        expected_top_share=cycle.expected_top_share,
        **moved,
    )
