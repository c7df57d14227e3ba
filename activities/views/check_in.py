"""Checking in: the organiser's screen with the rotating code, and what a phone does with it."""

import segno
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.cache import cache
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.guards import public_page, requires, signed_in_page
from accounts.permissions import allowed_somewhere
from accounts.roles import Permission
from activities import actions, check_in_codes
from activities.enums import CheckIn
from activities.models import Activity
from activities.queries import sign_ups
from activities.views.tabs import crumbs
from activities.workflow import PERMISSION_FOR
from association.errors import BusinessRuleError
from members.models import Pharmacy
from members.queries import own_shops

# Whoever scanned in time may still log in, find the network again and press the button.
RIGHT_SECONDS = 15 * 60
RIGHT = "check_in"
GUESSES, GUESS_SECONDS = 10, 10 * 60


def _key() -> bytes:
    return settings.SECRET_KEY.encode()


@never_cache
@require_safe
@requires(PERMISSION_FOR["attend"], on=Activity)
def screen(request, activity):
    """The picture for the wall and the list of who is here; both renew themselves."""
    now = timezone.now()
    slot = check_in_codes.slot_of(now.timestamp())
    word = check_in_codes.token(_key(), activity.pk, slot)
    address = f"{settings.PUBLIC_URL}{reverse('check_in:scanned', args=[word])}"
    picture = segno.make(address, error="m", boost_error=False)
    guests = sign_ups.guests_of(activity)
    context = {
        "activity": activity,
        "is_today": activity.held_on == timezone.localdate(),
        "picture": mark_safe(  # noqa: S308 -- drawn by segno out of our own address
            picture.svg_inline(svgclass="qr-code", lineclass=None, border=2, scale=8, omitsize=True)
        ),
        "code": check_in_codes.code(_key(), activity.pk, slot),
        "code_address": f"{settings.PUBLIC_URL}{reverse('check_in:code')}",
        "seconds_left": check_in_codes.seconds_left(now.timestamp()),
        "guests": guests,
        "here": sum(guest.attendance is not None for guest in guests),
        "people_here": sum(g.attendance.people for g in guests if g.attendance is not None),
        "crumbs": crumbs(
            "签到码", (activity.title, reverse("activities:detail", args=[activity.pk]))
        ),
    }
    return render(request, "activities/screen.html", context)


@require_POST
@requires(PERMISSION_FOR["attend"], on=Activity)
def tick(request, activity):
    """The organiser says that a shop is here; sent again it changes nothing."""
    asked = request.POST.get("pharmacy", "")
    shop = get_object_or_404(Pharmacy, pk=asked if asked.isdecimal() else 0)
    try:
        actions.check_in(
            activity,
            shop,
            people=_number(request.POST.get("people", "1")),
            way=CheckIn.TICK,
            by=request.user,
            now=timezone.now(),
        )
    except BusinessRuleError as error:
        messages.error(request, str(error))
    return redirect("activities:screen", pk=activity.pk)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 5 else 0


# ------------------------------------------------------------------ on the phone


@never_cache
@require_safe
@public_page
def scanned(request, token):
    """What the picture leads to: remember that this phone was here in time, then one button."""
    now = timezone.now().timestamp()
    activity = check_in_codes.activity_of(_key(), token, check_in_codes.slot_of(now))
    if activity is not None:
        _give_right(request, activity, now)
    elif _right(request, now) is None:
        return render(request, "activities/check_in_stale.html", status=410)
    if not request.user.is_authenticated:
        return redirect_to_login(reverse("check_in:here"))
    return redirect("check_in:here")


@never_cache
@require_http_methods(["GET", "POST"])
@signed_in_page
def code(request):
    """Six digits for those who cannot scan."""
    error = ""
    if request.method == "POST":
        typed = "".join(request.POST.get("code", "").split())
        now = timezone.now().timestamp()
        if _guessed_too_often(request.user):
            error = "输错太多次，请过 10 分钟再试，或请组织者帮您登记。"
        else:
            today = sign_ups.open_on(timezone.localdate())
            slot = check_in_codes.slot_of(now)
            found = check_in_codes.matching(_key(), typed, today, slot)
            if found is not None:
                _give_right(request, found, now)
                return redirect("check_in:here")
            error = "数字不对，或者已经换了。请看着屏幕上现在的 6 位数字再输一次。"
    context = {"error": error, "heading": "输入签到码", "back_url": reverse("activities:index")}
    status = 422 if error else 200
    return render(request, "activities/check_in_code.html", context, status=status)


@never_cache
@require_http_methods(["GET", "POST"])
@signed_in_page
def here(request):
    """One button: 签到. Pressed twice, or sent again by a slow network, it is one check-in."""
    pk = _right(request, timezone.now().timestamp())
    if pk is None:
        return render(request, "activities/check_in_stale.html", status=410)
    activity = get_object_or_404(Activity, pk=pk)
    shops = own_shops(request.user)
    if not shops or not allowed_somewhere(request.user, Permission.ACTIVITY_SIGN_UP):
        return render(request, "activities/check_in_no_shop.html", {"activity": activity})
    expected = {
        row.pharmacy_id: row.people
        for row in activity.sign_ups.holding().filter(pharmacy__in=shops)
    }
    chosen = next((shop for shop in shops if shop.pk in expected), shops[0])
    error = ""
    if request.method == "POST":
        asked = request.POST.get("pharmacy", "")
        chosen = next((shop for shop in shops if str(shop.pk) == asked), chosen)
        try:
            actions.check_in(
                activity,
                chosen,
                people=_number(request.POST.get("people", "1")),
                by=request.user,
                now=timezone.now(),
            )
        except BusinessRuleError as refused:
            error = str(refused)
        else:
            return redirect(reverse("check_in:here"))
    done = activity.attendances.filter(pharmacy=chosen, checked_in_at__isnull=False).first()
    context = {
        "activity": activity,
        "shops": shops,
        "chosen": chosen,
        "people": done.people if done else expected.get(chosen.pk, 1),
        "done": done,
        "error": error,
        "heading": "签到",
    }
    return render(request, "activities/check_in_here.html", context, status=422 if error else 200)


def _give_right(request, activity: int, now: float) -> None:
    request.session[RIGHT] = {"activity": activity, "until": int(now) + RIGHT_SECONDS}


def _right(request, now: float) -> int | None:
    """Return the activity at which this phone was in time, while that still holds."""
    right = request.session.get(RIGHT)
    return right["activity"] if right and right["until"] >= now else None


def _guessed_too_often(user) -> bool:
    key = f"check-in-guesses:{user.pk}"
    cache.add(key, 0, GUESS_SECONDS)
    return cache.incr(key) > GUESSES
