"""What the frame of a page asks this room: the number beside 待办."""

from django.utils import timezone

from reports.queries.waiting import waiting_for


def count_waiting_for(user) -> int:
    """Return how many things the person's shops owe today."""
    return len(waiting_for(user, today=timezone.localdate()))
