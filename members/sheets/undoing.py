"""What still hangs on a record that an import has made, whichever room it belongs to.

The rooms above are not known here by name: the foreign keys of the database tell who points at
the record. So no room has to be asked, and none can be forgotten.
"""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import models
from psycopg2.sql import SQL, Composable, Identifier, Literal

LEFT_SHOWN = 200
CHANGED_SINCE = "写入后有人改过"


@dataclass(frozen=True)
class Holder:
    """A table with a column that points at the record, and what its rows are called."""

    table: str
    column: str
    label: str


def holders(model: type[models.Model], *, but: Collection[type[models.Model]] = ()) -> list[Holder]:
    """Return every table that points at ``model``, without those of ``but``."""
    found = []
    for relation in model._meta.related_objects:
        other = relation.related_model
        if other in but:
            continue
        if relation.many_to_many:
            table = relation.through._meta.db_table
            column = relation.field.m2m_reverse_name()
        else:
            table, column = other._meta.db_table, relation.field.column
        found.append(Holder(table, column, str(other._meta.verbose_name)))
    return found


def not_held(tables: list[Holder], record: Composable) -> Composable:
    """Return the condition that nothing points at ``record``."""
    if not tables:
        return SQL("true")
    return SQL(" AND ").join(SQL("NOT {}").format(_points_at(each, record)) for each in tables)


def why_held(tables: list[Holder], record: Composable) -> Composable:
    """Return the expression that says what points at ``record``: 已有评定."""
    cases = [
        SQL("WHEN {} THEN {}").format(_points_at(each, record), Literal(f"已有{each.label}"))
        for each in tables
    ]
    return SQL("CASE {} ELSE '' END").format(SQL(" ").join(cases)) if cases else SQL("''")


def _points_at(holder: Holder, record: Composable) -> Composable:
    return SQL("EXISTS (SELECT 1 FROM {} h WHERE h.{} = {})").format(
        Identifier(holder.table), Identifier(holder.column), record
    )
