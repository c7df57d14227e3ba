"""docs/permissions.md: which role may do what, as a table, from accounts/roles.py."""

from django.conf import settings

from accounts.roles import (
    GLOBAL_ROLES,
    GRANTS,
    PERMISSION_LABELS,
    SECOND_FACTOR_ROLES,
    Permission,
    Role,
)

PATH = settings.BASE_DIR / "docs" / "permissions.md"
HEAD = """# Who may do what

Written by `./portal manage docs_permissions` from `accounts/roles.py`, the one authority; `./portal check` compares the two.

A person's rights are the union of their roles. Seeing a record is another matter: `Model.objects.visible_to(user)` decides it, and
outside of it a page answers 404; inside, a missing permission answers 403. A superuser without a role holds nothing here.
"""  # noqa: E501 -- prose of the document
SCOPES = {
    Role.SECRETARIAT: "everywhere or a sub-district",
    Role.REVIEWER: "the cases assigned to them",
    Role.ADJUDICATOR: "cases waiting for or bearing the second signature",
    Role.INSPECTOR: "everywhere or a sub-district",
    Role.REGULATOR: "everywhere or a sub-district; changes nothing",
    Role.PARTY_SECRETARY: "the own Party organisation and those below",
    Role.HEAD_OFFICE: "all shops of the company",
    Role.OWNER: "the own shops",
    Role.STAFF: "the shop they work in",
}


def document() -> str:
    """Return the whole file."""
    return "\n".join([HEAD, *_roles(), "", *_rights(), ""])


def _roles() -> list[str]:
    lines = [
        "## Roles\n",
        "| role | 名称 | where it holds | given by | second factor |",
        "|---|---|---|---|---|",
    ]
    for role in Role:
        given = "a grant, by two people" if role in GLOBAL_ROLES else "a position at the place"
        factor = "yes" if role in SECOND_FACTOR_ROLES else "no"
        lines.append(f"| `{role}` | {role.label} | {SCOPES[role]} | {given} | {factor} |")
    return lines


def _rights() -> list[str]:
    lines = [
        "## Rights\n",
        f"| permission | 说明 | {' | '.join(role.label for role in Role)} |",
        "|---|---|" + ":-:|" * len(Role),
    ]
    for right in Permission:
        held = " | ".join("✓" if right in GRANTS[role] else "" for role in Role)
        lines.append(f"| `{right.name}` | {PERMISSION_LABELS[right]} | {held} |")
    return lines
