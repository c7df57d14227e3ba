"""Pages of the companies: the list, one company, and what is done to it."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.guards import requires
from accounts.permissions import allowed
from accounts.roles import Permission
from association import keyset
from association.errors import BusinessRuleError
from association.htmx import render_page
from members import actions, queries
from members.forms import UnitForm
from members.models import MemberUnit, Pharmacy
from members.views.shops import count_words, day_text, initial_of, page_url, timeline


@require_safe
@requires(Permission.PHARMACY_VIEW, somewhere=True)
def unit_list(request):
    """The companies, found by name, initials or credit code."""
    q = request.GET.get("q", "")[:100]
    units = MemberUnit.objects.visible_to(request.user).matching(q)
    counts = keyset.capped_counts({"here": units})
    page = keyset.page(queries.unit_rows(units), request.GET, by="name_sort")
    may_manage = allowed(request.user, Permission.PHARMACY_MANAGE)
    context = {
        "q": q,
        "page": page,
        "summary": f"{count_words(counts['here'])} 家单位",
        "previous_url": page_url(request, "before", page.before),
        "next_url": page_url(request, "after", page.after),
        "crumbs": [{"label": "会员与药店", "url": reverse("members:list")}],
        "situation": f"{count_words(counts['here'])} 家单位" + ("符合条件" if q else ""),
        "actions": [
            {
                "label": "新增会员单位",
                "url": reverse("members:add_unit"),
                "icon": "plus",
                "primary": True,
            }
        ]
        if may_manage
        else [],
    }
    return render_page(request, "members/unit_list.html", "members/_unit_list.html", context)


@require_safe
@requires(Permission.PHARMACY_VIEW, on=MemberUnit)
def unit(request, unit):
    """All that is on file about one company, with its shops."""
    shops = Pharmacy.objects.visible_to(request.user).filter(unit=unit)
    page = keyset.page(queries.list_rows(shops), request.GET, by="name_sort")
    may_manage = allowed(request.user, Permission.PHARMACY_MANAGE, unit)
    counts = keyset.capped_counts({"shops": shops})
    doors = []
    if may_manage:
        doors = [
            {"label": "修改资料", "url": reverse("members:change_unit", args=[unit.pk])},
            {
                "label": "新增药店",
                "url": reverse("members:add_shop", args=[unit.pk]),
                "icon": "plus",
            },
        ]
    context = {
        "unit": unit,
        "facts": [
            {"name": "类型", "value": unit.get_kind_display()},
            {"name": "统一社会信用代码", "value": unit.credit_code},
            {"name": "入会日期", "value": day_text(unit.joined_on)},
            {"name": "联系人", "value": unit.contact_name},
            {"name": "联系电话", "value": unit.contact_phone},
        ],
        "page": page,
        "today": timezone.localdate(),
        "soon": timezone.localdate() + queries.LICENCE_SOON,
        "summary": f"{count_words(counts['shops'])} 家药店",
        "previous_url": page_url(request, "before", page.before),
        "next_url": page_url(request, "after", page.after),
        "people": queries.people_at(unit),
        "events": timeline(queries.history_of(request.user, unit)),
        "crumbs": [
            {"label": "会员与药店", "url": reverse("members:list")},
            {"label": "会员单位", "url": reverse("members:units")},
        ],
        "actions": doors,
        "may_manage": may_manage,
        "may_invite": allowed(request.user, Permission.PHARMACY_INVITE, unit),
    }
    return render(request, "members/unit.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.PHARMACY_MANAGE)
def add_unit(request):
    """Enter a company."""
    form = UnitForm(request.POST or None)
    if form.is_valid():
        try:
            made = actions.add_unit(**form.cleaned_data, by=request.user, now=timezone.now())
        except BusinessRuleError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"“{made}”已登记为会员单位，接着登记它的药店。")
            return redirect("members:unit", pk=made.pk)
    context = {
        "form": form,
        "heading": "新增会员单位",
        "crumbs": [
            {"label": "会员与药店", "url": reverse("members:list")},
            {"label": "会员单位", "url": reverse("members:units")},
        ],
        "back_url": reverse("members:units"),
        "save": "登记单位",
    }
    return render(request, "members/form.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.PHARMACY_MANAGE, on=MemberUnit)
def change_unit(request, unit):
    """Correct what is on file about a company."""
    form = UnitForm(request.POST or None, initial=initial_of(unit, UnitForm))
    if form.is_valid():
        try:
            actions.change_unit(unit, **form.cleaned_data, by=request.user, now=timezone.now())
        except BusinessRuleError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "单位资料已保存。")
            return redirect("members:unit", pk=unit.pk)
    context = {
        "form": form,
        "heading": "修改单位资料",
        "crumbs": [
            {"label": "会员与药店", "url": reverse("members:list")},
            {"label": unit.name, "url": reverse("members:unit", args=[unit.pk])},
        ],
        "back_url": reverse("members:unit", args=[unit.pk]),
        "save": "保存",
    }
    return render(request, "members/form.html", context)
