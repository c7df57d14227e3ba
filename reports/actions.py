"""What the reports room does itself: it hands out papers, and records that it did."""

from datetime import datetime

from django.db import transaction

from association import audit
from association.errors import BusinessRuleError
from reports.queries.cockpit import Cockpit


class NothingToExportError(BusinessRuleError):
    """There is no figure to hand out yet."""


@transaction.atomic
def export_cockpit(page: Cockpit, *, by, now: datetime) -> None:
    """Record that the figures left the portal: of which cycle and area, how many rows."""
    if not page.areas:
        raise NothingToExportError("辖区内还没有登记的药店，没有可导出的内容。")
    audit.record(
        "cockpit.exported",
        by=by,
        target=by,
        now=now,
        cycle=page.cycle.name if page.cycle else "",
        area=page.area.name if page.area else "",
        rows=len(page.areas) + page.risk_count,
    )
