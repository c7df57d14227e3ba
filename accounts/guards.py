"""The doors of the house: every view wears exactly one of these decorators."""

from collections.abc import Callable
from functools import wraps

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404

from accounts.permissions import refusal, roles_granting, roles_granting_somewhere
from accounts.roles import Permission
from association.audit import acting_as

# Where the switcher keeps the chosen workspace (accounts.workspace).
WORKSPACE = "workspace"


def requires(permission: Permission, *, on=None, somewhere: bool = False) -> Callable:
    """Open the view to holders of ``permission``; with ``on=Model``, on the record ``pk``.

    The view then receives the record itself: ``def submit(request, assessment)``. A record that
    the person may not see answers 404, one they may see but not act on answers 403. With
    ``somewhere=True`` it is enough to hold the permission at any place: for lists, whose rows
    ``visible_to`` decides, and for reading a record that is the whole association's, where it
    decides what stands in it. Acts recorded inside carry the role that opened the door.
    """

    def guard(view):
        @wraps(view)
        def guarded(request, pk=None, **kwargs):
            targets: tuple = ()
            if on is not None:
                targets = (get_object_or_404(on.objects.visible_to(request.user), pk=pk),)
            elif pk is not None:
                kwargs["pk"] = pk
            if somewhere:
                roles = roles_granting_somewhere(request.user, permission)
            else:
                roles = roles_granting(request.user, permission, *targets)
            if not roles:
                raise PermissionDenied(refusal(request.user, permission))
            chosen = request.session.get(WORKSPACE)
            with acting_as(chosen if chosen in roles else roles[0]):
                return view(request, *targets, **kwargs)

        guarded.permission, guarded.on, guarded.somewhere = permission, on, somewhere
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
