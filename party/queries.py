"""Reads of the Party room for its own pages and for the rooms above."""

from collections import defaultdict

from django.db.models import Count, Q

from party.models import PartyOrganisation


def branches():
    """Return the standing branches and joint branches: who owes 三会一课."""
    return PartyOrganisation.objects.standing().branches()


def tree_of(user) -> list[dict]:
    """Return the organisations the person keeps, each below its parent, with its depth."""
    rows = list(
        PartyOrganisation.objects.visible_to(user)
        .standing()
        .annotate(
            unit_count=Count("covered_units", filter=Q(covered_units__ends_on=None), distinct=True)
        )
        .order_by("founded_on", "pk")
    )
    children = defaultdict(list)
    known = {row.pk for row in rows}
    for row in rows:
        children[row.parent_id if row.parent_id in known else None].append(row)
    return list(_walk(children, None, 0))


def _walk(children, parent, depth):
    for row in children[parent]:
        yield {"organisation": row, "depth": depth}
        yield from _walk(children, row.pk, depth + 1)
