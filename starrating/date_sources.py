"""The dates of this room that rules remind of."""

from collections.abc import Iterator
from datetime import date

from django.db.models import Q

from association.date_sources import DateSource
from association.reminder_plan import Occurrence
from starrating.actions.cycle import people_answering
from starrating.enums import AssessmentState, CycleState
from starrating.models import Cycle


def _entry_closes(since: date, until: date) -> Iterator[Occurrence]:
    """Cycles in self-assessment, with those whose sheet is still to come."""
    owing = Q(state__in=[AssessmentState.OPEN, AssessmentState.RETURNED])
    running = Cycle.objects.filter(
        state=CycleState.SELF_REVIEW, entry_closes_on__range=(since, until)
    )
    for cycle in running.order_by("pk"):
        people = people_answering(cycle, owing).filter(is_active=True)
        yield Occurrence(
            key=f"cycle:{cycle.pk}:entry",
            label=f"{cycle.name}星级自评",
            due_on=cycle.entry_closes_on,
            people={"owing": tuple(people.order_by("pk").values_list("pk", flat=True))},
            link="/ratings/mine/",
            about=(Cycle._meta.label, str(cycle.pk)),
        )


ENTRY_CLOSES = DateSource(
    "starrating.entry_closes", "星级自评截止日", {"owing": "还没交自评的药店"}, _entry_closes
)
