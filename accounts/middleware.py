"""The second factor: who holds a role beyond one shop enrols before anything else."""

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.shortcuts import redirect
from django.urls import resolve

from accounts.passwords import is_staff_account

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
