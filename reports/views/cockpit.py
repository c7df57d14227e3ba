"""The regulator's page: read, drill down, print; nothing can be changed from here."""

from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.guards import requires
from accounts.roles import Permission
from reports.queries import cockpit as figures
from starrating.queries import stage


@require_safe
@requires(Permission.COCKPIT_VIEW, somewhere=True)
def cockpit(request):
    """The district at a glance; every figure opens its list."""
    today = timezone.localdate()
    cycle = stage.current_cycle()
    context = {
        "today": today,
        "now": timezone.localtime(),
        "cycle": cycle,
        "figures": figures.figures(request.user, cycle, today=today),
        "areas": figures.areas(request.user, cycle),
        "risks": figures.risk_list(request.user),
        "units": stage.distribution(cycle) if cycle else {},
    }
    return render(request, "reports/cockpit.html", context)
