"""Marks as they are read: what is complete, what is blank for whom, what a paper says."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db import connection
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from accounts.permissions import allowed
from accounts.roles import Permission
from activities.enums import CharityCode
from activities.queries import charity_credits
from members.models import Pharmacy
from members.queries import units_of
from starrating.enums import AssessmentState, MarkKind
from starrating.mark_sheet import (
    BONUS,
    DEPARTMENT,
    PUBLIC,
    Mark,
    asks_sample,
    choices_of,
    how_to_write,
    mark_of,
    marked_items,
    shown_mark,
    standing_digest,
    stands,
)
from starrating.models import Assessment, Cycle, MarkedShop, MarkPaper, StagedMarks
from starrating.models.marks import MARKABLE
from starrating.scheme_shape import BonusLine, Item

# Bonus lines that verified activities give by themselves; nobody enters those by hand.
COUNTED_BY_ITSELF = frozenset(code.partition("/")[2] for code in CharityCode.values)
NO_AREA = 10**6
NOT_TAKING_PART = (AssessmentState.DECLINED, AssessmentState.EXCUSED)


def items_of(cycle: Cycle, kind: str) -> dict[str, Item | BonusLine]:
    """Return what marks of ``kind`` speak about in this cycle."""
    return marked_items(cycle.scheme.rules, kind, counted=COUNTED_BY_ITSELF)


def kind_name(cycle: Cycle, kind: str) -> str:
    """Return what the scheme calls the part: its dimension, or 公益加分."""
    if kind == BONUS:
        return MarkKind.BONUS.label
    names = [
        d.name for d in cycle.scheme.rules.dimensions if any(i.scorer == kind for i in d.items)
    ]
    return "、".join(names) or MarkKind(kind).label


# ------------------------------------------------------------------ what is complete


@dataclass(frozen=True)
class ItemState:
    """One item over all shops: how many have no mark yet."""

    item: Item
    blank: int
    shops: int

    @property
    def held(self) -> int:
        return self.shops - self.blank


@dataclass(frozen=True)
class KindState:
    """One part of the scheme that is marked from papers."""

    kind: str
    name: str
    items: tuple[ItemState, ...]
    shops: int
    complete: int
    place: int

    @property
    def left(self) -> int:
        """Shops that miss at least one mark."""
        return self.shops - self.complete

    @property
    def blanks(self) -> int:
        return sum(state.blank for state in self.items)


HELD = """
WITH wanted AS (SELECT * FROM unnest(%s::text[], %s::text[]) AS w(kind, code)),
shops AS (
    SELECT id, sheet FROM starrating_assessment WHERE cycle_id = %s AND NOT state = ANY(%s)
),
held AS (
    SELECT shops.id, wanted.kind, wanted.code
    FROM shops CROSS JOIN LATERAL jsonb_each(shops.sheet) AS e(code, entry)
    JOIN wanted ON wanted.code = e.code AND jsonb_exists(e.entry, wanted.kind)
),
per_shop AS (SELECT id, kind, count(*) AS n FROM held GROUP BY id, kind),
whole AS (SELECT kind, count(*) AS n FROM wanted GROUP BY kind)
SELECT '', '', count(*) FROM shops
UNION ALL SELECT kind, code, count(*) FROM held GROUP BY kind, code
UNION ALL SELECT kind, '', count(*) FROM per_shop JOIN whole USING (kind, n) GROUP BY kind
"""


def overview(cycle: Cycle) -> list[KindState]:
    """Return department and public with the number of blanks by item, in one query.

    A blank is not a zero: the shop is rated *incomplete* until the mark is there.
    """
    items = {kind: items_of(cycle, kind) for kind in (DEPARTMENT, PUBLIC)}
    wanted = [(kind, code) for kind, by_code in items.items() for code in by_code]
    kinds, codes = [kind for kind, _ in wanted], [code for _, code in wanted]
    with connection.cursor() as cursor:
        cursor.execute(HELD, [kinds, codes, cycle.pk, [str(s) for s in NOT_TAKING_PART]])
        counted = {(kind, code): n for kind, code, n in cursor.fetchall()}
    shops = counted["", ""]
    return [
        KindState(
            kind,
            kind_name(cycle, kind),
            tuple(
                ItemState(item, shops - counted.get((kind, code), 0), shops)
                for code, item in by_code.items()
            ),
            shops,
            counted.get((kind, ""), 0),
            _place_in_scheme(cycle, kind),
        )
        for kind, by_code in items.items()
        if by_code
    ]


def _place_in_scheme(cycle: Cycle, kind: str) -> int:
    """Return which dimension of the scheme the part is, counted from 1: it gives the colour."""
    dimensions = cycle.scheme.rules.dimensions
    places = (n for n, d in enumerate(dimensions, 1) if any(i.scorer == kind for i in d.items))
    return next(places, 1)


def in_order(rows: QuerySet[Assessment]) -> QuerySet[Assessment]:
    """Order shops as the sheets do: by sub-district, then by name."""
    return rows.annotate(place=Coalesce(F("pharmacy__area__order"), Value(NO_AREA))).order_by(
        "place", "pharmacy__name_sort", "pharmacy_id"
    )


def with_blanks(cycle: Cycle, kind: str, *, item: str = "") -> QuerySet[Assessment]:
    """Shops taking part that miss a mark of ``kind``, or the one of ``item``."""
    codes = [item] if item else items_of(cycle, kind)
    missing = Q(pk__in=[])
    for code in codes:
        missing |= Q(**{f"sheet__{code}__{kind}__isnull": True})
    return Assessment.objects.taking_part().filter(missing, cycle=cycle)


def matching(rows: QuerySet[Assessment], text: str) -> QuerySet[Assessment]:
    """Shops whose name, initials or licence number match what was typed, as on the register."""
    return rows.filter(pharmacy__in=Pharmacy.objects.matching(text)) if text.strip() else rows


def blank_codes(assessment: Assessment, items: Iterable[str], kind: str) -> list[str]:
    """Return the items of the shop that have no mark of ``kind``."""
    return [code for code in items if kind not in assessment.sheet.get(code, {})]


# ------------------------------------------------------------------ papers


def papers_of(cycle: Cycle, user) -> QuerySet[MarkPaper]:
    """The papers of a cycle, the newest first; opened and left empty, then taken back, is noise."""
    papers = MarkPaper.objects.visible_to(user).filter(cycle=cycle)
    return papers.exclude(undone_at__isnull=False, value_count=0).order_by("-entered_at", "-pk")


def papers_to_go_on_with(cycle: Cycle, kind: str, user) -> QuerySet[MarkPaper]:
    """Papers by hand into which the person may enter further shops."""
    papers = papers_of(cycle, user).standing().filter(kind=kind, sheet_file=None)
    if kind == BONUS:
        papers = papers.filter(entered_by=user, confirmed_at=None)
    return papers


def waiting_papers(user) -> QuerySet[MarkPaper]:
    """Papers that wait for the second person, the oldest first."""
    return MarkPaper.objects.visible_to(user).waiting().order_by("entered_at", "pk")


def waiting_for(user) -> int:
    """Count the papers that this person may confirm; for the navigation."""
    return MarkPaper.objects.visible_to(user).waiting().exclude(entered_by=user).count()


@dataclass(frozen=True)
class Change:
    """One value of a paper or a preview: what stands now, what is written."""

    code: str
    name: str
    before: str
    after: str
    is_overwritten: bool = False


def lines_of(paper: MarkPaper, user) -> QuerySet[MarkedShop]:
    """What a paper says, shop by shop, as far as the person may see the shops.

    Who is to confirm a paper sees all of it: nobody signs for lines they cannot read.
    """
    lines = MarkedShop.objects.filter(paper=paper).select_related(
        "assessment__pharmacy__area", "entered_by", "undone_by"
    )
    is_second = paper.needs_confirmation and allowed(user, Permission.MARK_CONFIRM, paper)
    if not is_second:
        lines = lines.filter(assessment__in=Assessment.objects.visible_to(user))
    return lines.annotate(
        place=Coalesce(F("assessment__pharmacy__area__order"), Value(NO_AREA))
    ).order_by("place", "assessment__pharmacy__name_sort", "pk")


def changes_of(line: MarkedShop, paper: MarkPaper, items: Mapping) -> list[Change]:
    """Return the values of one line in the order of the scheme."""
    key = BONUS if paper.kind == BONUS else paper.kind
    changes = []
    for code, entry in sorted(line.after.items(), key=lambda pair: _place_of(pair[0], items)):
        before = line.before.get(code)
        now = line.assessment.sheet.get(code, {}).get(key, {})
        changes.append(
            Change(
                code,
                items[code].name if code in items else code,
                shown_mark(mark_of(before)) if before else "",
                _said(mark_of(entry)),
                key != BONUS and line.undone_at is None and now.get("paper") != paper.pk,
            )
        )
    return changes


def columns_of(rows: Iterable[Iterable[Change]], items: Mapping) -> list[tuple[str, str]]:
    """Return code and name of every item that these rows speak about, in the scheme's order."""
    names = {change.code: change.name for row in rows for change in row}
    return sorted(names.items(), key=lambda pair: _place_of(pair[0], items))


def in_columns(
    changes: Iterable[Change], columns: Iterable[tuple[str, str]]
) -> list[Change | None]:
    """Return the values of one shop under ``columns``; None where it says nothing."""
    by_code = {change.code: change for change in changes}
    return [by_code.get(code) for code, _ in columns]


def _place_of(code: str, items: Mapping) -> int:
    return list(items).index(code) if code in items else len(items)


def _said(mark: Mark) -> str:
    said = shown_mark(mark)
    return f"{said}（样本 {mark.n}）" if mark.n is not None else said


# ------------------------------------------------------------------ one shop by hand


@dataclass(frozen=True)
class HandLine:
    """One item of the shop as the form shows it: how to write it, what stands there now."""

    item: Item | BonusLine
    now: tuple[dict[str, Any], ...]
    by_itself: dict[str, Any] | None = None

    @property
    def is_automatic(self) -> bool:
        """Whether verified activities give the line."""
        return self.by_itself is not None

    @property
    def choices(self) -> tuple[str, ...]:
        return choices_of(self.item)

    @property
    def how(self) -> str:
        return how_to_write(self.item)

    @property
    def asks_sample(self) -> bool:
        return asks_sample(self.item)

    @property
    def may_be_na(self) -> bool:
        return isinstance(self.item, Item) and self.item.na


def hand_lines(assessment: Assessment, kind: str) -> list[HandLine]:
    """Return every item that marks of ``kind`` speak about, with what stands there now.

    For the bonus the lines that count by themselves stand at the end, with their activities.
    """
    cycle, sheet = assessment.cycle, assessment.sheet
    items = marked_items(cycle.scheme.rules, kind)
    counted: dict[str, dict[str, Any]] = {}
    confirmed: dict[int, bool] = {}
    if kind == BONUS:
        shop = assessment.pharmacy_id
        credits = charity_credits([shop], cycle.starts_on, cycle.ends_on).get(shop, ())
        counted = {credit["code"]: credit for credit in credits}
        confirmed = _confirmed(sheet, items)
    lines = []
    for code, item in items.items():
        entries = sheet.get(code, {})
        if kind == BONUS:
            now = [e | {"is_waiting": not confirmed.get(e["paper"])} for e in entries.values()]
        else:
            now = [entries[kind]] if kind in entries else []
        shown = tuple(entry | {"said": _said(mark_of(entry))} for entry in now)
        by_itself = None
        if kind == BONUS and code in COUNTED_BY_ITSELF:
            by_itself = _by_itself(counted.get(code))
        lines.append(HandLine(item, shown, by_itself))
    return sorted(lines, key=lambda line: line.by_itself is not None)


def _by_itself(credit: Mapping[str, Any] | None) -> dict[str, Any]:
    """What verified activities give for one line: in words, and the activities."""
    if credit is None:
        return {"said": "", "activities": []}
    activities = [
        {"pk": int(source["id"].partition("/")[2]), "label": source["label"]}
        for source in credit["sources"]
    ]
    return {"said": credit["said"], "activities": activities}


def _confirmed(sheet: Mapping, codes: Iterable[str]) -> dict[int, bool]:
    papers = {e["paper"] for code in codes for e in sheet.get(code, {}).values()}
    rows = MarkPaper.objects.filter(pk__in=papers).values_list("pk", "confirmed_at")
    return {pk: at is not None for pk, at in rows}


def hand_digest(assessment: Assessment, kind: str) -> str:
    """Return the stamp of what the form shows, so that two people notice each other."""
    items = items_of(assessment.cycle, kind)
    return standing_digest({assessment.pk: assessment.sheet}, items, kind)


def markable_shops(cycle: Cycle, user) -> QuerySet[Assessment]:
    """Shops taking part that the person may mark: not those of the own company."""
    return (
        Assessment.objects.visible_to(user)
        .taking_part()
        .filter(cycle=cycle)
        .exclude(pharmacy__unit__in=units_of([user])[user.pk])
        .select_related("pharmacy__area")
    )


def neighbours(assessment: Assessment, kind: str, user) -> tuple[Assessment | None, ...]:
    """Return the shop before, and the shop to enter next: one that still misses something.

    Where nothing is missing any more, simply the next in order; bonus misses nothing.
    """
    shops = markable_shops(assessment.cycle, user)
    area = assessment.pharmacy.area
    here = (area.order if area else NO_AREA, assessment.pharmacy.name_sort, assessment.pharmacy_id)
    before = _beyond(in_order(shops), here, "lt").reverse().first()
    open_ones = shops if kind == BONUS else shops & with_blanks(assessment.cycle, kind)
    following = (
        _beyond(in_order(open_ones), here, "gt").first()
        or _beyond(in_order(shops), here, "gt").first()
    )
    return before, following


def _beyond(rows: QuerySet[Assessment], here: tuple, side: str) -> QuerySet[Assessment]:
    place, name, shop = here
    return rows.filter(
        Q(**{f"place__{side}": place})
        | Q(place=place, **{f"pharmacy__name_sort__{side}": name})
        | Q(place=place, pharmacy__name_sort=name, **{f"pharmacy_id__{side}": shop})
    )


def first_open(cycle: Cycle, kind: str, user) -> Assessment | None:
    """Return the shop with which entering begins."""
    shops = in_order(markable_shops(cycle, user))
    if kind == BONUS:
        return shops.first()
    return in_order(markable_shops(cycle, user) & with_blanks(cycle, kind)).first() or shops.first()


# ------------------------------------------------------------------ a staged sheet


@dataclass(frozen=True)
class StagedShop:
    """One row of the sheet against what stands now."""

    row: int
    shop: str
    area: str
    changes: tuple[Change, ...]


class Preview:
    """A staged sheet beside the cycle as it is now: new, changed and the same."""

    def __init__(self, staged: StagedMarks) -> None:
        self.staged = staged
        self.items = items_of(staged.cycle, staged.kind)
        self.new: list[StagedShop] = []
        self.changed: list[StagedShop] = []
        self.same: list[StagedShop] = []
        marks = staged.as_read
        label = f"{staged.title} {staged.document_number}".strip()
        rows = in_order(
            Assessment.objects.filter(cycle=staged.cycle, pk__in=marks).select_related(
                "pharmacy__area"
            )
        )
        self.sheets = {}
        for assessment in rows:
            self.sheets[assessment.pk] = assessment.sheet
            self._sort(assessment, marks[assessment.pk], label)
        for shops in (self.new, self.changed, self.same):
            shops.sort(key=lambda shop: shop.row)

    def _sort(self, assessment: Assessment, marks: Mapping[str, Mark], label: str) -> None:
        kind = self.staged.kind
        parts: dict[str, list[Change]] = {"new": [], "changed": [], "same": []}
        for code, mark in marks.items():
            entry = {} if kind == BONUS else assessment.sheet.get(code, {}).get(kind, {})
            before = _said(mark_of(entry)) if entry else ""
            name = self.items[code].name if code in self.items else code
            change = Change(code, name, before, _said(mark))
            if stands(assessment.sheet, code, kind, mark, label):
                parts["same"].append(change)
            else:
                parts["changed" if entry else "new"].append(change)
        area = assessment.pharmacy.area
        for name, changes in parts.items():
            if changes:
                getattr(self, name).append(
                    StagedShop(
                        self.staged.rows.get(str(assessment.pk), 0),
                        assessment.pharmacy.name,
                        area.name if area else "",
                        tuple(changes),
                    )
                )

    @cached_property
    def digest(self) -> str:
        """The stamp of what this preview was laid against."""
        return standing_digest(self.sheets, self.items, self.staged.kind)

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many values are new, changed, the same, and how many cells are wrong."""
        parts = {"new": self.new, "changed": self.changed, "same": self.same}
        counts = {name: sum(len(s.changes) for s in shops) for name, shops in parts.items()}
        return counts | {"wrong": len(self.staged.wrong)}

    @property
    def to_write(self) -> int:
        return self.counts["new"] + self.counts["changed"]


def marking_cycle(user) -> Cycle | None:
    """Return the cycle in which marks are entered now, else the newest that is not a draft."""
    cycles = Cycle.objects.visible_to(user).select_related("scheme").order_by("-starts_on", "-pk")
    return (
        cycles.filter(state__in=MARKABLE).first()
        or cycles.exclude(state__in=["draft", "cancelled"]).first()
    )
