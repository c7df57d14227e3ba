"""What the Party room has that meets obligations: pulled from there, never copied here.

Kind, day and organisation are all that this room learns of a meeting. Its subject and its people
stay with those who keep the ledger of the organisation.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from django.urls import reverse

from activities.models import Obligation
from party.enums import MeetingKind
from party.queries import branches, meetings_held


@dataclass(frozen=True)
class Occasion:
    """One meeting of a Party organisation, as far as the calendar of the house knows it."""

    pk: int
    organisation: int
    kind: str
    held_on: date
    is_coming: bool = False
    is_filed: bool = False

    @property
    def name(self) -> str:
        """What kind of meeting it is: all that is said of it outside the Party room."""
        return MeetingKind(self.kind).label

    def url_for(self, kept: frozenset[int]) -> str:
        """Return its page for those who keep that organisation's ledger, else nothing."""
        if self.organisation not in kept:
            return ""
        return reverse("party:meeting", args=[self.pk])


@dataclass(frozen=True)
class Facts:
    """What was held and is to come, by kind of meeting."""

    of_kind: Mapping[str, list[Occasion]] = field(default_factory=dict)
    branches: frozenset[int] = frozenset()

    def of(self, obligation: Obligation) -> list[Occasion]:
        """Return the meetings that count for the obligation, by day.

        What the association owes itself is met by any branch.
        """
        kind, owes = obligation.duty.meeting, obligation.organisation_id
        if not kind:
            return []
        return [
            row
            for row in self.of_kind.get(kind, [])
            if obligation.counts_from <= row.held_on <= obligation.counts_until
            and (
                row.organisation == owes if owes is not None else row.organisation in self.branches
            )
        ]


NOTHING = Facts()


def facts_for(
    obligations: Iterable[Obligation], any_branch: Collection[int] | None = None
) -> Facts:
    """Return the meetings that may count for any of ``obligations``: one query.

    ``any_branch`` are the standing branches if they have been read already; else it is one more.
    """
    asked = [row for row in obligations if row.duty.meeting]
    if not asked:
        return NOTHING
    own = {row.organisation_id for row in asked} - {None}
    if any_branch is None:
        any_branch = branches().values_list("pk", flat=True)
    facts = Facts(defaultdict(list), frozenset(any_branch))
    first = min(row.counts_from for row in asked)
    last = max(row.counts_until for row in asked)
    for occasion in _occasions(sorted(own | facts.branches), first, last):
        facts.of_kind[occasion.kind].append(occasion)
    return facts


def between(organisations: Iterable[int], first: date, last: date) -> list[Occasion]:
    """Return what the organisations hold on the days, once for each meeting, for the calendar."""
    once: dict[int, Occasion] = {}
    for occasion in _occasions(organisations, first, last):
        once.setdefault(occasion.pk, occasion)
    return list(once.values())


def _occasions(organisations: Iterable[int], first: date, last: date) -> list[Occasion]:
    """Return the meetings, one row for each kind that they count for, by day: one query."""
    return [
        Occasion(row.meeting, row.organisation, row.kind, row.held_on, row.is_coming, row.is_filed)
        for row in meetings_held(organisations, first, last, and_planned=True)
    ]


def entry_url(obligation: Obligation, *, kept: frozenset[int], today: date) -> str:
    """Return where a keeper enters the meeting that is owed; nothing for anybody else."""
    duty, owes = obligation.duty, obligation.organisation_id
    if not duty.meeting or owes not in kept:
        return ""
    day = min(max(today, obligation.counts_from), obligation.counts_until)
    return f"{reverse('party:plan')}?organisation={owes}&kind={duty.meeting}&day={day.isoformat()}"
