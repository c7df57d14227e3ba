"""Every state machine is closed, has doors, and is drawn in the documents as it is."""

import pytest

from association import workflow_docs

TABLES = [
    (f"{room}.{name}", table, doors) for room, _, name, table, doors in workflow_docs.tables()
]


def test_the_rooms_have_their_tables():
    assert {name for name, *_ in TABLES} >= {
        "activities.ACTIVITY",
        "inspections.VIOLATION",
        "members.PHARMACY",
        "pledges.PLEDGE",
        "starrating.ASSESSMENT",
        "starrating.AWARD",
        "starrating.CYCLE",
    }


@pytest.mark.parametrize(("name", "table", "doors"), TABLES, ids=[name for name, *_ in TABLES])
def test_every_state_can_be_reached_and_every_act_names_its_permission(name, table, doors):
    reached, frontier = set(), {table.initial}
    while frontier:
        reached |= frontier
        frontier = {table.after(s, act) for s in frontier for act in table.acts_from(s)} - reached

    assert reached == set(table.labels)
    assert {act for _, act in table.moves} <= set(doors)
