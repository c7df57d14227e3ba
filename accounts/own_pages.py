"""Pages about oneself that rooms above keep: found from 我的 without a role.

A room hands in a link from its ``AppConfig.ready``; ``find(user)`` returns ``{"label", "url",
"note"}``, or ``None`` where this person has no such page; with ``"is_home": False`` it is a page
of settings, at which nobody without a role is landed. It is asked on the profile page only, so
it costs the other pages nothing.
"""

from collections.abc import Callable
from typing import Any

_PAGES: dict[str, Callable[..., dict[str, Any] | None]] = {}


def register(key: str, find: Callable[..., dict[str, Any] | None]) -> None:
    """Add a page; a second registration of the same ``key`` replaces the first."""
    _PAGES[key] = find


def pages_of(user: Any) -> list[dict[str, Any]]:
    """Return the links for this person."""
    found = (find(user) for find in _PAGES.values())
    return [page for page in found if page is not None]
