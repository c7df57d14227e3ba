"""A browser that knocks as any of the twelve and leaves no trace in the database."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from django.conf import settings
from django.db import connection, transaction
from django.test import Client, TestCase

from desk import queries as desk
from tests.architecture.world import World

CHANGES = re.compile(r"\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+\"?(\w+)", re.IGNORECASE)


class Knocking(TestCase):
    """The world is made once for all tests of a class in a process."""

    @classmethod
    def setUpTestData(cls):
        cls.prepare(World())

    @classmethod
    def prepare(cls, world: World) -> None:
        """Keep what the tests need of the world: plain values, no records."""
        cls.sessions = {name: _session_of(user) for name, user in world.people.items()}

    def setUp(self):
        desk.remember(desk.profile())

    def knock(self, subject: str, method: str, address: str, *, strict: bool = False):
        """Ask once, as ``subject``, and leave no trace in the database."""
        client = _visitor(strict=strict)
        client.cookies.clear()
        if subject != "anon":
            client.cookies[settings.SESSION_COOKIE_NAME] = self.sessions[subject]
        before = transaction.savepoint()
        try:
            response = client.generic(method, address, content_type=_content_type(method))
            if response.streaming:
                response.getvalue()  # a file is closed at its end
            return response
        finally:
            transaction.savepoint_rollback(before)


@contextmanager
def tables_changed() -> Iterator[set[str]]:
    """Yield the set of tables that are written to inside."""
    changed = set()

    def watch(execute, sql, params, many, context):
        if match := CHANGES.match(sql):
            changed.add(match[1])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        yield changed


@cache
def _visitor(*, strict: bool) -> Client:
    """One browser for all: a new one would load the middleware again for each knock."""
    return Client(enforce_csrf_checks=strict)


def _session_of(user) -> str:
    client = Client()
    client.force_login(user)
    return client.session.session_key


def _content_type(method: str) -> str:
    return "application/x-www-form-urlencoded" if method == "POST" else "text/plain"
