"""Where a rating looks into the other rooms: the one place, and only through their queries.

Set-based: a fixed number of queries for a batch of assessments, however many shops are in it.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from django.db import connection

from activities.queries import charity_credits
from inspections.queries import veto_facts
from starrating.enums import AssessmentState
from starrating.evidence_record import Evidence, Value, Veto, evidence_json
from starrating.models import Assessment, Cycle, MarkPaper
from starrating.said_lines import read_lines, value_of
from starrating.scheme_shape import Scheme

BATCH = 1000
STATUS_OF = {AssessmentState.DECLINED: "declined", AssessmentState.EXCUSED: "exempt"}


class Filed(NamedTuple):
    """What the file of a shop holds for its rating; ``said`` is its sheet, one line an item."""

    pk: int
    sheet_version: int
    said: str
    pharmacy_id: int
    opened_on: date | None
    state: str
    closing_reason: str


def filed(pks: Sequence[int]) -> list[Filed]:
    """Return the files of the assessments ``pks``, in one query and without a model object."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.id, a.sheet_version, a.said, a.pharmacy_id, p.opened_on, a.state,"
            " a.closing_reason FROM starrating_assessment a"
            " JOIN members_pharmacy p ON p.id = a.pharmacy_id WHERE a.id = ANY(%s)",
            [list(pks)],
        )
        return [Filed(*row) for row in cursor.fetchall()]


def collect(cycle: Cycle, files: Sequence[Filed]) -> dict[int, Evidence]:
    """Return the evidence of each file by the pk of its assessment.

    Two queries to other rooms and one to ours, for the whole batch.
    """
    shops = [file.pharmacy_id for file in files]
    credits = charity_credits(shops, cycle.starts_on, cycle.ends_on)
    vetoes = veto_facts(shops, cycle.starts_on, cycle.ends_on)
    confirmed = frozenset(
        MarkPaper.objects.filter(cycle=cycle, confirmed_at__isnull=False).values_list(
            "pk", flat=True
        )
    )
    rules = cycle.scheme.rules
    latest = cycle.newest_opening_on
    return {
        file.pk: _one(
            rules,
            file,
            credits.get(file.pharmacy_id, ()),
            vetoes.get(file.pharmacy_id, ()),
            confirmed,
            latest,
        )
        for file in files
    }


def stale(cycle: Cycle) -> Iterator[Assessment]:
    """Yield the assessments whose evidence no longer is what their draft rating rests on.

    Those that were never rated are not among them; a fixed number of queries a batch.
    """
    rated = Assessment.objects.filter(cycle=cycle, previewed_at__isnull=False)
    in_order = rated.order_by("pharmacy__name_sort", "pharmacy_id")
    hashes = list(in_order.values_list("pk", "preview_evidence_hash"))
    for start in range(0, len(hashes), BATCH):
        batch = dict(hashes[start : start + BATCH])
        fresh = collect(cycle, filed(list(batch)))
        moved = [
            pk
            for pk, evidence in fresh.items()
            if hashlib.sha256(evidence_json(evidence).encode()).hexdigest() != batch[pk]
        ]
        if moved:
            yield from (
                in_order.filter(pk__in=moved)
                .select_related("pharmacy")
                .only("state", "pharmacy__name")
            )


def _one(
    rules: Scheme,
    file: Filed,
    credits: Iterable[Mapping[str, Any]],
    vetoes: Iterable[Mapping[str, Any]],
    confirmed: frozenset[int],
    latest: date | None,
) -> Evidence:
    items, entries = read_lines(rules, file.said)
    bonus: dict[str, tuple[Value, ...]] = {}
    for code, entry in entries.items():
        # Each paper stands for itself, and counts once a second person has confirmed it.
        papers = [paper for paper in entry.values() if paper.get("paper") in confirmed]
        if papers:
            bonus[code] = tuple(value_of("department", paper) for paper in papers)
    for credit in credits:
        code = credit["code"]
        if credit["times"] and any(line.code == code for line in rules.bonus.lines):
            bonus[code] = bonus.get(code, ()) + _credited(credit)
    status, reason = _status(file, latest)
    return Evidence(
        items=items,
        bonus=bonus,
        vetoes=tuple(
            Veto(
                code=fact["code"],
                document=fact["document"],
                since=fact["since"],
                until=fact["until"],
                id=fact["id"],
            )
            for fact in vetoes
        ),
        status=status,
        status_reason=reason,
    )


def _credited(credit: Mapping[str, Any]) -> tuple[Value, ...]:
    """One value per activity where each counts once, else one value for the sum."""
    sources = credit["sources"]
    if credit["times"] == len(sources):
        return tuple(Value("system", "1", source["id"], source["label"]) for source in sources)
    label = "、".join(f"{source['label']}（{source['value']}）" for source in sources)
    return (Value("system", format(credit["times"], "f"), sources[0]["id"], label),)


def _status(file: Filed, latest: date | None) -> tuple[str, str]:
    """What keeps a shop from being rated at all, in the scheme's words; else two blanks."""
    if file.state in STATUS_OF:
        return STATUS_OF[AssessmentState(file.state)], file.closing_reason
    opened = file.opened_on
    if opened is not None and latest is not None and opened > latest:
        return "too_new", f"{opened.isoformat()} 开业，晚于 {latest.isoformat()}"
    return "", ""
