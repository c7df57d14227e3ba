"""The role switcher: chooses which workspace and home a person sees, never what they may do."""

from accounts.guards import WORKSPACE
from accounts.permissions import roles_anywhere
from accounts.roles import Role


def workspaces_of(user) -> list[Role]:
    """Return the person's roles in the order of the authority table."""
    held = roles_anywhere(user)
    return [role for role in Role if role in held]


def current_workspace(request) -> Role | None:
    """Return the chosen workspace, else the first role; ``None`` for a login without a role."""
    open_to = workspaces_of(request.user)
    chosen = request.session.get(WORKSPACE)
    if chosen in open_to:
        return Role(chosen)
    return open_to[0] if open_to else None


def choose_workspace(request, role: Role) -> None:
    """Remember the workspace for this session; an unknown one is ignored."""
    if role in workspaces_of(request.user):
        request.session[WORKSPACE] = str(role)
