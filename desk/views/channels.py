"""Channels out of the portal: what the office sets, and what each person wants."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.guards import public_page, requires, signed_in_page
from accounts.roles import Permission
from association.errors import BusinessRuleError
from association.models import Channel
from desk import actions, queries
from desk.forms import TrialForm, WishForm, channel_form


@require_safe
@requires(Permission.DESK_MANAGE)
def channels(request):
    """Every channel, whether it is used, and what it still lacks."""
    return render(request, "desk/channels.html", {"rows": queries.channel_rows()})


@require_http_methods(["GET", "POST"])
@requires(Permission.DESK_MANAGE)
def channel(request, channel):
    """One channel: switched on or off, with its limits."""
    row = _row(channel)
    form = channel_form(row.channel, row.setting, request.POST or None)
    if form.is_valid():
        try:
            actions.save_channel(row.channel, **form.values(), by=request.user, now=timezone.now())
        except BusinessRuleError as error:
            form.add_error(None, str(error))
        else:
            standing = "已启用" if form.cleaned_data["is_on"] else "已停用"
            messages.success(request, f"{row.channel.label}{standing}。")
            return redirect("desk:channels")
    return _channel_page(request, row, form, _trial(request, row))


@require_POST
@requires(Permission.DESK_MANAGE)
def try_channel(request, channel):
    """Send one message at once and say what came of it."""
    row = _row(channel)
    trial = _trial(request, row, request.POST)
    if trial.is_valid():
        address = trial.cleaned_data.get("address", "")
        try:
            actions.try_channel(row.channel, address=address, by=request.user, now=timezone.now())
        except BusinessRuleError as error:
            trial.add_error(None, str(error))
        else:
            messages.success(request, "已经发出，请到对方那里看看有没有收到。")
            return redirect("desk:channel", channel=channel)
    form = channel_form(row.channel, row.setting, None)
    return _channel_page(request, row, form, trial)


def _row(name: str) -> queries.ChannelRow:
    for row in queries.channel_rows():
        if row.channel == name:
            return row
    raise Http404


def _trial(request, row, data=None) -> TrialForm:
    own = request.user.phone if row.channel == Channel.SMS else request.user.email
    return TrialForm(data, channel=row.channel, initial={"address": own})


def _channel_page(request, row, form, trial):
    context = {
        "row": row,
        "form": form,
        "trial": trial,
        "crumbs": [{"label": "消息渠道", "url": reverse("desk:channels")}],
    }
    return render(request, "desk/channel.html", context)


# ------------------------------------------------------------------ what a person wants


@require_http_methods(["GET", "POST"])
@signed_in_page
def preferences(request):
    """By which channels a person wants to hear beside the own inbox."""
    wishes = queries.wishes_of(request.user)
    form = WishForm(request.POST if request.method == "POST" else None, wishes=wishes)
    if form.is_valid():
        actions.choose_channels(request.user, form.cleaned_data, now=timezone.now())
        messages.success(request, "接收方式已保存。")
        return redirect("desk:preferences")
    context = {
        "form": form,
        "wishes": wishes,
        "heading": "接收方式",
        "back_url": reverse("accounts:profile"),
        "back_label": "我的",
    }
    return render(request, "desk/preferences.html", context)


@require_http_methods(["GET", "POST"])
@public_page
def unsubscribe(request, token):
    """Stop one channel from the link in a mail, without logging in."""
    found = queries.unsubscribing(token)
    if found is None:
        raise Http404
    person, name = found
    is_done = request.method == "POST"
    if is_done:
        actions.stop_channel(person, name, now=timezone.now())
    context = {"channel": Channel(name), "is_done": is_done}
    return render(request, "desk/unsubscribe.html", context)
