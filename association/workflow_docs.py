"""docs/workflows.md: every state machine of the house as a picture and a table, from the code."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec

from django.apps import apps
from django.conf import settings

from association.workflow import Workflow

PATH = settings.BASE_DIR / "docs" / "workflows.md"
HEAD = """# State machines

Written by `./portal manage docs_workflows`; `./portal check` compares it with the code.
Overdue is never a state: it is reckoned from its day.
"""


def tables() -> Iterator[tuple[str, str, str, Workflow, Mapping]]:
    """Yield room, its Chinese name, name of the table, the table, and who may do which act."""
    for app in apps.get_app_configs():
        name = f"{app.name}.workflow"
        if app.name == "association" or not find_spec(app.name) or not find_spec(name):
            continue
        module = import_module(name)
        doors = getattr(module, "PERMISSION_FOR", {})
        for attribute, value in vars(module).items():
            if isinstance(value, Workflow):
                yield app.name, app.verbose_name, attribute, value, doors


def document() -> str:
    """Return the whole file."""
    parts = [HEAD]
    for room, title, name, workflow, doors in tables():
        states = "，".join(f"`{state}` {label}" for state, label in workflow.labels.items())
        parts += [
            f"## {room}.{name}（{title}）\n",
            f"{import_module(f'{room}.workflow').__doc__.strip()}\n",
            "```mermaid\n" + workflow.diagram() + "\n```\n",
            f"States: {states}.\n",
            "| from | act | to | needs |\n|---|---|---|---|\n"
            + "\n".join(
                f"| {start} | {act} | {end} | {doors[act].name} |"
                for (start, act), end in workflow.moves.items()
            )
            + "\n",
        ]
    return "\n".join(parts)
