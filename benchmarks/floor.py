"""The floor of a page: the same template rendered from constants.

The first request asks the product's own page once and keeps what its template was given; every
further one renders that again. ``floor`` stands behind the same login and shows the same frame
(who is there, what waits for them), so that the ratio is the cost of the page itself; ``bare``
has no frame either and makes not a single query.
"""

import threading
from unittest import mock

from django.contrib.sessions.backends.db import SessionStore
from django.db.models import QuerySet
from django.forms import BaseForm
from django.http import HttpResponse
from django.shortcuts import render
from django.template import Context, loader
from django.template.context import make_context
from django.test import RequestFactory
from django.urls import resolve
from django.utils.functional import LazyObject

from accounts.guards import public_page, signed_in_page
from accounts.models import User

KEPT: dict[str, tuple] = {}
LOCK = threading.Lock()


@signed_in_page
def floor(request, path):
    """Render the page under ``path`` from what it was given the first time."""
    name, values, _ = _kept(request, path)
    return render(request, name, values)


@public_page
def bare(request, path):
    """Render it without login, navigation or messages."""
    name, _, everything = _kept(request, path)
    return HttpResponse(loader.get_template(name).template.render(Context(everything)))


def _kept(request, path: str) -> tuple:
    query = request.GET.copy()
    user_pk = query.pop("as")[0]
    address = f"/{path}?{query.urlencode()}"
    if address not in KEPT:
        with LOCK:
            KEPT.setdefault(address, _given_to(address, user_pk))
    return KEPT[address]


def _given_to(address: str, user_pk: str) -> tuple:
    """Return the template of the page, what the page gave it, and that with the frame."""
    inner = RequestFactory().get(address)
    inner.user, inner.session = User.objects.get(pk=user_pk), SessionStore()
    inner.htmx, inner.csp_nonce = False, "constant"
    inner.resolver_match = match = resolve(inner.path_info)
    found = {}

    def record(name, context=None, request=None, using=None):
        made = make_context(context, inner)
        with made.bind_template(loader.get_template(name).template):
            everything = {key: _constant(value) for key, value in made.flatten().items()}
        found["page"] = (name, {key: everything[key] for key in context}, everything)
        return ""

    with mock.patch.object(loader, "render_to_string", record):
        match.func(inner, *match.args, **match.kwargs)
    return found["page"]


def _constant(value):
    if isinstance(value, BaseForm):
        for field in value.fields.values():
            if hasattr(field, "queryset"):
                field.choices = list(field.choices)
    if isinstance(value, LazyObject):
        bool(value)
    return list(value) if isinstance(value, QuerySet) else value
