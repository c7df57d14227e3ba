"""What the owner's pages show: the sheet laid out, its papers, what is already known."""

from collections import defaultdict

from starrating.models import Assessment, EvidenceFile
from starrating.self_assessment import OwnerForm, owner_form


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


def known_facts(assessment: Assessment) -> dict[str, str]:
    """Return what the portal already knows about an item, as a sentence for the shop.

    An item says in the scheme where its fact is kept (``known_from``).
    """
    return {}
