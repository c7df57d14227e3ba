"""May this person do this, here? The only place that answers.

Two rules keep the answer simple. A person *sees* a record through
``Model.objects.visible_to(user)``; outside of it the page does not exist (404). A person *acts*
on a record they see only with the permission named on the view (403).
"""

from collections.abc import Callable, Iterable
from typing import Protocol

from accounts.roles import GRANTS, PERMISSION_LABELS, Permission, Role


class Scope(Protocol):
    """Anything that can say which roles a person holds on it: a pharmacy, an assessment."""

    def roles_of(self, user) -> frozenset[Role]: ...


_ROLE_SOURCES: list[Callable[..., frozenset[Role]]] = []


def register_role_source(source: Callable[..., frozenset[Role]]) -> None:
    """Let a room above say which scoped roles a person holds anywhere (``source(user)``).

    Called from the room's ``AppConfig.ready``; the ground floor never learns what a shop is.
    """
    if source not in _ROLE_SOURCES:
        _ROLE_SOURCES.append(source)


def roles_anywhere(user) -> frozenset[Role]:
    """All roles the person holds at any place; for lists, navigation and the switcher."""
    if not user.is_authenticated or not user.is_active:
        return frozenset()
    cached = getattr(user, "_roles_anywhere", None)
    if cached is None:
        cached = frozenset(user.area_roles).union(*(source(user) for source in _ROLE_SOURCES))
        user._roles_anywhere = cached
    return cached


def roles_granting(user, permission: Permission, scope: Scope | None = None) -> list[Role]:
    """Return the person's roles that give ``permission`` everywhere, or on ``scope``.

    A superuser has no shortcut here: the back office is one thing, authority another.
    """
    if not user.is_authenticated or not user.is_active:
        return []
    roles = user.global_roles
    if scope is not None:
        roles |= scope.roles_of(user)
    return [role for role in Role if role in roles and permission in GRANTS[role]]


def roles_granting_somewhere(user, permission: Permission) -> list[Role]:
    """Return the person's roles that give ``permission`` at any place."""
    held = roles_anywhere(user)
    return [role for role in Role if role in held and permission in GRANTS[role]]


def allowed(user, permission: Permission, scope: Scope | None = None) -> bool:
    """Return whether ``user`` holds ``permission`` everywhere, or on ``scope``."""
    return bool(roles_granting(user, permission, scope))


def allowed_somewhere(user, permission: Permission) -> bool:
    """Return whether ``user`` holds ``permission`` at any place: the door of a list.

    What the list then shows is decided by ``visible_to``.
    """
    return bool(roles_granting_somewhere(user, permission))


def refusal(user, permission: Permission) -> str:
    """Say why the door stays shut: what it asks for, who may, and what this person is."""
    right = PERMISSION_LABELS[permission]
    held = roles_anywhere(user)
    if not held:
        return f"这里要有“{right}”权限。您的账号还没有角色，请联系协会秘书处授予。"
    if allowed_somewhere(user, permission):
        return f"您有“{right}”权限，但不管这条记录，所以不能在这里办。"
    able = _names(role for role in Role if permission in GRANTS[role])
    return f"这里要有“{right}”权限，能办的是：{able}。您的角色是：{_names(held)}。"


def _names(roles: Iterable[Role]) -> str:
    return "、".join(role.label for role in sorted(roles, key=list(Role).index))
