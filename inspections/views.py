"""The doors of the inspections room: the list of violations, the form, the decision."""

from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.guards import requires
from accounts.permissions import allowed_somewhere
from accounts.roles import Permission
from association import files
from association.errors import BusinessRuleError
from association.templatetags.ui import cn_date
from inspections import actions, queries
from inspections.enums import ViolationState
from inspections.forms import LeadForm, ReasonForm
from inspections.models import Violation
from inspections.workflow import PERMISSION_FOR
from members.models import Pharmacy

ROWS = 50
FOUND = 20
DONE = {
    "establish": "已认定成立，影响期内暂不授星。",
    "dismiss": "已记为不成立，不影响评星。",
    "lift": "已撤销，不再影响评星。",
}


@require_safe
@requires(Permission.VIOLATION_VIEW, somewhere=True)
def violations(request):
    """The list by stage: what waits for review stands first."""
    seen = Violation.objects.visible_to(request.user)
    area = request.GET.get("area", "")
    if area.isdecimal():
        seen = seen.filter(pharmacy__area=int(area))
    counts = dict(seen.values_list("state").annotate(n=Count("pk")).order_by())
    state = request.GET.get("state", "")
    rows = seen.filter(state=state) if state in ViolationState.values else seen
    word = request.GET.get("q", "").strip()[:50]
    if word:
        rows = rows.filter(pharmacy__in=Pharmacy.objects.visible_to(request.user).matching(word))
    page = Paginator(rows.select_related("pharmacy__area").order_by("-prepared_at", "-pk"), ROWS)
    address = reverse("inspections:violations")
    tabs = [{"label": "全部", "url": address, "count": sum(counts.values()), "current": not state}]
    tabs += [
        {
            "label": label,
            "url": f"{address}?state={value}",
            "count": counts.get(value, 0),
            "current": state == value,
        }
        for value, label in ViolationState.choices
    ]
    may_prepare = allowed_somewhere(request.user, Permission.VIOLATION_PREPARE)
    context = {
        "page": page.get_page(request.GET.get("page")),
        "tabs": tabs,
        "state": state,
        "word": word,
        "base": f"?{urlencode({'state': state, 'q': word})}",
        "situation": f"线索和复核中 {counts.get('lead', 0) + counts.get('in_review', 0)} 件，"
        f"已成立 {counts.get('established', 0)} 件",
        "actions": [
            {
                "label": "登记线索",
                "url": reverse("inspections:prepare"),
                "icon": "plus",
                "primary": True,
            }
        ]
        if may_prepare
        else [],
    }
    return render(request, "inspections/violations.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.VIOLATION_PREPARE, somewhere=True)
def prepare(request):
    """Find the shop first, then enter the lead against it."""
    pharmacy = _asked_shop(request)
    if pharmacy is None:
        word = request.GET.get("q", "").strip()[:50]
        shops = Pharmacy.objects.visible_to(request.user).matching(word) if word else ()
        context = {
            "word": word,
            "shops": shops.with_place().order_by("name_sort", "pk")[:FOUND] if word else (),
            "crumbs": _crumbs("登记线索"),
        }
        return render(request, "inspections/choose_shop.html", context)
    form = LeadForm(
        request.POST or None,
        request.FILES or None,
        initial={"starts_on": timezone.localdate()},
    )
    if form.is_valid():
        now = timezone.now()
        try:
            violation = actions.prepare(
                pharmacy, form.draft(), paper=_paper(form, request, now), by=request.user, now=now
            )
        except BusinessRuleError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "线索已登记，补齐依据后送复核。复核认定前不影响评星。")
            return redirect("inspections:detail", pk=violation.pk)
    context = {"form": form, "pharmacy": pharmacy, "crumbs": _crumbs("登记线索")}
    return render(request, "inspections/lead.html", context)


def _asked_shop(request) -> Pharmacy | None:
    asked = request.GET.get("pharmacy", "")
    if not asked.isdecimal():
        return None
    return get_object_or_404(Pharmacy.objects.visible_to(request.user), pk=asked)


def _paper(form, request, now):
    upload = form.cleaned_data["paper"]
    if not upload:
        return None
    return files.accept(upload, by=request.user, now=now, kinds=files.PAPERS)


@require_http_methods(["GET", "POST"])
@requires(PERMISSION_FOR["amend"], on=Violation)
def amend(request, violation):
    """Complete a lead."""
    form = LeadForm(
        request.POST or None, request.FILES or None, initial=LeadForm.initial_of(violation)
    )
    if form.is_valid():
        now = timezone.now()
        try:
            actions.amend(
                violation,
                form.draft(),
                paper=_paper(form, request, now),
                seen=request.POST.get("seen"),
                by=request.user,
                now=now,
            )
        except BusinessRuleError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "线索已更新。")
            return redirect("inspections:detail", pk=violation.pk)
    context = {
        "form": form,
        "pharmacy": violation.pharmacy,
        "violation": violation,
        "seen": request.POST.get("seen") or actions.stamp(violation),
        "crumbs": _crumbs("补充线索"),
    }
    return render(request, "inspections/lead.html", context)


@require_safe
@requires(Permission.VIOLATION_VIEW, on=Violation)
def detail(request, violation):
    """One violation with its paper, its stage and what may be done next."""
    return _detail(request, violation)


def _detail(request, violation, *, form=None, act="", status=200):
    acts = queries.acts_open_to(request.user, violation)
    until = f"至 {cn_date(violation.ends_on)}" if violation.ends_on else "起，撤销为止"
    context = {
        "violation": violation,
        "acts": acts,
        "form": form or ReasonForm(),
        "failed_act": act,
        "is_own": violation.prepared_by_id == request.user.pk,
        "is_recused": queries.is_recused(request.user, violation),
        "history": queries.history_of(violation),
        "facts": [
            {"name": "情形", "value": violation.title},
            {"name": "文书号", "value": violation.document_number},
            {"name": "作出机关", "value": violation.authority},
            {"name": "文书日期", "value": violation.decided_on and cn_date(violation.decided_on)},
            {"name": "影响期", "value": f"{cn_date(violation.starts_on)}{until}"},
        ],
        "crumbs": _crumbs(violation.pharmacy.name),
        # An adjudicator decides on facts of shops whose pages are not theirs to open.
        "sees_shop": Pharmacy.objects.visible_to(request.user)
        .filter(pk=violation.pharmacy_id)
        .exists(),
    }
    return render(request, "inspections/detail.html", context, status=status)


@require_safe
@requires(Permission.VIOLATION_VIEW, on=Violation)
def paper(request, violation):
    """The paper that the fact rests on."""
    if violation.paper is None:
        raise Http404
    try:
        return files.response(violation.paper, inline=True)
    except BusinessRuleError as error:
        messages.error(request, str(error))
    return redirect("inspections:detail", pk=violation.pk)


@require_POST
@requires(PERMISSION_FOR["review"], on=Violation)
def review(request, violation):
    """Hand the lead over to the second person."""
    try:
        actions.review(violation, by=request.user, now=timezone.now())
    except BusinessRuleError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "已送复核，请复核员认定。")
    return redirect("inspections:detail", pk=violation.pk)


@require_POST
@requires(PERMISSION_FOR["establish"], on=Violation)
def establish(request, violation):
    """Find the fact established."""
    return _decide(request, violation, "establish")


@require_POST
@requires(PERMISSION_FOR["dismiss"], on=Violation)
def dismiss(request, violation):
    """Find that nothing stands against the shop."""
    return _decide(request, violation, "dismiss")


@require_POST
@requires(PERMISSION_FOR["lift"], on=Violation)
def lift(request, violation):
    """Take an established fact back."""
    return _decide(request, violation, "lift")


def _decide(request, violation, act: str):
    form = ReasonForm(request.POST)
    if form.is_valid():
        try:
            getattr(actions, act)(
                violation, reason=form.cleaned_data["reason"], by=request.user, now=timezone.now()
            )
        except BusinessRuleError as error:
            form.add_error(None, str(error))
        else:
            told = "" if act == "dismiss" else _told(violation, act)
            messages.success(request, DONE[act] + told)
            return redirect("inspections:detail", pk=violation.pk)
    return _detail(request, violation, form=form, act=act, status=422)


def _told(violation, act: str) -> str:
    """Say whether anybody at the shop got the message: not every shop has an account yet."""
    if queries.was_told(violation, act):
        return "药店负责人会收到消息。"
    return "药店还没有负责人账号，请书面告知。"


def _crumbs(here: str) -> list[dict]:
    return [{"label": "整改与否决", "url": reverse("inspections:violations")}, {"label": here}]
