"""The page 帮助: who does what, and what people ask, by the kind of work they come for."""

from functools import cache
from pathlib import Path

import yaml

from accounts.roles import Role

CONTENT = Path(__file__).parent / "content" / "help.yaml"
SECTION_OF = {
    Role.OWNER: "shop",
    Role.STAFF: "shop",
    Role.HEAD_OFFICE: "shop",
    Role.SECRETARIAT: "office",
    Role.REVIEWER: "review",
    Role.ADJUDICATOR: "review",
    Role.INSPECTOR: "review",
    Role.PARTY_SECRETARY: "party",
    Role.REGULATOR: "regulator",
}


@cache
def content() -> dict:
    """Return the page as it is written, read once."""
    return yaml.safe_load(CONTENT.read_text(encoding="utf-8"))


def sections_for(workspace: Role | None) -> list[dict]:
    """Return all sections, one's own on top; whoever has no work here reads 群众 first."""
    own = SECTION_OF.get(workspace, "public") if workspace else "public"
    return sorted(content()["sections"], key=lambda section: section["key"] != own)
