"""Who answers for a shop or company: end a position."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.guards import requires
from accounts.roles import Permission
from association.errors import BusinessRuleError
from members import actions
from members.forms import EndPositionForm
from members.models import MemberUnit, Pharmacy
from members.views.shops import crumbs_of


@require_http_methods(["GET", "POST"])
@requires(Permission.PHARMACY_INVITE, on=Pharmacy)
def end_at_shop(request, pharmacy, position):
    """End a person's position at a shop."""
    crumbs = crumbs_of(pharmacy.unit, pharmacy)
    return _end(request, pharmacy, position, crumbs, reverse("members:shop", args=[pharmacy.pk]))


@require_http_methods(["GET", "POST"])
@requires(Permission.PHARMACY_INVITE, on=MemberUnit)
def end_at_unit(request, unit, position):
    """End a person's position at a company."""
    return _end(request, unit, position, crumbs_of(unit), reverse("members:unit", args=[unit.pk]))


def _end(request, place, position_pk, crumbs, back_url):
    position = get_object_or_404(place.positions.select_related("user"), pk=position_pk)
    form = EndPositionForm(request.POST or None, initial={"ends_on": timezone.localdate()})
    if form.is_valid():
        try:
            actions.end_position(position, **form.cleaned_data, by=request.user, now=timezone.now())
        except BusinessRuleError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"{position.user} 不再是“{place}”的人员。")
            return redirect(back_url)
    context = {
        "form": form,
        "heading": "终止任职",
        "situation": f"{position.user}，{position.get_role_display()}，"
        f"自 {position.starts_on} 起。",
        "crumbs": crumbs,
        "back_url": back_url,
        "save": "终止任职",
    }
    return render(request, "members/form.html", context)
