"""Issuing the receipt of a signature: each issue is kept with its own SHA-256."""

from datetime import datetime

from django.db import transaction

from association import audit, files
from association.errors import BusinessRuleError
from association.sealing import place_of
from pledges.models import Pledge, Receipt


class NothingToReceiptError(BusinessRuleError):
    """Nobody has signed, so there is no receipt."""


class ReceiptIsCurrentError(BusinessRuleError):
    """The last issue says all that a new one could say."""


@transaction.atomic
def issue(pledge: Pledge, *, draw, by, now: datetime) -> Receipt:
    """Make the receipt, or a further one once the signature is sealed.

    ``draw(pledge, issue, place, now)`` returns the bytes; the paper is not this room's act.
    """
    rows = Pledge.objects.select_related("campaign__text", "pharmacy__unit")
    pledge = rows.select_for_update(of=("self",)).get(pk=pledge.pk)
    if pledge.signed_at is None:
        raise NothingToReceiptError("这份承诺书还没有签署，没有回执。")
    last = pledge.receipts.order_by("-issue").first()
    place = place_of(pledge.audit_event) if pledge.audit_event else None
    if last is not None and (place is None or last.seal_number is not None):
        raise ReceiptIsCurrentError(
            "最新一份回执已经写明封存位置，不用再出。"
            if last.seal_number is not None
            else "签署记录还没有封存，现在再出一份内容相同。封存后再来。"
        )
    number = last.issue + 1 if last else 1
    stored = files.keep(
        draw(pledge, number, place, now),
        name=f"承诺回执 {pledge.number} {pledge.pharmacy.name}.pdf",
        content_type="application/pdf",
        by=by,
        now=now,
    )
    receipt = Receipt.objects.create(
        pledge=pledge,
        issue=number,
        file=stored,
        sha256=stored.sha256,
        seal_number=place.seal.number if place else None,
        issued_at=now,
    )
    audit.record(
        "pledge.receipt_issued", by=by, target=pledge, now=now, issue=number, sha256=stored.sha256
    )
    return receipt
