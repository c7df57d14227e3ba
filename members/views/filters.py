"""The filters of the shop list that somebody keeps under a name."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.guards import requires
from accounts.roles import Permission
from association.errors import BusinessRuleError
from desk import actions as desk_actions
from desk.models import SavedFilter
from members.forms import KeepFilterForm, ShopFilterForm
from members.queries import SHOP_LIST


@require_POST
@requires(Permission.PHARMACY_MANAGE)
def save_filter(request):
    """Keep what the list is asked for now."""
    asked, form = ShopFilterForm(request.POST), KeepFilterForm(request.POST)
    parameters = {}
    if asked.is_valid():
        parameters = {name: str(value) for name, value in asked.cleaned_data.items() if value}
    form.is_valid()
    try:
        kept = desk_actions.save_filter(
            SHOP_LIST,
            name=form.cleaned_data.get("name", ""),
            parameters=parameters,
            is_shared=bool(form.cleaned_data.get("is_shared")),
            by=request.user,
            now=timezone.now(),
        )
    except BusinessRuleError as error:
        messages.error(request, str(error))
        return redirect("members:list")
    messages.success(request, f"已存为“{kept.name}”，在列表上方点它就能再用。")
    return redirect(_address(kept))


@require_POST
@requires(Permission.PHARMACY_MANAGE)
def drop_filter(request, pk):
    """Take a filter of one's own away."""
    kept = get_object_or_404(SavedFilter.objects.visible_to(request.user), pk=pk)
    try:
        desk_actions.drop_filter(kept, by=request.user, now=timezone.now())
    except BusinessRuleError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"“{kept.name}”已删除。")
    return redirect("members:list")


def _address(kept: SavedFilter) -> str:
    return f"{reverse(SHOP_LIST)}?{kept.query}"
