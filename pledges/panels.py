"""What the page of a shop shows of its pledge."""

from django.utils import timezone

from accounts.permissions import allowed
from accounts.roles import Permission
from pledges import queries
from pledges.models import Pledge


def shop_panel(user, pharmacy) -> dict | None:
    """Return the standing pledge and the one that waits; ``None`` without the right to see it."""
    if not allowed(user, Permission.PLEDGE_VIEW, pharmacy):
        return None
    today = timezone.localdate()
    waiting = (
        Pledge.objects.waiting()
        .filter(pharmacy=pharmacy, campaign__ends_on__gte=today)
        .select_related("campaign", "pharmacy")
        .order_by("campaign__year")
        .first()
    )
    return {
        "pledge": queries.standing_pledge(pharmacy, on=today),
        "waiting": waiting,
        "may_sign": waiting is not None and "sign" in queries.acts_open_to(user, waiting),
        "today": today,
    }
