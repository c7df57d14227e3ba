"""Whose calendar a person looks at: the association's and that of Party organisations in sight."""

from dataclasses import dataclass

from accounts.roles import Role
from activities.queries.calendar import PartyLife
from party.enums import BRANCH_KINDS, OrganisationKind
from party.models import PartyOrganisation, organisations_kept_by


@dataclass(frozen=True)
class Host:
    """A branch with its groups, as the choice above the matrix names it."""

    organisation: PartyOrganisation
    groups: tuple[PartyOrganisation, ...] = ()

    @property
    def keys(self) -> list[int]:
        """The pks of the branch and its groups."""
        return [self.organisation.pk, *(group.pk for group in self.groups)]


@dataclass(frozen=True)
class Hosts:
    """The branches in a person's sight, and all that stand anywhere."""

    seen: tuple[Host, ...]
    all_branches: frozenset[int]
    life: PartyLife  # whose meetings stand in their calendar

    def chosen(self, asked: str) -> Host | None:
        """Return the branch that was asked for by its pk, else the first."""
        by_key = {str(host.organisation.pk): host for host in self.seen}
        return by_key.get(asked) or (self.seen[0] if self.seen else None)


def host_choices(user):
    """Return the standing branches and groups that the person may enter activities for."""
    rows = _standing()
    return rows if _sees_all(user) else rows.filter(pk__in=organisations_kept_by(user))


def hosts_of(user) -> Hosts:
    """Return the standing branches in the person's sight, each with its groups; one query."""
    kept, sees_all = organisations_kept_by(user), _sees_all(user)
    rows = list(_standing())
    seen = [row for row in rows if sees_all or row.pk in kept]
    groups: dict[int, list[PartyOrganisation]] = {}
    for row in seen:
        if row.kind == OrganisationKind.GROUP:
            groups.setdefault(row.parent_id, []).append(row)
    return Hosts(
        seen=tuple(
            Host(row, tuple(groups.get(row.pk, ()))) for row in seen if row.kind in BRANCH_KINDS
        ),
        all_branches=frozenset(row.pk for row in rows if row.kind in BRANCH_KINDS),
        life=PartyLife({row.pk: row.name for row in seen}, kept),
    )


def _standing():
    rows = PartyOrganisation.objects.standing()
    return rows.filter(kind__in=[*BRANCH_KINDS, OrganisationKind.GROUP]).order_by(
        "founded_on", "pk"
    )


def _sees_all(user) -> bool:
    return user.area_roles.get(Role.SECRETARIAT, frozenset()) is None
