"""What stands in the side navigation: each room registers its own pages, permission decides.

In a room's ``AppConfig.ready`` (every page named must exist; an unknown address stops the boot
of the first page, so register a page when it is built)::

    from accounts.navigation import Item, register

    register(
        Item("business", "会员与药店", "building-store", "members:list",
             permission=Permission.PHARMACY_VIEW, order=10),
        Item("shop", "待办", "list-check", "starrating:mine",
             roles=SHOP_ROLES, order=20, count=queries.open_tasks_of, hot=True),
    )

``group`` is one of ``GROUPS``; ``permission`` (held as the page itself asks for it: everywhere,
or at any place with ``somewhere=True``) and ``roles`` (one of them held anywhere) both narrow, an
item with neither is for every login. ``count(user)`` returns a number to show beside the label,
``None`` or 0 for none. ``workspaces`` limits an item to some workspaces of the switcher. Icons are
names in static/icons/sprite.svg.

Templates read ``navigation``: a list of ``{"key", "label", "items"}`` with items ``{"label",
"icon", "url", "count", "hot", "current"}``. Items hidden by permission are absent, never grey.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

from django.urls import resolve, reverse

from accounts.permissions import allowed, allowed_somewhere, roles_anywhere
from accounts.roles import GRANTS, Permission, Role

STAFF_WORKSPACES = frozenset(
    {Role.SECRETARIAT, Role.REVIEWER, Role.ADJUDICATOR, Role.INSPECTOR, Role.PARTY_SECRETARY}
)
SHOP_ROLES = frozenset({Role.OWNER, Role.STAFF, Role.HEAD_OFFICE})

GROUPS: dict[str, str] = {
    "home": "",
    "business": "业务",
    "party": "党建",
    "records": "资料",
    "settings": "设置",
    "shop": "",
    "regulator": "",
}


@dataclass(frozen=True)
class Item:
    """One line of the navigation."""

    group: str
    label: str
    icon: str
    url_name: str
    permission: Permission | None = None
    roles: frozenset[Role] | None = None
    order: int = 100
    count: Callable[..., int | None] | None = None
    hot: bool = False
    workspaces: frozenset[Role] | None = None

    def is_open_to(self, user, workspace: Role | None) -> bool:
        """Return whether the person may open it and the chosen workspace shows it."""
        if self.workspaces is not None and workspace not in self.workspaces:
            return False
        if self.permission is not None:
            holds = allowed if _asks_everywhere(self.url_name) else allowed_somewhere
            if not holds(user, self.permission):
                return False
        # A person with several roles sees in each workspace only what that role needs.
        if (
            self.permission is not None
            and workspace is not None
            and self.permission not in GRANTS[workspace]
        ):
            return False
        return self.roles is None or bool(
            self.roles & ({workspace} if workspace else roles_anywhere(user))
        )


@cache
def _asks_everywhere(url_name: str) -> bool:
    """Return whether the page wants its permission held everywhere, not only in some place."""
    view = resolve(reverse(url_name)).func
    return getattr(view, "on", None) is None and not getattr(view, "somewhere", True)


_ITEMS: dict[tuple[str, str], Item] = {}


def register(*items: Item) -> None:
    """Add pages to the navigation; a second registration of the same page replaces the first."""
    for item in items:
        if item.group not in GROUPS:
            raise ValueError(f"Unknown navigation group {item.group!r}.")
        _ITEMS[item.group, item.url_name] = item


def registered() -> list[Item]:
    """Return all items in the order of the page."""
    places = list(GROUPS)
    return sorted(_ITEMS.values(), key=lambda item: (places.index(item.group), item.order))


def navigation(user, *, workspace: Role | None = None, path: str = "") -> list[dict]:
    """Return the groups that ``user`` sees, with the item of the page ``path`` marked."""
    lines = [
        (item, reverse(item.url_name)) for item in registered() if item.is_open_to(user, workspace)
    ]
    current = _current(path, (url for _, url in lines))
    groups: dict[str, dict] = {}
    for item, url in lines:
        group = groups.setdefault(
            item.group, {"key": item.group, "label": GROUPS[item.group], "items": []}
        )
        group["items"].append(
            {
                "label": item.label,
                "icon": item.icon,
                "url": url,
                "count": (item.count(user) or None) if item.count else None,
                "hot": item.hot,
                "current": url == current,
            }
        )
    return list(groups.values())


def _current(path: str, urls: Iterable[str]) -> str | None:
    """Return the longest of ``urls`` that ``path`` lies under; the home page only itself."""
    under = [url for url in urls if path == url or (url != "/" and path.startswith(url))]
    return max(under, key=len, default=None)
