"""Pages of the ground floor: probes, the 大字版 switch and the plain error pages."""

import logging
import secrets
import sys

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.http import Http404, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_safe

from association import styleguide as examples

logger = logging.getLogger(__name__)

ONE_YEAR = 365 * 24 * 3600


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


@require_safe
@public
def large_text(request):
    """Switch 大字版 on or off for this browser and go back to the page the reader came from."""
    back = request.META.get("HTTP_REFERER", "")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure()):
        back = "/"
    response = HttpResponseRedirect(back)
    if request.COOKIES.get("large") == "1":
        response.delete_cookie("large")
    else:
        # Not HttpOnly: app.js switches at once and writes the same cookie; it holds no secret.
        response.set_cookie(
            "large", "1", max_age=ONE_YEAR, samesite="Lax", secure=request.is_secure()
        )
    return response


@require_safe
@public
def styleguide(request, page="kit"):
    """Show every component in every state; the address exists in the demo only."""
    context = examples.context() | {
        "crumbs": [{"label": "设置", "url": "#main"}, {"label": "样张"}],
        "actions": [
            {"label": label, "url": reverse("styleguide_page", args=[name])}
            for name, label in examples.PAGES.items()
        ],
    }
    if page not in {"kit", *examples.PAGES}:
        raise Http404
    return render(request, f"styleguide/{page}.html", context)


# The plain pages below read no session and no database: they must stand when those do not.


def bad_request(request, exception):
    """Answer 400."""
    return HttpResponse(render_to_string("400.html"), status=400)


def permission_denied(request, exception):
    """Answer 403, in the words of the refusal where it gives any."""
    page = render_to_string("403.html", {"reason": str(exception)})
    return HttpResponse(page, status=403)


def csrf_failure(request, reason=""):
    """Answer 403 to a form that is too old or comes from elsewhere."""
    return HttpResponse(render_to_string("403_csrf.html"), status=403)


def page_not_found(request, exception):
    """Answer 404 without saying whether the thing exists."""
    return HttpResponse(render_to_string("404.html"), status=404)


def server_error(request):
    """Answer 500 with a number that also stands in the log; 503 while the database is away."""
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        return database_away(request)
    number = secrets.token_hex(2).upper()
    logger.error("Page failed, number %s: %s", number, request.path)
    context = {"number": number, "is_read": request.method in {"GET", "HEAD"}}
    return HttpResponse(render_to_string("500.html", context), status=500)


def database_away(request):
    """Answer 503: the database is down, restarting, or too busy to answer in time."""
    page = HttpResponse(render_to_string("503.html"), status=503)
    page.headers["Retry-After"] = "30"
    return page
