"""The reviewer's workspace: the list, the case beside it, the decision."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.guards import requires
from accounts.models import Area
from accounts.permissions import allowed
from accounts.roles import Permission
from association import files
from association.errors import BusinessRuleError
from association.htmx import render_page
from starrating.actions import review
from starrating.forms.review import DecisionForm, ReviewerForm, reviewers
from starrating.models import Assessment, Cycle
from starrating.queries.review import (
    REVIEWED,
    VIEWS,
    case,
    narrowed,
    neighbours,
    page_of,
    reviewable_items,
    tab_counts,
    work_list,
    work_rows,
)
from starrating.self_assessment import SELF, points_said

KEPT = ("view", "q", "area")


@require_safe
@requires(Permission.ASSESSMENT_VIEW, on=Cycle, somewhere=True)
def workspace(request, cycle):
    """The work list of one cycle; ``?case=`` opens a case beside it."""
    rows = work_list(cycle, request.user)
    counts = tab_counts(rows)
    view = request.GET.get("view", "todo")
    view = view if view in VIEWS else "todo"
    areas = Area.objects.order_by("order", "name")
    area = next((a for a in areas if str(a.pk) == request.GET.get("area")), None)
    found = narrowed(rows, view=view, text=request.GET.get("q", ""), area=area)
    shown, previous, following = page_of(
        found, after=request.GET.get("after", ""), before=request.GET.get("before", "")
    )
    chosen = request.GET.get("case", "")
    opened = (
        rows.select_related("pharmacy__area", "pharmacy__unit", "cycle__scheme")
        .filter(pk=int(chosen))
        .first()
        if chosen.isdecimal()
        else None
    )
    kept = {name: request.GET[name] for name in KEPT if request.GET.get(name)}
    here = request.path
    context = {
        "cycle": cycle,
        "rows": work_rows(cycle, shown),
        "found_count": counts[view] if not (area or request.GET.get("q")) else found.count(),
        "counts": counts,
        "view": view,
        "areas": areas,
        "area": area,
        "text": request.GET.get("q", ""),
        "kept": urlencode(kept),
        "tabs": [
            {
                "label": label,
                "url": f"{here}?{urlencode({'view': name})}",
                "count": counts[name],
                "current": name == view,
            }
            for name, (label, _) in VIEWS.items()
        ],
        "previous_url": f"{here}?{urlencode({**kept, 'before': previous})}" if previous else "",
        "next_url": f"{here}?{urlencode({**kept, 'after': following})}" if following else "",
        "may_assign": allowed(request.user, Permission.ASSESSMENT_ASSIGN),
        **_case_context(request, opened),
        "around": neighbours(found, opened) if opened else None,
    }
    return render_page(
        request, "starrating/review/workspace.html", "starrating/review/_case.html", context
    )


def _case_context(request, opened: Assessment | None, form=None, refusal: str = "") -> dict:
    if opened is None:
        return {"opened": None}
    is_mine = opened.assignments.filter(reviewer=request.user, ended_at=None).exists()
    typed = form.data if form is not None else {}
    rules = opened.cycle.scheme.rules
    return {
        "opened": opened,
        "parts": case(opened, typed),
        "stamp": review.stamp(opened),
        "said": points_said(rules, opened.sheet, SELF),
        "found": points_said(rules, opened.sheet, REVIEWED),
        "reviewer": opened.assignments.filter(ended_at=None).select_related("reviewer").first(),
        "may_decide": is_mine and allowed(request.user, Permission.ASSESSMENT_REVIEW, opened),
        "reviewer_form": ReviewerForm(),
        "typed": typed,
        "refusal": refusal,
    }


@require_POST
@requires(Permission.ASSESSMENT_REVIEW, on=Assessment)
def decide(request, assessment):
    """Pass the case and open the next one, or send it back with words."""
    form = DecisionForm(request.POST)
    form.is_valid()
    items = reviewable_items(assessment)
    try:
        if form.cleaned_data.get("decision") == "pass":
            review.pass_(
                assessment,
                values=form.values(items),
                opinion=form.cleaned_data.get("opinion", ""),
                seen=request.POST.get("seen"),
                by=request.user,
                now=timezone.now(),
            )
            said = f"{assessment.pharmacy.name}：评审完成。"
        else:
            review.return_(
                assessment,
                notes=form.notes(items),
                opinion=form.cleaned_data.get("opinion", ""),
                seen=request.POST.get("seen"),
                by=request.user,
                now=timezone.now(),
            )
            said = f"{assessment.pharmacy.name}：已退回，药店会在消息和待办里看到。"
    except BusinessRuleError as error:
        context = {
            "cycle": assessment.cycle,
            "kept": request.POST.get("kept", ""),
            **_case_context(request, assessment, form, str(error)),
        }
        return render(request, "starrating/review/refused.html", context, status=422)
    messages.success(request, said)
    return redirect(_next_case(request, assessment))


def _next_case(request, assessment) -> str:
    """The case that follows in the list the reviewer came from, or the list itself."""
    came = QueryDict(request.POST.get("kept", ""))
    kept = {name: came[name] for name in ("q", "area") if came.get(name)}
    area = Area.objects.filter(pk=kept.get("area") if kept.get("area", "").isdecimal() else 0)
    rows = narrowed(
        work_list(assessment.cycle, request.user),
        view="todo",
        text=kept.get("q", ""),
        area=area.first(),
    )
    later = page_of(rows, after=f"{assessment.pharmacy.name_sort}~{assessment.pharmacy_id}")[0]
    following = later[0] if later else rows.first()
    address = reverse("starrating:review", args=[assessment.cycle_id])
    query = {"view": "todo", **kept} | ({"case": following.pk} if following else {})
    return f"{address}?{urlencode(query)}"


@require_safe
@requires(Permission.ASSESSMENT_VIEW, on=Assessment)
def signed_paper(request, assessment):
    """The signed sheet behind an assessment that was typed for the shop."""
    stored = assessment.signed_paper
    if stored is None or stored.erased_at is not None:
        raise Http404
    return files.response(stored, inline=True)


@require_http_methods(["POST"])
@requires(Permission.ASSESSMENT_ASSIGN, on=Assessment)
def assign(request, assessment):
    """Give one case to one reviewer."""
    form = ReviewerForm(request.POST)
    try:
        if not form.is_valid():
            raise review.NotAssignedError("请选择评审员。")
        reviewer = form.cleaned_data["reviewer"]
        review.assign(assessment, reviewer=reviewer, by=request.user, now=timezone.now())
    except BusinessRuleError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{assessment.pharmacy.name}由{reviewer}评审。")
    address = reverse("starrating:review", args=[assessment.cycle_id])
    return redirect(f"{address}?{urlencode({'view': 'all', 'case': assessment.pk})}")


@require_POST
@requires(Permission.ASSESSMENT_ASSIGN, on=Cycle)
def share_out(request, cycle):
    """Give every case that nobody has to the reviewers, evenly, with recusal."""
    try:
        given, without = review.assign_evenly(
            cycle, reviewers=reviewers(), by=request.user, now=timezone.now()
        )
    except BusinessRuleError as error:
        messages.error(request, str(error))
    else:
        said = f"已分派 {given} 家。" if given else "没有待分派的药店。"
        if without:
            said += f"另有 {without} 家的评审员都须回避，请增加评审员后再分派。"
        messages.success(request, said)
    return redirect(f"{reverse('starrating:review', args=[cycle.pk])}?view=all")
