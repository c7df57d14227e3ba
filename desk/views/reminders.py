"""Reminders as rules: the list, one rule, and who hears what on a day."""

from datetime import date

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.guards import requires
from accounts.roles import Permission
from association.date_sources import SOURCES
from association.errors import BusinessRuleError
from association.reminder_plan import VARIABLES
from desk import actions, queries
from desk.forms import DayForm, RuleForm
from desk.models import MessageRule

LINES_SHOWN = 200


@require_safe
@requires(Permission.MESSAGE_MANAGE)
def rules(request):
    """Every rule, with what it reminds of and when."""
    rows = [
        (row, SOURCES[row.source].label if row.source in SOURCES else "已不用的日期")
        for row in queries.rules()
    ]
    context = {
        "rules": rows,
        "tabs": _tabs("rules"),
        "actions": [{"label": "新增规则", "url": reverse("desk:add_rule"), "primary": True}],
    }
    return render(request, "desk/rules.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.MESSAGE_MANAGE)
def add_rule(request):
    """A new rule."""
    return _rule_form(request, None, "新增规则")


@require_http_methods(["GET", "POST"])
@requires(Permission.MESSAGE_MANAGE)
def rule(request, pk):
    """Change a rule."""
    found = get_object_or_404(MessageRule, pk=pk)
    return _rule_form(request, found, f"更改“{found}”")


def _rule_form(request, found, heading):
    usable = queries.open_channels()
    form = RuleForm(request.POST or None, rule=found, usable=usable)
    if form.is_valid():
        try:
            saved = actions.save_rule(found, **form.values(), by=request.user, now=timezone.now())
        except BusinessRuleError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"“{saved}”已保存，下一次提醒按它发。")
            return redirect("desk:rules")
    context = {
        "form": form,
        "heading": heading,
        "variables": [{"name": f"{{{name}}}", "value": note} for name, note in VARIABLES.items()],
        "crumbs": [{"label": "提醒规则", "url": reverse("desk:rules")}],
    }
    return render(request, "desk/rule.html", context)


@require_safe
@requires(Permission.MESSAGE_MANAGE)
def who_hears_what(request):
    """Who hears what on a day: what went out, or what will as things stand now."""
    today = timezone.localdate()
    form = DayForm(request.GET or None, today=today)
    day = form.cleaned_data["day"] if form.is_valid() else today
    sent = list(queries.heard_on(day)[: LINES_SHOWN + 1]) if day <= today else []
    lines = queries.who_hears_what(day, today=today) if day >= today else []
    context = {
        "form": form,
        "day": day,
        "is_past": day < today,
        "is_today": day == today,
        "sent": sent[:LINES_SHOWN],
        "lines": lines[:LINES_SHOWN],
        "count": len(lines),
        "more": max(len(lines), len(sent)) > LINES_SHOWN,
        "previous": f"?day={_moved(day, -1)}",
        "next": f"?day={_moved(day, 1)}",
        "tabs": _tabs("day"),
    }
    return render(request, "desk/who_hears_what.html", context)


def _moved(day: date, days: int) -> str:
    return date.fromordinal(day.toordinal() + days).isoformat()


def _tabs(current: str) -> list[dict]:
    pages = [("rules", "规则", "desk:rules"), ("day", "某天谁收到什么", "desk:who_hears_what")]
    return [
        {"label": label, "url": reverse(name), "count": None, "current": key == current}
        for key, label, name in pages
    ]
