"""What every template may ask of the portal."""

from django.conf import settings


def portal(request) -> dict:
    """Return what every page may ask: is this a trial, is there mail, is 大字版 wanted."""
    return {
        "is_demo": settings.PORTAL_MODE == "demo",
        "can_mail": bool(settings.EMAIL_HOST),
        "mfa_required": settings.MFA_REQUIRED,
        "large": request.COOKIES.get("large") == "1",
    }
