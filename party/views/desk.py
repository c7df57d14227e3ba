"""The Party secretary's own first page: what is due, why, and until when."""

from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.guards import requires
from accounts.roles import Permission
from party.queries import desk as queries


@never_cache
@require_safe
@requires(Permission.PARTY_VIEW, somewhere=True)
def desk(request):
    """What is to be done in the organisations the person keeps, by its day."""
    return render(request, "party/desk.html", queries.desk_of(request.user, now=timezone.now()))
