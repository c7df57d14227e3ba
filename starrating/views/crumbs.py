"""The way to a page about one shop, of pages that are open to the person who looks."""

from django.urls import reverse

from accounts.permissions import allowed_somewhere
from accounts.roles import Permission
from starrating.models import Cycle


def cycle_crumbs(cycle: Cycle, user) -> list[dict]:
    """Return the way over the cycle; empty for a person whose work does not lead over cycles.

    An inspector and the people of a shop read one result without seeing the others.
    """
    if not allowed_somewhere(user, Permission.CYCLE_VIEW):
        return []
    return [
        {"label": "星级评定", "url": reverse("starrating:cycles")},
        {"label": str(cycle), "url": reverse("starrating:cycle", args=[cycle.pk])},
    ]


def shop_crumbs(cycle: Cycle, pharmacy, user, *, over: tuple[str, str]) -> list[dict]:
    """Return the way to a page of one shop: over the list ``over`` of the cycle, or the shop."""
    way = cycle_crumbs(cycle, user)
    label, name = over
    if way:
        return [*way, {"label": label, "url": reverse(name, args=[cycle.pk])}]
    return [{"label": str(pharmacy), "url": reverse("members:shop", args=[pharmacy.pk])}]
