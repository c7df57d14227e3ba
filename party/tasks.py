"""What the worker does for the Party room."""

from datetime import time

from django.utils import timezone

from association import jobs
from association.errors import BusinessRuleError
from party.actions import reminders
from party.enums import Standing
from party.models import PartyMember, PartyOrganisation


@jobs.periodic("party.remind", label="提醒党组织到期事项", every=jobs.DAY, at=time(8, 30))
def remind(job, **_future) -> dict:
    """Remind the keepers of terms, probations and the work list; safe to run twice."""
    now, told = timezone.now(), 0
    organisations = PartyOrganisation.objects.standing().select_related("parent").order_by("pk")
    for organisation in organisations:
        try:
            told += reminders.of_term(organisation, now=now)
            told += reminders.of_work(organisation, now=now)
        except BusinessRuleError as error:
            jobs.problem(job, str(organisation), str(error))
    members = PartyMember.objects.present().filter(
        standing=Standing.PROBATIONARY, probation_ends_on__isnull=False
    )
    for member in members.select_related("organisation").order_by("pk"):
        told += reminders.of_probation(member, now=now)
    return {"told": told}
