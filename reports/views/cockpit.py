"""The regulator's page: read, drill down, print, export; nothing can be changed from here."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.guards import requires
from accounts.roles import Permission
from association.errors import BusinessRuleError
from association.sheet_writing import XLSX
from reports import actions, documents
from reports.queries import cockpit as figures


@require_safe
@requires(Permission.COCKPIT_VIEW, somewhere=True)
def cockpit(request):
    """The district at a glance; every figure opens its list."""
    now = timezone.localtime()
    page = figures.cockpit(request.user, area=request.GET.get("area", ""), today=now.date())
    context = {
        "now": now,
        "page": page,
        "areas": page.every_area,
        "area": page.area,
        "risks": figures.risk_days(page.risks, now.date()),
        "numbers": [row.shops for row in page.areas],
    }
    return render(request, "reports/cockpit.html", context)


@require_POST
@requires(Permission.COCKPIT_VIEW, somewhere=True)
def export(request):
    """The same figures as a workbook; who took it away is recorded."""
    now = timezone.localtime()
    page = figures.cockpit(request.user, area=request.POST.get("area", ""), today=now.date())
    try:
        actions.export_cockpit(page, by=request.user, now=now)
    except BusinessRuleError as error:
        messages.error(request, str(error))
        return redirect("reports:cockpit")
    content = documents.cockpit_workbook(page)
    name = f"cockpit-{now:%Y%m%d-%H%M}.xlsx"
    disposition = f'attachment; filename="{name}"'
    return HttpResponse(content, XLSX, headers={"Content-Disposition": disposition})
