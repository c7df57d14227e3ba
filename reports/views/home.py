"""The first page after the login, one for each kind of work."""

from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.guards import public_page
from accounts.navigation import SHOP_ROLES
from accounts.permissions import allowed_somewhere
from accounts.roles import Permission, Role
from accounts.workspace import current_workspace
from activities.queries import six_ones_matrix
from members.queries import own_shops
from reports.queries import workbench
from reports.views.public import front
from starrating.queries import stage
from starrating.queries.entry import owner_sheet


@require_safe
@public_page
def home(request):
    """The address itself: the public front, or the home of the workspace."""
    if not request.user.is_authenticated:
        return front(request)
    workspace = current_workspace(request)
    if workspace in SHOP_ROLES:
        return _shop_home(request)
    if workspace == Role.REGULATOR:
        return redirect("reports:cockpit")
    return _desk_home(request)


def _desk_home(request):
    """The workbench of secretariat, reviewers, adjudicators and inspectors."""
    today = timezone.localdate()
    user = request.user
    cycle = stage.current_cycle() if allowed_somewhere(user, Permission.CYCLE_VIEW) else None
    tasks = workbench.staff_tasks(user, cycle, today=today)
    urgent = sum(task["due"] is not None and task["due"] <= today for task in tasks)
    context = {"today": today, "tasks": tasks, "urgent": urgent, "cycle": cycle}
    if cycle is not None:
        context |= {
            "steps": stage.steps(cycle),
            "counts": stage.counts(cycle),
            "units": stage.distribution(cycle),
        }
    if allowed_somewhere(user, Permission.ACTIVITY_VIEW):
        matrix = six_ones_matrix(today.year, today=today)
        context |= {
            "six_ones": workbench.six_ones_pips(matrix["six_ones"]),
            "days": workbench.coming(today),
        }
    return render(request, "reports/workbench.html", context)


def _shop_home(request):
    """The owner's phone: what is owed now, what else, and the score so far."""
    today = timezone.localdate()
    shops = own_shops(request.user)
    chosen = request.GET.get("shop") or request.session.get("shop")
    shop = next((s for s in shops if str(s.pk) == str(chosen)), shops[0] if shops else None)
    if shop is None:
        return render(request, "reports/shop_home.html", {"shop": None})
    request.session["shop"] = shop.pk
    assessment = workbench.latest_assessment(shop)
    context = {
        "shop": shop,
        "shops": shops,
        "assessment": assessment,
        "tasks": workbench.shop_tasks(request.user, shop, assessment, today=today),
    }
    if assessment is not None:
        context["form"] = owner_sheet(assessment)
        context["result"] = assessment.results.order_by("-version").first()
    return render(request, "reports/shop_home.html", context)
