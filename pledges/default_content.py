"""The default pledge."""

from datetime import datetime

from association.defaults import default, read_content
from pledges.actions import texts


@default(20, "自律承诺书")
def pledge_text(now: datetime) -> int:
    """Enter the default wording, unless this version is there."""
    _, is_new = texts.load_text(read_content("pledges", "pledge.yaml"), now=now)
    return int(is_new)
