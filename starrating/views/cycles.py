"""The secretariat's way through a cycle: plan it, see what blocks it, move it on."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.guards import requires
from accounts.permissions import allowed
from accounts.roles import Permission
from association.errors import BusinessRuleError
from association.models import JobState
from association.templatetags.ui import cn_date
from starrating.actions import cycle as cycles
from starrating.actions import notice, rating
from starrating.evidence import stale
from starrating.forms.cycle import ExtendForm, PlanForm
from starrating.forms.fields import ReasonForm
from starrating.models import Cycle
from starrating.queries import cycle as queries
from starrating.queries import stage
from starrating.queries.next_step import next_step
from starrating.queries.outcome import TOLD, outcome_of
from starrating.workflow import PERMISSION_FOR

MOST = 100
# Comparing the facts of every shop is quick for a district and a job for a province; there the
# signature itself still compares all of them.
COMPARED_UP_TO = 2000
REASONS = {
    "cancel": ("取消的原因", "药店会看到；已填的内容留存。"),
    "reopen": ("退回评审的原因", "两个签字都会撤下，重新试评后再签。"),
}


@require_safe
@requires(Permission.CYCLE_VIEW, somewhere=True)
def cycle_list(request):
    """Every cycle, the newest first."""
    may_plan = allowed(request.user, Permission.CYCLE_MANAGE)
    schemes = {"label": "评分标准", "url": reverse("starrating:schemes"), "icon": "scale"}
    plan_one = {
        "label": "筹备新周期",
        "url": reverse("starrating:plan"),
        "icon": "plus",
        "primary": True,
    }
    context = {
        "cycles": queries.cycle_rows(request.user)[:MOST],
        "may_plan": may_plan,
        "actions": [schemes, plan_one] if may_plan else [schemes],
    }
    return render(request, "starrating/cycles/list.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.CYCLE_MANAGE)
def plan(request):
    """Draw up a cycle; the form comes with sensible days."""
    today = timezone.localdate()
    form = PlanForm(request.POST or None, initial=PlanForm.initial_for(today=today))
    return _planned(request, form, None)


@require_http_methods(["GET", "POST"])
@requires(PERMISSION_FOR["replan"], on=Cycle)
def replan(request, cycle):
    """Change a cycle that is not open yet."""
    if "replan" not in queries.acts_open_to(request.user, cycle):
        messages.error(request, "周期已经开放，安排不能再改；期限可以在周期页延长。")
        return redirect("starrating:cycle", pk=cycle.pk)
    form = PlanForm(request.POST or None, initial=PlanForm.initial_of(cycle))
    return _planned(request, form, cycle)


def _planned(request, form: PlanForm, cycle: Cycle | None) -> HttpResponse:
    if form.is_valid():
        now = timezone.now()
        try:
            if cycle is None:
                made = cycles.plan(form.plan(), by=request.user, now=now)
            else:
                made = cycles.replan(cycle, form.plan(), by=request.user, now=now)
        except BusinessRuleError as error:
            form.add_error(getattr(error, "field", "") or None, str(error))
        else:
            messages.success(request, f"{made}已存下，药店还看不到。核对后开放自评。")
            return redirect("starrating:cycle", pk=made.pk)
    back = reverse("starrating:cycle", args=[cycle.pk]) if cycle else reverse("starrating:cycles")
    context = {
        "form": form,
        "cycle": cycle,
        "heading": f"修改{cycle}的安排" if cycle else "筹备新周期",
        "back_url": back,
        "crumbs": [{"label": "星级评定", "url": reverse("starrating:cycles")}],
        "has_scheme": form.fields["scheme"].queryset.exists(),
    }
    status = 422 if form.errors else 200
    return render(request, "starrating/cycles/plan.html", context, status=status)


# ------------------------------------------------------------------ the home of a cycle


@require_safe
@requires(Permission.CYCLE_VIEW, on=Cycle, somewhere=True)
def cycle(request, cycle):
    """Where the cycle stands, what blocks its next step, and what this person may do."""
    return _home(request, cycle)


def _home(request, cycle: Cycle, *, failed: str = "", form=None, status: int = 200):
    today = timezone.localdate()
    user = request.user
    acts = queries.acts_open_to(user, cycle)
    numbers = queries.numbers(cycle, user)
    part = _rating(request, cycle, numbers)
    changed = part["changed"]
    step = next_step(cycle, numbers=numbers, stale=changed, today=today)
    context = {
        "cycle": cycle,
        "acts": acts,
        "step": step,
        "may_step": step is not None and step.act in acts and not step.blockers,
        "must_rate": "rate" in acts and bool(changed or numbers["rated"] < numbers["all"]),
        "numbers": numbers,
        "steps": stage.steps(cycle),
        "units": part["outcome"].units if part["outcome"] else {"none": numbers["all"]},
        "plan": _plan_rows(cycle),
        "history": queries.history_of(cycle, user),
        "may_manage": allowed(user, Permission.CYCLE_MANAGE, cycle),
        "forms": _forms(cycle, acts, failed, form),
        "failed": failed,
        "crumbs": [{"label": "星级评定", "url": reverse("starrating:cycles")}],
        **part,
    }
    return render(request, "starrating/cycles/cycle.html", context, status=status)


def _forms(cycle: Cycle, acts, failed: str, form) -> dict:
    """Return the little forms of the acts that ask for words, the refused one as it was typed."""
    forms = {
        act: ReasonForm(label=label, hint=hint)
        for act, (label, hint) in REASONS.items()
        if act in acts
    }
    if "extend" in acts:
        forms["extend"] = ExtendForm(
            is_entry=cycle.state == "self_review",
            initial={
                "entry_closes_on": cycle.entry_closes_on,
                "review_closes_on": cycle.review_closes_on,
            },
        )
    return forms | ({failed: form} if failed else {})


def _plan_rows(cycle: Cycle) -> list[dict]:
    opening = cycle.newest_opening_on
    share = cycle.expected_top_share
    return [
        {"name": "评分标准", "value": str(cycle.scheme)},
        {"name": "评定期", "value": f"{cn_date(cycle.starts_on)}至 {cn_date(cycle.ends_on)}"},
        {"name": "自评截止", "value": f"{cn_date(cycle.entry_closes_on)} 24:00"},
        {"name": "评审截止", "value": f"{cn_date(cycle.review_closes_on)} 24:00"},
        {"name": "开业不晚于", "value": cn_date(opening) if opening else "不限"},
        {"name": "异议期", "value": f"{cycle.objection_working_days} 个工作日"},
        {"name": "公示期", "value": f"{cycle.publicity_working_days} 个工作日"},
        {"name": "星级有效期", "value": f"{cn_date(cycle.valid_from)}至 {cn_date(cycle.valid_to)}"},
        {"name": "五星占比提示", "value": "不提示" if share is None else f"超过 {share}%"},
    ]


@require_safe
@requires(Permission.CYCLE_VIEW, on=Cycle, somewhere=True)
def rating_progress(request, cycle):
    """The rating of the cycle alone: what the page asks for again while the worker rates."""
    numbers = queries.numbers(cycle, request.user)
    context = {
        "cycle": cycle,
        "acts": queries.acts_open_to(request.user, cycle),
        "numbers": numbers,
        **_rating(request, cycle, numbers),
    }
    return render(request, "starrating/cycles/_rating.html", context)


def _rating(request, cycle: Cycle, numbers: dict) -> dict:
    """The last rating: its job while it runs, else its figures and what changed since."""
    job = queries.job_of(rating.rating_key(cycle))
    is_open = job is not None and job.state in {JobState.WAITING, JobState.RUNNING}
    compares = (
        cycle.state in rating.OPEN_TO_RATING
        and not is_open
        and numbers["rated"]
        and numbers["all"] <= COMPARED_UP_TO
    )
    outcome = outcome_of(cycle, request.user) if numbers["rated"] else None
    return {
        "job": job,
        "is_rating": is_open,
        "outcome": outcome,
        "changed": [row.pharmacy.name for row in stale(cycle)] if compares else [],
        "is_told": cycle.state in TOLD,
    }


# ------------------------------------------------------------------ acts


def _moved(request, cycle: Cycle, act, *, said=None):
    """Do an act that asks for no words; a refusal is shown on the page and changes nothing."""
    try:
        done = act(cycle, by=request.user, now=timezone.now())
    except BusinessRuleError as error:
        messages.error(request, str(error))
    else:
        if said is not None:
            messages.success(request, said(done) if callable(said) else said)
    return redirect("starrating:cycle", pk=cycle.pk)


@require_POST
@requires(PERMISSION_FOR["open"], on=Cycle)
def open_(request, cycle):
    """Open self-assessment, or add the shops that came since."""
    return _moved(
        request,
        cycle,
        cycles.open_,
        said=lambda made: (
            f"已为 {made} 家药店开出自评表，负责人会收到通知。" if made else "没有新增的药店。"
        ),
    )


@require_POST
@requires(PERMISSION_FOR["remind_late"], on=Cycle)
def remind_late(request, cycle):
    """Remind the shops that still owe their sheet."""
    return _moved(
        request,
        cycle,
        cycles.remind_late,
        said=lambda sent: f"已提醒 {sent} 人。" if sent else "没有要提醒的人，或今天已经提醒过。",
    )


@require_POST
@requires(PERMISSION_FOR["close_entry"], on=Cycle)
def close_entry(request, cycle):
    """End self-assessment."""
    said = "自评已结束，进入评审。退回补充的药店在评审截止日前还能补交。"
    return _moved(request, cycle, cycles.close_entry, said=said)


@require_POST
@requires(PERMISSION_FOR["rate"], on=Cycle)
def rate(request, cycle):
    """Ask the worker to rate the whole cycle."""
    return _moved(request, cycle, rating.request_rating)


@require_POST
@requires(PERMISSION_FOR["notify"], on=Cycle)
def notify(request, cycle):
    """Tell every shop its result; the worker issues them one by one."""
    return _moved(
        request,
        cycle,
        notice.notify,
        said=lambda done: (
            f"正在逐家签发并告知。异议期到 {cn_date(done.objections_close_on)} 24:00。"
        ),
    )


@require_POST
@requires(PERMISSION_FOR["publicise"], on=Cycle)
def publicise(request, cycle):
    """Publish the list for its working days."""
    return _moved(
        request,
        cycle,
        notice.publicise,
        said=lambda done: (
            f"名单已公示，{cn_date(done.publicity_starts_on)}至"
            f" {cn_date(done.publicity_ends_on)} 24:00。"
        ),
    )


@require_POST
@requires(PERMISSION_FOR["finalise"], on=Cycle)
def finalise(request, cycle):
    """Award the stars."""
    return _moved(
        request,
        cycle,
        notice.finalise,
        said=lambda made: f"已授牌，生成 {made} 张证书，药店可以下载。",
    )


@require_POST
@requires(PERMISSION_FOR["archive"], on=Cycle)
def archive(request, cycle):
    """Put a finished cycle away."""
    return _moved(request, cycle, cycles.archive, said="已归档。结果、依据和证书仍可随时查。")


def _with_reason(request, cycle: Cycle, name: str, act, said: str):
    label, hint = REASONS[name]
    form = ReasonForm(request.POST, label=label, hint=hint)
    if form.is_valid():
        try:
            act(cycle, **form.cleaned_data, by=request.user, now=timezone.now())
        except BusinessRuleError as error:
            form.add_error("reason", str(error))
        else:
            messages.success(request, said)
            return redirect("starrating:cycle", pk=cycle.pk)
    return _home(request, cycle, failed=name, form=form, status=422)


@require_POST
@requires(PERMISSION_FOR["cancel"], on=Cycle)
def cancel(request, cycle):
    """Call a cycle off before its review."""
    return _with_reason(request, cycle, "cancel", cycles.cancel, "周期已取消，名称可以再用。")


@require_POST
@requires(PERMISSION_FOR["reopen"], on=Cycle)
def reopen(request, cycle):
    """Go back to the review before anybody was told."""
    said = "已退回评审，签字已撤下。改好后重新试评、重新签字。"
    return _with_reason(request, cycle, "reopen", notice.reopen, said)


@require_POST
@requires(PERMISSION_FOR["extend"], on=Cycle)
def extend(request, cycle):
    """Put the last days off."""
    form = ExtendForm(request.POST, is_entry=cycle.state == "self_review")
    if form.is_valid():
        try:
            cycles.extend(cycle, **form.cleaned_data, by=request.user, now=timezone.now())
        except BusinessRuleError as error:
            field = getattr(error, "field", "")
            form.add_error(field if field in form.fields else None, str(error))
        else:
            messages.success(request, "期限已延长，还没交的药店会收到通知。")
            return redirect("starrating:cycle", pk=cycle.pk)
    return _home(request, cycle, failed="extend", form=form, status=422)
