"""What every layout shows of the desk: whose portal it is, and how many messages wait."""

from django.utils.functional import SimpleLazyObject

from desk import queries


def desk(request) -> dict:
    """Return ``association`` {name, full_name, …} and ``unread_messages``; both are lazy.

    Not ``organisation``: pages of the Party room call one of its organisations so.
    """
    user = getattr(request, "user", None)
    context = {"association": SimpleLazyObject(_association)}
    if user is not None and user.is_authenticated:
        context["unread_messages"] = SimpleLazyObject(lambda: queries.unread_count(user))
    return context


def _association() -> dict:
    profile = queries.remembered_profile()
    return {
        "name": str(profile),
        "full_name": profile.name,
        "has_mark": profile.mark_id is not None,
        "contact_phone": profile.contact_phone,
        "complaint_phone": profile.complaint_phone,
        "filings": profile.filings_footer,
    }
