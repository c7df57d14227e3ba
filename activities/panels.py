"""What the page of a shop shows of its activities and earned charity."""

from datetime import date

from django.utils import timezone

from accounts.permissions import allowed
from accounts.roles import Permission
from activities import queries
from activities.models import Activity


def shop_panel(user, pharmacy) -> dict | None:
    """Return this year's credits and the latest activities; ``None`` when there is nothing."""
    if not allowed(user, Permission.ACTIVITY_VIEW, pharmacy):
        return None
    year = timezone.localdate().year
    took_part = Activity.objects.standing().filter(attendances__pharmacy=pharmacy)
    latest = list(took_part.order_by("-held_on", "-pk")[:5])
    if not latest:
        return None
    credits = queries.charity_credits([pharmacy.pk], date(year, 1, 1), date(year, 12, 31))
    return {"year": year, "credits": credits.get(pharmacy.pk, []), "activities": latest}
