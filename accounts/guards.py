"""The doors of the house: every view wears exactly one of these decorators."""

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404

from accounts.permissions import allowed, allowed_somewhere
from accounts.roles import Permission


def requires(permission: Permission, *, on=None, somewhere: bool = False) -> Callable:
    """Open the view to holders of ``permission``; with ``on=Model``, on the record ``pk``.

    The view then receives the record itself: ``def submit(request, assessment)``. A record that
    the person may not see answers 404, one they may see but not act on answers 403. With
    ``somewhere=True`` it is enough to hold the permission at any place: for lists, whose rows
    ``visible_to`` decides.
    """

    def guard(view):
        @wraps(view)
        def guarded(request, pk=None, **kwargs):
            if on is not None:
                record = get_object_or_404(on.objects.visible_to(request.user), pk=pk)
                if not allowed(request.user, permission, record):
                    raise PermissionDenied
                return view(request, record, **kwargs)
            may = allowed_somewhere if somewhere else allowed
            if not may(request.user, permission):
                raise PermissionDenied
            return view(request, **({"pk": pk} if pk is not None else {}), **kwargs)

        guarded.permission = permission
        return guarded

    return guard


def signed_in_page(view):
    """Open the view to everybody with a login: their own inbox, their own profile."""
    view.is_for_every_login = True
    return view


def public_page(view):
    """Open the view to everybody, without a login."""
    view.is_public = True
    return login_not_required(view)
