"""Papers of the rating room: certificates, single, all in one, or as a zip."""

import base64
import io
import zipfile
from collections.abc import Iterable, Iterator

import segno
from django.conf import settings

from association.pdf import render_pdf
from starrating.models import Award

CONTENT_TYPE = "application/pdf"


def certificates(awards: Iterable[Award]) -> bytes:
    """Return one PDF with a page for each award; they come with result, cycle and scheme."""
    rows = [_certificate(award) for award in awards]
    organiser = rows[0]["organiser"] if rows else ""
    context = {"certificates": rows, "organisation": {"name": organiser}}
    return render_pdf("documents/certificate.html", context)


def certificate_files(awards: Iterable[Award]) -> Iterator[tuple[str, bytes]]:
    """Yield ``(file name, PDF)`` of each award."""
    for award in awards:
        yield file_name(award), certificates([award])


def zipped(files: Iterable[tuple[str, bytes]]) -> bytes:
    """Return the files as one zip, in their order."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return out.getvalue()


def file_name(award: Award) -> str:
    """Name the file so that a folder of them sorts by serial and can be read."""
    safe = "".join(c for c in award.holder_name if c.isalnum() or c in "·-（）()")
    return f"{award.serial}_{safe}.pdf"


def verify_url(award: Award) -> str:
    """The address behind the QR code on certificate and plaque."""
    return f"{settings.PUBLIC_URL}/v/{award.token}/"


def qr_picture(text: str) -> str:
    """Return ``text`` as a QR code, a data address of an SVG; error correction M."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="svg", border=1, xmldecl=False)
    return "data:image/svg+xml;base64," + base64.b64encode(out.getvalue()).decode()


def _certificate(award: Award) -> dict:
    scheme = award.result.assessment.cycle.scheme
    return {
        "shop": award.holder_name,
        "stars": award.stars,
        "scheme": f"《{scheme.title}》",
        "number": award.serial,
        "valid_from": award.valid_from,
        "valid_to": award.valid_to,
        "issued_on": award.issued_at,
        "qr": qr_picture(verify_url(award)),
        "organiser": scheme.organiser,
    }
