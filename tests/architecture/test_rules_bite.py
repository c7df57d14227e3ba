"""Each rule of the house is broken once on purpose, and says so; what is allowed passes."""

import pytest
from django.http import HttpResponse
from django.views.decorators.http import require_POST, require_safe

from accounts.guards import public_page, requires
from accounts.roles import Permission
from association.workflow import Workflow
from tests.architecture import rules
from tests.architecture.house import Route, methods_of


def unscoped(source: str) -> list[str]:
    return rules.unscoped_objects(source, scoped={"Pharmacy"})


BROKEN = [
    (unscoped, "Pharmacy.objects.get(pk=pk)", ["Pharmacy.objects.get"]),
    (unscoped, "get_object_or_404(Pharmacy, pk=Pharmacy.objects)", ["Pharmacy.objects"]),
    (unscoped, "get_user_model().objects.filter(pk=1)", ["get_user_model.objects.filter"]),
    (rules.clock_reads, "now = timezone.now()", ["timezone.now()"]),
    (rules.clock_reads, "day = date.today()", ["date.today()"]),
    (rules.requests_taken, "def submit(assessment, request): ...", ["submit"]),
    (rules.requests_taken, "def submit(assessment, *, request): ...", ["submit"]),
    (rules.superuser_shortcuts, "if user.is_superuser: ...", ["is_superuser"]),
    (rules.hidden_effects, "from django.dispatch import x", ["from django.dispatch import …"]),
    (rules.hidden_effects, "target = GenericForeignKey()", ["GenericForeignKey"]),
    (rules.celery_calls, "drain.delay()", ["delay"]),
    (rules.celery_calls, "drain.apply_async(countdown=60)", ["apply_async"]),
    (rules.states_set, "cycle.state = 'final'", ["cycle.state"]),
    (rules.states_set, "cycle.state, cycle.by = 'final', user", ["cycle.state"]),
    (rules.states_set, "rows.update(state='final')", ["update(state=…)"]),
    (rules.writes, "Pledge.objects.create(name='x')", ["Pledge.objects.create"]),
    (rules.writes, "form.save()", ["form.save"]),
    (rules.half_width_in_code, 'said = "已提交,请等待"', ["交,"]),
    (rules.half_width_in_code, 'said = f"第 {n} 行:不是日期"', ["行:"]),
    (rules.half_width_in_code, 'said = "请核对(必填)"', ["对(", "填)"]),
    (rules.half_width_in_template, "<p>已提交,请等待</p>", ["交,"]),
    (rules.half_width_in_template, "{% include 'x' with a=\"是吗?\" %}", ["吗?"]),
    (rules.inline_code, "<script>go()</script>", ["script"]),
    (rules.inline_code, "<a onclick=\"go()\">去</a>", ["handler"]),
    (rules.inline_code, "<a href='javascript:go()'>去</a>", ["javascript:"]),
    (rules.inline_code, "<p style='color:red'>红</p>", ["style="]),
    (rules.inline_code, "<style>p{color:red}</style>", ["<style>"]),
    (rules.foreign_addresses, "<img src='//cdn.example/x.png'>", ["//cdn.example/x.png"]),
    (rules.foreign_addresses, "<a href=\"https://a.example\">外</a>", ["https://a.example"]),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "source", "offences"), BROKEN)
def test_a_broken_rule_names_what_offends_it(rule, source, offences):
    assert rule(source) == offences


ALLOWED = [
    (unscoped, "get_object_or_404(Pharmacy.objects.visible_to(user), pk=pk)"),
    (unscoped, "Pharmacy.objects.select_related('unit').visible_to(user)[:5]"),
    (unscoped, "Area.objects.order_by('order')"),
    (rules.clock_reads, "day = timezone.localdate(now)"),
    (rules.requests_taken, "def submit(assessment, *, by, now): ..."),
    (rules.hidden_effects, "from django.db import models"),
    (rules.celery_calls, "jobs.enqueue('members.import', key='1', now=now)"),
    (rules.states_set, "if cycle.state == 'final': rows.update(name='x')"),
    (rules.writes, "context.update(a=1); rows = Pledge.objects.filter(pk=1)"),
    (rules.half_width_in_code, '"""Says 已提交,请等待 to nobody."""'),
    (rules.half_width_in_code, 'PATTERN = re.compile(r"(\\d{4})年(?:,月)"); said = "08:30 前"'),
    (rules.half_width_in_template, "{# 已提交,请等待 #}<p>已提交，请等待</p>"),
    (rules.inline_code, "<script src='/static/app.js' defer></script>{# <style> #}"),
    (rules.foreign_addresses, "<svg xmlns='http://www.w3.org/2000/svg'></svg><a href='/x/'>去</a>"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "source"), ALLOWED)
def test_what_is_allowed_passes(rule, source):
    assert rule(source) == []


def test_a_paper_may_bring_its_own_style():
    assert rules.inline_code("<style>p{}</style>", is_paper=True) == []


# ------------------------------------------------------------------ doors


def bare(request):
    return HttpResponse()


def door(view) -> list[str]:
    route = Route("desk:sample", "sample/", view)
    return rules.wrong_guards(route.guards, route.methods)


def test_a_view_without_guard_or_method_is_refused():
    assert door(bare) == [
        "guards: none",
        "no require_safe, require_POST or require_http_methods",
    ]


def test_a_view_with_two_guards_is_refused():
    view = require_safe(public_page(requires(Permission.JOB_VIEW)(bare)))
    assert door(view) == ["guards: ['permission', 'is_public']"]


def test_a_view_with_one_guard_and_its_methods_passes():
    assert door(require_POST(requires(Permission.JOB_VIEW)(bare))) == []


def test_methods_are_found_under_other_decorators():
    assert methods_of(require_POST(public_page(bare))) == ("POST",)
    assert methods_of(bare) == ()


# ------------------------------------------------------------------ tables and modules


def test_a_state_that_nothing_leads_to_is_found():
    table = Workflow(
        initial="open", labels={"open": "开", "shut": "关", "lost": "丢"},
        moves={("open", "shut"): "shut", ("lost", "find"): "open"},
    )  # fmt: skip
    assert rules.unreachable_states(table) == {"lost"}


def test_a_module_that_reaches_the_framework_through_another_is_not_pure():
    sources = {
        "room.scoring": "from decimal import Decimal",
        "room.models": "from django.db import models",
        "room.rule": "from room.models import Shop",
        "room.sum": "import room.scoring",
    }
    assert rules.pure_modules(sources, frameworks=("django",)) == {"room.scoring", "room.sum"}


def test_a_file_without_a_meaning_is_refused():
    assert rules.bad_file_name("utils.py")
    assert not rules.bad_file_name("deadlines.py")


def test_templates_are_found_where_they_are_named():
    assert rules.templates_named("render(request, 'desk/inbox.html', {})") == {"desk/inbox.html"}
    assert rules.templates_named('{% extends "layouts/staff.html" %}') == {"layouts/staff.html"}
