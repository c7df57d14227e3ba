"""The default pledge."""

from datetime import datetime

from association.defaults import default, read_content
from pledges import actions


@default(20, "自律承诺书")
def pledge_text(now: datetime) -> int:
    """Enter the default wording, unless this version is there."""
    _, is_new = actions.load_text(read_content("pledges", "pledge.yaml"), now=now)
    return int(is_new)
