"""What the page of a shop shows of its stars."""

from django.utils import timezone

from accounts.permissions import allowed
from accounts.roles import Permission
from starrating.queries import explanation
from starrating.queries.award import public_words


def shop_panel(user, pharmacy) -> dict | None:
    """Return the newest certificate and the last cycles; a draft only for the office."""
    if not allowed(user, Permission.ASSESSMENT_VIEW, pharmacy):
        return None
    rows = explanation.files_of(user, pharmacy)
    if not rows:
        return None
    award = pharmacy.awards.exclude(state="withdrawn").order_by("-valid_from", "-pk").first()
    sees_result = allowed(user, Permission.RESULT_VIEW, pharmacy)
    for row in rows:
        row.pharmacy = pharmacy
    is_office = explanation.is_office(user, rows[0])
    return {
        "award": award,
        "words": public_words(award, today=timezone.localdate()) if award else "",
        "rows": [
            {
                "assessment": row,
                "shows_star": bool(row.preview_status)
                and sees_result
                and (is_office or row.is_issued),
                "is_draft": not row.is_issued,
            }
            for row in rows
        ],
        "sees_result": sees_result,
    }
