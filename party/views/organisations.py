"""Pages of the Party organisations: the tree."""

from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.guards import requires
from accounts.roles import Permission
from party import queries


@require_safe
@requires(Permission.PARTY_VIEW, somewhere=True)
def index(request):
    """The tree of the organisations that the person keeps."""
    context = {"rows": queries.tree_of(request.user)}
    return render(request, "party/index.html", context)
