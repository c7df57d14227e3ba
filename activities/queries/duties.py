"""The duties as a list to choose from."""

from activities.models import Duty


def duty_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the active duties by code and full name, grouped by programme."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for duty in Duty.objects.latest().active().order_by("order", "pk"):
        groups.setdefault(duty.get_programme_display(), []).append((duty.code, duty.full_name))
    return list(groups.items())
