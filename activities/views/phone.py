"""The activities of a shop, on the phone: what it can sign up for, what it has, what it did."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.guards import requires
from accounts.permissions import allowed_somewhere
from accounts.roles import Permission
from activities import actions
from activities.models import Activity, SignUp
from activities.queries import sign_ups
from association.errors import BusinessRuleError
from members.models import Pharmacy
from members.queries import own_shops

MOST_PEOPLE = 9999


def own_activities(request):
    """The tab 活动: open offers first, then what the shop has signed up for, then the past."""
    now, today = timezone.now(), timezone.localdate()
    shops = own_shops(request.user)
    offers = sign_ups.offers_for(shops, now=now, today=today)
    mine = [offer for offer in offers if offer.sign_up is not None]
    context = {
        "heading": "活动",
        "shops": shops,
        "shop": shop_in_hand(request, shops),
        "waiting": [offer for offer in mine if offer.sign_up.state == "offered"],
        "mine": [offer for offer in mine if offer.sign_up.state != "offered"],
        "open": [offer for offer in offers if offer.sign_up is None and offer.can_sign_up],
        "on_today": any(offer.activity.held_on == today for offer in mine),
        "past": sign_ups.taken_part_in(shops),
        "may_sign_up": allowed_somewhere(request.user, Permission.ACTIVITY_SIGN_UP),
    }
    return render(request, "activities/mine.html", context)


def shop_in_hand(request, shops: list[Pharmacy]) -> Pharmacy | None:
    """Return the shop that the person last chose on the phone, else the first."""
    chosen = str(request.session.get("shop", ""))
    return next((s for s in shops if str(s.pk) == chosen), shops[0] if shops else None)


@require_POST
@requires(Permission.ACTIVITY_SIGN_UP, on=Activity)
def sign_up(request, activity):
    """Sign a shop up, or change how many come."""
    shop = _own_shop(request)
    asked = request.POST.get("people", "1")
    people = int(asked) if asked.isdecimal() and len(asked) < 5 else 0
    try:
        entry = actions.sign_up(activity, shop, people=people, by=request.user, now=timezone.now())
    except BusinessRuleError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _said(entry))
    return redirect("activities:detail", pk=activity.pk)


def _own_shop(request) -> Pharmacy:
    asked = request.POST.get("pharmacy", "")
    shops = Pharmacy.objects.held_by(request.user)
    return get_object_or_404(shops, pk=asked if asked.isdecimal() else 0)


def _said(entry: SignUp) -> str:
    if entry.state == "waiting":
        place = sign_ups.places_in_line([entry])[entry.pk]
        return f"名额已满，排在候补第 {place} 位；有名额会发消息，保留 24 小时。"
    day = entry.activity.held_on
    return f"已报名 {entry.people} 人，{day.month}月{day.day}日到现场扫码签到。"


@require_POST
@requires(Permission.ACTIVITY_SIGN_UP, on=SignUp)
def withdraw(request, sign_up):
    """Give the places back."""
    try:
        actions.withdraw(sign_up, by=request.user, now=timezone.now())
    except BusinessRuleError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "报名已取消，名额给下一家。")
    return redirect("activities:detail", pk=sign_up.activity_id)


@require_POST
@requires(Permission.ACTIVITY_SIGN_UP, on=SignUp)
def accept(request, sign_up):
    """Say yes to an offered place."""
    try:
        entry = actions.accept(sign_up, by=request.user, now=timezone.now())
    except BusinessRuleError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _said(entry))
    return redirect("activities:detail", pk=sign_up.activity_id)
