"""Pages of the work list: the list, one task, the ledger, problems and results."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.guards import requires
from accounts.permissions import allowed
from accounts.roles import Permission
from association import files
from association.errors import BusinessRuleError
from party.actions import work as actions
from party.documents import work_list_workbook
from party.enums import ProblemState, WorkState
from party.forms import (
    AcceptForm,
    EvidenceForm,
    OwnerForm,
    ProblemForm,
    ReasonForm,
    ResultForm,
    ReviewForm,
    WorkReportForm,
)
from party.models import PartyOrganisation, Problem, WorkPaper, WorkTask
from party.periods import RHYTHMS
from party.queries import work as queries
from party.queries.meetings import history_of
from party.views.meetings import chosen_branch, chosen_year
from party.views.pages import crumb, form_page, press, sheet, stored
from party.workflow import PERMISSION_FOR, PROBLEM, WORK

SAID = {
    "party.work_assigned": "指定责任人",
    "party.work_started": "开始办理",
    "party.work_reported": "提交",
    "party.work_approved": "审核通过",
    "party.work_returned": "退回",
    "party.work_excused": "登记不适用",
    "party.work_resumed": "重新办理",
    "party.work_paper_added": "上传佐证",
    "party.problem_raised": "列入问题清单",
    "party.problem_solved": "报成效",
    "party.problem_accepted": "验收销号",
    "party.problem_rejected": "退回整改",
}


@require_safe
@requires(Permission.PARTY_VIEW, somewhere=True)
def index(request):
    """The list of a year under its basics and categories, with saved views."""
    branch, branches = chosen_branch(request)
    year, today = chosen_year(request), timezone.localdate()
    view = request.GET.get("view", "now")
    view = view if view in queries.VIEWS else "now"
    if branch is None:
        return render(request, "party/work_list.html", {"branch": None})
    tasks = queries.tasks_of(branch, year)
    counts = queries.view_counts(branch.work_tasks.filter(period_start__year=year), today=today)
    base = f"?organisation={branch.pk}&year={year}"
    context = {
        "branch": branch,
        "branches": branches,
        "year": year,
        "basics": queries.by_category(queries.in_view(tasks, view, today=today)),
        "view": view,
        "tabs": [
            {
                "label": label,
                "url": f"{base}&view={name}",
                "count": counts[name],
                "current": name == view,
            }
            for name, label in queries.VIEWS.items()
        ],
        "counts": counts,
        "today": today,
        "situation": (
            f"{year} 年共 {counts['all']} 项，已完成 {counts['done']} 项，逾期 {counts['over']} 项"
        ),
        "may": allowed(request.user, Permission.PARTY_MANAGE, branch),
        "base": base,
    }
    return render(request, "party/work_list.html", context)


@never_cache
@require_safe
@requires(Permission.PARTY_VIEW, on=PartyOrganisation)
def export(request, organisation):
    """The list of a year as a sheet."""
    year = chosen_year(request)
    body = work_list_workbook(queries.tasks_of(organisation, year))
    return sheet(body, f"work-list-{year}.xlsx")


@require_POST
@requires(Permission.PARTY_MANAGE, on=PartyOrganisation)
def set_out(request, organisation):
    """Make the tasks of a year."""
    asked = request.POST.get("year", "")
    year = int(asked) if asked.isdecimal() and len(asked) == 4 else timezone.localdate().year
    return press(
        request,
        lambda: actions.set_out(organisation, year, by=request.user, now=timezone.now()),
        done=lambda made: f"{year} 年的工作清单有了，新增 {made} 项。",
        back=f"{reverse('party:work_list')}?organisation={organisation.pk}&year={year}",
    )


@require_safe
@requires(Permission.PARTY_VIEW, on=WorkTask)
def task(request, task):
    """One task: indicator, what the portal finds, figure, evidence, review."""
    return _task(request, task)


def _task(request, task, *, status=200, **forms):
    today = timezone.localdate()
    may = allowed(request.user, Permission.PARTY_MANAGE, task)
    papers = list(task.papers.select_related("stored").order_by("pk"))
    there = {paper.evidence for paper in papers}
    context = {
        "task": task,
        "item": task.item,
        "rhythm": RHYTHMS[task.item.rhythm],
        "figure": queries.figure_of(task, today=today),
        "papers": papers,
        "missing": [name for name in task.item.evidence if name not in there],
        "acts": WORK.acts_from(task.state) if may else (),
        "may": may,
        "is_overdue": task.due_on < today
        and task.state not in (WorkState.DONE, WorkState.NOT_APPLICABLE),
        "is_own_report": task.reported_by_id == request.user.pk,
        "report_form": WorkReportForm(
            initial={
                "note": task.note,
                "figure": task.figure,
                "figure_on": task.figure_on,
                "figure_paper": task.figure_paper,
            }
        ),
        "owner_form": OwnerForm(initial={"owner_name": task.owner_name}),
        "evidence_form": EvidenceForm(wanted=task.item.evidence),
        "review_form": ReviewForm(),
        "problems": task.problems.order_by("due_on", "pk"),
        "history": history_of(task, SAID),
        "crumbs": [
            crumb("责任清单", "party:work_list"),
            crumb(task.item.name),
        ],
    } | forms
    return render(request, "party/work_task.html", context, status=status)


@require_POST
@requires(Permission.PARTY_MANAGE, on=WorkTask)
def assign(request, task):
    """Name who sees to the task."""
    form = OwnerForm(request.POST)
    if not form.is_valid():
        return _task(request, task, owner_form=form, status=422)
    return press(
        request,
        lambda: actions.assign(task, **form.cleaned_data, by=request.user, now=timezone.now()),
        done=lambda made: f"责任人：{made.owner_name or '未指定'}。",
        back=_url(task),
    )


@require_POST
@requires(PERMISSION_FOR["start"], on=WorkTask)
def start(request, task):
    """Say that work has begun."""
    return press(
        request,
        lambda: actions.start(task, by=request.user, now=timezone.now()),
        done="已开始办理。",
        back=_url(task),
    )


@require_POST
@requires(PERMISSION_FOR["report"], on=WorkTask)
def report(request, task):
    """Hand the task in for review."""
    form = WorkReportForm(request.POST)
    if form.is_valid():
        try:
            said = actions.WorkReport(**form.cleaned_data)
            actions.report(task, said, by=request.user, now=timezone.now())
        except BusinessRuleError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "已提交，请另一位党务人员审核。")
            return redirect(_url(task))
    return _task(request, task, report_form=form, status=422)


@require_POST
@requires(PERMISSION_FOR["report"], on=WorkTask)
def attach(request, task):
    """Add a piece of evidence."""
    form = EvidenceForm(request.POST, request.FILES, wanted=task.item.evidence)
    now = timezone.now()
    if form.is_valid():
        try:
            kept = stored(form.cleaned_data["file"], by=request.user, now=now)
            evidence = form.cleaned_data["evidence"]
            actions.attach(task, kept, evidence=evidence, by=request.user, now=now)
        except BusinessRuleError as error:
            form.add_error("file", str(error))
        else:
            messages.success(request, "佐证已存。")
            return redirect(_url(task))
    return _task(request, task, evidence_form=form, status=422)


@require_safe
@requires(Permission.PARTY_VIEW, on=WorkPaper)
def paper(request, paper):
    """The evidence itself."""
    return files.response(paper.stored, inline=True)


@require_POST
@requires(PERMISSION_FOR["approve"], on=WorkTask)
def review(request, task):
    """Accept a report or give it back."""
    form = ReviewForm(request.POST)
    act = actions.return_ if request.POST.get("decision") == "return" else actions.approve
    if form.is_valid():
        try:
            act(task, **form.cleaned_data, by=request.user, now=timezone.now())
        except BusinessRuleError as error:
            form.add_error(None, str(error))
        else:
            words = "已退回，对方补好再交。" if act is actions.return_ else "审核通过，这一项完成。"
            messages.success(request, words)
            return redirect(_url(task))
    return _task(request, task, review_form=form, status=422)


@require_http_methods(["GET", "POST"])
@requires(PERMISSION_FOR["excuse"], on=WorkTask)
def excuse(request, task):
    """Say why the item does not apply."""
    return _with_reason(
        request, task, actions.excuse, heading="不适用", save="登记不适用", done="已标为不适用。"
    )


@require_http_methods(["GET", "POST"])
@requires(PERMISSION_FOR["resume"], on=WorkTask)
def resume(request, task):
    """Take a mistaken approval or excuse back."""
    return _with_reason(
        request, task, actions.resume, heading="重新办理", save="重新办理", done="已重新打开。"
    )


def _with_reason(request, task, act, *, heading, save, done):
    form = ReasonForm(request.POST or None)
    return form_page(
        request,
        form,
        lambda: act(task, note=form.cleaned_data["reason"], by=request.user, now=timezone.now()),
        heading=f"{heading}：{task}",
        save=save,
        back=_url(task),
        done=done,
        crumbs=[
            crumb("责任清单", "party:work_list"),
            {"label": task.item.name, "url": _url(task)},
            crumb(heading),
        ],
    )


@require_safe
@requires(Permission.PARTY_VIEW, on=PartyOrganisation)
def ledger(request, organisation):
    """How complete the ledger is, category by category; prints."""
    year, today = chosen_year(request), timezone.localdate()
    rows = queries.ledger(organisation, year, today=today)
    context = {
        "branch": organisation,
        "year": year,
        "rows": rows,
        "sums": {key: sum(row[key] for row in rows) for key in ("due", "done", "whole", "overdue")},
        "back_url": f"{reverse('party:work_list')}?organisation={organisation.pk}&year={year}",
    }
    return render(request, "party/work_ledger.html", context)


# ------------------------------------------------------------------ problems and results


@require_safe
@requires(Permission.PARTY_VIEW, on=PartyOrganisation)
def problems(request, organisation):
    """The problem list and the result list (问题清单→成效清单) side by side."""
    found = queries.problems_of(organisation)
    context = {
        "branch": organisation,
        "open": [*found[ProblemState.OPEN], *found[ProblemState.SOLVED]],
        "accepted": found[ProblemState.ACCEPTED],
        "today": timezone.localdate(),
        "may": allowed(request.user, Permission.PARTY_MANAGE, organisation),
        "crumbs": [crumb("责任清单", "party:work_list"), crumb("问题与成效")],
    }
    return render(request, "party/problems.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.PARTY_MANAGE, on=PartyOrganisation)
def raise_problem(request, organisation):
    """Put a problem on the list."""
    form = ProblemForm(request.POST or None)
    asked = request.GET.get("task", "")
    tasks = organisation.work_tasks.filter(pk=asked if asked.isdecimal() else 0)
    return form_page(
        request,
        form,
        lambda: actions.raise_problem(
            organisation,
            actions.ProblemFacts(**form.cleaned_data, task=tasks.first()),
            by=request.user,
            now=timezone.now(),
        ),
        heading="列入问题清单",
        save="列入清单",
        back=reverse("party:problems", args=[organisation.pk]),
        done="问题已列入清单，成效经验收才销号。",
        crumbs=_problem_crumbs(organisation, "列入"),
    )


@require_safe
@requires(Permission.PARTY_VIEW, on=Problem)
def problem(request, problem):
    """One line from problem to result."""
    may = allowed(request.user, Permission.PARTY_MANAGE, problem)
    context = {
        "problem": problem,
        "acts": PROBLEM.acts_from(problem.state) if may else (),
        "is_own_result": problem.solved_by_id == request.user.pk,
        "today": timezone.localdate(),
        "history": history_of(problem, SAID),
        "crumbs": _problem_crumbs(problem.organisation, "问题与成效"),
    }
    return render(request, "party/problem.html", context)


@require_http_methods(["GET", "POST"])
@requires(PERMISSION_FOR["solve"], on=Problem)
def solve(request, problem):
    """Report what came of it."""
    form = ResultForm(request.POST or None, request.FILES or None)
    now = timezone.now()
    return form_page(
        request,
        form,
        lambda: actions.solve(
            problem,
            result=form.cleaned_data["result"],
            paper=stored(form.cleaned_data["file"], by=request.user, now=now),
            by=request.user,
            now=now,
        ),
        heading="报成效",
        save="报成效",
        back=reverse("party:problem", args=[problem.pk]),
        done="成效已报，等验收人验收。",
        crumbs=_problem_crumbs(problem.organisation, "报成效"),
        situation=problem.description[:80],
    )


@require_http_methods(["GET", "POST"])
@requires(PERMISSION_FOR["accept"], on=Problem)
def accept(request, problem):
    """Strike a problem off."""
    form = AcceptForm(request.POST or None)
    return form_page(
        request,
        form,
        lambda: actions.accept(problem, **form.cleaned_data, by=request.user, now=timezone.now()),
        heading="验收销号",
        save="验收销号",
        back=reverse("party:problem", args=[problem.pk]),
        done="已销号，列入成效清单。",
        crumbs=_problem_crumbs(problem.organisation, "验收"),
        situation=problem.result[:80],
    )


@require_http_methods(["GET", "POST"])
@requires(PERMISSION_FOR["reject"], on=Problem)
def reject(request, problem):
    """Put a problem back on the list."""
    form = ReasonForm(request.POST or None)
    return form_page(
        request,
        form,
        lambda: actions.reject(problem, **form.cleaned_data, by=request.user, now=timezone.now()),
        heading="退回整改",
        save="退回整改",
        back=reverse("party:problem", args=[problem.pk]),
        done="已退回问题清单。",
        crumbs=_problem_crumbs(problem.organisation, "退回整改"),
    )


@require_safe
@requires(Permission.PARTY_VIEW, on=Problem)
def problem_paper(request, problem):
    """The paper that shows the result."""
    if problem.paper is None:
        return redirect("party:problem", pk=problem.pk)
    return files.response(problem.paper, inline=True)


def _url(task: WorkTask) -> str:
    return reverse("party:work_task", args=[task.pk])


def _problem_crumbs(organisation: PartyOrganisation, here: str) -> list[dict]:
    return [
        crumb("责任清单", "party:work_list"),
        crumb("问题与成效", "party:problems", organisation.pk),
        crumb(here),
    ]
