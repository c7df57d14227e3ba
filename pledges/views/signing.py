"""The shop’s doors: its pledges, the receipt, signing."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.guards import requires
from accounts.roles import Permission
from association.errors import BusinessRuleError
from association.templatetags.ui import cn_date
from pledges import queries
from pledges.actions import signing
from pledges.forms import SignForm
from pledges.models import Pledge
from pledges.workflow import PERMISSION_FOR


def own_pledges(request, today):
    mine = (
        Pledge.objects.visible_to(request.user)
        .select_related("campaign__text", "pharmacy")
        .order_by("-campaign__year", "pharmacy__name_sort")
    )
    waiting = queries.waiting_for(request.user, on=today)
    ids = {pledge.pk for pledge in waiting}
    context = {
        "waiting": waiting,
        "others": [pledge for pledge in mine[:200] if pledge.pk not in ids],
        "heading": "承诺书",
        "back_url": "/",
        "back_label": "首页",
    }
    return render(request, "pledges/mine.html", context)


@require_safe
@requires(Permission.PLEDGE_VIEW, on=Pledge)
def detail(request, pledge):
    """The receipt: what was promised, by whom and when."""
    context = {
        "pledge": pledge,
        "text": pledge.campaign.text,
        "clauses": pledge.campaign.text.clauses.order_by("seq"),
        "acts": queries.acts_open_to(request.user, pledge),
        "facts": [
            {"name": "药店", "value": pledge.pharmacy.name},
            {"name": "编号", "value": pledge.number},
            {"name": "签署人", "value": pledge.signed_name},
            {
                "name": "承诺期",
                "value": "至 ".join(
                    map(cn_date, (pledge.campaign.starts_on, pledge.campaign.ends_on))
                ),
            },
        ],
        "heading": f"{pledge.campaign.year} 年度承诺书",
        "back_url": reverse("pledges:index"),
        "back_label": "承诺书",
    }
    return render(request, "pledges/detail.html", context)


@require_http_methods(["GET", "POST"])
@requires(PERMISSION_FOR["sign"], on=Pledge)
def sign(request, pledge):
    """Read, tick each clause, write the name."""
    clauses = list(pledge.campaign.text.clauses.order_by("seq"))
    form = SignForm(request.POST or None, clauses=clauses)
    if request.method == "POST" and form.is_valid():
        try:
            signing.sign(
                pledge,
                ticked=form.ticked,
                name=form.cleaned_data["name"],
                by=request.user,
                now=timezone.now(),
            )
        except BusinessRuleError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "承诺书已签署，已在承诺墙公示。")
            return redirect("pledges:detail", pk=pledge.pk)
    context = {
        "pledge": pledge,
        "text": pledge.campaign.text,
        "form": form,
        "can_sign": "sign" in queries.acts_open_to(request.user, pledge),
        "heading": f"签署 {pledge.campaign.year} 年度承诺书",
        "back_url": reverse("pledges:index"),
        "back_label": "承诺书",
    }
    return render(request, "pledges/sign.html", context)
