"""The veto list."""

from datetime import datetime

from association.defaults import default, read_content
from inspections import actions


@default(35, "一票否决情形")
def grounds(now: datetime) -> int:
    """Enter the grounds that are missing."""
    return actions.load_grounds(read_content("inspections", "grounds.yaml"), now=now)
