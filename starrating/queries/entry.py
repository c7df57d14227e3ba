"""What the owner's pages show: the sheet laid out, its papers, what is already known."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef
from django.utils.timezone import localtime

from members.models import Pharmacy
from pledges.queries import signed_in
from starrating.enums import AssessmentState, CycleState
from starrating.models import Assessment, EvidenceFile, Result
from starrating.self_assessment import NOT_APPLICABLE, SELF, OwnerForm, owner_form

PLEDGE_RECORD = "签署记录"
OWN = (SELF, NOT_APPLICABLE)
OWN_MOST = 200


def own_files(user) -> list[Assessment]:
    """Return the files of the person's own shops in their newest cycle, by name.

    ``is_told`` says whether the result has been issued.
    """
    rows = list(
        Assessment.objects.visible_to(user)
        .filter(pharmacy__in=Pharmacy.objects.held_by(user))
        .exclude(cycle__state=CycleState.CANCELLED)
        .annotate(is_told=Exists(Result.objects.filter(assessment=OuterRef("pk"))))
        .select_related("cycle", "pharmacy__unit")
        .defer("sheet", "preview", "preview_evidence", "preview_said", "cycle__publicity_text")
        .order_by("-cycle__starts_on", "pharmacy__name_sort", "pk")[:OWN_MOST]
    )
    return [row for row in rows if row.cycle_id == rows[0].cycle_id]


def owner_sheet(assessment: Assessment) -> OwnerForm:
    """Return the sheet by parts, with open return notes and the number of papers by item."""
    notes, since = defaultdict(list), {}
    rows = assessment.notes.filter(answered_at=None).order_by("written_at", "pk")
    for item, text, written_at in rows.values_list("item", "text", "written_at"):
        notes[item].append(text)
        since[item] = written_at
    papers = papers_by_item(assessment)
    return owner_form(
        assessment.cycle.scheme.rules,
        assessment.sheet,
        notes=notes,
        evidence={item: len(found) for item, found in papers.items()},
        supplied=_supplied(assessment, since, papers),
    )


def _supplied(assessment: Assessment, since: dict, papers: dict) -> set[str]:
    """Return the returned items that the shop has answered anew or put a paper beside."""
    supplied = set()
    for item, written_at in since.items():
        values = assessment.sheet.get(item, {})
        said = (values[kind].get("at") for kind in OWN if kind in values)
        moments = [datetime.fromisoformat(at) for at in said if at]
        moments += [paper.added_at for paper in papers.get(item, ())]
        if not item and assessment.saved_at is not None:
            moments.append(assessment.saved_at)
        if any(moment > written_at for moment in moments):
            supplied.add(item)
    return supplied


def why_closed(assessment: Assessment, *, now: datetime, grace: timedelta = timedelta(0)) -> str:
    """Return why the sheet cannot be written at ``now``, empty while it can.

    A returned sheet stays open until the review closes; ``grace`` is for what was sent in time.
    """
    cycle = assessment.cycle
    if assessment.state == AssessmentState.SUBMITTED:
        return "自评已经提交，正在评审。要修改，请联系协会退回。"
    if assessment.state not in {AssessmentState.OPEN, AssessmentState.RETURNED}:
        return f"自评{assessment.get_state_display()}，不能再修改。"
    is_returned = assessment.state == AssessmentState.RETURNED
    if cycle.state != CycleState.SELF_REVIEW and not (
        is_returned and cycle.state == CycleState.REVIEW
    ):
        return "本周期的自评已经结束。有特殊情况，请联系协会。"
    last_day = cycle.review_closes_on if is_returned else cycle.entry_closes_on
    if localtime(now - grace).date() > last_day:
        day = f"{last_day.year}年{last_day.month}月{last_day.day}日"
        return f"自评已在 {day} 24:00 截止。有特殊情况，请联系协会。"
    return ""


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
