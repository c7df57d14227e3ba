"""Bringing a scheme into force: loading it as a draft, publishing it with its legal frame."""

import json
from datetime import date, datetime

from django.db import transaction

from association import audit
from association.errors import BusinessRuleError
from starrating import scheme_format
from starrating.enums import SchemeState
from starrating.models import Scheme


class SchemeRefusedError(BusinessRuleError):
    """The scheme contradicts itself; the sentence names the place."""


class LegalFrameMissingError(BusinessRuleError):
    """The legal frame of the scheme is not complete; ``field`` names what is not there."""

    def __init__(self, sentence: str, field: str = "") -> None:
        super().__init__(sentence)
        self.field = field


class AlreadyPublishedError(BusinessRuleError):
    """A published version is not published again and never changed."""


@transaction.atomic
def load(document, *, title: str, by, now: datetime) -> Scheme:
    """Keep ``document`` as a draft; the same version under the same title stays as it is.

    Raises ``SchemeRefusedError`` with every contradiction named.
    """
    try:
        rules = scheme_format.load(document)
    except scheme_format.SchemeError as error:
        raise SchemeRefusedError(str(error)) from error
    plain = json.loads(scheme_format.canonical_json(document))
    scheme, is_new = Scheme.objects.get_or_create(
        title=title,
        version=rules.version,
        defaults={
            "document": plain,
            "document_hash": scheme_format.document_hash(plain),
            "created_at": now,
            "created_by": by,
        },
    )
    if is_new:
        audit.record("scheme.drafted", by=by, target=scheme, now=now, hash=scheme.document_hash)
    return scheme


@transaction.atomic
def publish(
    scheme: Scheme,
    *,
    basis_title: str,
    basis_number: str,
    organiser: str,
    valid_from: date,
    valid_to: date,
    declares_no_fee: bool,
    by,
    now: datetime,
) -> Scheme:
    """Publish a draft with its legal frame; from now on its document never changes.

    Source of the frame: a rating needs a basis, an organiser, a term and may cost the shop
    nothing. Raises ``LegalFrameMissingError`` naming what is not there.
    """
    scheme = Scheme.objects.select_for_update(of=("self",)).get(pk=scheme.pk)
    if scheme.state != SchemeState.DRAFT:
        raise AlreadyPublishedError("这一版已经发布，不能再改。要调整请建立新版本。")
    for field, name, value in (
        ("basis_title", "依据文件", basis_title.strip()),
        ("basis_number", "文号", basis_number.strip()),
        ("organiser", "组织单位", organiser.strip()),
    ):
        if not value:
            raise LegalFrameMissingError(f"请填写{name}，再发布。", field)
    if not declares_no_fee:
        raise LegalFrameMissingError(
            "评星不得向药店收费。请勾选不收费声明，再发布。", "declares_no_fee"
        )
    if valid_to <= valid_from:
        raise LegalFrameMissingError("有效期的结束日要晚于开始日。", "valid_to")
    try:
        scheme_format.load(scheme.document)
    except scheme_format.SchemeError as error:
        raise SchemeRefusedError(str(error)) from error
    scheme.basis_title, scheme.basis_number = basis_title.strip(), basis_number.strip()
    scheme.organiser, scheme.declares_no_fee = organiser.strip(), True
    scheme.valid_from, scheme.valid_to = valid_from, valid_to
    scheme.state, scheme.published_at, scheme.published_by = SchemeState.PUBLISHED, now, by
    scheme.save(
        update_fields=[
            "basis_title",
            "basis_number",
            "organiser",
            "declares_no_fee",
            "valid_from",
            "valid_to",
            "state",
            "published_at",
            "published_by",
        ]
    )
    audit.record(
        "scheme.published",
        by=by,
        target=scheme,
        now=now,
        hash=scheme.document_hash,
        basis=scheme.basis_number,
    )
    return scheme
