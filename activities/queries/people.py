"""The people who keep the activities of the whole association."""

from django.contrib.auth import get_user_model

from accounts.models import RoleGrant
from accounts.roles import GRANTS, Permission, Role


def office():
    """The people who keep the activities of the whole association."""
    keepers = [role for role in Role if Permission.ACTIVITY_MANAGE in GRANTS[role]]
    grants = RoleGrant.objects.in_force().filter(role__in=keepers, area=None)
    return get_user_model().objects.filter(is_active=True, pk__in=grants.values("user"))
