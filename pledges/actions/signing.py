"""Signing for a shop."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils.timezone import localtime

from accounts.roles import Role
from association import audit
from association.errors import BusinessRuleError
from pledges.actions.campaigns import refuse_when_over
from pledges.enums import PledgeState
from pledges.models import Pledge, PledgeText
from pledges.workflow import PLEDGE


class AlreadySignedError(BusinessRuleError):
    """Somebody has signed this pledge before."""


class NotYoursToSignError(BusinessRuleError):
    """Only the person in charge of the shop signs for it."""


class ClausesNotTickedError(BusinessRuleError):
    """Every clause is confirmed by itself."""


class SignatureNameError(BusinessRuleError):
    """The typed name is not that of the account."""


@transaction.atomic
def sign(pledge: Pledge, *, ticked: Collection[str], name: str, by, now: datetime) -> Pledge:
    """Sign for the shop: every clause ticked, the signer's own name typed.

    The digest of the wording goes into the signature and the text is frozen from then on. Of
    two people who sign in the same second exactly one succeeds.
    """
    rows = Pledge.objects.select_related("campaign__text", "pharmacy", "signed_by")
    pledge = rows.select_for_update(of=("self",)).get(pk=pledge.pk)
    if pledge.state == PledgeState.SIGNED:
        when = localtime(pledge.signed_at)
        raise AlreadySignedError(
            f"这份承诺书已由{pledge.signed_name}于 {when:%Y}年{when.month}月{when.day}日 "
            f"{when:%H:%M} 签署，不用再签。"
        )
    refuse_when_over(pledge.campaign, now)
    state = PLEDGE.after(pledge.state, "sign")
    if Role.OWNER not in pledge.pharmacy.roles_of(by):
        raise NotYoursToSignError("承诺书由本店负责人签署，其他人不能代签。")
    text = PledgeText.objects.select_for_update().get(pk=pledge.campaign.text_id)
    clauses = list(text.clauses.order_by("seq"))
    if missing := [c.title for c in clauses if c.key not in ticked]:
        raise ClausesNotTickedError(
            f"还有 {len(missing)} 条没有勾选：{'、'.join(missing)}。请逐条看过后勾选。"
        )
    if not by.real_name:
        raise SignatureNameError("您的账号还没有登记姓名，请联系协会秘书处补上后再签。")
    if "".join(name.split()) != "".join(by.real_name.split()):
        raise SignatureNameError(f"签名要与账号姓名一致，请输入“{by.real_name}”。")
    pledge.state = state
    pledge.signed_at, pledge.signed_by, pledge.signed_name = now, by, by.real_name
    pledge.ticked = [c.key for c in clauses]
    pledge.text_sha256 = text.digest()
    pledge.save(
        update_fields=["state", "signed_at", "signed_by", "signed_name", "ticked", "text_sha256"]
    )
    if text.frozen_at is None:
        text.frozen_at = now
        text.save(update_fields=["frozen_at"])
    audit.record(
        "pledge.signed",
        by=by,
        target=pledge,
        now=now,
        role=Role.OWNER.value,
        pharmacy=pledge.pharmacy_id,
        text=str(text),
        sha256=pledge.text_sha256,
    )
    return pledge
