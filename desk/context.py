"""What every layout shows of the desk: whose portal it is, and how many messages wait."""

from django.utils.functional import SimpleLazyObject

from desk import queries


def desk(request) -> dict:
    """Return ``organisation`` {name, note, …} and ``unread_messages``; both are lazy."""
    user = getattr(request, "user", None)
    context = {"organisation": SimpleLazyObject(_organisation)}
    if user is not None and user.is_authenticated:
        context["unread_messages"] = SimpleLazyObject(lambda: queries.unread_count(user))
    return context


def _organisation() -> dict:
    profile = queries.remembered_profile()
    return {
        "name": str(profile),
        "full_name": profile.name,
        "has_mark": profile.mark_id is not None,
        "contact_phone": profile.contact_phone,
        "complaint_phone": profile.complaint_phone,
        "filings": profile.filings_footer,
    }
