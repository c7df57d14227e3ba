"""The regulations, the consent text and the work list."""

from datetime import datetime

from association.defaults import default, read_content
from party.actions import members, organisations, work


@default(25, "党务规则")
def party_rules(now: datetime) -> int:
    """Enter the rules that are missing; local rules stay as they are."""
    return organisations.load_rules(read_content("party", "party_rules.yaml"), now=now)


@default(26, "党员信息同意书")
def consent_texts(now: datetime) -> int:
    """Enter the versions of the consent text that are missing."""
    return members.load_consent_texts(read_content("party", "consent.yaml"), now=now)


@default(27, "党建工作清单")
def work_list(now: datetime) -> int:
    """Enter the items that are missing."""
    return work.load_items(read_content("party", "work_list.yaml"), now=now)
