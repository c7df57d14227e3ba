"""Why this star: the tree of one shop, whose it is to read, and where its sources are found."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef
from django.urls import reverse

from accounts.permissions import allowed, allowed_somewhere
from accounts.roles import GLOBAL_ROLES, Permission
from association.models import AuditEvent
from starrating.enums import AssessmentState, CycleState
from starrating.models import Assessment, Award, Result
from starrating.said_lines import drafted
from starrating.scheme_format import canonical_json
from starrating.scoring import rate
from starrating.workflow import ASSESSMENT, PERMISSION_FOR

CYCLES_SHOWN = 5
NOT_TAKING_PART = (AssessmentState.DECLINED, AssessmentState.EXCUSED)


@dataclass(frozen=True)
class Explanation:
    """One result as a page shows it: an issued version, or the draft of the office."""

    tree: Mapping[str, Any]
    version: Result | None = None

    @property
    def is_draft(self) -> bool:
        return self.version is None


def is_office(user, assessment: Assessment) -> bool:
    """Whether the person looks at the file for the association and not for the shop.

    Only such people see a draft: a role held at the shop itself never opens it.
    """
    return bool(assessment.roles_of(user) & GLOBAL_ROLES)


def explained(
    assessment: Assessment, *, office: bool, version: int | None = None
) -> Explanation | None:
    """Return the version asked for, else the newest, else the draft where the ``office`` asks."""
    versions = assessment.results.order_by("-version")
    if version is not None:
        found = versions.filter(version=version).first()
        return Explanation(found.tree, found) if found else None
    newest = versions.first()
    if newest is not None:
        return Explanation(newest.tree, newest)
    if assessment.preview_evidence is None or not office:
        return None
    return Explanation(draft_tree(assessment))


def draft_tree(assessment: Assessment) -> dict[str, Any]:
    """Return the whole explanation of the draft, reckoned from the evidence that it rests on."""
    rules = assessment.cycle.scheme.rules
    rating = rate(rules, drafted(rules, assessment.preview_said, assessment.preview_evidence))
    tree: dict[str, Any] = json.loads(canonical_json(rating.as_dict()))
    return tree


def versions_of(assessment: Assessment) -> list[Result]:
    """Return every issued version, the newest first, without its tree."""
    return list(
        assessment.results.order_by("-version")
        .defer("tree", "evidence")
        .select_related("issued_by")
    )


def award_of(assessment: Assessment) -> Award | None:
    """Return the certificate that came of the file, the newest first."""
    return Award.objects.filter(result__assessment=assessment).order_by("-issued_at", "-pk").first()


def before(assessment: Assessment) -> Result | None:
    """Return the shop's newest published result of an earlier cycle."""
    return (
        Result.objects.public()
        .filter(
            assessment__pharmacy=assessment.pharmacy_id,
            assessment__cycle__starts_on__lt=assessment.cycle.starts_on,
        )
        .select_related("assessment__cycle")
        .order_by("-assessment__cycle__starts_on", "-version")
        .first()
    )


def compared(tree: Mapping[str, Any], earlier: Result | None) -> dict | None:
    """Return the parts of both results side by side; ``None`` where they cannot be compared."""
    if earlier is None or tree.get("total") is None or earlier.total is None:
        return None
    old = {part["code"]: part.get("points") for part in earlier.tree.get("dimensions", ())}
    rows = [
        _row(part["name"], old.get(part["code"]), part.get("points")) for part in tree["dimensions"]
    ]
    rows.append(_row("公益加分", earlier.tree.get("bonus"), tree.get("bonus")))
    rows.append(_row("总分", earlier.tree.get("total"), tree["total"]) | {"strong": True})
    return {"columns": [earlier.assessment.cycle.name, "本次"], "rows": rows}


def _row(name: str, old: str | None, new: str | None) -> dict:
    change = None if old is None or new is None else float(new) - float(old)
    return {"name": name, "values": [old, new], "change": change}


def source_links(
    user, assessment: Assessment, tree: Mapping[str, Any], *, office: bool
) -> dict[str, str]:
    """Return an address for every source in the tree that this person may open."""
    may_see_activities = allowed_somewhere(user, Permission.ACTIVITY_VIEW)
    reads_cycles = allowed_somewhere(user, Permission.CYCLE_VIEW)
    may_see_facts = office and allowed_somewhere(user, Permission.VIOLATION_VIEW)
    links: dict[str, str] = {}
    for source in _sources(tree):
        kind, _, number = source.partition("/")
        if not number.isdecimal():
            continue
        if kind in {"self", "review"} and (reads_cycles or not office):
            links[source] = _sheet_address(assessment, office)
        elif kind == "paper" and office and reads_cycles:
            links[source] = reverse("starrating:mark_paper", args=[int(number)])
        elif kind == "activity" and may_see_activities:
            links[source] = reverse("activities:detail", args=[int(number)])
        elif kind == "violation" and may_see_facts:
            links[source] = reverse("inspections:detail", args=[int(number)])
    return links


def _sheet_address(assessment: Assessment, office: bool) -> str:
    if office:
        address = reverse("starrating:review", args=[assessment.cycle_id])
        return f"{address}?view=all&case={assessment.pk}"
    return reverse("starrating:fill", args=[assessment.pk])


def _sources(tree: Mapping[str, Any]) -> Iterable[str]:
    for dimension in tree.get("dimensions", ()):
        for item in dimension["items"]:
            yield from (source["id"] for source in item["sources"])
    for line in tree.get("bonus_lines", ()):
        yield from (source["id"] for source in line["sources"])
    yield from (veto["source"] for veto in tree.get("vetoes", ()) if veto.get("source"))


def acts_open_to(user, assessment: Assessment) -> tuple[str, ...]:
    """Return the acts on the file that its state allows now and the person may do."""
    if assessment.cycle.state not in {CycleState.SELF_REVIEW, CycleState.REVIEW}:
        return ()
    return tuple(
        act
        for act in ASSESSMENT.acts_from(assessment.state)
        if allowed(user, PERMISSION_FOR[act]) or allowed(user, PERMISSION_FOR[act], assessment)
    )


def files_of(user, pharmacy) -> list[Assessment]:
    """Return the shop's files of the last cycles, each with whether its result is issued."""
    return list(
        Assessment.objects.visible_to(user)
        .filter(pharmacy=pharmacy)
        .exclude(cycle__state=CycleState.CANCELLED)
        .annotate(is_issued=Exists(Result.objects.filter(assessment=OuterRef("pk"))))
        .select_related("cycle")
        .only(
            "state",
            "closing_reason",
            "preview_status",
            "preview_stars",
            "preview_total",
            "pharmacy",
            "cycle__name",
            "cycle__state",
        )
        .order_by("-cycle__starts_on", "-pk")[:CYCLES_SHOWN]
    )


def closing_of(assessment: Assessment) -> AuditEvent | None:
    """Return who left the shop out, and when; ``None`` while it takes part."""
    if assessment.state not in NOT_TAKING_PART:
        return None
    return (
        AuditEvent.objects.filter(
            target_model=assessment._meta.label,
            target_id=str(assessment.pk),
            act__in=["rating.declined", "rating.excused"],
        )
        .order_by("-happened_at", "-pk")
        .first()
    )
