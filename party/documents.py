"""Papers of the Party room: the minutes of a meeting."""

from django.utils.timezone import localtime

from association.pdf import render_pdf
from party.enums import MeetingKind, Presence
from party.models import Meeting
from party.queries import meetings as queries

MINUTES_TEMPLATE = "documents/party_minutes.html"


def minutes_pdf(meeting: Meeting) -> bytes:
    """Return the minutes with roll and votes, to be printed and signed."""
    roll = list(meeting.roll.select_related("member").order_by("member__name", "pk"))
    here = {
        presence: [entry for entry in roll if entry.presence == presence]
        for presence in Presence.values
    }
    context = {
        "meeting": meeting,
        "moment": localtime(meeting.starts_at),
        "kinds": [MeetingKind(kind).label for kind in meeting.counts_for],
        "roll": queries.roll_of(meeting),
        "present": here[Presence.PRESENT],
        "away": [*here[Presence.EXCUSED], *here[Presence.ABSENT]],
        "motions": queries.standing_motions(meeting),
        "is_joint": meeting.kind == MeetingKind.JOINT,
        "organisation": {"name": meeting.organisation.name},
    }
    return render_pdf(MINUTES_TEMPLATE, context)
