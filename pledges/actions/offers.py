"""Signatures that need a second person: a stamped paper, and a head office for its shop."""

from collections.abc import Collection
from datetime import date, datetime

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils.timezone import localdate

from accounts.roles import Role
from association import audit, outbox
from association.errors import BusinessRuleError
from association.models import StoredFile
from members.models import MemberUnit, Position
from pledges.actions.campaigns import refuse_when_over
from pledges.actions.signing import (
    NotConfirmedError,
    NotYoursToSignError,
    locked,
    refuse_no_name,
    refuse_unticked,
    write_signature,
)
from pledges.confirmation import Confirmation
from pledges.enums import ConfirmedWith, OfferState, SigningWay
from pledges.models import Mandate, Offer, Pledge
from pledges.workflow import PLEDGE


class SamePersonError(BusinessRuleError):
    """Who hands a signature in does not accept it."""


class OfferClosedError(BusinessRuleError):
    """The offer was accepted, refused or overtaken before."""


class ReasonMissingError(BusinessRuleError):
    """A refusal says why."""


class NoMandateError(BusinessRuleError):
    """The company has no mandate that holds today."""


class MandateRefusedError(BusinessRuleError):
    """The days of a mandate do not fit, or it was ended before."""


@transaction.atomic
def record_mandate(
    unit: MemberUnit, *, paper: StoredFile, starts_on: date, ends_on: date, by, now: datetime
) -> Mandate:
    """Record that the head office may sign for the shops of the company, with its paper."""
    if not starts_on <= ends_on:
        raise MandateRefusedError("授权的结束日期不能早于开始日期。")
    mandate = Mandate.objects.create(
        unit=unit,
        paper=paper,
        starts_on=starts_on,
        ends_on=ends_on,
        recorded_at=now,
        recorded_by=by,
    )
    audit.record(
        "pledge.mandate_recorded",
        by=by,
        target=mandate,
        now=now,
        unit=unit.pk,
        days=[starts_on.isoformat(), ends_on.isoformat()],
    )
    return mandate


@transaction.atomic
def end_mandate(mandate: Mandate, *, by, now: datetime) -> Mandate:
    """End a mandate from this moment on; what was signed under it stays."""
    mandate = Mandate.objects.select_for_update(of=("self",)).get(pk=mandate.pk)
    if mandate.ended_at is not None:
        raise MandateRefusedError("这份授权已经终止。")
    mandate.ended_at, mandate.ended_by = now, by
    mandate.save(update_fields=["ended_at", "ended_by"])
    audit.record("pledge.mandate_ended", by=by, target=mandate, now=now)
    return mandate


@transaction.atomic
def hand_in(pledge: Pledge, *, scan: StoredFile, name: str, by, now: datetime) -> Offer:
    """Hand in the scan of the printed, signed and stamped pledge; the office looks at it."""
    pledge = locked(pledge)
    refuse_when_over(pledge.campaign, now)
    state = PLEDGE.after(pledge.state, "hand_in")
    if not name.strip():
        raise NotYoursToSignError("请填写纸上签名的负责人姓名。")
    offer = Offer.objects.create(
        pledge=pledge,
        way=SigningWay.PAPER,
        signed_name=name.strip(),
        scan=scan,
        offered_at=now,
        offered_by=by,
    )
    _wait(pledge, state)
    audit.record("pledge.handed_in", by=by, target=pledge, now=now, sha256=scan.sha256)
    return offer


@transaction.atomic
def sign_for(
    pledge: Pledge,
    *,
    ticked: Collection[str],
    confirmation: Confirmation,
    name: str = "",
    drawing: str = "",
    by,
    now: datetime,
) -> Offer:
    """Sign as the head office, under a mandate of today; the shop has to confirm."""
    pledge = locked(pledge)
    refuse_when_over(pledge.campaign, now)
    state = PLEDGE.after(pledge.state, "sign_for")
    if Role.HEAD_OFFICE not in pledge.pharmacy.roles_of(by):
        raise NotYoursToSignError("只有本企业总部的人能代门店签署。")
    mandate = (
        Mandate.objects.holding_on(localdate(now))
        .filter(unit=pledge.pharmacy.unit_id)
        .order_by("-ends_on")
        .first()
    )
    if mandate is None:
        raise NoMandateError(
            "协会没有登记贵公司今天有效的代签授权。请把盖章的授权书交秘书处登记，"
            "或请门店负责人自己签。"
        )
    refuse_unticked(pledge, ticked)
    refuse_no_name(name=name, drawing=drawing, by=by)
    if refusal := confirmation.refusal(by):
        raise NotConfirmedError(refusal)
    offer = Offer.objects.create(
        pledge=pledge,
        way=SigningWay.HEAD_OFFICE,
        signed_name=by.real_name,
        drawing=drawing,
        ticked=sorted(ticked),
        mandate=mandate,
        offered_at=now,
        offered_by=by,
    )
    _wait(pledge, state)
    audit.record(
        "pledge.signed_for",
        by=by,
        target=pledge,
        now=now,
        role=Role.HEAD_OFFICE.value,
        mandate=mandate.pk,
        confirmed_with=confirmation.kind.value,
    )
    at_shop = Position.objects.current().filter(role=Role.OWNER, pharmacy=pledge.pharmacy)
    outbox.post(
        f"pledge-offer:{offer.pk}:confirm",
        to=get_user_model().objects.filter(is_active=True, pk__in=at_shop.values("user")),
        subject=f"请确认总部代签的 {pledge.campaign.year} 年度承诺书",
        body=f"{pledge.pharmacy.unit.name}已代{pledge.pharmacy.name}签署，您确认后才生效。",
        link=f"/pledges/{pledge.pk}/",
        now=now,
    )
    return offer


@transaction.atomic
def accept(offer: Offer, *, by, now: datetime) -> Pledge:
    """Find the stamped paper in order, as a second person of the office: the pledge holds."""
    offer, pledge = _open(offer, SigningWay.PAPER)
    state = PLEDGE.after(pledge.state, "accept")
    if offer.offered_by_id == by.pk:
        raise SamePersonError("扫描件是您上传的，请另一位同事核对。")
    _decide(offer, OfferState.ACCEPTED, by=by, now=now)
    return write_signature(
        pledge,
        state,
        way=SigningWay.PAPER,
        name=offer.signed_name,
        confirmed_with=ConfirmedWith.SECOND_PERSON,
        signed_by=None,
        confirmed_by=by,
        role=Role.SECRETARIAT,
        by=by,
        now=now,
    )


@transaction.atomic
def refuse(offer: Offer, *, reason: str, by, now: datetime) -> Pledge:
    """Send a paper back with the reason; the shop may sign or hand in again."""
    offer, pledge = _open(offer, SigningWay.PAPER)
    state = PLEDGE.after(pledge.state, "refuse")
    if offer.offered_by_id == by.pk:
        raise SamePersonError("扫描件是您上传的，请另一位同事核对。")
    return _send_back(offer, pledge, state, reason, act="pledge.paper_refused", by=by, now=now)


@transaction.atomic
def confirm(offer: Offer, *, by, now: datetime) -> Pledge:
    """Confirm, as the person in charge of the shop, what the head office signed for it."""
    offer, pledge = _open(offer, SigningWay.HEAD_OFFICE)
    refuse_when_over(pledge.campaign, now)
    state = PLEDGE.after(pledge.state, "confirm")
    _refuse_not_owner(pledge, offer, by)
    _decide(offer, OfferState.ACCEPTED, by=by, now=now)
    return write_signature(
        pledge,
        state,
        way=SigningWay.HEAD_OFFICE,
        name=offer.signed_name,
        drawing=offer.drawing,
        confirmed_with=ConfirmedWith.SHOP,
        signed_by=offer.offered_by,
        confirmed_by=by,
        role=Role.OWNER,
        by=by,
        now=now,
    )


@transaction.atomic
def decline(offer: Offer, *, reason: str, by, now: datetime) -> Pledge:
    """Say, as the person in charge of the shop, that it does not take the head office's word."""
    offer, pledge = _open(offer, SigningWay.HEAD_OFFICE)
    state = PLEDGE.after(pledge.state, "decline")
    _refuse_not_owner(pledge, offer, by)
    return _send_back(offer, pledge, state, reason, act="pledge.mandate_declined", by=by, now=now)


def _send_back(offer, pledge, state, reason: str, *, act: str, by, now: datetime) -> Pledge:
    if not reason.strip():
        raise ReasonMissingError("请写明原因，对方要照着改。")
    offer.reason = reason.strip()[:200]
    _decide(offer, OfferState.REFUSED, by=by, now=now)
    _wait(pledge, state)
    audit.record(act, by=by, target=pledge, now=now, reason=offer.reason)
    outbox.post(
        f"pledge-offer:{offer.pk}:refused",
        to=[offer.offered_by],
        subject="承诺书没有通过确认",
        body=f"{pledge.pharmacy.name}：{offer.reason}。可以重新签署或重新上传。",
        link=f"/pledges/{pledge.pk}/",
        now=now,
    )
    return pledge


def _open(offer: Offer, way: SigningWay) -> tuple[Offer, Pledge]:
    pledge = locked(offer.pledge)
    rows = Offer.objects.select_related("offered_by").select_for_update(of=("self",))
    offer = rows.get(pk=offer.pk)
    if offer.state != OfferState.PENDING or offer.way != way:
        raise OfferClosedError(f"这份签署{offer.get_state_display()}，不用再处理。")
    return offer, pledge


def _decide(offer: Offer, state: OfferState, *, by, now: datetime) -> None:
    offer.state, offer.decided_at, offer.decided_by = state, now, by
    offer.save(update_fields=["state", "decided_at", "decided_by", "reason"])


def _wait(pledge: Pledge, state: str) -> None:
    pledge.state = state
    pledge.save(update_fields=["state"])


def _refuse_not_owner(pledge: Pledge, offer: Offer, by) -> None:
    if Role.OWNER not in pledge.pharmacy.roles_of(by):
        raise NotYoursToSignError("总部代签的承诺书由本店负责人确认。")
    if offer.offered_by_id == by.pk:
        raise SamePersonError("代签和确认要是两个人。您也是本店负责人，请直接以本店身份签署。")
