"""What happens to a star on the wall after it was given: suspend, restore, withdraw, expire."""

from datetime import date, datetime

from django.db import transaction

from association import audit, outbox
from association.errors import BusinessRuleError
from starrating.enums import AwardState
from starrating.models import Award
from starrating.queries.results import people_of
from starrating.workflow import AWARD

DONE = {
    "suspend": ("suspended", "星级暂停"),
    "restore": ("restored", "星级恢复"),
    "withdraw": ("withdrawn", "星级撤销"),
    "expire": ("expired", "证书到期"),
}
BATCH = 2000


class ReasonMissingError(BusinessRuleError):
    """The public page shows why; without words it would show nothing."""


class TermTakenError(BusinessRuleError):
    """The shop holds a newer certificate for the same time."""


@transaction.atomic
def move_award(award: Award, act: str, *, reason: str, by, now: datetime) -> Award:
    """Suspend, restore or withdraw a certificate; its page shows it at once, the shop is told."""
    if not reason.strip():
        raise ReasonMissingError("请写明原因，核验页会照此显示。")
    award = moved(award, act, reason=reason.strip(), by=by, now=now)
    word = DONE[act][1]
    outbox.post(
        f"award:{award.pk}:{act}:{now:%Y%m%d%H%M%S}",
        to=people_of(award.pharmacy),
        subject=f"{award.holder_name}{word}",
        body=(
            f"证书 {award.serial}，原因：{award.state_reason}"
            "。有异议，请书面交协会秘书处，写明理由，附材料，由未经手的人复核。"
        ),
        link=f"/ratings/{award.result.assessment_id}/",
        now=now,
    )
    return award


def moved(award: Award, act: str, *, reason: str, by, now: datetime) -> Award:
    """Move one certificate inside the caller's transaction, without telling the shop."""
    rows = Award.objects.select_related("result", "pharmacy")
    award = rows.select_for_update(of=("self",)).get(pk=award.pk)
    award.state = AWARD.after(award.state, act)
    if award.state == AwardState.VALID and _rivals(award).exists():
        raise TermTakenError("这家药店已有同一时期的新证书，旧证不能恢复。")
    award.state_reason = reason
    award.save(update_fields=["state", "state_reason"])
    audit.record(f"award.{DONE[act][0]}", by=by, target=award, now=now, reason=reason)
    return award


def _rivals(award: Award):
    """Other certificates of the shop that hold on a day of this one's term."""
    return Award.objects.filter(
        pharmacy=award.pharmacy_id,
        state=AwardState.VALID,
        valid_from__lte=award.valid_to,
        valid_to__gte=award.valid_from,
    ).exclude(pk=award.pk)


@transaction.atomic
def expire_due(*, today: date, now: datetime) -> int:
    """Close a batch of certificates whose last day is over; return how many.

    The public pages go by the day itself, so that a missed night shows nothing wrong.
    """
    due = (
        Award.objects.filter(state=AwardState.VALID, valid_to__lt=today)
        .select_for_update(skip_locked=True, of=("self",))
        .order_by("valid_to", "pk")[:BATCH]
    )
    awards = list(due)
    for award in awards:
        moved(award, "expire", reason="有效期满", by=None, now=now)
    return len(awards)
