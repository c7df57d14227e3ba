"""Marks of a cycle: what is complete, sheets out and in, the preview before anything counts."""

from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.guards import requires
from accounts.models import Area
from accounts.roles import Permission
from association import files
from association.errors import BusinessRuleError
from association.sheet_writing import XLSX
from starrating import resources
from starrating.actions import marks
from starrating.enums import MarkKind
from starrating.forms.marks import SheetForm
from starrating.mark_sheet import BONUS
from starrating.models import Cycle, StagedMarks
from starrating.models.marks import MARKABLE
from starrating.queries.marks import (
    Preview,
    blank_codes,
    columns_of,
    in_columns,
    in_order,
    items_of,
    kind_name,
    marking_cycle,
    matching,
    overview,
    papers_of,
    with_blanks,
)

ROWS = 50
VIEWS = {"changed": "有改动", "new": "新增", "same": "没有变化", "wrong": "有错"}


def crumbs(cycle: Cycle, *more: tuple[str, str]) -> list[dict]:
    """Return the way back from a page of marks to the overview."""
    way = [
        {"label": "监管与口碑评分", "url": reverse("starrating:marks", args=[cycle.pk])},
        *({"label": label, "url": url} for label, url in more),
    ]
    return [{"label": cycle.name}, *way]


def kinds_of(cycle: Cycle) -> dict[str, str]:
    """Return the kinds of marks that the scheme knows, with their names."""
    return {k: kind_name(cycle, k) for k in MarkKind.values if items_of(cycle, k)}


def asked_kind(request, cycle: Cycle) -> str:
    """Return the kind that the address names; 404 for one that the scheme does not know."""
    kind = request.GET.get("kind", "") or next(iter(kinds_of(cycle)), "")
    if kind not in kinds_of(cycle):
        raise Http404
    return kind


@require_safe
@requires(Permission.MARK_ENTER)
def home(request):
    """The marks of the cycle that is at work."""
    cycle = marking_cycle(request.user)
    if cycle is not None:
        return redirect("starrating:marks", pk=cycle.pk)
    return render(request, "starrating/marks/no_cycle.html")


@require_safe
@requires(Permission.MARK_ENTER, on=Cycle)
def marking(request, cycle):
    """Which shops have every mark, which items are blank, and the papers behind it all."""
    papers = papers_of(cycle, request.user)
    states = overview(cycle)
    context = {
        "cycle": cycle,
        "is_open": cycle.state in MARKABLE,
        "states": states,
        "situation": _situation(states),
        "bonus_items": items_of(cycle, BONUS),
        "bonus_kind": BONUS,
        "waiting": list(papers.waiting()[:ROWS]),
        "page": Paginator(papers, ROWS).get_page(request.GET.get("page")),
        "staged": list(
            StagedMarks.objects.visible_to(request.user)
            .open()
            .filter(cycle=cycle)
            .order_by("-uploaded_at")[:ROWS]
        ),
        "areas": Area.objects.order_by("order", "name"),
        "shops_per_sheet": marks.SHOPS_PER_SHEET,
    }
    return render(request, "starrating/marks/overview.html", context)


def _situation(states) -> str:
    said = [
        f"{state.name}还差 {state.left} 家" if state.left else f"{state.name} {state.shops} 家已齐"
        for state in states
    ]
    return "，".join(said)


@require_safe
@requires(Permission.MARK_ENTER, on=Cycle)
def blanks(request, cycle):
    """Which shops miss which marks: a blank is not a zero."""
    kind = asked_kind(request, cycle)
    items = items_of(cycle, kind)
    item = request.GET.get("item", "")
    item = item if item in items else ""
    areas = Area.objects.order_by("order", "name")
    area = next((a for a in areas if str(a.pk) == request.GET.get("area")), None)
    text = request.GET.get("q", "")
    rows = with_blanks(cycle, kind, item=item)
    if area is not None:
        rows = rows.filter(pharmacy__area=area)
    rows = in_order(matching(rows, text)).select_related("pharmacy__area", "pharmacy__unit")
    page = Paginator(rows, ROWS).get_page(request.GET.get("page"))
    asked = {"kind": kind, "item": item, "area": area.pk if area else "", "q": text}
    context = {
        "cycle": cycle,
        "kind": kind,
        "kind_name": kind_name(cycle, kind),
        "is_open": cycle.state in MARKABLE,
        "items": items.values(),
        "item": items.get(item),
        "areas": areas,
        "area": area,
        "text": text,
        "page": page,
        "rows": [(row, blank_codes(row, items, kind)) for row in page.object_list],
        "base": f"?{urlencode({k: v for k, v in asked.items() if v})}",
        "crumbs": crumbs(cycle, ("空白", "")),
        "tabs": [
            {"label": name, "url": f"?kind={k}", "count": None, "current": k == kind}
            for k, name in kinds_of(cycle).items()
            if k != BONUS
        ],
    }
    return render(request, "starrating/marks/blanks.html", context)


@require_safe
@requires(Permission.MARK_ENTER, on=Cycle)
def template(request, cycle):
    """The workbook to fill in; ``?filled=1`` with what stands now, ``?area=`` for one area."""
    kind = asked_kind(request, cycle)
    asked = request.GET.get("area", "")
    area = Area.objects.filter(pk=asked).first() if asked.isdecimal() else None
    is_filled = request.GET.get("filled") == "1"
    content = resources.mark_template(cycle, kind, area=area, is_filled=is_filled)
    what = "现有评分" if is_filled else "评分表"
    name = f"{cycle.name}{kind_name(cycle, kind)}{what}{area.name if area else ''}.xlsx"
    return workbook_response(content, name)


def workbook_response(content: bytes, name: str) -> HttpResponse:
    """Answer with a workbook as a download."""
    response = HttpResponse(content, content_type=XLSX)
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
    return response


# ------------------------------------------------------------------ a sheet comes in


@require_http_methods(["GET", "POST"])
@requires(Permission.MARK_ENTER, on=Cycle)
def upload(request, cycle):
    """Take a filled sheet with its paper; nothing counts before the preview is committed."""
    kinds = kinds_of(cycle)
    form = SheetForm(
        request.POST or None,
        request.FILES or None,
        kinds=kinds,
        initial={"kind": request.GET.get("kind") or next(iter(kinds), "")},
    )
    if request.method == "POST" and form.is_valid():
        try:
            staged = _staged(request, cycle, form)
        except BusinessRuleError as error:
            form.add_error("sheet", str(error))
        else:
            return redirect("starrating:mark_sheet", pk=staged.pk)
    context = {
        "cycle": cycle,
        "form": form,
        "is_open": cycle.state in MARKABLE,
        "kinds": kinds,
        "crumbs": crumbs(cycle, ("上传评分表", "")),
    }
    status = 422 if form.errors else 200
    return render(request, "starrating/marks/upload.html", context, status=status)


def _staged(request, cycle: Cycle, form: SheetForm) -> StagedMarks:
    now, source = timezone.now(), form.cleaned_data["sheet"]
    sheet, opened = resources.read_mark_sheet(
        source, cycle=cycle, kind=form.cleaned_data["kind"], user=request.user
    )
    kept = resources.keep_sheet(source, opened, name=source.name, by=request.user, now=now)
    return marks.stage_sheet(
        cycle,
        sheet,
        **form.source,
        sheet_file=kept,
        notes=resources.notes_of(opened),
        by=request.user,
        now=now,
    )


@require_safe
@requires(Permission.MARK_ENTER, on=StagedMarks)
def preview(request, staged):
    """What the sheet would change, row by row, before anything is written."""
    if staged.paper_id is not None:
        return redirect("starrating:mark_paper", pk=staged.paper_id)
    return _preview(request, staged)


def _preview(request, staged: StagedMarks, *, refusal: str = ""):
    seen = Preview(staged)
    view = request.GET.get("view", "")
    if view not in VIEWS:
        order = ("wrong", "changed", "new", "same")
        view = next((name for name in order if seen.counts[name]), "new")
    rows = staged.wrong if view == "wrong" else getattr(seen, view)
    page = Paginator(rows, ROWS).get_page(request.GET.get("page"))
    columns = [] if view == "wrong" else columns_of((s.changes for s in page), seen.items)
    here = reverse("starrating:mark_sheet", args=[staged.pk])
    context = {
        "staged": staged,
        "cycle": staged.cycle,
        "kind_name": kind_name(staged.cycle, staged.kind),
        "seen": seen,
        "counts": seen.counts,
        "view": view,
        "page": page,
        "columns": columns,
        "rows": [] if view == "wrong" else [(s, in_columns(s.changes, columns)) for s in page],
        "base": f"?view={view}",
        "refusal": refusal,
        "is_open": staged.is_open and staged.cycle.state in MARKABLE,
        "tabs": [
            {
                "label": label,
                "url": f"{here}?view={name}",
                "count": seen.counts[name],
                "current": name == view,
            }
            for name, label in VIEWS.items()
        ],
        "crumbs": crumbs(staged.cycle, ("核对评分表", "")),
    }
    status = 422 if refusal else 200
    return render(request, "starrating/marks/preview.html", context, status=status)


@require_safe
@requires(Permission.MARK_ENTER, on=StagedMarks)
def errors(request, staged):
    """The wrong cells as a workbook, to be put right in the office."""
    name = f"请改正 {staged.sheet_file.original_name.rpartition('.')[0]}.xlsx"
    return workbook_response(resources.error_workbook(staged.wrong), name)


@require_safe
@requires(Permission.MARK_ENTER, on=StagedMarks)
def staged_file(request, staged):
    """The workbook as it was handed in."""
    return files.response(staged.sheet_file)


@require_POST
@requires(Permission.MARK_ENTER, on=StagedMarks)
def commit(request, staged):
    """Write the good rows, from what was read at the upload."""
    try:
        paper = marks.commit_sheet(
            staged, seen=request.POST.get("seen"), by=request.user, now=timezone.now()
        )
    except marks.SheetSettledError as error:
        messages.info(request, str(error))
        return redirect("starrating:mark_sheet", pk=staged.pk)
    except BusinessRuleError as error:
        return _preview(request, staged, refusal=str(error))
    left = f"{len(staged.wrong)} 处有错的没有写入，改好后再传一次。" if staged.wrong else ""
    messages.success(
        request, f"已写入 {paper.shop_count} 家药店的 {paper.value_count} 项评分。{left}"
    )
    return redirect("starrating:mark_paper", pk=paper.pk)


@require_POST
@requires(Permission.MARK_ENTER, on=StagedMarks)
def discard(request, staged):
    """Set the sheet aside; nothing was written."""
    try:
        marks.discard_sheet(staged, by=request.user, now=timezone.now())
    except BusinessRuleError as error:
        messages.error(request, str(error))
    else:
        messages.info(request, f"“{staged}”已放弃，评分没有改动。")
    return redirect("starrating:marks", pk=staged.cycle_id)
