"""What leaves the activities room as a file: calendars (RFC 5545), minutes of meetings."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Alarm, Calendar, Event, Timezone, vDuration

from activities.models import ActionItem, Activity
from activities.queries.feeds import Entry, Feed
from activities.queries.meetings import Figure
from association.pdf import render_pdf
from desk.queries import remembered_profile

SHANGHAI = ZoneInfo("Asia/Shanghai")
USUAL_LENGTH = timedelta(hours=2)  # where nobody has said when it ends
READ_AGAIN = timedelta(hours=6)
# The day before: at the same hour, or at nine in the morning for what has no hour.
DAY_BEFORE, NINE_THE_DAY_BEFORE = timedelta(days=-1), timedelta(hours=-15)


def calendar_file(feed: Feed, *, public_url: str) -> bytes:
    """Return the calendar as phones read it.

    The moment in every entry is its own last change, so the file stays the same to the byte
    until something in it changes.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//Party branch and self-discipline portal//calendar//ZH")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("name", feed.name)
    calendar.add("x-wr-calname", feed.name)
    calendar.add("x-wr-timezone", SHANGHAI.key)
    calendar.add("refresh-interval", vDuration(READ_AGAIN), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", vDuration(READ_AGAIN))
    if feed.entries:
        first = min(entry.day for entry in feed.entries)
        calendar.add_component(Timezone.from_tzinfo(SHANGHAI, first_date=first))
    host = public_url.partition("//")[2].partition("/")[0].partition(":")[0]
    for entry in feed.entries:
        calendar.add_component(_event(entry, host, public_url))
    return calendar.to_ical()


def _event(entry: Entry, host: str, public_url: str) -> Event:
    event = Event()
    event.add("uid", f"{entry.uid}@{host}")
    event.add("dtstamp", entry.changed_at)
    event.add("last-modified", entry.changed_at)
    event.add("sequence", entry.sequence)
    event.add("summary", entry.title)
    if entry.starts_at is None:
        event.add("dtstart", entry.day)
        event.add("dtend", entry.day + timedelta(days=1))
        event.add("transp", "TRANSPARENT")
    else:
        starts = datetime.combine(entry.day, entry.starts_at, tzinfo=SHANGHAI)
        ends = starts + USUAL_LENGTH
        if entry.ends_at is not None:
            ends = datetime.combine(entry.day, entry.ends_at, tzinfo=SHANGHAI)
        event.add("dtstart", starts)
        event.add("dtend", ends)
    if entry.place:
        event.add("location", entry.place)
    if entry.note:
        event.add("description", entry.note)
    event.add("url", f"{public_url}{entry.path}")
    event.add("status", _status(entry))
    if not (entry.is_over or entry.is_cancelled):
        event.add_component(_alarm(entry))
    return event


def _status(entry: Entry) -> str:
    if entry.is_cancelled:
        return "CANCELLED"
    return "TENTATIVE" if entry.is_tentative else "CONFIRMED"


def _alarm(entry: Entry) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", entry.title)
    alarm.add("trigger", NINE_THE_DAY_BEFORE if entry.starts_at is None else DAY_BEFORE)
    return alarm


# ------------------------------------------------------------------ minutes

MINUTES_TEMPLATE = "documents/association_minutes.html"


def minutes_pdf(activity: Activity, *, carried: list[ActionItem], figures: list[Figure]) -> bytes:
    """Return the minutes of a meeting with what was left to it and what it gave out."""
    minutes = activity.minutes
    context = {
        "activity": activity,
        "minutes": minutes,
        "agenda": list(minutes.agenda.order_by("order")),
        "carried": carried,
        "figures": figures,
        "items": list(activity.action_items.order_by("due_on", "pk")),
        "organisation": {"name": remembered_profile().name},
    }
    return render_pdf(MINUTES_TEMPLATE, context)
