"""A fresh database for each measurement, copied from one that was migrated once."""

import io
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from urllib.parse import urlsplit, urlunsplit

import psycopg2
from django.core.management import call_command
from django.db import connection

# Databases lie on one server; copying one needs that nobody is connected to it.
MAINTENANCE = "postgres"


@contextmanager
def fresh_database(name: str) -> Iterator[None]:
    """Point this process, and every one started inside, at a new migrated database."""
    migrate()
    address, template = os.environ["DATABASE_URL"], connection.settings_dict["NAME"]
    own = f"bench_{name}"
    on_server(f"DROP DATABASE IF EXISTS {own}", f"CREATE DATABASE {own} TEMPLATE {template}")
    try:
        connection.settings_dict["NAME"] = own
        os.environ["DATABASE_URL"] = renamed(address, own)
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = template
        os.environ["DATABASE_URL"] = address
        on_server(f"DROP DATABASE IF EXISTS {own} WITH (FORCE)")


@cache
def migrate() -> None:
    """Make the tables once; the default content comes with them."""
    call_command("migrate", verbosity=0, interactive=False)
    call_command("load_defaults", stdout=io.StringIO())
    connection.close()


def renamed(address: str, database: str) -> str:
    parts = urlsplit(address)
    return urlunsplit(parts._replace(path=f"/{database}"))


def on_server(*statements: str) -> None:
    """Run statements that no transaction may hold."""
    params = connection.get_connection_params() | {"dbname": MAINTENANCE}
    params.pop("cursor_factory", None)
    with closing(psycopg2.connect(**params)) as line:
        line.autocommit = True
        with line.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)


def execute(statement: str, params: list | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


def settle() -> None:
    """Sort in what was loaded and let the planner know it, as a night's vacuum does."""
    connection.ensure_connection()
    execute("VACUUM (ANALYZE)")
