"""Messages on their way: the log, what was given up, what waits for a second look."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from accounts.guards import requires
from accounts.roles import Permission
from association.errors import BusinessRuleError
from association.models import Channel, Delivery, Message
from desk import actions, queries
from desk.forms import MessageFilterForm, ReasonForm
from desk.guarded_trail import is_shut

ROWS_A_PAGE = 50
RECIPIENTS_SHOWN = 20


@require_safe
@requires(Permission.MESSAGE_MANAGE)
def log(request):
    """Who was sent what by which channel, newest first."""
    form = MessageFilterForm(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    rows = queries.message_log(**wanted)
    before = request.GET.get("before", "")
    if before.isdigit() and len(before) < 19:
        rows = rows.filter(pk__lt=int(before))
    found = list(rows.order_by("-pk")[: ROWS_A_PAGE + 1])
    state = {key: value for key, value in wanted.items() if value}
    older = {**state, "before": found[ROWS_A_PAGE - 1].pk} if len(found) > ROWS_A_PAGE else None
    context = {
        "form": form,
        "deliveries": _with_sight(request.user, found[:ROWS_A_PAGE]),
        "tabs": _tabs("log"),
        "is_filtered": bool(state),
        "previous_url": f"?{urlencode(state)}" if before else "",
        "next_url": f"?{urlencode(older)}" if older else "",
    }
    return render(request, "desk/messages.html", context)


@require_safe
@requires(Permission.MESSAGE_MANAGE)
def delivery(request, pk):
    """One delivery: every try, and by which channel it went on."""
    found = get_object_or_404(
        Delivery.objects.select_related("message", "recipient", "replaces"), pk=pk
    )
    context = {
        "delivery": found,
        "is_shut": _is_shut(request.user, found),
        "tries": found.tries.order_by("pk"),
        "replacements": found.replacements.order_by("pk"),
        "others": found.message.deliveries.filter(recipient=found.recipient)
        .exclude(pk=pk)
        .order_by("pk"),
        "crumbs": [{"label": "消息投递", "url": reverse("desk:messages")}],
    }
    return render(request, "desk/delivery.html", context)


@require_POST
@requires(Permission.MESSAGE_MANAGE)
def retry(request, pk):
    """Send once more what was given up."""
    found = get_object_or_404(Delivery, pk=pk)
    try:
        actions.retry_delivery(found, by=request.user, now=timezone.now())
    except BusinessRuleError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "已重新排队，一分钟内会再发一次。")
    return redirect("desk:delivery", pk=pk)


@require_safe
@requires(Permission.MESSAGE_MANAGE)
def parked(request):
    """What was given up and has not arrived another way."""
    page = Paginator(queries.parked_deliveries(), ROWS_A_PAGE).get_page(request.GET.get("page"))
    channels = sorted({row.channel for row in page.object_list})
    context = {
        "deliveries": _with_sight(request.user, page.object_list),
        "channels": [Channel(each) for each in channels],
        "tabs": _tabs("parked"),
        "summary": f"第 {page.number} / {page.paginator.num_pages} 页",
        "previous_url": f"?page={page.previous_page_number()}" if page.has_previous() else "",
        "next_url": f"?page={page.next_page_number()}" if page.has_next() else "",
    }
    return render(request, "desk/parked.html", context)


@require_POST
@requires(Permission.MESSAGE_MANAGE)
def retry_parked(request, channel):
    """Send everything once more that one channel has given up."""
    try:
        count = actions.retry_parked(channel, by=request.user, now=timezone.now())
    except BusinessRuleError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{count} 条已重新排队。")
    return redirect("desk:parked")


@require_safe
@requires(Permission.MESSAGE_MANAGE)
def held(request):
    """What goes to many and waits for a second look."""
    found = [(message, _is_affair(request.user, message)) for message in queries.held_messages()]
    context = {"held": found, "tabs": _tabs("held")}
    return render(request, "desk/held.html", context)


@require_safe
@requires(Permission.MESSAGE_MANAGE)
def held_message(request, pk):
    """The text as it will arrive, and to whom, before anything leaves."""
    return _held_page(request, pk, ReasonForm())


@require_POST
@requires(Permission.MESSAGE_MANAGE)
def release(request, pk):
    """Let it go."""
    found = get_object_or_404(Message, pk=pk)
    try:
        count = actions.release(found, by=request.user, now=timezone.now())
    except BusinessRuleError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"已放行，{count} 条会陆续发出；夜里放行的到早上再发。")
    return redirect("desk:held")


@require_POST
@requires(Permission.MESSAGE_MANAGE)
def drop(request, pk):
    """Keep it inside the portal."""
    found = get_object_or_404(Message, pk=pk)
    form = ReasonForm(request.POST)
    if form.is_valid():
        try:
            count = actions.drop(
                found, reason=form.cleaned_data["reason"], by=request.user, now=timezone.now()
            )
        except BusinessRuleError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"{count} 条不再外发，站内消息照常。")
            return redirect("desk:held")
    return _held_page(request, pk, form)


def _held_page(request, pk: int, form: ReasonForm):
    message = get_object_or_404(queries.held_messages(), pk=pk)
    rows = Delivery.objects.held().filter(message=message).select_related("recipient")
    channels = rows.order_by("channel").values_list("channel", flat=True).distinct()
    context = {
        "message": message,
        "is_shut": _is_affair(request.user, message),
        "form": form,
        "channels": [Channel(each) for each in channels],
        "recipients": rows.order_by("pk")[:RECIPIENTS_SHOWN],
        "more": max(message.held - RECIPIENTS_SHOWN, 0),
        "crumbs": [{"label": "待放行", "url": reverse("desk:held")}],
    }
    return render(request, "desk/held_message.html", context)


def _tabs(current: str) -> list[dict]:
    pages = [
        ("log", "投递记录", "desk:messages", None),
        ("held", "待放行", "desk:held", queries.held_count()),
        ("parked", "没送到", "desk:parked", queries.parked_count()),
    ]
    return [
        {"label": label, "url": reverse(name), "count": count, "current": key == current}
        for key, label, name, count in pages
    ]


def _with_sight(user, rows) -> list[tuple[Delivery, bool]]:
    return [(row, _is_shut(user, row)) for row in rows]


def _is_shut(user, row: Delivery) -> bool:
    return _is_affair(user, row.message)


def _is_affair(user, message: Message) -> bool:
    """Messages about a record of a guarded room are that room's affair, as its acts are."""
    room = message.about_model.partition(".")[0].lower()
    return bool(room) and is_shut(user, f"{room}.")
