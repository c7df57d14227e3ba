"""Reads of the work list: the list of a period, one task, how complete the ledger is."""

from collections import defaultdict
from datetime import date
from itertools import groupby

from django.db.models import Count, QuerySet

from party import metrics
from party.enums import ProblemState, WorkState
from party.models import PartyOrganisation, Problem, WorkPaper, WorkTask

VIEWS = {
    "now": "本期要办",
    "review": "待审核",
    "over": "逾期",
    "all": "全年",
    "done": "已完成",
}


def tasks_of(organisation: PartyOrganisation, year: int) -> QuerySet[WorkTask]:
    """Return the tasks of a year in the order of the list."""
    return (
        organisation.work_tasks.filter(period_start__year=year)
        .select_related("item")
        .annotate(paper_count=Count("papers"))
        .order_by("item__order", "period_start", "pk")
    )


def in_view(tasks: QuerySet[WorkTask], view: str, *, today: date) -> QuerySet[WorkTask]:
    """Return the tasks of a saved view."""
    if view == "now":
        return tasks.unfinished().filter(period_start__lte=today)
    if view == "review":
        return tasks.filter(state=WorkState.IN_REVIEW)
    if view == "over":
        return tasks.overdue(on=today)
    if view == "done":
        return tasks.filter(state__in=[WorkState.DONE, WorkState.NOT_APPLICABLE])
    return tasks


def view_counts(tasks: QuerySet[WorkTask], *, today: date) -> dict[str, int]:
    """Return how many tasks each view holds, counted in one pass over the rows."""
    rows = list(tasks.values_list("state", "period_start", "due_on"))
    finished = {WorkState.DONE, WorkState.NOT_APPLICABLE}
    return {
        "now": sum(state not in finished and start <= today for state, start, _ in rows),
        "review": sum(state == WorkState.IN_REVIEW for state, *_ in rows),
        "over": sum(state not in finished and due < today for state, _, due in rows),
        "all": len(rows),
        "done": sum(state in finished for state, *_ in rows),
    }


def by_category(tasks) -> list[dict]:
    """Return the tasks under their basics and categories, as the list is printed."""
    basics = []
    for basic, of_basic in groupby(tasks, key=lambda task: (task.item.basic_code, task.item.basic)):
        categories = [
            {"code": code, "name": name, "tasks": list(rows)}
            for (code, name), rows in groupby(
                of_basic, key=lambda task: (task.item.category_code, task.item.category)
            )
        ]
        basics.append({"code": basic[0], "name": basic[1], "categories": categories})
    return basics


def figure_of(task: WorkTask, *, today: date) -> metrics.Figure | None:
    """Return what the portal itself finds for the task."""
    return metrics.figure(
        task.item.metric, task.organisation, task.period_start, task.period_end, today
    )


def ledger(organisation: PartyOrganisation, year: int, *, today: date) -> list[dict]:
    """Return how complete each category is: of what is due by today, done, and with papers.

    What does not apply is counted apart; a category of which nothing is due yet has no share.
    """
    papers: dict[int, set[str]] = defaultdict(set)
    for task, evidence in WorkPaper.objects.filter(
        task__organisation=organisation, task__period_start__year=year
    ).values_list("task", "evidence"):
        papers[task].add(evidence)
    rows = []
    for basic in by_category(tasks_of(organisation, year)):
        for category in basic["categories"]:
            due = [task for task in category["tasks"] if task.period_start <= today]
            counted = [task for task in due if task.state != WorkState.NOT_APPLICABLE]
            done = [task for task in counted if task.state == WorkState.DONE]
            whole = [task for task in done if papers[task.pk] >= set(task.item.evidence)]
            rows.append(
                {
                    "basic": basic["name"],
                    "code": category["code"],
                    "name": category["name"],
                    "due": len(counted),
                    "done": len(done),
                    "whole": len(whole),
                    "not_applicable": len(due) - len(counted),
                    "overdue": sum(
                        task.due_on < today and task.state != WorkState.DONE for task in counted
                    ),
                    "missing": [
                        {"task": task, "papers": sorted(set(task.item.evidence) - papers[task.pk])}
                        for task in done
                        if not papers[task.pk] >= set(task.item.evidence)
                    ],
                    "percent": len(done) * 100 // len(counted) if counted else None,
                }
            )
    return rows


def problems_of(organisation: PartyOrganisation) -> dict[str, list[Problem]]:
    """Return the problem list and the result list, the most urgent first."""
    found: dict[str, list[Problem]] = {state: [] for state in ProblemState.values}
    rows = organisation.problems.select_related("task__item", "paper", "solved_by")
    for problem in rows.order_by("due_on", "pk"):
        found[problem.state].append(problem)
    return found
