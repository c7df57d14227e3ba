"""The working days of the announced years (2024–2026)."""

import csv
from datetime import date, datetime
from pathlib import Path

from django.conf import settings

from association.defaults import default
from association.models import CalendarDay

SOURCE = "国务院办公厅年度节假日安排通知"


@default(10, "节假日与调休")
def working_days(now: datetime) -> int:
    """Enter the days that are missing; a day that the office has corrected stays as it is."""
    path = Path(settings.BASE_DIR) / "association" / "content" / "working_days.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = [
            CalendarDay(
                day=date.fromisoformat(row["day"]),
                is_working=row["is_working"] == "true",
                name=row["name"],
                source=SOURCE,
            )
            for row in csv.DictReader(file)
        ]
    there = set(CalendarDay.objects.values_list("day", flat=True))
    fresh = [row for row in rows if row.day not in there]
    CalendarDay.objects.bulk_create(fresh)
    return len(fresh)
