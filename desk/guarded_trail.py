"""Acts of a room whose details are its own affair: the trail shows that they happened, not what.

A room above hands in the prefix of its acts and who may read on, from its ``AppConfig.ready``::

    guarded_trail.guard("party.", Permission.PARTY_VIEW)

Everybody who reads the trail still sees act, person, role and time; the seals cover every line.
"""

from accounts.permissions import allowed_somewhere
from accounts.roles import Permission

_GUARDED: dict[str, Permission] = {}


def guard(prefix: str, permission: Permission) -> None:
    """Keep the details of acts that begin with ``prefix`` for holders of ``permission``."""
    _GUARDED[prefix] = permission


def is_shut(user, act: str) -> bool:
    """Return whether the details of the act are not for this person."""
    return any(
        act.startswith(prefix) and not allowed_somewhere(user, permission)
        for prefix, permission in _GUARDED.items()
    )
