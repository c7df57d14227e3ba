"""The fixed activities and their periods."""

from datetime import datetime

from django.utils.timezone import localdate

from activities import actions
from association.defaults import default, read_content
from association.models import CalendarDay


@default(30, "六个一与固定活动")
def programme(now: datetime) -> int:
    """Enter the duties and the periods of this year, where its working days are known."""
    new = actions.load_programme(read_content("activities", "programme.yaml"), now=now)
    year = localdate(now).year
    if year in CalendarDay.objects.calendar().known_years:
        new += actions.oblige(year, now=now)
    return new
