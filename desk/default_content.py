"""The reminders that a fresh installation begins with."""

from datetime import datetime

from association.defaults import default, read_content
from desk.models import MessageRule


@default(60, "提醒规则")
def message_rules(now: datetime) -> int:
    """Enter the rules that are missing; one that the office has changed stays as it is."""
    fresh = 0
    for row in read_content("desk", "message_rules.yaml")["rules"]:
        _, is_new = MessageRule.objects.get_or_create(
            code=row["code"],
            defaults={key: value for key, value in row.items() if key != "code"}
            | {"changed_at": now},
        )
        fresh += is_new
    return fresh
