"""Where a rating looks into the other rooms: the one place, and only through their queries.

Set-based: a fixed number of queries for a batch of assessments, however many shops are in it.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from activities.queries import charity_credits
from inspections.queries import veto_facts
from starrating.enums import AssessmentState
from starrating.evidence_record import (
    NOT_APPLICABLE_VALUE,
    Evidence,
    Shared,
    Value,
    Veto,
    evidence_json,
)
from starrating.models import Assessment, Cycle, MarkPaper
from starrating.reckoning import remember
from starrating.scheme_shape import Scheme

# Which sources of the sheet speak about items; the claim that one does not apply is read apart.
SOURCES = {"self": "self", "reviewed": "review", "department": "paper", "public": "paper"}
# Beside value, at and by an entry may hold these; all of them are part of what is said.
PLAIN = 3
FURTHER = ("paper", "label", "n", "reason")
SAID: dict[tuple[Any, ...], Shared] = {}
BATCH = 1000
STATUS_OF = {AssessmentState.DECLINED: "declined", AssessmentState.EXCUSED: "exempt"}


def collect(cycle: Cycle, assessments: Iterable[Assessment]) -> dict[int, Evidence]:
    """Return the evidence of each assessment by its pk.

    The assessments must come with their ``pharmacy``. Two queries to other rooms and one to
    ours, for the whole batch.
    """
    batch = list(assessments)
    shops = [assessment.pharmacy_id for assessment in batch]
    credits = charity_credits(shops, cycle.starts_on, cycle.ends_on)
    vetoes = veto_facts(shops, cycle.starts_on, cycle.ends_on)
    confirmed = frozenset(
        MarkPaper.objects.filter(cycle=cycle, confirmed_at__isnull=False).values_list(
            "pk", flat=True
        )
    )
    rules = cycle.scheme.rules
    return {
        assessment.pk: _one(
            cycle,
            rules,
            assessment,
            credits.get(assessment.pharmacy_id, ()),
            vetoes.get(assessment.pharmacy_id, ()),
            confirmed,
        )
        for assessment in batch
    }


def stale(cycle: Cycle) -> Iterator[Assessment]:
    """Yield the assessments whose evidence no longer is what their draft rating rests on.

    Those that were never rated are not among them; a fixed number of queries a batch.
    """
    pks = list(
        Assessment.objects.filter(cycle=cycle, previewed_at__isnull=False)
        .order_by("pharmacy__name_sort", "pharmacy_id")
        .values_list("pk", flat=True)
    )
    for start in range(0, len(pks), BATCH):
        rows = Assessment.objects.filter(pk__in=pks[start : start + BATCH])
        batch = list(
            rows.select_related("pharmacy")
            .order_by("pharmacy__name_sort", "pharmacy_id")
            .only(
                "state",
                "sheet",
                "closing_reason",
                "preview_evidence_hash",
                "pharmacy",
                "pharmacy__name",
                "pharmacy__opened_on",
            )
        )
        evidence = collect(cycle, batch)
        for row in batch:
            fresh = hashlib.sha256(evidence_json(evidence[row.pk]).encode()).hexdigest()
            if fresh != row.preview_evidence_hash:
                yield row


def _one(
    cycle: Cycle,
    rules: Scheme,
    assessment: Assessment,
    credits: Iterable[Mapping[str, Any]],
    vetoes: Iterable[Mapping[str, Any]],
    confirmed: frozenset[int],
) -> Evidence:
    items: dict[str, tuple[Value, ...]] = {}
    bonus: dict[str, tuple[Value, ...]] = {}
    bonus_codes = {line.code for line in rules.bonus.lines}
    for code, entry in assessment.sheet.items():
        if code in bonus_codes:
            # Each paper stands for itself, and counts once a second person has confirmed it.
            papers = [paper for paper in entry.values() if paper.get("paper") in confirmed]
            if papers:
                bonus[code] = tuple(_value("department", paper) for paper in papers)
            continue
        values = _said(entry)
        if values:
            items[code] = values
    for credit in credits:
        if credit["code"] in bonus_codes and credit["times"]:
            bonus[credit["code"]] = bonus.get(credit["code"], ()) + _credited(credit)
    status, reason = _status(cycle, assessment)
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


def _said(entry: Mapping[str, Mapping[str, Any]]) -> Shared | None:
    """Return what the sources of one item say; the same words are the same object for all shops.

    Who wrote them and when stays in the sheet.
    """
    key: list[Any] = []
    for kind, said in entry.items():
        if kind == "na":
            if said.get("refused_at"):
                continue
            key += (kind, "confirmed_at" in said, said.get("reason", ""))
        elif kind in SOURCES:
            key += (kind, said["value"])
            if len(said) > PLAIN:
                key += [said.get(name) for name in FURTHER]
    known = SAID.get(words := tuple(key))
    if known is None:
        values = [_value(kind, entry[kind]) for kind in SOURCES if kind in entry]
        claim = entry.get("na")
        if claim is not None and not claim.get("refused_at"):
            values.append(_claim(claim))
        known = Shared(values)
        remember(SAID, words, known)
    return known or None


def _value(kind: str, entry: Mapping[str, Any]) -> Value:
    paper = entry.get("paper")
    return Value(
        kind=kind,
        value=entry["value"],
        id=f"paper/{paper}" if paper else SOURCES[kind],
        label=entry.get("label", ""),
        n=entry.get("n"),
        reason=entry.get("reason", ""),
    )


def _claim(entry: Mapping[str, Any]) -> Value:
    """Return the claim that the item does not apply; confirmed, it speaks for the reviewer."""
    kind = "reviewed" if "confirmed_at" in entry else "self"
    return Value(kind, NOT_APPLICABLE_VALUE, SOURCES[kind], reason=entry.get("reason", ""))


def _credited(credit: Mapping[str, Any]) -> tuple[Value, ...]:
    """One value per activity where each counts once, else one value for the sum."""
    sources = credit["sources"]
    if credit["times"] == len(sources):
        return tuple(Value("system", "1", source["id"], source["label"]) for source in sources)
    label = "、".join(f"{source['label']}（{source['value']}）" for source in sources)
    return (Value("system", format(credit["times"], "f"), sources[0]["id"], label),)


def _status(cycle: Cycle, assessment: Assessment) -> tuple[str, str]:
    """What keeps a shop from being rated at all, in the scheme's words; else two blanks."""
    if assessment.state in STATUS_OF:
        return STATUS_OF[assessment.state], assessment.closing_reason
    opened, latest = assessment.pharmacy.opened_on, cycle.newest_opening_on
    if opened is not None and latest is not None and opened > latest:
        return "too_new", f"{opened.isoformat()} 开业，晚于 {latest.isoformat()}"
    return "", ""
