"""Pages of the ground floor: probes and the plain error pages."""

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_safe


def public(view):
    """Mark a ground-floor page as open to everybody (rooms use ``accounts.guards``)."""
    view.is_public = True
    return login_not_required(view)


@require_safe
@public
def livez(request):
    """Answer 200 while the process lives; asks nothing of any other service."""
    return HttpResponse("ok", content_type="text/plain")


@require_safe
@public
def readyz(request):
    """Answer 200 when the database answers, 503 otherwise."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return JsonResponse({"database": "down"}, status=503)
    return JsonResponse({"database": "ok"})
