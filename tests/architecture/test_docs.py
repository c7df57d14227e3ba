"""The tables of docs/ say what the code says."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts import permission_docs
from accounts.management.commands import docs_permissions
from accounts.roles import GRANTS, PERMISSION_LABELS, Permission, Role

COMMANDS = ["docs_permissions", "docs_workflows"]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_table_of_the_docs_is_true(command):
    call_command(command, "--check", stdout=StringIO())


def test_a_table_that_is_no_longer_true_is_refused_with_the_command_that_mends_it(
    tmp_path, monkeypatch
):
    stale = tmp_path / "permissions.md"
    stale.write_text("old", encoding="utf-8")
    monkeypatch.setattr(docs_permissions.Command, "path", stale)

    with pytest.raises(CommandError, match="portal manage docs_permissions"):
        call_command("docs_permissions", "--check")
    assert stale.read_text(encoding="utf-8") == "old"

    call_command("docs_permissions", stdout=StringIO())
    assert stale.read_text(encoding="utf-8") == permission_docs.document()


def test_every_permission_has_its_words_and_a_role_that_holds_it():
    assert set(PERMISSION_LABELS) == set(Permission)
    assert frozenset().union(*GRANTS.values()) == set(Permission)


def test_every_role_says_where_it_holds_and_what_it_may():
    assert set(permission_docs.SCOPES) == set(Role) == set(GRANTS)
