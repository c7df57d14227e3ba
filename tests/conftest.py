"""What every test stands on: a flush that may empty the append-only tables."""

import pytest
from django.core.management.commands import flush

from desk import queries
from desk.models import AssociationProfile


def _flush_past_the_triggers(original):
    """Let Django's flush between transactional tests empty append-only tables.

    The trigger refuses TRUNCATE (tests/association/test_audit.py proves it); only the flush of a
    test database may step around it, by playing a replica for the length of its statements.
    """

    def sql_flush(*args, **kwargs):
        statements = original(*args, **kwargs)
        return [
            "SET session_replication_role = replica;",
            *statements,
            "SET session_replication_role = origin;",
        ]

    return sql_flush


flush.sql_flush = _flush_past_the_triggers(flush.sql_flush)


@pytest.fixture(autouse=True)
def _association_is_known():
    """Every page shows the association's name; a process that has seen it once asks no more.

    So do the tests: none pays the query, and none sees the name that another test has set.
    """
    queries.remember(AssociationProfile(name=queries.DEFAULT_NAME))
