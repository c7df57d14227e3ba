"""The list of results of a cycle, its sheet, and the page that explains one star."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.guards import requires
from accounts.models import Area
from accounts.permissions import allowed_somewhere
from accounts.roles import Permission
from association.errors import BusinessRuleError
from association.files import KINDS
from starrating.actions import cycle as cycles
from starrating.actions.printing import note_export
from starrating.forms.fields import ReasonForm
from starrating.models import Assessment, Cycle
from starrating.queries import explanation as why
from starrating.queries import outcome as queries
from starrating.queries import stage
from starrating.queries.review import page_of
from starrating.resources import results_workbook
from starrating.views.crumbs import cycle_crumbs, shop_crumbs
from starrating.workflow import PERMISSION_FOR

KEPT = ("view", "q", "area", "stars")
EXPORTED_UP_TO = 5000


class _Asked:
    """What the address asks for: the view, the words, the sub-district, the stars."""

    def __init__(self, request, views) -> None:
        given = request.GET
        self.view = given.get("view", "all") if given.get("view", "all") in views else "all"
        self.text = given.get("q", "").strip()[:100]
        self.areas = list(Area.objects.order_by("order", "name"))
        self.area = next((a for a in self.areas if str(a.pk) == given.get("area")), None)
        stars = given.get("stars", "")
        self.stars = int(stars) if stars in {"1", "2", "3", "4", "5"} else None
        self.kept = {name: given[name] for name in KEPT if given.get(name)}

    @property
    def is_filtered(self) -> bool:
        return bool(self.text or self.area or self.stars)


@require_safe
@requires(Permission.CYCLE_VIEW, on=Cycle, somewhere=True)
def results(request, cycle):
    """Every shop of the cycle with its parts, total and star; all state is in the address."""
    views = queries.views_of(cycle)
    asked = _Asked(request, views)
    previous = queries.previous_cycle(cycle)
    rows = queries.rows_of(cycle, request.user, previous=previous)
    counts = queries.counts_of(rows, views)
    found = _found(rows, views, asked)
    shown, before, after = page_of(
        queries.listed(found),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    here = request.path
    dimensions = cycle.scheme.rules.dimensions
    context = {
        "cycle": cycle,
        "rows": [_line(row, dimensions) for row in shown],
        "dimensions": dimensions,
        "bonus_cap": cycle.scheme.rules.bonus.cap,
        "asked": asked,
        "previous": previous,
        "is_told": cycle.state in queries.TOLD,
        "summary": f"{_count(found, asked, counts)} 家",
        "tabs": [
            {
                "label": label,
                "url": f"{here}?{urlencode({'view': name})}",
                "count": counts[name],
                "current": name == asked.view,
            }
            for name, (label, _) in views.items()
            if counts[name] or name in ("all", asked.view)
        ],
        "previous_url": f"{here}?{urlencode({**asked.kept, 'before': before})}" if before else "",
        "next_url": f"{here}?{urlencode({**asked.kept, 'after': after})}" if after else "",
        "query": urlencode(asked.kept),
        "clear_url": f"{here}?{urlencode({'view': asked.view})}",
        "crumbs": cycle_crumbs(cycle, request.user),
    }
    return render(request, "starrating/results/list.html", context)


def _found(rows, views, asked: _Asked):
    return queries.narrowed(
        rows.filter(views[asked.view][1]), text=asked.text, area=asked.area, stars=asked.stars
    )


def _count(found, asked: _Asked, counts: dict) -> int:
    return found.count() if asked.is_filtered else counts[asked.view]


def _line(row: Assessment, dimensions) -> dict:
    """One shop as the list shows it, the parts in the order of the scheme."""
    brief = row.preview or {}
    parts = brief.get("parts", {})
    return {
        "row": row,
        "parts": [(parts.get(part.code), part.full) for part in dimensions],
        "bonus": brief.get("bonus") if row.preview_total is not None else None,
        "vetoes": brief.get("vetoes", ()),
        "move": _move(row),
    }


def _move(row: Assessment) -> str:
    before, now = row.previous_stars, row.preview_stars
    if before is None or now is None or before == now:
        return ""
    return "up" if now > before else "down"


@require_safe
@requires(Permission.RESULT_VIEW, on=Cycle, somewhere=True)
def export(request, cycle):
    """Exactly the shops of the list, as a workbook; who took it stands in the trail."""
    views = queries.views_of(cycle)
    asked = _Asked(request, views)
    rows = queries.rows_of(cycle, request.user, previous=queries.previous_cycle(cycle))
    found = list(queries.listed(_found(rows, views, asked))[: EXPORTED_UP_TO + 1])
    if len(found) > EXPORTED_UP_TO:
        messages.error(request, f"一次最多导出 {EXPORTED_UP_TO} 家，请按片区或星级缩小范围。")
        return redirect(f"{reverse('starrating:results', args=[cycle.pk])}?{urlencode(asked.kept)}")
    now = timezone.now()
    note_export(cycle, count=len(found), by=request.user, now=now)
    answer = HttpResponse(results_workbook(cycle, found), content_type=KINDS["xlsx"].content_type)
    name = f"{cycle.name}结果名单 {timezone.localdate(now):%Y-%m-%d}.xlsx"
    answer["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
    return answer


# ------------------------------------------------------------------ one shop


@require_safe
@requires(Permission.RESULT_VIEW, on=Assessment)
def detail(request, assessment):
    """Why this star: for the shop on the phone, for the office on the desk."""
    return _detail(request, assessment)


def _detail(request, assessment: Assessment, *, failed: str = "", form=None, status: int = 200):
    user = request.user
    wanted = request.GET.get("version", "")
    is_number = wanted.isascii() and wanted.isdecimal() and len(wanted) < 5
    office = why.is_office(user, assessment)
    shown = why.explained(assessment, office=office, version=int(wanted) if is_number else None)
    if wanted and (shown is None or not is_number):
        raise Http404
    versions = why.versions_of(assessment)
    acts = why.acts_open_to(user, assessment)
    earlier = why.before(assessment)
    context = {
        "assessment": assessment,
        "cycle": assessment.cycle,
        "pharmacy": assessment.pharmacy,
        "shown": shown,
        "links": why.source_links(user, assessment, shown.tree, office=office) if shown else {},
        "versions": versions,
        "is_newest": shown is None or shown.is_draft or shown.version.pk == versions[0].pk,
        "award": why.award_of(assessment) if versions else None,
        "comparison": why.compared(shown.tree, earlier) if shown else None,
        "earlier": earlier,
        "closing": why.closing_of(assessment),
        "acts": acts,
        "forms": _settling_forms(acts, failed, form),
        "failed": failed,
        "today": timezone.localdate(),
        "steps": stage.steps(assessment.cycle),
        "reads_cycles": allowed_somewhere(user, Permission.CYCLE_VIEW),
        "crumbs": shop_crumbs(
            assessment.cycle, assessment.pharmacy, user, over=("结果", "starrating:results")
        ),
    }
    template = "starrating/results/detail.html" if office else "starrating/results/phone.html"
    return render(request, template, context, status=status)


SETTLING = {
    "excuse": ("免评的原因", "药店能看到，例如“经营主体变更未满一年，理事会同意免评”。"),
    "readmit": ("恢复参评的原因", "药店能看到；恢复后要看过内容再交一次。"),
}


def _settling_forms(acts, failed: str, form) -> dict:
    forms = {
        act: ReasonForm(label=label, hint=hint)
        for act, (label, hint) in SETTLING.items()
        if act in acts
    }
    return forms | ({failed: form} if failed else {})


# ------------------------------------------------------------------ who does not take part


def _settled(request, assessment: Assessment, name: str, act, said: str):
    label, hint = SETTLING[name]
    form = ReasonForm(request.POST, label=label, hint=hint)
    if form.is_valid():
        try:
            act(assessment, **form.cleaned_data, by=request.user, now=timezone.now())
        except BusinessRuleError as error:
            form.add_error("reason", str(error))
        else:
            messages.success(request, said)
            return redirect("starrating:detail", pk=assessment.pk)
    return _detail(request, assessment, failed=name, form=form, status=422)


@require_POST
@requires(PERMISSION_FOR["excuse"], on=Assessment)
def excuse(request, assessment):
    """Leave a shop out of the cycle by decision of the secretariat."""
    said = f"{assessment.pharmacy}本周期免评，药店会收到通知。"
    return _settled(request, assessment, "excuse", cycles.excuse, said)


@require_POST
@requires(PERMISSION_FOR["readmit"], on=Assessment)
def readmit(request, assessment):
    """Take a shop in again that was left out by mistake."""
    said = f"{assessment.pharmacy}恢复参评，请药店看过后再交一次。"
    return _settled(request, assessment, "readmit", cycles.readmit, said)


@require_http_methods(["GET", "POST"])
@requires(PERMISSION_FOR["decline"], on=Assessment)
def decline(request, assessment):
    """The owner does not wish to take part this time; joining is voluntary."""
    hint = "可以写一句，例如“门店准备搬迁”。不参评不影响会员权利，也不影响明年参评。"
    form = ReasonForm(request.POST or None, label="不参评的原因", hint=hint)
    if form.is_valid():
        try:
            cycles.decline(assessment, **form.cleaned_data, by=request.user, now=timezone.now())
        except BusinessRuleError as error:
            form.add_error(None, str(error))
        else:
            return redirect("starrating:fill", pk=assessment.pk)
    context = {
        "assessment": assessment,
        "form": form,
        "may_decline": "decline" in why.acts_open_to(request.user, assessment),
    }
    status = 422 if form.errors else 200
    return render(request, "starrating/entry/decline.html", context, status=status)
