"""What the owner's pages show: the sheet laid out, its papers, what is already known."""

from collections import defaultdict
from dataclasses import dataclass

from pledges.queries import signed_in
from starrating.models import Assessment, EvidenceFile
from starrating.self_assessment import OwnerForm, owner_form

PLEDGE_RECORD = "签署记录"


def owner_sheet(assessment: Assessment) -> OwnerForm:
    """Return the sheet by parts, with open return notes and the number of papers by item."""
    notes = defaultdict(list)
    for item, text in assessment.notes.filter(answered_at=None).values_list("item", "text"):
        notes[item].append(text)
    counts = {item: len(papers) for item, papers in papers_by_item(assessment).items()}
    scheme = assessment.cycle.scheme.rules
    return owner_form(scheme, assessment.sheet, notes=notes, evidence=counts)


def papers_by_item(assessment: Assessment) -> dict[str, list[EvidenceFile]]:
    """Return the papers that stay beside each item, oldest first."""
    papers = defaultdict(list)
    rows = assessment.evidence_files.filter(removed_at=None).select_related("file")
    for paper in rows.order_by("added_at", "pk"):
        papers[paper.item].append(paper)
    return dict(papers)


@dataclass(frozen=True)
class Known:
    """What the portal already knows about an item: a sentence, and the answer it suggests."""

    said: str
    answer: str = ""


def known_facts(assessment: Assessment) -> dict[str, Known]:
    """Return by item what other rooms know about the shop in the period of the cycle.

    An item says through the evidence it asks for where its fact is kept: 签署记录 is the
    signed pledge. The suggested answer stands in the form until the shop gives its own.
    """
    cycle = assessment.cycle
    asked = [item for item in cycle.scheme.rules.items if PLEDGE_RECORD in item.evidence]
    if not asked:
        return {}
    pledges = signed_in([assessment.pharmacy_id], cycle.starts_on, cycle.ends_on)
    pledge = pledges.get(assessment.pharmacy_id)
    if pledge is None:
        return {}
    day = pledge["signed_on"]
    said = f"{pledge['year']} 年度承诺书已在 {day.year}年{day.month}月{day.day}日签署"
    return {item.code: Known(said, "符合" if item.method == "bool" else "") for item in asked}
