"""The rules: what is owed, by when, on which ground; and a new version of one."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.guards import requires
from accounts.roles import Permission
from activities import actions
from activities.enums import Programme
from activities.forms.duties import RuleForm
from activities.models import Duty, Obligation
from activities.queries import matrix
from activities.views.tabs import crumbs, may_manage, reader_of, tabs
from association.errors import BusinessRuleError


@require_safe
@requires(Permission.ACTIVITY_VIEW, somewhere=True)
def duties(request):
    """All rules by programme, the newest version of each."""
    rows = list(Duty.objects.visible_to(request.user).latest().order_by("order", "code"))
    today = timezone.localdate()
    context = {
        "tabs": tabs(request, "activities:duties"),
        "sections": [
            {"title": programme.label, "duties": found}
            for programme in Programme
            if (found := [row for row in rows if row.programme == programme])
        ],
        "today": today,
        "situation": (
            f"共 {len(rows)} 项，启用 {sum(row.is_active for row in rows)} 项，"
            f"依据还要核对的 {sum(row.is_unsure for row in rows)} 项"
        ),
    }
    return render(request, "activities/duties.html", context)


@require_safe
@requires(Permission.ACTIVITY_VIEW, on=Duty)
def duty(request, duty):
    """One rule with its versions, and how this year stands."""
    today = timezone.localdate()
    reader = reader_of(request, today)
    asked = request.GET.get("year", "")
    year = int(asked) if asked.isdecimal() and 2000 <= int(asked) <= 2100 else today.year
    obligations = (
        Obligation.objects.visible_to(request.user)
        .standing()
        .filter(code=duty.code, period_start__year=year)
        .select_related("duty", "organisation")
        .prefetch_related(matrix.counted())
        .order_by("organisation_id", "period_start")
    )
    seen = Duty.objects.visible_to(request.user)
    versions = list(seen.filter(code=duty.code).order_by("-starts_on"))
    newest = versions[0]
    context = {
        "duty": duty,
        "newest": newest,
        "versions": versions,
        "today": today,
        "year": year,
        "cells": [
            {
                "cell": cell,
                "meetings": [(each, reader.url_of(each)) for each in cell.meetings],
                "step": matrix.next_step(cell, reader) if cell.state in {"over", "now"} else None,
            }
            for cell in matrix.cells_of(obligations, today)
        ],
        "may_change": may_manage(request) and duty.ends_on is None,
        "may_drop": may_manage(request) and newest.starts_on > today and len(versions) > 1,
        "crumbs": crumbs(duty.name, ("任务规则", reverse("activities:duties"))),
    }
    return render(request, "activities/duty.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.ACTIVITY_MANAGE, on=Duty)
def change_rule(request, duty):
    """A new version of the rule from a day on."""
    form = RuleForm(request.POST or None, duty=duty)
    if form.is_valid():
        try:
            new = actions.change_rule(
                duty,
                form.text(),
                starts_on=form.cleaned_data["starts_on"],
                by=request.user,
                now=timezone.now(),
            )
        except BusinessRuleError as error:
            form.add_error(None, str(error))
        else:
            day = new.starts_on
            messages.success(
                request,
                f"新规则从 {day.year}年{day.month}月{day.day}日起施行，之前的周期不变。",
            )
            return redirect("activities:duty", pk=new.pk)
    address = reverse("activities:duty", args=[duty.pk])
    context = {
        "form": form,
        "duty": duty,
        "crumbs": crumbs(
            "改规则", ("任务规则", reverse("activities:duties")), (duty.name, address)
        ),
    }
    return render(request, "activities/rule_form.html", context)


@require_POST
@requires(Permission.ACTIVITY_MANAGE, on=Duty)
def drop_change(request, duty):
    """Take back a version that is not in force yet."""
    try:
        before = actions.drop_change(duty, by=request.user, now=timezone.now())
    except BusinessRuleError as error:
        messages.error(request, str(error))
        return redirect("activities:duty", pk=duty.pk)
    messages.success(request, "还没施行的一版已撤回，继续用原来的规则。")
    return redirect("activities:duty", pk=before.pk)
