"""What surrounds every request: its number and its line in the log, and the headers."""

import logging
import re
import secrets
from time import perf_counter

from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.template.loader import render_to_string
from structlog.contextvars import bound_contextvars

from association.errors import BusinessRuleError

PERMISSIONS_POLICY = "camera=(), microphone=(), geolocation=(), payment=(), usb=()"
UNREADABLE = re.compile("[\x00\ud800-\udfff]")
REQUEST_NUMBER = re.compile(r"[\w-]{8,64}")
PROBES = {"livez", "readyz"}
logger = logging.getLogger("portal.request")


def request_log(get_response):
    """Give the request a number, and write one line when it is answered.

    The number comes from the proxy where it sends one, goes back in ``X-Request-ID`` and stands
    in every line written meanwhile. The line names the pattern of the address, not the address:
    tokens stay out of the log. A probe that went well says nothing.
    """

    def middleware(request):
        given = request.headers.get("X-Request-ID", "")
        number = given if REQUEST_NUMBER.fullmatch(given) else secrets.token_hex(8)
        request.number = number
        began = perf_counter()
        with bound_contextvars(request_id=number):
            response = get_response(request)
            match = request.resolver_match
            route = match.route if match else "-"
            if route not in PROBES or response.status_code >= 400:
                logger.info(
                    request.method,
                    extra={
                        "route": route,
                        "status": response.status_code,
                        "ms": round((perf_counter() - began) * 1000, 1),
                        "user": _signed_in(request),
                    },
                )
        response.headers["X-Request-ID"] = number
        return response

    return middleware


def _signed_in(request) -> str | None:
    """Return the pk of the person, if the request asked who it is; asks nothing itself."""
    user = getattr(request, "_cached_user", None)
    return str(user.pk) if user is not None and user.is_authenticated else None


def readable_parameters(get_response):
    """Answer 400 to an address or a form with characters that no text and no database can hold.

    Fields of forms refuse them by themselves; filters of lists and plain buttons do not.
    """

    def middleware(request):
        return get_response(request)

    def process_view(request, view, args, kwargs):
        sent = [request.GET, request.POST] if request.method == "POST" else [request.GET]
        for parameters in sent:
            for name, values in parameters.lists():
                if UNREADABLE.search(name) or any(map(UNREADABLE.search, values)):
                    raise BadRequest("A parameter holds NUL or half a surrogate pair.")

    middleware.process_view = process_view
    return middleware


def response_headers(get_response):
    """Forbid device access, and keep signed-in pages out of every cache on the way."""

    def middleware(request):
        response = get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        user = getattr(request, "user", None)
        if user is not None and user.is_authenticated:
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    return middleware


def refusals(get_response):
    """Answer a refusal that no view has caught with its own sentence, not with a failure.

    A rule that is missing or a year without working days can refuse any page that reckons.
    """

    def middleware(request):
        return get_response(request)

    def process_exception(request, exception):
        if not isinstance(exception, BusinessRuleError):
            return None
        logger.warning("Refused where no view caught it: %s", type(exception).__name__)
        return HttpResponse(render_to_string("409.html", {"reason": str(exception)}), status=409)

    middleware.process_exception = process_exception
    return middleware
