"""The fixed activities and their periods."""

from datetime import datetime

from django.utils.timezone import localdate

from activities import actions
from association.defaults import default, read_content


@default(30, "六个一与固定活动")
def programme(now: datetime) -> int:
    """Enter the duties, and what they owe from now to the end of the year."""
    new = actions.load_programme(read_content("activities", "programme.yaml"), now=now)
    return new + actions.oblige(localdate(now).year, now=now)
