"""Doors of a breach: the office enters and decides, the shop reads and answers on the phone."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.guards import requires
from accounts.roles import Permission
from association import files
from association.errors import BusinessRuleError
from association.templatetags.ui import cn_date
from pledges import queries
from pledges.actions import breaches
from pledges.forms import AppealForm, BreachForm, DecisionForm, HearingForm, ReasonForm
from pledges.models import Breach, Pledge
from pledges.workflow import PERMISSION_FOR

ROWS = 50


@require_safe
@requires(Permission.PLEDGE_VIEW, somewhere=True)
def breach_list(request):
    """All breaches in sight, and whose names members may read today."""
    page = Paginator(queries.breaches(request.user), ROWS).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "named": queries.names_shown(on=timezone.localdate(), to_public=False),
        "crumbs": [
            {"label": "承诺与公示", "url": reverse("pledges:index")},
            {"label": "违诺处理"},
        ],
    }
    return render(request, "pledges/breaches.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.PLEDGE_MANAGE, on=Pledge)
def open_breach(request, pledge):
    """Enter that a clause was not kept."""
    clauses = pledge.campaign.text.clauses.order_by("seq")
    form = BreachForm(request.POST or None, clauses=clauses)
    if form.is_valid():
        data = form.cleaned_data
        try:
            breach = breaches.open_breach(
                pledge,
                clause=data["clause"],
                level=data["level"],
                facts=data["facts"],
                source=(data["source_kind"], data["source_id"], data["source_label"]),
                by=request.user,
                now=timezone.now(),
            )
        except BusinessRuleError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "已登记，药店还看不到。核对后点“告知药店”。")
            return redirect("pledges:breach", pk=breach.pk)
    context = {
        "form": form,
        "pledge": pledge,
        "crumbs": [
            {"label": "违诺处理", "url": reverse("pledges:breaches")},
            {"label": pledge.pharmacy.name},
        ],
    }
    return render(request, "pledges/open_breach.html", context)


@require_safe
@requires(Permission.PLEDGE_VIEW, on=Breach)
def breach(request, breach):
    """One breach from the finding to the repair, with what may be done now."""
    return _page(request, breach)


def _page(request, breach, **forms_given):
    acts = queries.breach_acts(request.user, breach, on=timezone.localdate())
    decisions = breach.decisions.select_related("level", "minutes").prefetch_related("deciders")
    context = {
        "breach": breach,
        "pledge": breach.pledge,
        "acts": acts,
        "facts": [
            {"name": "药店", "value": breach.pledge.pharmacy.name},
            {
                "name": "条款",
                "value": f"第 {breach.clause.seq} 条 {breach.clause.title}",
            },
            {"name": "等级", "value": f"{breach.level}，{breach.level.measure}"},
            {"name": "来源", "value": f"{breach.get_source_kind_display()}，{breach.source_label}"},
            *(
                {"name": name, "value": cn_date(day)}
                for name, day in (
                    ("申辩截止", breach.hear_until),
                    ("整改期至", breach.measure_ends_on),
                )
                if day
            ),
            {"name": "公开", "value": _publication(breach)},
        ],
        "decisions": decisions.order_by("number"),
        "papers": breach.files.select_related("file").order_by("pk"),
        "hearing_form": HearingForm(),
        "appeal_form": AppealForm(),
        "reason_form": ReasonForm(),
        "decision_form": DecisionForm(
            initial={"level": breach.level_id}, people=queries.possible_deciders()
        ),
        "heading": "违诺处理",
        "back_url": reverse("pledges:breaches"),
        "back_label": "违诺处理",
        **forms_given,
    }
    return render(request, "pledges/breach.html", context)


def _publication(breach) -> str:
    if breach.names_until is None:
        return breach.level.get_names_for_display() if breach.closed_at is None else "已不公开"
    return f"{breach.level.get_names_for_display()}，到 {cn_date(breach.names_until)}自动撤下"


@require_POST
@requires(PERMISSION_FOR["notify"], on=Breach)
def notify(request, breach):
    """Tell the shop."""
    return _done(request, breach, breaches.notify, "已告知药店，申辩期从下一个工作日算起。")


@require_POST
@requires(PERMISSION_FOR["hear"], on=Breach)
def hear(request, breach):
    """Take the shop's answer with its papers."""
    form = HearingForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, breach, hearing_form=form)
    data = form.cleaned_data

    def act(breach, *, by, now):
        papers = _accepted(data["papers"], by=by, now=now)
        return breaches.hear(
            breach,
            statement=data["statement"],
            is_waived=data["is_waived"],
            papers=papers,
            by=by,
            now=now,
        )

    return _done(request, breach, act, "已收到您的说明，协会会集体研究后决定。")


@require_POST
@requires(PERMISSION_FOR["decide"], on=Breach)
def decide(request, breach):
    """Record what was decided together."""
    form = DecisionForm(request.POST, request.FILES, people=queries.possible_deciders())
    if not form.is_valid():
        return _page(request, breach, decision_form=form)
    data = form.cleaned_data

    def act(breach, *, by, now):
        minutes = files.accept(data["minutes"], by=by, now=now, kinds=files.PAPERS)
        return breaches.decide(breach, **data | {"minutes": minutes}, by=by, now=now)

    return _done(request, breach, act, "决定已登记，药店会收到消息。")


@require_POST
@requires(PERMISSION_FOR["appeal"], on=Breach)
def appeal(request, breach):
    """Appeal against the decision, once."""
    form = AppealForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, breach, appeal_form=form)
    data = form.cleaned_data

    def act(breach, *, by, now):
        papers = _accepted(data["papers"], by=by, now=now)
        return breaches.appeal(breach, reasons=data["reasons"], papers=papers, by=by, now=now)

    return _done(request, breach, act, "申诉已提交，协会会再集体研究一次。")


@require_POST
@requires(PERMISSION_FOR["repair"], on=Breach)
def repair(request, breach):
    """Find it put right."""
    return _closed(request, breach, breaches.repair, "已登记修复，承诺恢复公示。")


@require_POST
@requires(PERMISSION_FOR["dismiss"], on=Breach)
def dismiss(request, breach):
    """Find that nothing stands."""
    return _closed(request, breach, breaches.dismiss, "已登记为不成立。")


@require_safe
@requires(Permission.PLEDGE_VIEW, on=Breach)
def breach_file(request, breach, number):
    """A paper of the shop, or the minutes of a decision."""
    paper = breach.files.select_related("file").filter(pk=number).first()
    if paper is None:
        raise Http404
    return files.response(paper.file, inline=True)


@require_safe
@requires(Permission.PLEDGE_MANAGE, on=Breach)
def minutes(request, breach, number):
    """The minutes behind a decision; they name people and stay with the office."""
    decision = get_object_or_404(breach.decisions.select_related("minutes"), number=number)
    return files.response(decision.minutes, inline=True)


@require_POST
@requires(PERMISSION_FOR["withdraw"], on=Pledge)
def withdraw(request, pledge):
    """Void a pledge, as after a new owner."""
    form = ReasonForm(request.POST)
    form.is_valid()
    try:
        breaches.withdraw(
            pledge,
            reason=form.cleaned_data.get("reason", ""),
            by=request.user,
            now=timezone.now(),
        )
    except BusinessRuleError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "已撤回，承诺墙上不再显示。需要重签时在签署活动里补发邀请。")
    return redirect("pledges:detail", pk=pledge.pk)


def _accepted(uploads, *, by, now) -> list:
    return [files.accept(upload, by=by, now=now, kinds=files.PAPERS) for upload in uploads]


def _closed(request, breach, act, said):
    form = ReasonForm(request.POST)
    form.is_valid()
    reason = form.cleaned_data.get("reason", "")

    def with_reason(breach, *, by, now):
        return act(breach, reason=reason, by=by, now=now)

    return _done(request, breach, with_reason, said)


def _done(request, breach, act, said):
    try:
        act(breach, by=request.user, now=timezone.now())
    except BusinessRuleError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, said)
    return redirect("pledges:breach", pk=breach.pk)
