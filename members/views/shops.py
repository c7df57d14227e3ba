"""Pages of the shops: the list, one shop, and what is done to it."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.guards import requires, signed_in_page
from accounts.permissions import allowed, allowed_somewhere
from accounts.roles import Permission, Role
from association import keyset
from association.errors import BusinessRuleError
from association.htmx import render_page
from desk.act_words import ACT_WORDS
from desk.queries import saved_filters
from members import actions, queries
from members.forms import KeepFilterForm, MoveForm, ReasonForm, ShopFilterForm, ShopForm
from members.models import MemberUnit, Pharmacy
from members.panels import panels_for
from members.workflow import PERMISSION_FOR

VIEWS = {
    "all": "全部",
    "due": "许可证 60 天内到期",
    "over": "许可证已过期",
    "unknown": "有效期未登记",
    "paused": "停业",
    "closed": "注销",
}
SITUATIONS = {
    "pause": ("登记停业", "停业期间门店仍在名册上，恢复营业后再登记一次即可。"),
    "close": ("登记注销", "注销后门店不再参加评定，历史记录保留；登记错了可以恢复。"),
    "reopen": ("恢复营业", "门店重新列为营业。"),
}
DONE = {
    "pause": "“{shop}”已登记为停业。",
    "close": "“{shop}”已登记为注销，历史记录保留。",
    "reopen": "“{shop}”已恢复营业。",
}


@require_safe
@requires(Permission.PHARMACY_VIEW, somewhere=True)
def shop_list(request):
    """The register: saved views, search, filters, pages by key; all state is in the address."""
    form = ShopFilterForm(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    today = timezone.localdate()
    lists = queries.views_of(Pharmacy.objects.visible_to(request.user), today=today)
    view = view_named(request, lists)
    shops = queries.narrowed(lists[view], wanted)
    is_filtered = any(wanted.values())
    may_manage = allowed(request.user, Permission.PHARMACY_MANAGE)
    counts = keyset.capped_counts({**lists, "here": shops})
    order = queries.ORDER_OF_VIEW.get(view, "name_sort")
    page = keyset.page(queries.list_rows(shops), request.GET, by=order)
    context = {
        "form": form,
        "q": wanted.get("q", ""),
        "view": view,
        "tabs": [
            {
                "label": label,
                "url": "?" if name == "all" else f"?view={name}",
                "count": count_words(counts[name]),
                "current": name == view,
            }
            for name, label in VIEWS.items()
            if counts[name] or name in ("all", view)
        ],
        "page": page,
        "today": today,
        "soon": today + queries.LICENCE_SOON,
        "is_filtered": is_filtered,
        "clear_url": "?" if view == "all" else f"?view={view}",
        "summary": f"{count_words(counts['here'])} 家",
        "previous_url": page_url(request, "before", page.before),
        "next_url": page_url(request, "after", page.after),
        "units": queries.units_like(request.user, wanted["q"]) if wanted.get("q") else [],
        "filter_query": query_without(request, "before", "after"),
        "kept": saved_filters(request.user, queries.SHOP_LIST),
        "keep_form": KeepFilterForm() if is_filtered and may_manage else None,
        "may_manage": may_manage,
        "asked": [(name, value) for name, value in wanted.items() if value],
        "may_invite": allowed(request.user, Permission.PHARMACY_INVITE),
        "may_import": allowed(request.user, Permission.PHARMACY_IMPORT),
        "actions": _list_actions(request.user),
        "situation": _situation(counts),
    }
    return render_page(request, "members/shop_list.html", "members/_shop_list.html", context)


@require_safe
@signed_in_page
def mine(request):
    """Lead people of shops to their shop, all others to the list."""
    own = queries.own_shops(request.user)
    return redirect("members:shop", pk=own[0].pk) if own else redirect("members:list")


@require_safe
@requires(Permission.PHARMACY_VIEW, on=Pharmacy)
def shop(request, pharmacy):
    """All that is on file about one shop; its own people get the phone page."""
    is_own = queries.is_shop_side(request.user, pharmacy)
    may_manage = allowed(request.user, Permission.PHARMACY_MANAGE, pharmacy)
    context = {
        "pharmacy": pharmacy,
        "facts": _facts(pharmacy),
        "today": timezone.localdate(),
        "soon": timezone.localdate() + queries.LICENCE_SOON,
        "panels": panels_for(request.user, pharmacy),
        "people": queries.people_at(pharmacy),
        "tenures": pharmacy.tenures.select_related("unit").order_by("-pk"),
        "may_manage": may_manage,
    }
    if is_own:
        others = [own for own in queries.own_shops(request.user) if own.pk != pharmacy.pk]
        return render(request, "members/shop_phone.html", context | {"others": others})
    context |= {
        "events": timeline(queries.history_of(request.user, pharmacy)),
        "actions": _shop_actions(request.user, pharmacy, may_manage=may_manage),
        "moves": [
            {"url": reverse(f"members:{act}", args=[pharmacy.pk]), "label": SITUATIONS[act][0]}
            for act in queries.acts_open_to(request.user, pharmacy)
        ],
        "may_invite": allowed(request.user, Permission.PHARMACY_INVITE, pharmacy),
    }
    return render(request, "members/shop.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.PHARMACY_MANAGE, on=MemberUnit)
def add_shop(request, unit):
    """Enter a shop of a unit."""
    form = ShopForm(request.POST or None)
    if form.is_valid():
        try:
            made = actions.add_pharmacy(
                unit, **form.cleaned_data, by=request.user, now=timezone.now()
            )
        except BusinessRuleError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"“{made}”已登记在“{unit}”名下。")
            return redirect("members:shop", pk=made.pk)
    context = {
        "form": form,
        "heading": "新增药店",
        "crumbs": crumbs_of(unit),
        "back_url": reverse("members:unit", args=[unit.pk]),
        "save": "登记药店",
    }
    return render(request, "members/form.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.PHARMACY_MANAGE, on=Pharmacy)
def change_shop(request, pharmacy):
    """Correct what is on file about a shop."""
    form = ShopForm(request.POST or None, initial=initial_of(pharmacy, ShopForm))
    if form.is_valid():
        try:
            actions.change_pharmacy(
                pharmacy, **form.cleaned_data, by=request.user, now=timezone.now()
            )
        except BusinessRuleError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "门店资料已保存。")
            return redirect("members:shop", pk=pharmacy.pk)
    context = {
        "form": form,
        "heading": "修改门店资料",
        "crumbs": crumbs_of(pharmacy.unit, pharmacy),
        "back_url": reverse("members:shop", args=[pharmacy.pk]),
        "save": "保存",
    }
    return render(request, "members/form.html", context)


def _move(request, pharmacy, act: str, do):
    form = ReasonForm(request.POST or None)
    heading, situation = SITUATIONS[act]
    if form.is_valid():
        try:
            do(pharmacy, **form.cleaned_data, by=request.user, now=timezone.now())
        except BusinessRuleError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, DONE[act].format(shop=pharmacy))
            return redirect("members:shop", pk=pharmacy.pk)
    context = {
        "form": form,
        "heading": heading,
        "situation": situation,
        "crumbs": crumbs_of(pharmacy.unit, pharmacy),
        "back_url": reverse("members:shop", args=[pharmacy.pk]),
        "save": heading,
    }
    return render(request, "members/form.html", context)


@require_http_methods(["GET", "POST"])
@requires(PERMISSION_FOR["pause"], on=Pharmacy)
def pause(request, pharmacy):
    """Note that a shop does no business for the time being."""
    return _move(request, pharmacy, "pause", actions.pause)


@require_http_methods(["GET", "POST"])
@requires(PERMISSION_FOR["close"], on=Pharmacy)
def close(request, pharmacy):
    """Strike a shop off."""
    return _move(request, pharmacy, "close", actions.close)


@require_http_methods(["GET", "POST"])
@requires(PERMISSION_FOR["reopen"], on=Pharmacy)
def reopen(request, pharmacy):
    """Note that a shop is open again."""
    return _move(request, pharmacy, "reopen", actions.reopen)


@require_http_methods(["GET", "POST"])
@requires(Permission.PHARMACY_MANAGE, on=Pharmacy)
def move(request, pharmacy):
    """Hand a shop to another company."""
    form = MoveForm(request.POST or None)
    if form.is_valid():
        try:
            actions.move_to_unit(pharmacy, **form.cleaned_data, by=request.user, now=timezone.now())
        except BusinessRuleError as error:
            form.add_error(None, str(error))
        else:
            messages.success(
                request,
                f"“{pharmacy}”已转到“{form.cleaned_data['unit']}”名下。"
                "原来的人员仍能进入，请在“人员”中核对。",
            )
            return redirect("members:shop", pk=pharmacy.pk)
    context = {
        "form": form,
        "heading": "变更经营主体",
        "situation": f"现属“{pharmacy.unit}”。门店的编号和历史不变。",
        "crumbs": crumbs_of(pharmacy.unit, pharmacy),
        "back_url": reverse("members:shop", args=[pharmacy.pk]),
        "save": "变更经营主体",
    }
    return render(request, "members/form.html", context)


def view_named(request, lists) -> str:
    """Return the saved view that the address names, else the view of all."""
    view = request.GET.get("view", "all")
    return view if view in lists else "all"


def count_words(count: int) -> str:
    """Return a capped count for people: 96, 超过 1,000."""
    return f"超过 {keyset.COUNT_CAP:,}" if count > keyset.COUNT_CAP else str(count)


def page_url(request, step: str, key: str) -> str:
    """Return the address of the next or last page with all filters kept; empty at an end."""
    if not key:
        return ""
    params = request.GET.copy()
    params.pop("after", None)
    params.pop("before", None)
    params[step] = key
    return f"?{params.urlencode()}"


def query_without(request, *names: str) -> str:
    """Return the query of this address without some of its parameters and without blanks."""
    params = request.GET.copy()
    for name in [*names, *(name for name, value in request.GET.items() if not value)]:
        params.pop(name, None)
    return params.urlencode()


def timeline(events) -> list[dict]:
    """Return audit lines as the timeline component shows them."""
    return [
        {
            "who": event.actor_label,
            "what": ACT_WORDS.get(event.act, event.act) + _whom(event.detail),
            "at": event.happened_at,
            **_before_after(event.detail),
        }
        for event in events
    ]


FIELDS = {
    field.name: field.verbose_name
    for model in (MemberUnit, Pharmacy)
    for field in model._meta.concrete_fields
}


def _whom(detail: dict) -> str:
    if "person" in detail:
        return f"：{detail['person']}，{Role(detail['position']).label}"
    if "changed" in detail:
        fields = [FIELDS.get(name, name) for name in detail["changed"]]
        return f"：{'、'.join(fields)}"
    return f"（{detail['reason']}）" if detail.get("reason") else ""


def _before_after(detail: dict) -> dict:
    status = dict(Pharmacy._meta.get_field("status").choices)
    return {
        side: status.get(detail[side], detail[side])
        for side in ("before", "after")
        if side in detail
    }


def _list_actions(user) -> list[dict]:
    doors = []
    if allowed_somewhere(user, Permission.PHARMACY_VIEW):
        doors.append(
            {"label": "会员单位", "url": reverse("members:units"), "icon": "building-store"}
        )
    if allowed(user, Permission.PHARMACY_IMPORT):
        doors.append(
            {"label": "导入", "url": reverse("members:imports"), "icon": "database-import"}
        )
    if allowed(user, Permission.PHARMACY_MANAGE):
        doors.append(
            {
                "label": "新增会员单位",
                "url": reverse("members:add_unit"),
                "icon": "plus",
                "primary": True,
            }
        )
    return doors


def _situation(counts: dict) -> str:
    """Say in one line what the register holds and which licences ask for a look."""
    parts = [f"{count_words(counts['all'])} 家药店"] if counts["all"] else ["名册里还没有药店"]
    if counts["over"]:
        parts.append(f"{count_words(counts['over'])} 家许可证已过期")
    if counts["due"]:
        parts.append(f"{count_words(counts['due'])} 家 60 天内到期")
    return "，".join(parts)


def _shop_actions(user, pharmacy, *, may_manage: bool) -> list[dict]:
    if not may_manage:
        return []
    return [
        {"label": "变更经营主体", "url": reverse("members:move", args=[pharmacy.pk])},
        {
            "label": "修改资料",
            "url": reverse("members:change_shop", args=[pharmacy.pk]),
            "icon": "pencil",
        },
    ]


def _facts(pharmacy) -> list[dict]:
    return [
        {"name": "会员单位", "value": pharmacy.unit.name},
        {"name": "类型", "value": pharmacy.unit.get_kind_display()},
        {"name": "片区", "value": pharmacy.area and pharmacy.area.name},
        {"name": "地址", "value": pharmacy.address},
        {"name": "电话", "value": pharmacy.phone},
        {"name": "入会日期", "value": day_text(pharmacy.joined_on)},
        {"name": "开业日期", "value": day_text(pharmacy.opened_on)},
    ]


def day_text(day) -> str:
    """Return 2026年11月20日, or nothing for a day that is not on file."""
    return f"{day.year}年{day.month}月{day.day}日" if day else ""


def initial_of(record, form_class) -> dict:
    return {name: getattr(record, name) for name in form_class.base_fields}


def crumbs_of(unit, pharmacy=None) -> list[dict]:
    crumbs = [
        {"label": "会员与药店", "url": reverse("members:list")},
        {"label": unit.name, "url": reverse("members:unit", args=[unit.pk])},
    ]
    if pharmacy is not None:
        crumbs.append({"label": pharmacy.name, "url": reverse("members:shop", args=[pharmacy.pk])})
    return crumbs
