"""What every signed-in request must pass: the end of its session, and the second factor."""

import time

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth import logout
from django.shortcuts import redirect
from django.urls import resolve

from accounts.passwords import is_staff_account

SIGNED_IN_AT = "signed_in_at"  # seconds since 1970, set by the login and never moved
LONGEST_AT = "longest"  # seconds after which this session ends, however busy it is
RENEWED_AT = "renewed_at"
STAFF_SESSION = 8 * 3600
SHOP_SESSION = 90 * 24 * 3600
RENEW_AFTER = 24 * 3600

# What a person without a factor may still open: enrolling itself and leaving.
OPEN_WITHOUT_FACTOR = frozenset(
    {
        "mfa_index",
        "mfa_activate_totp",
        "mfa_view_recovery_codes",
        "mfa_generate_recovery_codes",
        "mfa_download_recovery_codes",
        "account_reauthenticate",
        "mfa_reauthenticate",
        "account_logout",
        "large_text",
        "livez",
        "readyz",
    }
)


def begin_session(request, user) -> None:
    """Note when the login was, and how long it lasts: a working day for staff, a quarter for shops.

    A shop's session also ends 14 days after its last visit (SESSION_COOKIE_AGE).
    """
    is_staff = is_staff_account(user)
    request.session[SIGNED_IN_AT] = request.session[RENEWED_AT] = int(time.time())
    request.session[LONGEST_AT] = STAFF_SESSION if is_staff else SHOP_SESSION
    if is_staff:
        request.session.set_expiry(STAFF_SESSION)


def session_lifetime(get_response):
    """Sign out whose time is over, and move a shop's 14 days on once a day."""

    def middleware(request):
        if request.user.is_authenticated and SIGNED_IN_AT in request.session:
            now, session = int(time.time()), request.session
            if now - session[SIGNED_IN_AT] > session[LONGEST_AT]:
                logout(request)
            elif now - session[RENEWED_AT] > RENEW_AFTER:
                session[RENEWED_AT] = now
        return get_response(request)

    return middleware


def second_factor(get_response):
    """Send privileged accounts without a factor to the page where they set one up."""

    def middleware(request):
        if settings.MFA_REQUIRED and request.user.is_authenticated and _must_enrol(request):
            return redirect("mfa_activate_totp")
        return get_response(request)

    return middleware


def _must_enrol(request) -> bool:
    if resolve(request.path_info).url_name in OPEN_WITHOUT_FACTOR:
        return False
    if not is_staff_account(request.user):
        return False
    kinds = Authenticator.objects.filter(user=request.user, type=Authenticator.Type.TOTP)
    return not kinds.exists()
