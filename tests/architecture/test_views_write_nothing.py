"""A view asks an action to write (docs/adr/0030-an-act-is-a-transaction.md)."""

import ast
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
WRITES = {
    "save", "create", "bulk_create", "get_or_create", "update_or_create", "bulk_update",
    "delete", "select_for_update",
}  # fmt: skip
VIEWS = sorted(
    str(file.relative_to(ROOT))
    for app in settings.INSTALLED_APPS
    for file in [*(ROOT / app).glob("views.py"), *(ROOT / app).glob("views/*.py")]
)


@pytest.mark.parametrize("file", VIEWS)
def test_a_view_writes_nothing_by_itself(file):
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    writes = [
        f"{node.lineno}: {ast.unparse(node.func)}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and (node.func.attr in WRITES or ast.unparse(node.func).endswith("objects.update"))
    ]
    assert writes == []
