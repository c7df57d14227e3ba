"""Signing for a shop, on the phone and by its own person in charge; the draft before it."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.crypto import get_random_string
from django.utils.timezone import localtime

from accounts.roles import Role
from association import audit, jobs
from association.errors import BusinessRuleError
from pledges import signature_path
from pledges.actions.campaigns import refuse_when_over
from pledges.confirmation import Confirmation
from pledges.enums import ConfirmedWith, OfferState, PledgeState, SigningWay
from pledges.models import Pledge, PledgeText, SigningDraft
from pledges.workflow import PLEDGE

TOKEN_LETTERS = 22
SIGNATURE = (
    "state", "signed_at", "signed_by", "signed_name", "drawing", "ticked", "text_sha256", "way",
    "confirmed_with", "confirmed_by", "receipt_token", "audit_event",
)  # fmt: skip


class AlreadySignedError(BusinessRuleError):
    """Somebody has signed this pledge before."""


class NotYoursToSignError(BusinessRuleError):
    """Only the person in charge of the shop signs for it."""


class ClausesNotTickedError(BusinessRuleError):
    """Every clause is confirmed by itself."""


class SignatureNameError(BusinessRuleError):
    """The typed name is not that of the account, or there is no signature at all."""


class DrawingRefusedError(BusinessRuleError):
    """What came as a drawn signature is none."""


class NotConfirmedError(BusinessRuleError):
    """The signer has not shown once more who they are."""


class ReadTooFastError(BusinessRuleError):
    """The campaign asks for more time to read."""


def keep_draft(
    pledge: Pledge, *, ticked: Collection[str], opened_at: datetime, by, now: datetime
) -> SigningDraft:
    """Keep what is ticked so far; the first opening of the page stays the one that counts."""
    _refuse_signed(pledge)
    PLEDGE.after(pledge.state, "sign")
    _refuse_others(pledge, by)
    known = set(pledge.campaign.text.clauses.values_list("key", flat=True))
    draft, _ = SigningDraft.objects.get_or_create(
        pledge=pledge, person=by, defaults={"opened_at": min(opened_at, now), "saved_at": now}
    )
    draft.ticked, draft.saved_at = sorted(known & set(ticked)), now
    draft.save(update_fields=["ticked", "saved_at"])
    return draft


@transaction.atomic
def sign(
    pledge: Pledge,
    *,
    ticked: Collection[str],
    confirmation: Confirmation,
    name: str = "",
    drawing: str = "",
    opened_at: datetime | None = None,
    by,
    now: datetime,
) -> Pledge:
    """Sign for the shop: every clause ticked, drawn or typed by the signer, who is confirmed.

    The digest of the wording goes into the signature and the text is frozen from then on. Of
    two people who sign in the same second exactly one succeeds.
    """
    pledge = locked(pledge)
    _refuse_signed(pledge)
    refuse_when_over(pledge.campaign, now)
    state = PLEDGE.after(pledge.state, "sign")
    _refuse_others(pledge, by)
    _refuse_haste(pledge, opened_at, by, now)
    refuse_unticked(pledge, ticked)
    refuse_no_name(name=name, drawing=drawing, by=by)
    if refusal := confirmation.refusal(by):
        raise NotConfirmedError(refusal)
    # A stamped paper or a head office's signature that still waits is overtaken.
    pledge.offers.filter(state=OfferState.PENDING).update(state=OfferState.OVERTAKEN)
    SigningDraft.objects.filter(pledge=pledge).delete()
    return write_signature(
        pledge,
        state,
        way=SigningWay.ONLINE,
        name=by.real_name,
        drawing=drawing,
        confirmed_with=confirmation.kind,
        signed_by=by,
        role=Role.OWNER,
        by=by,
        now=now,
    )


def write_signature(
    pledge: Pledge,
    state: str,
    *,
    way: SigningWay,
    name: str,
    confirmed_with: ConfirmedWith,
    signed_by,
    role: Role,
    drawing: str = "",
    confirmed_by=None,
    by,
    now: datetime,
) -> Pledge:
    """Put the signature on a locked pledge, freeze its text, ask for the receipt.

    Only the first signature under a text locks it: a frozen one is never changed by anybody.
    """
    text = pledge.campaign.text
    if text.frozen_at is None:
        text = PledgeText.objects.select_for_update().get(pk=text.pk)
    pledge.state, pledge.way = state, way
    pledge.signed_at, pledge.signed_by, pledge.signed_name = now, signed_by, name
    pledge.drawing, pledge.confirmed_with, pledge.confirmed_by = (
        drawing,
        confirmed_with,
        confirmed_by,
    )
    pledge.ticked = list(text.clauses.order_by("seq").values_list("key", flat=True))
    pledge.text_sha256 = text.digest()
    pledge.receipt_token = get_random_string(TOKEN_LETTERS)
    event = audit.record(
        "pledge.signed",
        by=by,
        target=pledge,
        now=now,
        role=role.value,
        pharmacy=pledge.pharmacy_id,
        text=str(text),
        sha256=pledge.text_sha256,
        way=way.value,
        name=name,
        confirmed_with=confirmed_with.value,
    )
    pledge.audit_event = event.pk
    pledge.save(update_fields=SIGNATURE)
    if text.frozen_at is None:
        text.frozen_at = now
        text.save(update_fields=["frozen_at"])
    jobs.enqueue(
        "pledges.issue_receipt",
        key=f"pledges.issue_receipt:{pledge.pk}",
        payload={"pledge": pledge.pk},
        now=now,
    )
    return pledge


def locked(pledge: Pledge) -> Pledge:
    rows = Pledge.objects.select_related("campaign__text", "pharmacy", "signed_by")
    return rows.select_for_update(of=("self",)).get(pk=pledge.pk)


def refuse_unticked(pledge: Pledge, ticked: Collection[str]) -> None:
    clauses = pledge.campaign.text.clauses.order_by("seq")
    if missing := [c.title for c in clauses if c.key not in ticked]:
        raise ClausesNotTickedError(
            f"还有 {len(missing)} 条没有勾选：{'、'.join(missing)}。请逐条看过后勾选。"
        )


def refuse_no_name(*, name: str, drawing: str, by) -> None:
    """Refuse a signature that is neither drawn nor the signer's own name."""
    if not by.real_name:
        raise SignatureNameError("您的账号还没有登记姓名，请联系协会秘书处补上后再签。")
    if drawing and (fault := signature_path.fault_of(drawing)):
        raise DrawingRefusedError(fault)
    typed = "".join(name.split())
    if not typed and not drawing:
        raise SignatureNameError("请在框里签名，或者输入您的姓名。")
    if typed and typed != "".join(by.real_name.split()):
        raise SignatureNameError(f"签名要与账号姓名一致，请输入“{by.real_name}”。")


def _refuse_signed(pledge: Pledge) -> None:
    if pledge.state == PledgeState.SIGNED:
        when = localtime(pledge.signed_at)
        raise AlreadySignedError(
            f"这份承诺书已由{pledge.signed_name}于 {when:%Y}年{when.month}月{when.day}日 "
            f"{when:%H:%M} 签署，不用再签。"
        )


def _refuse_others(pledge: Pledge, by) -> None:
    if Role.OWNER not in pledge.pharmacy.roles_of(by):
        raise NotYoursToSignError("承诺书由本店负责人签署，其他人不能代签。")


def _refuse_haste(pledge: Pledge, opened_at: datetime | None, by, now: datetime) -> None:
    least = pledge.campaign.min_reading_seconds
    if not least:
        return
    draft = pledge.drafts.filter(person=by).first()
    opened = [moment for moment in (opened_at, draft and draft.opened_at) if moment]
    left = timedelta(seconds=least) - (now - min(opened, default=now))
    if left > timedelta(0):
        raise ReadTooFastError(
            f"这份承诺书要求至少阅读 {least} 秒，请再看 {left.seconds + 1} 秒后签。勾选都还在。"
        )
