"""The dates of this room that rules remind of."""

from collections.abc import Iterator
from datetime import date

from accounts.roles import Role
from association.date_sources import DateSource
from association.reminder_plan import Occurrence
from members.models import Position
from pledges.models import Campaign


def _sign_by(since: date, until: date) -> Iterator[Occurrence]:
    """Campaigns whose day to sign comes near, with the owners who have not signed."""
    for campaign in Campaign.objects.filter(sign_by__range=(since, until)).order_by("pk"):
        shops = campaign.pledges.waiting().values("pharmacy")
        owners = Position.objects.current().filter(role=Role.OWNER, pharmacy__in=shops)
        people = owners.order_by("user").values_list("user", flat=True).distinct()
        yield Occurrence(
            key=f"campaign:{campaign.pk}",
            label=f"{campaign.year} 年度自律承诺书",
            due_on=campaign.sign_by,
            people={"owners": tuple(people)},
            link="/pledges/",
            about=(Campaign._meta.label, str(campaign.pk)),
        )


SIGN_BY = DateSource(
    "pledges.sign_by", "承诺书签署截止日", {"owners": "还没签的药店负责人"}, _sign_by
)
