"""What every template may ask of the portal."""

from django.conf import settings


def portal(request) -> dict:
    """Return what every page may show: ``demo`` (this is a trial) and ``large`` (大字版)."""
    return {
        "is_demo": settings.PORTAL_MODE == "demo",
        "mfa_required": settings.MFA_REQUIRED,
        "large": request.COOKIES.get("large") == "1",
    }
