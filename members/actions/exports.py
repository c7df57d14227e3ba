"""Taking the register out of the portal: who took how much of it is on record."""

from datetime import datetime

from django.db import transaction

from association import audit


@transaction.atomic
def note_export(*, rows: int, view: str, filters: dict, form: str, by, now: datetime) -> None:
    """Record that somebody takes a list of shops out as a file."""
    asked = {name: str(value) for name, value in filters.items() if value}
    audit.record(
        "pharmacy.exported", by=by, target=by, now=now, rows=rows, view=view, form=form, **asked
    )
