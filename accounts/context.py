"""What every template may ask about the person who looks."""

from django.utils.functional import SimpleLazyObject

from accounts.navigation import navigation
from accounts.workspace import current_workspace, workspaces_of


def person(request) -> dict:
    """Return ``navigation`` (see accounts.navigation), ``workspace`` and ``workspaces``.

    All three are lazy: a page that does not show them pays nothing.
    """
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"navigation": [], "workspace": None, "workspaces": []}
    return {
        "navigation": SimpleLazyObject(
            lambda: navigation(user, workspace=current_workspace(request), path=request.path)
        ),
        "workspace": SimpleLazyObject(lambda: current_workspace(request)),
        "workspaces": SimpleLazyObject(lambda: workspaces_of(user)),
    }
