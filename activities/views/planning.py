"""The plan: putting activities into the calendar, changing them, the year as a whole."""

from datetime import date

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.guards import requires
from accounts.roles import Permission
from activities import actions, plan_diff
from activities.forms.planning import DraftForm, FixForm, PublishForm, ScheduleForm, ScopeForm
from activities.forms.records import ReasonForm
from activities.models import Activity, Obligation, PlanVersion
from activities.queries import drafts, planning
from activities.queries.planning import Scope
from activities.views.tabs import crumbs, may_manage, tabs
from activities.workflow import PERMISSION_FOR
from association.errors import BusinessRuleError

CHANGES_SHOWN = 40


@require_http_methods(["GET", "POST"])
@requires(Permission.ACTIVITY_MANAGE, somewhere=True)
def schedule(request):
    """Put an activity into the calendar, once or as a series."""
    obligation = asked_obligation(request)
    form = ScheduleForm(
        request.POST or None,
        user=request.user,
        obligation=obligation,
        initial=ScheduleForm.initial_for(obligation, asked_day(request)),
    )
    if form.is_valid():
        try:
            planned = actions.plan_series(
                form.schedule(), form.days(), by=request.user, now=timezone.now()
            )
        except BusinessRuleError as error:
            form.add_error(None, str(error))
        else:
            first = planned[0]
            if len(planned) > 1:
                messages.success(request, f"已排 {len(planned)} 次，从 {first.held_on} 起。")
            elif first.audience == "office":
                messages.success(request, "已排进月历。")
            else:
                messages.success(request, "已排进月历。发布后药店才看得到、报得上名。")
            return redirect("activities:detail", pk=first.pk)
    context = {
        "form": form,
        "heading": f"排期：{obligation}" if obligation else "排活动",
        "crumbs": crumbs("排期"),
        "is_new": True,
    }
    return render(request, "activities/schedule.html", context)


def asked_obligation(request) -> Obligation | None:
    """Return the obligation that a cell led here with."""
    asked = request.GET.get("obligation", "")
    if not asked.isdecimal():
        return None
    rows = Obligation.objects.visible_to(request.user).select_related("duty", "organisation")
    return get_object_or_404(rows, pk=asked)


def asked_day(request) -> date | None:
    """Return the day that the address names, if any."""
    try:
        return date.fromisoformat(request.GET.get("day", ""))
    except ValueError:
        return None


@require_http_methods(["GET", "POST"])
@requires(PERMISSION_FOR["change"], on=Activity)
def change(request, activity):
    """Change one, the following or all of a series; first the list of days and people touched."""
    form = ScheduleForm(
        request.POST or None, user=request.user, initial=ScheduleForm.initial_of(activity)
    )
    scope = _scope(request)
    if form.is_valid():
        today = timezone.localdate()
        touched = list(planning.touched_by(activity, scope, today=today))
        people = planning.signed_up_by_activity(touched)
        needs_look = len(touched) > 1 or people
        if needs_look and "confirm" not in request.POST:
            return _preview(request, activity, form, scope, touched, people)
        try:
            changed = actions.change(
                activity, form.schedule(), scope=scope, by=request.user, now=timezone.now()
            )
        except BusinessRuleError as error:
            form.add_error(None, str(error))
        else:
            told = sum(len(rows) for rows in people.values())
            said = f"已改 {len(changed)} 次。" if len(changed) > 1 else "排期已改。"
            if told:
                said += f"报了名的 {told} 家药店会收到消息。"
            messages.success(request, said)
            return redirect("activities:detail", pk=activity.pk)
    context = {
        "form": form,
        "scope_form": ScopeForm(initial={"scope": scope}),
        "activity": activity,
        "heading": f"改排期：{activity}",
        "crumbs": crumbs("改排期", (activity.title, _page(activity))),
    }
    return render(request, "activities/schedule.html", context)


def _scope(request) -> str:
    asked = request.POST.get("scope", "")
    return asked if asked in Scope.values else Scope.ONE


def _preview(request, activity, form, scope, touched, people):
    """Show what the change would reach, with the typed values carried along."""
    shift = form.cleaned_data["held_on"] - activity.held_on
    today = timezone.localdate()
    context = {
        "activity": activity,
        "scope": Scope(scope).label,
        "rows": [
            {
                "activity": each,
                "before": each.held_on,
                "after": each.held_on + shift,
                "sign_ups": people.get(each.pk, []),
            }
            for each in touched
        ],
        "is_moved": bool(shift),
        "changed": [form.fields[name].label for name in form.changed_data if name in form.fields],
        "left_alone": planning.left_alone(activity, today=today) if scope != Scope.ONE else 0,
        "told": sum(len(rows) for rows in people.values()),
        "carried": [
            (name, value)
            for name, values in request.POST.lists()
            if name != "csrfmiddlewaretoken"
            for value in values
        ],
        "crumbs": crumbs("核对改动", (activity.title, _page(activity))),
    }
    return render(request, "activities/change_preview.html", context)


@require_POST
@requires(PERMISSION_FOR["publish"], on=Activity)
def publish(request, activity):
    """Show it to the shops."""
    form = PublishForm(request.POST)
    tell = form.is_valid() and form.cleaned_data["tell"]
    try:
        actions.publish(activity, tell=tell, by=request.user, now=timezone.now())
    except BusinessRuleError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "已发布，药店在手机的“活动”里能报名。")
    return redirect("activities:detail", pk=activity.pk)


@require_http_methods(["GET", "POST"])
@requires(PERMISSION_FOR["cancel"], on=Activity)
def cancel(request, activity):
    """Call it off, with a reason; of a series also the following or all."""
    form = ReasonForm(request.POST or None)
    scope = _scope(request)
    if form.is_valid():
        try:
            off = actions.cancel(
                activity,
                reason=form.cleaned_data["reason"],
                scope=scope,
                by=request.user,
                now=timezone.now(),
            )
        except BusinessRuleError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"已取消 {len(off)} 次，报了名的药店会收到消息。")
            return redirect("activities:detail", pk=activity.pk)
    today = timezone.localdate()
    following = list(planning.touched_by(activity, Scope.FOLLOWING, today=today))
    context = {
        "form": form,
        "scope_form": ScopeForm(initial={"scope": scope}),
        "activity": activity,
        "following": following if activity.series_id else [],
        "sign_ups": activity.sign_ups.open().select_related("pharmacy").order_by("signed_at"),
        "crumbs": crumbs("取消", (activity.title, _page(activity))),
    }
    return render(request, "activities/cancel.html", context)


@require_POST
@requires(PERMISSION_FOR["restore"], on=Activity)
def restore(request, activity):
    """Put a cancelled activity back into the plan."""
    try:
        actions.restore(activity, by=request.user, now=timezone.now())
    except BusinessRuleError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "已恢复到排期，要报名请重新发布。")
    return redirect("activities:detail", pk=activity.pk)


# ------------------------------------------------------------------ the year


@require_safe
@requires(Permission.ACTIVITY_VIEW, somewhere=True)
def plan(request):
    """The plan of a year by month, and what has changed since it was fixed."""
    today = timezone.localdate()
    year = _year(request, today.year)
    of_year = Activity.objects.visible_to(request.user).standing().filter(held_on__year=year)
    activities = (
        of_year.planned_ahead()
        .select_related("organisation")
        .prefetch_related("obligations__duty")
        .order_by("held_on", "starts_at", "pk")
    )
    months: dict[int, list[Activity]] = {month: [] for month in range(1, 13)}
    for activity in activities:
        months[activity.held_on.month].append(activity)
    versions = list(
        PlanVersion.objects.visible_to(request.user)
        .filter(year=year)
        .select_related("saved_by")
        .order_by("-number")
    )
    since = plan_diff.differences(versions[0].rows, planning.plan_rows(year)) if versions else []
    context = {
        "tabs": tabs(request, "activities:plan"),
        "year": year,
        "months": [
            {
                "month": month,
                "activities": rows,
                "is_now": (year, month) == (today.year, today.month),
            }
            for month, rows in months.items()
        ],
        "total": sum(len(rows) for rows in months.values()),
        "beside": of_year.exclude(pk__in=of_year.planned_ahead().values("pk")).count(),
        "versions": versions,
        "since": since[:CHANGES_SHOWN],
        "since_count": len(since),
        "form": FixForm(),
        "may_record": may_manage(request),
    }
    return render(request, "activities/plan.html", context)


def _year(request, this_year: int) -> int:
    asked = request.GET.get("year") or request.POST.get("year") or ""
    return int(asked) if asked.isdecimal() and 2000 <= int(asked) <= 2100 else this_year


@require_http_methods(["GET", "POST"])
@requires(Permission.ACTIVITY_MANAGE, somewhere=True)
def draft(request):
    """A proposal for what has no day yet; the person keeps, moves or drops each line."""
    today = timezone.localdate()
    year = _year(request, today.year)
    if request.method == "POST":
        form = DraftForm(request.POST)
        rows = form.rows()
        if not form.errors:
            try:
                planned = actions.adopt_draft(rows, by=request.user, now=timezone.now())
            except BusinessRuleError as error:
                form.errors.append(str(error))
            else:
                messages.success(request, f"已排进月历 {len(planned)} 次。")
                return redirect(f"{reverse('activities:plan')}?year={year}")
        for error in form.errors[:5]:
            messages.error(request, error)
    as_last_year = request.GET.get("from") == "last"
    lines = drafts.proposals(request.user, year, today=today, as_last_year=as_last_year)
    context = {
        "year": year,
        "as_last_year": as_last_year,
        "lines": [line for line in lines if line.day is not None],
        "left_open": [line for line in lines if line.day is None],
        "kept": set(request.POST.getlist("keep")) if request.method == "POST" else None,
        "crumbs": crumbs("起草", (f"{year} 年度计划", f"{reverse('activities:plan')}?year={year}")),
    }
    return render(request, "activities/draft.html", context)


@require_POST
@requires(Permission.ACTIVITY_MANAGE, somewhere=True)
def fix(request):
    """Keep the plan of the year as its next version."""
    year = _year(request, timezone.localdate().year)
    form = FixForm(request.POST)
    note = form.cleaned_data["note"] if form.is_valid() else ""
    try:
        version = actions.fix_plan(year, note=note, by=request.user, now=timezone.now())
    except BusinessRuleError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{version}已定稿，之后的改动会在这里列出。")
    return redirect(f"{reverse('activities:plan')}?year={year}")


@require_safe
@requires(Permission.ACTIVITY_VIEW, somewhere=True)
def version(request, pk):
    """One version of the plan, and how it differs from the one before."""
    versions = PlanVersion.objects.visible_to(request.user).select_related("saved_by")
    found = get_object_or_404(versions, pk=pk)
    before = versions.filter(year=found.year, number=found.number - 1).first()
    context = {
        "version": found,
        "before": before,
        "changes": plan_diff.differences(before.rows, found.rows) if before else [],
        "rows": [row | {"day": date.fromisoformat(row["day"])} for row in found.rows],
        "crumbs": crumbs(
            f"第 {found.number} 版",
            (f"{found.year} 年度计划", f"{reverse('activities:plan')}?year={found.year}"),
        ),
    }
    return render(request, "activities/plan_version.html", context)


def _page(activity: Activity) -> str:
    return reverse("activities:detail", args=[activity.pk])
