"""Acts of the work list: loaded, set out for a year, reported, reviewed; problems and results."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils.timezone import localdate

from association import audit
from association.errors import BusinessRuleError
from association.models import CalendarDay, StoredFile
from party.models import PartyOrganisation, Problem, WorkItem, WorkPaper, WorkTask
from party.periods import due_day, periods_of
from party.workflow import PROBLEM, WORK


class SamePersonError(BusinessRuleError):
    """What one person reports another reviews."""


class FigureError(BusinessRuleError):
    """A figure names its day and its paper."""


class EvidenceMissingError(BusinessRuleError):
    """Finished work shows its papers."""


class ReasonMissingError(BusinessRuleError):
    """A return or a counter-act says why."""


class ProblemFactsError(BusinessRuleError):
    """What was entered about the problem does not fit together."""


@transaction.atomic
def load_items(document: Mapping, *, now: datetime) -> int:
    """Enter the items of a document; rows already there are left as they are."""
    entered = place = 0
    for basic in document["basics"]:
        for category in basic["categories"]:
            for row in category["items"]:
                place += 10
                item, is_new = WorkItem.objects.get_or_create(
                    code=row["code"],
                    starts_on=document["starts_on"],
                    defaults={
                        name: row[name]
                        for name in (
                            "name", "indicator", "rhythm", "due_rule", "owner", "evidence",
                            "metric",
                        )
                    }
                    | {
                        "basic_code": basic["code"],
                        "basic": basic["name"],
                        "category_code": category["code"],
                        "category": category["name"],
                        "source": document["source"],
                        "order": place,
                    },
                )  # fmt: skip
                if is_new:
                    entered += 1
                    audit.record(
                        "party.work_item_loaded", by=None, target=item, now=now, code=item.code
                    )
    return entered


@transaction.atomic
def set_out(organisation: PartyOrganisation, year: int, *, by, now: datetime) -> int:
    """Make the tasks of ``year`` for every item in force; return how many are new.

    Safe to repeat: what is there stays as it is, with all that was done on it. Raises
    ``UnknownYearError`` while the working days of the year are unknown.
    """
    calendar = CalendarDay.objects.calendar()
    rows = [
        WorkTask(
            organisation=organisation,
            item=item,
            period_start=start,
            period_end=end,
            due_on=due_day(item.due_rule, start, end, calendar),
        )
        for item in WorkItem.objects.order_by("order", "pk")
        for start, end in periods_of(year, item.rhythm)
        if item.starts_on <= start and (item.ends_on is None or end <= item.ends_on)
    ]
    there = set(
        organisation.work_tasks.filter(period_start__year=year).values_list(
            "item_id", "period_start"
        )
    )
    fresh = [row for row in rows if (row.item_id, row.period_start) not in there]
    WorkTask.objects.bulk_create(fresh, ignore_conflicts=True)
    if fresh:
        audit.record(
            "party.work_set_out", by=by, target=organisation, now=now, year=year, tasks=len(fresh)
        )
    return len(fresh)


@transaction.atomic
def assign(task: WorkTask, owner_name: str, *, by, now: datetime) -> WorkTask:
    """Name who sees to the task."""
    task = _locked(task)
    task.owner_name = owner_name.strip()
    task.save(update_fields=["owner_name"])
    audit.record("party.work_assigned", by=by, target=task, now=now, named=bool(task.owner_name))
    return task


@transaction.atomic
def start(task: WorkTask, *, by, now: datetime) -> WorkTask:
    """Say that work on the task has begun."""
    task = _locked(task)
    task.state = WORK.after(task.state, "start")
    task.save(update_fields=["state"])
    audit.record("party.work_started", by=by, target=task, now=now)
    return task


@dataclass(frozen=True)
class WorkReport:
    """What a person reports of a task; a figure always names its day and its paper."""

    note: str
    figure: str = ""
    figure_on: date | None = None
    figure_paper: str = ""


@transaction.atomic
def report(task: WorkTask, said: WorkReport, *, by, now: datetime) -> WorkTask:
    """Hand the task in for review: what was done, the figure, at least one paper."""
    task = _locked(task)
    task.state = WORK.after(task.state, "report")
    figure = (said.figure.strip(), said.figure_on, said.figure_paper.strip())
    if any(figure) and not all(figure):
        raise FigureError("填了数字，就要写明截至哪一天、出自哪份材料。")
    if said.figure_on is not None and said.figure_on > localdate(now):
        raise FigureError("数字的日期不能晚于今天。")
    if not said.note.strip():
        raise FigureError("请写明完成情况。")
    if not task.papers.exists():
        wanted = "、".join(task.item.evidence) or "证明材料"
        raise EvidenceMissingError(f"还没有佐证，请先上传{wanted}。")
    task.note = said.note.strip()
    task.figure, task.figure_on, task.figure_paper = figure
    task.reported_at, task.reported_by = now, by
    task.reviewed_at = task.reviewed_by = None
    task.review_note = ""
    task.save()
    audit.record("party.work_reported", by=by, target=task, now=now, figure=task.figure)
    return task


@transaction.atomic
def approve(task: WorkTask, *, note: str = "", by, now: datetime) -> WorkTask:
    """Accept a report; somebody else than the reporter does."""
    task = _locked(task)
    task.state = WORK.after(task.state, "approve")
    if task.reported_by_id == by.pk:
        raise SamePersonError("提交人不能自己审核，请另一位党务人员登录后审核。")
    _review(task, note.strip(), by=by, now=now)
    audit.record("party.work_approved", by=by, target=task, now=now)
    return task


@transaction.atomic
def return_(task: WorkTask, *, note: str, by, now: datetime) -> WorkTask:
    """Give a report back with what is missing."""
    task = _locked(task)
    task.state = WORK.after(task.state, "return")
    _review(task, _said(note, "请写明退回原因，对方照着补。"), by=by, now=now)
    audit.record("party.work_returned", by=by, target=task, now=now, reason=task.review_note)
    return task


@transaction.atomic
def excuse(task: WorkTask, *, note: str, by, now: datetime) -> WorkTask:
    """Say why the item does not apply here in this period."""
    task = _locked(task)
    task.state = WORK.after(task.state, "excuse")
    task.review_note = _said(note, "请写明为什么不适用。")
    task.save(update_fields=["state", "review_note"])
    audit.record("party.work_excused", by=by, target=task, now=now, reason=task.review_note)
    return task


@transaction.atomic
def resume(task: WorkTask, *, note: str, by, now: datetime) -> WorkTask:
    """Take a mistaken approval or excuse back, with a reason."""
    task = _locked(task)
    task.state = WORK.after(task.state, "resume")
    task.review_note = _said(note, "请写明为什么重新办理。")
    task.save(update_fields=["state", "review_note"])
    audit.record("party.work_resumed", by=by, target=task, now=now, reason=task.review_note)
    return task


@transaction.atomic
def attach(task: WorkTask, stored: StoredFile, *, evidence: str, by, now: datetime) -> WorkPaper:
    """Add a piece of evidence; what was approved keeps the papers it was approved with."""
    task = _locked(task)
    if not {"report", "approve"} & set(WORK.acts_from(task.state)):
        raise EvidenceMissingError(f"这一项{task.get_state_display()}，要补材料请先重新办理。")
    paper = WorkPaper.objects.create(
        task=task, stored=stored, evidence=evidence, added_at=now, added_by=by
    )
    audit.record("party.work_paper_added", by=by, target=task, now=now, sha256=stored.sha256)
    return paper


# ------------------------------------------------------------------ problems and results


@dataclass(frozen=True)
class ProblemFacts:
    """A line of the problem list."""

    source: str
    description: str
    owner_name: str
    measure: str
    due_on: date
    task: WorkTask | None = None


@transaction.atomic
def raise_problem(
    organisation: PartyOrganisation, facts: ProblemFacts, *, by, now: datetime
) -> Problem:
    """Put a problem on the list: where it was found, who mends it, how, until when."""
    if facts.task is not None and facts.task.organisation_id != organisation.pk:
        raise ProblemFactsError("这项清单任务属于另一个党组织。")
    if facts.due_on < localdate(now):
        raise ProblemFactsError("时限不能早于今天。")
    problem = Problem.objects.create(
        organisation=organisation,
        task=facts.task,
        source=facts.source,
        description=facts.description,
        owner_name=facts.owner_name.strip(),
        measure=facts.measure,
        due_on=facts.due_on,
        raised_at=now,
        raised_by=by,
    )
    audit.record("party.problem_raised", by=by, target=problem, now=now)
    return problem


@transaction.atomic
def solve(problem: Problem, *, result: str, paper: StoredFile | None, by, now: datetime) -> Problem:
    """Report what came of it, with a paper; an acceptor strikes it off."""
    problem = _locked_problem(problem)
    problem.state = PROBLEM.after(problem.state, "solve")
    if not result.strip():
        raise ProblemFactsError("请写明成效：做了什么，现在怎样。")
    if paper is None:
        raise EvidenceMissingError("成效要有佐证，请上传照片或材料。")
    problem.result, problem.paper = result.strip(), paper
    problem.solved_at, problem.solved_by = now, by
    problem.save()
    audit.record("party.problem_solved", by=by, target=problem, now=now, sha256=paper.sha256)
    return problem


@transaction.atomic
def accept(problem: Problem, *, acceptor_name: str, by, now: datetime) -> Problem:
    """Strike a problem off: the acceptor is neither who was responsible nor who reported it."""
    problem = _locked_problem(problem)
    problem.state = PROBLEM.after(problem.state, "accept")
    acceptor = acceptor_name.strip()
    if not acceptor:
        raise ProblemFactsError("请写明验收人。")
    if acceptor == problem.owner_name:
        raise SamePersonError("验收人不能是责任人本人，请换一位。")
    if problem.solved_by_id == by.pk:
        raise SamePersonError("报成效的人不能自己登记验收，请另一位党务人员登录后办理。")
    problem.acceptor_name = acceptor
    problem.accepted_at, problem.accepted_by = now, by
    problem.save()
    audit.record("party.problem_accepted", by=by, target=problem, now=now)
    return problem


@transaction.atomic
def reject(problem: Problem, *, reason: str, by, now: datetime) -> Problem:
    """Put a problem back on the list: the result does not hold, or was accepted by mistake."""
    problem = _locked_problem(problem)
    problem.state = PROBLEM.after(problem.state, "reject")
    reason = _said(reason, "请写明为什么不算解决。")
    problem.acceptor_name, problem.accepted_at, problem.accepted_by = "", None, None
    problem.save()
    audit.record("party.problem_rejected", by=by, target=problem, now=now, reason=reason)
    return problem


# ------------------------------------------------------------------ what the acts share


def _review(task: WorkTask, note: str, *, by, now: datetime) -> None:
    task.reviewed_at, task.reviewed_by, task.review_note = now, by, note
    task.save(update_fields=["state", "reviewed_at", "reviewed_by", "review_note"])


def _said(text: str, ask: str) -> str:
    if not text.strip():
        raise ReasonMissingError(ask)
    return text.strip()[:200]


def _locked(task: WorkTask) -> WorkTask:
    rows = WorkTask.objects.select_for_update(of=("self",)).select_related("item")
    return rows.get(pk=task.pk)


def _locked_problem(problem: Problem) -> Problem:
    return Problem.objects.select_for_update(of=("self",)).get(pk=problem.pk)
