"""Whose calendar a person looks at: the association's and that of Party organisations in sight."""

from dataclasses import dataclass

from accounts.roles import Role
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


def host_choices(user):
    """Return the standing branches and groups that the person may enter activities for."""
    rows = PartyOrganisation.objects.standing()
    if user.area_roles.get(Role.SECRETARIAT, frozenset()) is not None:
        rows = rows.filter(pk__in=organisations_kept_by(user))
    return rows.filter(kind__in=[*BRANCH_KINDS, OrganisationKind.GROUP]).order_by(
        "founded_on", "pk"
    )


def hosts_of(user) -> list[Host]:
    """Return the standing branches in the person's sight, each with its groups; one query."""
    found = list(host_choices(user))
    groups: dict[int, list[PartyOrganisation]] = {}
    for row in found:
        if row.kind == OrganisationKind.GROUP:
            groups.setdefault(row.parent_id, []).append(row)
    return [Host(row, tuple(groups.get(row.pk, ()))) for row in found if row.kind in BRANCH_KINDS]
