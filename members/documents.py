"""Papers of the register: the invitation sheets."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import segno
from django.conf import settings
from django.urls import reverse

from association.pdf import render_pdf
from members.actions import Invited
from members.models import MemberUnit, Pharmacy

SHEETS_TEMPLATE = "documents/invitations.html"
SLIPS_PER_PAGE = 4


@dataclass(frozen=True)
class Slip:
    """One invitation: for whom, the QR code as a picture, and the same as text."""

    place: str
    unit: str
    login: str
    role: str
    link: str
    expires_at: datetime
    qr: str


def slip(at: MemberUnit | Pharmacy, invited: Invited) -> Slip:
    """Return the slip of one invitation; ``qr`` is a ``data:`` address."""
    link = settings.PUBLIC_URL + reverse("accounts:join", args=[invited.token])
    return Slip(
        place=at.name,
        unit=at.unit.name if isinstance(at, Pharmacy) else "",
        login=invited.user.username,
        role=invited.position.get_role_display(),
        link=link,
        expires_at=invited.expires_at,
        qr=segno.make(link, error="m", micro=False).svg_data_uri(border=2, scale=4),
    )


def invitations_pdf(slips: Iterable[Slip], *, organisation: str) -> bytes:
    """Return the slips as A4 pages with lines to cut along, four to a page."""
    slips = list(slips)
    pages = [slips[i : i + SLIPS_PER_PAGE] for i in range(0, len(slips), SLIPS_PER_PAGE)]
    return render_pdf(SHEETS_TEMPLATE, {"pages": pages, "organisation": organisation})
