"""Source papers: registering one, entering it shop by shop, confirming it, taking it back."""

from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.guards import requires
from accounts.permissions import allowed
from accounts.roles import Permission
from association import files
from association.errors import BusinessRuleError
from members.queries import units_of
from starrating.actions import marks
from starrating.forms.marks import MarksForm, SourceForm
from starrating.mark_sheet import BONUS
from starrating.models import Assessment, Cycle, MarkedShop, MarkPaper
from starrating.models.marks import MARKABLE
from starrating.queries.marks import (
    blank_codes,
    changes_of,
    columns_of,
    first_open,
    hand_digest,
    hand_lines,
    in_columns,
    in_order,
    items_of,
    kind_name,
    lines_of,
    markable_shops,
    matching,
    neighbours,
    papers_to_go_on_with,
    waiting_papers,
)
from starrating.views.marks import crumbs, kinds_of

ROWS = 50
FOUND = 20


@require_http_methods(["GET", "POST"])
@requires(Permission.MARK_ENTER, on=Cycle)
def new_paper(request, cycle):
    """Register the paper in hand, or go on with one that was begun; then shop by shop."""
    kinds = kinds_of(cycle)
    kind = request.GET.get("kind", "")
    kind = kind if kind in kinds else next(iter(kinds), "")
    form = SourceForm(
        request.POST or None, request.FILES or None, kinds=kinds, initial={"kind": kind}
    )
    if request.method == "POST" and form.is_valid():
        try:
            paper = marks.open_paper(cycle, **form.source, by=request.user, now=timezone.now())
        except BusinessRuleError as error:
            form.add_error(None, str(error))
        else:
            return _to_first_shop(request, paper)
    context = {
        "cycle": cycle,
        "form": form,
        "kind": kind,
        "kind_name": kinds.get(kind, ""),
        "is_open": cycle.state in MARKABLE,
        "begun": list(papers_to_go_on_with(cycle, kind, request.user)[:10]) if kind else [],
        "crumbs": crumbs(cycle, ("手工录入", "")),
    }
    status = 422 if form.errors else 200
    return render(request, "starrating/marks/new_paper.html", context, status=status)


@require_safe
@requires(Permission.MARK_ENTER, on=MarkPaper)
def go_on(request, paper):
    """Go on entering a paper at the first shop that misses something."""
    return _to_first_shop(request, paper)


def _to_first_shop(request, paper: MarkPaper):
    first = first_open(paper.cycle, paper.kind, request.user)
    if first is None:
        messages.info(request, "本周期还没有可以录入的药店。")
        return redirect("starrating:marks", pk=paper.cycle_id)
    return redirect(_hand_address(first, paper))


def _hand_address(assessment: Assessment, paper: MarkPaper) -> str:
    return f"{reverse('starrating:mark', args=[assessment.pk])}?{urlencode({'paper': paper.pk})}"


@require_http_methods(["GET", "POST"])
@requires(Permission.MARK_ENTER, on=Assessment)
def mark(request, assessment):
    """One shop by hand, from the paper in hand; then the next."""
    asked = request.GET.get("paper", "")
    if not asked.isdecimal():
        return redirect("starrating:mark_paper_new", pk=assessment.cycle_id)
    paper = get_object_or_404(
        MarkPaper.objects.visible_to(request.user).filter(cycle=assessment.cycle_id), pk=asked
    )
    lines = hand_lines(assessment, paper.kind)
    before, following = neighbours(assessment, paper.kind, request.user)
    form, refusal = None, ""
    if request.method == "POST":
        form = MarksForm(lines, request.POST, scheme=assessment.cycle.scheme.rules)
        if not form.problems:
            try:
                values, _ = marks.write_marks(
                    paper,
                    {assessment.pk: form.marks},
                    seen=request.POST.get("seen"),
                    by=request.user,
                    now=timezone.now(),
                )
            except marks.NothingNewError:
                messages.info(request, f"{assessment.pharmacy.name}：和现在的评分一样，没有改动。")
                return redirect(_after(request, assessment, paper, following))
            except BusinessRuleError as error:
                refusal = str(error)
            else:
                messages.success(request, f"{assessment.pharmacy.name}：已录入 {values} 项。")
                return redirect(_after(request, assessment, paper, following))
        assessment.refresh_from_db(fields=["sheet"])
        lines = hand_lines(assessment, paper.kind)
    return _mark_page(request, assessment, paper, lines, (before, following), form, refusal)


def _after(request, assessment: Assessment, paper: MarkPaper, following) -> str:
    if request.POST.get("then") == "done" or following is None:
        return reverse("starrating:mark_paper", args=[paper.pk])
    return _hand_address(following, paper)


def _mark_page(request, assessment, paper, lines, around, form, refusal):
    before, following = around
    typed = request.POST if form is not None else {}
    problems = form.problems if form is not None else {}
    items = items_of(assessment.cycle, paper.kind)
    text = request.GET.get("q", "")
    found = ()
    if text.strip():
        shops = matching(markable_shops(assessment.cycle, request.user), text)
        found = [(row, _hand_address(row, paper)) for row in in_order(shops)[:FOUND]]
    is_own = assessment.pharmacy.unit_id in units_of([request.user])[request.user.pk]
    context = {
        "assessment": assessment,
        "cycle": assessment.cycle,
        "paper": paper,
        "kind_name": kind_name(assessment.cycle, paper.kind),
        "is_bonus": paper.kind == BONUS,
        "rows": [
            {
                "line": line,
                "typed": typed.get(line.item.code, ""),
                "sample": typed.get(f"{line.item.code}-n", ""),
                "is_na": bool(typed.get(f"{line.item.code}-na")),
                "reason": typed.get(f"{line.item.code}-reason", ""),
                "problem": problems.get(line.item.code, ""),
            }
            for line in lines
        ],
        "problems": problems,
        "refusal": refusal,
        "own_company": marks.OWN_COMPANY if is_own else "",
        "is_open": assessment.cycle.state in MARKABLE
        and assessment.state not in marks.NOT_TAKING_PART,
        "seen": hand_digest(assessment, paper.kind),
        "blank": [] if paper.kind == BONUS else blank_codes(assessment, items, paper.kind),
        "before_url": _hand_address(before, paper) if before else "",
        "next_url": _hand_address(following, paper) if following else "",
        "next_name": following.pharmacy.name if following else "",
        "text": text,
        "found": found,
        "crumbs": crumbs(
            assessment.cycle, (str(paper), reverse("starrating:mark_paper", args=[paper.pk]))
        ),
    }
    status = 422 if problems or refusal else 200
    return render(request, "starrating/marks/mark.html", context, status=status)


# ------------------------------------------------------------------ the paper


@require_safe
@requires(Permission.CYCLE_VIEW, on=MarkPaper)
def paper(request, paper):
    """Which values of which shops a paper holds, before and after, and what may be done."""
    return _paper(request, paper)


def _paper(request, paper: MarkPaper, *, refusal: str = ""):
    items = items_of(paper.cycle, paper.kind)
    page = Paginator(lines_of(paper, request.user), ROWS).get_page(request.GET.get("page"))
    changes = [(line, changes_of(line, paper, items)) for line in page.object_list]
    columns = columns_of((found for _, found in changes), items)
    may_enter = allowed(request.user, Permission.MARK_ENTER, paper)
    is_open = paper.cycle.state in MARKABLE and paper.undone_at is None
    is_waiting = paper.needs_confirmation and paper.confirmed_at is None
    context = {
        "paper": paper,
        "cycle": paper.cycle,
        "kind_name": kind_name(paper.cycle, paper.kind),
        "page": page,
        "columns": columns,
        "rows": [(line, in_columns(found, columns)) for line, found in changes],
        "refusal": refusal,
        "is_waiting": is_waiting,
        "may_confirm": is_open
        and is_waiting
        and paper.value_count > 0
        and paper.entered_by_id != request.user.pk
        and allowed(request.user, Permission.MARK_CONFIRM, paper),
        "may_undo": is_open and may_enter,
        "may_undo_shop": is_open and may_enter and paper.confirmed_at is None,
        "may_go_on": is_open
        and may_enter
        and paper.sheet_file_id is None
        and paper.confirmed_at is None
        and (not is_waiting or paper.entered_by_id == request.user.pk),
        "may_enter": may_enter,
        "crumbs": crumbs(paper.cycle, (str(paper), ""))
        if may_enter
        else [{"label": paper.cycle.name}, {"label": "评分材料"}],
    }
    status = 422 if refusal else 200
    return render(request, "starrating/marks/paper.html", context, status=status)


@require_safe
@requires(Permission.CYCLE_VIEW, on=MarkPaper)
def paper_file(request, paper):
    """The paper itself."""
    return _file(paper.file)


@require_safe
@requires(Permission.CYCLE_VIEW, on=MarkPaper)
def paper_sheet(request, paper):
    """The workbook that the marks came in, as it was handed in."""
    return _file(paper.sheet_file)


def _file(stored):
    if stored is None or stored.erased_at is not None:
        raise Http404
    return files.response(stored, inline=True)


@require_POST
@requires(Permission.MARK_CONFIRM, on=MarkPaper)
def confirm(request, paper):
    """Confirm as the second person that the bonus stands in the paper."""
    seen = request.POST.get("seen", "")
    try:
        marks.confirm_paper(
            paper,
            seen=int(seen) if seen.isdecimal() else None,
            by=request.user,
            now=timezone.now(),
        )
    except BusinessRuleError as error:
        paper.refresh_from_db()
        return _paper(request, paper, refusal=str(error))
    messages.success(request, f"已确认，{paper.shop_count} 家药店的公益加分从现在起计入。")
    return redirect("starrating:mark_paper", pk=paper.pk)


@require_POST
@requires(Permission.MARK_ENTER, on=MarkPaper)
def undo(request, paper):
    """Take the whole paper back."""
    try:
        paper, stayed = marks.undo_paper(paper, by=request.user, now=timezone.now())
    except BusinessRuleError as error:
        paper.refresh_from_db()
        return _paper(request, paper, refusal=str(error))
    messages.success(request, f"“{paper}”已撤回，原来的评分已恢复。{_stayed(stayed)}")
    return redirect("starrating:mark_paper", pk=paper.pk)


@require_POST
@requires(Permission.MARK_ENTER, on=MarkedShop)
def undo_shop(request, line):
    """Take back what a paper says about one shop."""
    try:
        line, stayed = marks.undo_shop(line, by=request.user, now=timezone.now())
    except BusinessRuleError as error:
        messages.error(request, str(error))
    else:
        name = line.assessment.pharmacy.name
        messages.success(request, f"{name}的 {len(line.after)} 项评分已撤回。{_stayed(stayed)}")
    return redirect("starrating:mark_paper", pk=line.paper_id)


def _stayed(stayed: int) -> str:
    return f"其中 {stayed} 项后来已被别的材料改过，保持现在的值。" if stayed else ""


@require_safe
@requires(Permission.MARK_CONFIRM)
def waiting(request):
    """Papers that count only after a second person has confirmed them."""
    papers = waiting_papers(request.user)
    context = {
        "mine": [p for p in papers if p.entered_by_id == request.user.pk],
        "papers": [p for p in papers if p.entered_by_id != request.user.pk],
    }
    return render(request, "starrating/marks/waiting.html", context)
