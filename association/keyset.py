"""Pages of a long list: each page starts after the last row of the one before.

An offset reads all rows it leaps over and a count reads all there are; both cost seconds in a
country's register. A page by key costs the same on the first and on the thousandth.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import connection, models
from django.db.models import Q

COUNT_CAP = 1000


@dataclass(frozen=True)
class Page:
    """Rows of one page; ``before`` and ``after`` are the keys for the links, empty at an end."""

    rows: list
    before: str
    after: str


def page(rows: models.QuerySet, params: Mapping[str, str], *, by: str, size: int = 50) -> Page:
    """Return the page that ``params`` names by ``after`` or ``before``, ordered by (``by``, pk).

    ``by`` must be a column that is never NULL in ``rows``, with an index on it and the pk. A key
    that means nothing starts at the top.
    """
    column = rows.model._meta.get_field(by)
    back = _key(params.get("before", ""), column)
    forward = None if back else _key(params.get("after", ""), column)
    if back:
        found = list(_beyond(rows, by, back, "lt").order_by(f"-{by}", "-pk")[: size + 1])
        more, found = len(found) > size, found[:size][::-1]
        has_before, has_after = more, True
    else:
        if forward:
            rows = _beyond(rows, by, forward, "gt")
        found = list(rows.order_by(by, "pk")[: size + 1])
        has_before, has_after = bool(forward), len(found) > size
        found = found[:size]
    if not found:
        return Page([], "", "")
    return Page(
        found,
        _text(found[0], by) if has_before else "",
        _text(found[-1], by) if has_after else "",
    )


def capped_counts(lists: Mapping[str, models.QuerySet]) -> dict[str, int]:
    """Return how many rows each list has, counting no further than ``COUNT_CAP`` + 1.

    One statement for all of them. A value above ``COUNT_CAP`` means “more than that”.
    """
    parts, params = [], []
    for rows in lists.values():
        if rows.query.is_empty():
            parts.append("SELECT 0")
            continue
        sql, values = rows.order_by().values("pk")[: COUNT_CAP + 1].query.sql_with_params()
        parts.append(f"SELECT count(*) FROM ({sql}) AS capped")  # noqa: S608 -- sql from the ORM
        params.extend(values)
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(f"({part})" for part in parts), params)
        return dict(zip(lists, cursor.fetchone(), strict=True))


def _beyond(rows: models.QuerySet, by: str, key: tuple, side: str) -> models.QuerySet:
    """Rows on one side of the key; the first condition is what lets the index start there."""
    value, pk = key
    return rows.filter(
        Q(**{f"{by}__{side}": value}) | Q(**{by: value, f"pk__{side}": pk}),
        **{f"{by}__{side}e": value},
    )


def _key(text: str, column: models.Field) -> tuple | None:
    pk, _, value = text.partition(".")
    if not (pk.isascii() and pk.isdecimal() and len(pk) < 19) or "\0" in value:
        return None
    try:
        return column.to_python(value), int(pk)
    except ValidationError:
        return None


def _text(row, by: str) -> str:
    return f"{row.pk}.{getattr(row, by)}"
