"""The reviewer's work list and the case beside it."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Q, QuerySet

from accounts.permissions import allowed
from accounts.roles import Permission, Role
from members.models import Pharmacy
from starrating.enums import AssessmentState
from starrating.models import Assessment, Cycle, EvidenceFile
from starrating.queries.entry import owner_sheet, papers_by_item
from starrating.scheme_shape import Item
from starrating.self_assessment import SELF, Line, owner_items, points_said

VIEWS = {
    "todo": ("待评审", Q(state=AssessmentState.SUBMITTED)),
    "unconfirmed": ("待药店确认", Q(state=AssessmentState.SUBMITTED, confirmed_at=None)),
    "returned": ("退回补充", Q(state=AssessmentState.RETURNED)),
    "done": ("评审完成", Q(state=AssessmentState.REVIEWED)),
    "late": ("自评未交", Q(state=AssessmentState.OPEN)),
    "all": ("全部", Q()),
}
PAGE = 50
REVIEWED = "reviewed"


def work_list(cycle: Cycle, user) -> QuerySet[Assessment]:
    """The cases of the cycle that the person works on: a reviewer's own, else all in sight."""
    rows = Assessment.objects.visible_to(user).taking_part().filter(cycle=cycle)
    if Role.REVIEWER in user.area_roles and not allowed(user, Permission.ASSESSMENT_ASSIGN):
        rows = rows.filter(assignments__reviewer=user, assignments__ended_at=None)
    return rows


def tab_counts(rows: QuerySet[Assessment]) -> dict[str, int]:
    """How many cases stand under each view, in one query."""
    return rows.aggregate(
        **{
            name: Count("pk", filter=condition, distinct=True)
            for name, (_, condition) in VIEWS.items()
        }
    )


def narrowed(rows: QuerySet[Assessment], *, view: str, text: str = "", area=None) -> QuerySet:
    """The cases under one view that match what was typed, as on the register."""
    rows = rows.filter(VIEWS[view][1])
    if area:
        rows = rows.filter(pharmacy__area=area)
    if text.strip():
        rows = rows.filter(pharmacy__in=Pharmacy.objects.matching(text))
    return (
        rows.select_related("pharmacy__area", "pharmacy__unit")
        .defer("preview", "preview_evidence", "preview_said")
        .order_by("pharmacy__name_sort", "pharmacy_id")
    )


def page_of(rows: QuerySet[Assessment], *, after: str = "", before: str = ""):
    """Return ``(rows, previous key, next key)`` of one page by (sort key, shop); keys or ``""``.

    A key that means nothing starts at the top.
    """
    before, after = (key if _is_key(key) else "" for key in (before, after))
    if before:
        name, _, pk = before.rpartition("~")
        earlier = rows.filter(
            Q(pharmacy__name_sort__lt=name) | Q(pharmacy__name_sort=name, pharmacy_id__lt=int(pk))
        ).order_by("-pharmacy__name_sort", "-pharmacy_id")[: PAGE + 1]
        found = list(earlier)
        has_more = len(found) > PAGE
        shown = found[:PAGE][::-1]
        return shown, _key(shown[0]) if has_more and shown else "", _key(shown[-1]) if shown else ""
    if after:
        name, _, pk = after.rpartition("~")
        rows = rows.filter(
            Q(pharmacy__name_sort__gt=name) | Q(pharmacy__name_sort=name, pharmacy_id__gt=int(pk))
        )
    found = list(rows[: PAGE + 1])
    shown = found[:PAGE]
    has_more = len(found) > PAGE
    return shown, _key(shown[0]) if after and shown else "", _key(shown[-1]) if has_more else ""


def _is_key(text: str) -> bool:
    pk = text.rpartition("~")[2]
    return pk.isascii() and pk.isdecimal() and len(pk) < 19 and "\0" not in text


def _key(assessment: Assessment) -> str:
    return f"{assessment.pharmacy.name_sort}~{assessment.pharmacy_id}"


@dataclass(frozen=True)
class WorkRow:
    """One case of the list: what the shop says it is worth, what the reviewer found."""

    case: Assessment
    said: Decimal | None
    found: Decimal | None
    full: Decimal
    paper_count: int

    @property
    def steps_done(self) -> int:
        """How far the case is: handed in, confirmed by the shop, reviewed."""
        if self.case.state not in (AssessmentState.SUBMITTED, AssessmentState.REVIEWED):
            return 0
        return 1 + (self.case.confirmed_at is not None) + (self.case.state == "reviewed")


def work_rows(cycle: Cycle, shown: list[Assessment]) -> list[WorkRow]:
    """Return the cases of one page with their sums; one query for the papers."""
    counts = dict(
        EvidenceFile.objects.filter(assessment__in=shown, removed_at=None)
        .order_by()
        .values_list("assessment")
        .annotate(n=Count("pk"))
    )
    rules = cycle.scheme.rules
    full = sum((item.full for item in owner_items(rules).values()), Decimal(0))
    return [
        WorkRow(
            case,
            points_said(rules, case.sheet, SELF)[0],
            points_said(rules, case.sheet, REVIEWED)[0],
            full,
            counts.get(case.pk, 0),
        )
        for case in shown
    ]


@dataclass(frozen=True)
class Neighbours:
    """Where a case stands in its list; ``place`` counts from 1, and is 0 outside of it."""

    place: int = 0
    count: int = 0
    before: int | None = None
    after: int | None = None


def neighbours(found: QuerySet[Assessment], opened: Assessment) -> Neighbours:
    """Return the cases before and after ``opened`` in the list ``found``."""
    name, pk = opened.pharmacy.name_sort, opened.pharmacy_id
    same = Q(pharmacy__name_sort=name)
    earlier = found.filter(Q(pharmacy__name_sort__lt=name) | same & Q(pharmacy_id__lt=pk))
    later = found.filter(Q(pharmacy__name_sort__gt=name) | same & Q(pharmacy_id__gt=pk))
    return Neighbours(
        place=earlier.count() + 1 if found.filter(pk=opened.pk).exists() else 0,
        count=found.count(),
        before=earlier.reverse().values_list("pk", flat=True).first(),
        after=later.values_list("pk", flat=True).first(),
    )


@dataclass(frozen=True)
class CaseLine:
    """One item of the case: the shop's answer, the reviewer's value, the papers.

    ``typed`` and ``note`` are what a refused decision had in its boxes.
    """

    line: Line
    reviewed: str
    na_state: str
    papers: tuple
    typed: str = ""
    note: str = ""

    @property
    def is_open(self) -> bool:
        """Whether the boxes for another value or a return stand open."""
        return bool(self.typed or self.note)

    @property
    def item(self) -> Item:
        return self.line.item

    @property
    def choices(self) -> list[str]:
        """The answers a reviewer may choose instead; empty where a number is typed."""
        if self.item.method == "bool":
            return ["符合", "不符合"]
        return [level.name for level in self.item.levels]


def case(
    assessment: Assessment, typed: Mapping[str, str] | None = None
) -> list[tuple[str, list[CaseLine]]]:
    """Return the handed-in sheet by parts, each line ready for the panel.

    ``typed`` is a refused decision, by the names of its boxes.
    """
    typed = typed or {}
    papers = papers_by_item(assessment)
    parts = []
    for part in owner_sheet(assessment).parts:
        lines = []
        for line in part.lines:
            values = assessment.sheet.get(line.item.code, {})
            claim = values.get("na", {})
            lines.append(
                CaseLine(
                    line=line,
                    reviewed=str(values.get("reviewed", {}).get("value", "")),
                    na_state="confirmed"
                    if claim.get("confirmed_at")
                    else "refused"
                    if claim.get("refused_at")
                    else "claimed"
                    if claim
                    else "",
                    papers=tuple(papers.get(line.item.code, ())),
                    typed=typed.get(f"v-{line.item.code}", ""),
                    note=typed.get(f"n-{line.item.code}", ""),
                )
            )
        parts.append((f"{part.position}. {part.name}", lines))
    return parts


def reviewable_items(assessment: Assessment) -> dict[str, Item]:
    """The items that a reviewer passes judgement on."""
    return owner_items(assessment.cycle.scheme.rules)
