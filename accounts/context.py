"""What every template may ask about the person who looks."""

from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from accounts.navigation import SHOP_ROLES, navigation
from accounts.workspace import current_workspace, workspaces_of

STAFF_LAYOUT, PHONE_LAYOUT = "layouts/staff.html", "layouts/phone.html"


def person(request) -> dict:
    """Return ``navigation`` (see accounts.navigation), ``workspace``, ``workspaces``,
    ``user_title``, ``account_menu`` and ``own_layout``.

    ``own_layout`` is the shell for pages that everybody has (inbox, profile): the phone's for
    shops, the desktop's for the rest. What costs a query is lazy: a page that does not show it
    pays nothing.
    """
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"navigation": [], "workspace": None, "workspaces": [], "account_menu": []}
    return {
        "navigation": SimpleLazyObject(
            lambda: navigation(user, workspace=current_workspace(request), path=request.path)
        ),
        "workspace": SimpleLazyObject(lambda: current_workspace(request)),
        "workspaces": SimpleLazyObject(lambda: workspaces_of(user)),
        "user_title": SimpleLazyObject(lambda: _title(request)),
        "account_menu": [
            {"label": "我的账号", "icon": "user", "url": reverse("accounts:profile")},
        ],
        # A callable, because ``extends`` wants a real string; the template calls it.
        "own_layout": lambda: (
            PHONE_LAYOUT if current_workspace(request) in SHOP_ROLES else STAFF_LAYOUT
        ),
    }


def _title(request) -> str:
    workspace = current_workspace(request)
    return workspace.label if workspace else "还没有角色"
