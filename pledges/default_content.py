"""The default pledge, and the levels of a breach."""

from datetime import datetime

from association.defaults import default, read_content
from pledges.actions import breaches, texts


@default(20, "自律承诺书")
def pledge_text(now: datetime) -> int:
    """Enter the default wording, unless this version is there."""
    _, is_new = texts.load_text(read_content("pledges", "pledge.yaml"), now=now)
    return int(is_new)


@default(21, "违诺等级")
def breach_levels(now: datetime) -> int:
    """Enter the levels that are missing."""
    return breaches.load_levels(read_content("pledges", "breaches.yaml"), now=now)
