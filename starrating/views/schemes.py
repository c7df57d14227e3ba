"""Scheme versions: the list, one of them in words, and its coming into force."""

from datetime import date

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.guards import requires
from accounts.roles import Permission
from association.errors import BusinessRuleError
from association.templatetags.ui import cn_date
from desk.queries import remembered_profile
from starrating.actions import scheme as actions
from starrating.forms.scheme import LegalFrameForm
from starrating.models import Scheme
from starrating.queries import scheme as queries

MOST = 100


@require_safe
@requires(Permission.CYCLE_VIEW, somewhere=True)
def scheme_list(request):
    """Every version with its state, its term and the cycles that rest on it."""
    rows = list(queries.schemes_for(request.user)[:MOST])
    context = {
        "schemes": [(row, queries.may_publish(request.user, row)) for row in rows],
        "today": timezone.localdate(),
        "crumbs": [{"label": "星级评定", "url": reverse("starrating:cycles")}],
    }
    return render(request, "starrating/schemes/list.html", context)


@require_safe
@requires(Permission.CYCLE_VIEW, on=Scheme, somewhere=True)
def scheme(request, scheme):
    """One version in words: items, bonus, vetoes, star lines, legal frame, hash."""
    context = {
        "scheme": scheme,
        "rules": queries.laid_out(scheme),
        "may_publish": queries.may_publish(request.user, scheme),
        "cycles": scheme.cycles.order_by("-starts_on", "-pk")[:MOST],
        "frame": _frame(scheme),
        "crumbs": _crumbs(str(scheme)),
    }
    return render(request, "starrating/schemes/scheme.html", context)


def _frame(scheme: Scheme) -> list[dict]:
    term = scheme.valid_from and f"{cn_date(scheme.valid_from)}至 {cn_date(scheme.valid_to)}"
    return [
        {"name": "依据文件", "value": scheme.basis_title},
        {"name": "文号", "value": scheme.basis_number},
        {"name": "组织单位", "value": scheme.organiser},
        {"name": "有效期", "value": term},
        {"name": "收费", "value": "已声明不向药店收费" if scheme.declares_no_fee else ""},
        {"name": "发布", "value": scheme.published_at and cn_date(scheme.published_at)},
    ]


@require_http_methods(["GET", "POST"])
@requires(Permission.SCHEME_MANAGE, on=Scheme)
def publish(request, scheme):
    """Bring a draft into force with its legal frame; from then on its text is fixed."""
    today = timezone.localdate()
    form = LegalFrameForm(
        request.POST or None,
        initial={
            "organiser": remembered_profile().name,
            "valid_from": today,
            "valid_to": date(today.year + 2, 12, 31),
        },
    )
    if form.is_valid():
        try:
            actions.publish(scheme, **form.cleaned_data, by=request.user, now=timezone.now())
        except BusinessRuleError as error:
            form.add_error(getattr(error, "field", None) or None, str(error))
        else:
            messages.success(request, f"{scheme}已发布，可以用它筹备周期。正文从现在起不再改动。")
            return redirect("starrating:scheme", pk=scheme.pk)
    context = {
        "scheme": scheme,
        "form": form,
        "crumbs": [*_crumbs(""), {"label": str(scheme), "url": _address(scheme)}],
    }
    status = 422 if form.errors else 200
    return render(request, "starrating/schemes/publish.html", context, status=status)


def _address(scheme: Scheme) -> str:
    return reverse("starrating:scheme", args=[scheme.pk])


def _crumbs(here: str) -> list[dict]:
    crumbs = [
        {"label": "星级评定", "url": reverse("starrating:cycles")},
        {"label": "评分标准", "url": reverse("starrating:schemes")},
    ]
    return [*crumbs, {"label": here}] if here else crumbs
