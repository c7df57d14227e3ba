"""Papers of the pledge room: the receipt, and the pledge to print, sign and stamp."""

from base64 import b64encode
from datetime import datetime

import segno
from django.conf import settings
from django.urls import reverse
from django.utils.timezone import localtime

from association.pdf import render_pdf
from association.sealing import Place
from desk.queries import remembered_profile
from pledges import signature_path
from pledges.models import Pledge


def receipt(pledge: Pledge, issue: int, place: Place | None, now: datetime) -> bytes:
    """Return the receipt as a PDF: what was signed, by whom, when, how, and where it is sealed."""
    context = _about(pledge) | {
        "issue": issue,
        "place": place,
        "signed_at": moment(pledge.signed_at),
        "issued_at": moment(now),
        "link": verify_url(pledge),
        "qr": qr(verify_url(pledge)),
        "drawing": drawing_picture(pledge.drawing),
    }
    return render_pdf("documents/pledge_receipt.html", context)


def paper(pledge: Pledge) -> bytes:
    """Return the pledge with the data of the shop, to be printed, signed and stamped."""
    link = settings.PUBLIC_URL + reverse("pledges:hand_in", args=[pledge.pk])
    return render_pdf("documents/pledge_paper.html", _about(pledge) | {"qr": qr(link)})


def verify_url(pledge: Pledge) -> str:
    """The address behind the code on the receipt."""
    return settings.PUBLIC_URL + reverse("pledges:verify", args=[pledge.receipt_token])


def moment(value: datetime) -> str:
    """Return 2026-01-12 12:00:05 +08:00: a moment that nobody has to guess the zone of."""
    return f"{localtime(value):%Y-%m-%d %H:%M:%S} +08:00"


def qr(text: str) -> str:
    """Return ``text`` as a QR code, the data address of a picture."""
    return segno.make(text, error="m", micro=False).svg_data_uri(border=1, scale=4)


def drawing_picture(path: str) -> str:
    """Return a drawn signature as the data address of a picture; empty when there is none."""
    if not path or signature_path.fault_of(path):
        return ""
    board = f"0 0 {signature_path.WIDTH} {signature_path.HEIGHT}"
    line = 'fill="none" stroke="#16211F" stroke-width="5" stroke-linecap="round"'
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{board}" '
        f'width="{signature_path.WIDTH}" height="{signature_path.HEIGHT}">'
        f'<path d="{path}" {line} stroke-linejoin="round"/></svg>'
    )
    return "data:image/svg+xml;base64," + b64encode(svg.encode()).decode()


def _about(pledge: Pledge) -> dict:
    return {
        "pledge": pledge,
        "shop": pledge.pharmacy,
        "unit": pledge.pharmacy.unit,
        "campaign": pledge.campaign,
        "text": pledge.campaign.text,
        "clauses": list(pledge.campaign.text.clauses.order_by("seq")),
        "organisation": {"name": remembered_profile().name},
    }
