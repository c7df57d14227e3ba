"""Acts on violations: prepare, send to review, establish, dismiss, lift."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils.timezone import localdate

from association import audit, outbox
from association.canonical_json import sha256_hex
from association.errors import BusinessRuleError
from association.models import StoredFile
from inspections.models import Ground, Violation
from inspections.workflow import VIOLATION
from members.models import Pharmacy, Position
from members.queries import units_of


class GroundUnknownError(BusinessRuleError):
    """The veto list has no such entry."""


class DaysError(BusinessRuleError):
    """The days do not fit together."""


class PaperMissingError(BusinessRuleError):
    """A review needs the paper of the authority."""


class SamePersonError(BusinessRuleError):
    """Who prepared a fact does not establish it."""


class RecusedError(BusinessRuleError):
    """Nobody decides about a shop of their own company."""


class LeadChangedError(BusinessRuleError):
    """Somebody else completed the lead since the form was opened."""


class ReasonMissingError(BusinessRuleError):
    """A decision says why."""


@dataclass(frozen=True)
class Draft:
    """What a person enters about a lead."""

    code: str  # veto/V05
    facts: str
    starts_on: date
    ends_on: date | None = None
    document_number: str = ""
    authority: str = ""
    decided_on: date | None = None


@transaction.atomic
def load_grounds(document: Mapping, *, now: datetime) -> int:
    """Enter the veto list; rows already there are left as they are."""
    entered = 0
    for row in document["grounds"]:
        fields = {name: value for name, value in row.items() if name != "code"}
        ground, is_new = Ground.objects.get_or_create(code=row["code"], defaults=fields)
        if is_new:
            entered += 1
            audit.record("veto_ground.loaded", by=None, target=ground, now=now, code=ground.code)
    return entered


@transaction.atomic
def prepare(
    pharmacy: Pharmacy, draft: Draft, *, paper: StoredFile | None = None, by, now: datetime
) -> Violation:
    """Enter a lead against a shop; it says nothing yet."""
    violation = Violation.objects.create(
        pharmacy=pharmacy,
        **_fields(draft, now),
        paper=paper,
        state=VIOLATION.initial,
        prepared_at=now,
        prepared_by=by,
    )
    audit.record(
        "violation.prepared",
        by=by,
        target=violation,
        now=now,
        pharmacy=pharmacy.pk,
        code=draft.code,
        document=draft.document_number,
    )
    return violation


@transaction.atomic
def amend(
    violation: Violation,
    draft: Draft,
    *,
    paper: StoredFile | None = None,
    seen: str | None = None,
    by,
    now: datetime,
) -> Violation:
    """Correct or complete a lead; without ``paper`` the file on record stays.

    ``seen`` is the ``stamp`` of the lead as the form showed it: raises ``LeadChangedError``
    when somebody else has written meanwhile.
    """
    violation = _locked(violation)
    violation.state = VIOLATION.after(violation.state, "amend")
    if seen is not None and seen != stamp(violation):
        raise LeadChangedError("打开这一页之后有人改过这条线索，还没有保存。请重新打开，看过再改。")
    fields = _fields(draft, now) | ({"paper": paper} if paper is not None else {})
    changed = [name for name, value in fields.items() if getattr(violation, name) != value]
    for name, value in fields.items():
        setattr(violation, name, value)
    violation.save(update_fields=["state", *fields])
    audit.record("violation.amended", by=by, target=violation, now=now, changed=changed)
    return violation


@transaction.atomic
def review(violation: Violation, *, by, now: datetime) -> Violation:
    """Hand the lead over for review; from here on nobody changes what is written."""
    violation = _locked(violation)
    violation.state = VIOLATION.after(violation.state, "review")
    missing = [
        label
        for label, value in (
            ("文书号", violation.document_number),
            ("作出机关", violation.authority),
            ("文书日期", violation.decided_on),
            ("依据文件", violation.paper_id),
        )
        if not value
    ]
    if missing:
        raise PaperMissingError(f"还缺{'、'.join(missing)}，补齐后再送复核。")
    violation.reviewed_at, violation.reviewed_by = now, by
    violation.save(update_fields=["state", "reviewed_at", "reviewed_by"])
    audit.record("violation.reviewed", by=by, target=violation, now=now)
    return violation


@transaction.atomic
def establish(violation: Violation, *, reason: str, by, now: datetime) -> Violation:
    """Find the fact established: from now on it vetoes a star in its days of effect.

    Those who answer for the shop are told, with the paper it rests on.
    """
    violation = _locked(violation)
    state = VIOLATION.after(violation.state, "establish")
    _refuse_own_company(violation, by)
    if violation.prepared_by_id == by.pk:
        raise SamePersonError("登记人不能自己认定，请另一位复核员登录后认定。")
    violation.state = state
    violation.established_at, violation.established_by = now, by
    violation.established_reason = _said(reason, "请写明认定意见。")
    violation.save(
        update_fields=["state", "established_at", "established_by", "established_reason"]
    )
    audit.record(
        "violation.established",
        by=by,
        target=violation,
        now=now,
        pharmacy=violation.pharmacy_id,
        code=violation.code,
        document=violation.document_number,
        reason=violation.established_reason,
    )
    _tell_shop(
        violation,
        slot="established",
        subject="协会认定了一项违法违规事实",
        body=(
            f"{violation.pharmacy.name}：{violation.title}，依据{violation.authority}"
            f"{violation.document_number}。影响期内暂不授星。如有异议，请以书面形式向协会提出。"
        ),
        now=now,
    )
    return violation


@transaction.atomic
def dismiss(violation: Violation, *, reason: str, by, now: datetime) -> Violation:
    """Find that nothing stands against the shop."""
    return _close(violation, "dismiss", reason, ask="请写明为什么不成立。", by=by, now=now)


@transaction.atomic
def lift(violation: Violation, *, reason: str, by, now: datetime) -> Violation:
    """Take an established fact back, for instance after an appeal; the shop is told."""
    violation = _close(violation, "lift", reason, ask="请写明撤销的理由和依据。", by=by, now=now)
    _tell_shop(
        violation,
        slot="lifted",
        subject="一项违法违规事实已撤销",
        body=f"{violation.pharmacy.name}：{violation.title}已撤销，不再影响评星。",
        now=now,
    )
    return violation


def _close(violation: Violation, act: str, reason: str, *, ask: str, by, now: datetime):
    violation = _locked(violation)
    violation.state = VIOLATION.after(violation.state, act)
    _refuse_own_company(violation, by)
    violation.closed_at, violation.closed_by = now, by
    violation.closed_reason = _said(reason, ask)
    violation.save(update_fields=["state", "closed_at", "closed_by", "closed_reason"])
    done = {"dismiss": "violation.dismissed", "lift": "violation.lifted"}[act]
    audit.record(done, by=by, target=violation, now=now, reason=violation.closed_reason)
    return violation


def _tell_shop(violation: Violation, *, slot: str, subject: str, body: str, now: datetime) -> None:
    """Post to who answers for the shop: its owner, and the head office of a chain."""
    people = get_user_model().objects.filter(
        is_active=True, positions__in=Position.objects.answering_for(violation.pharmacy)
    )
    outbox.post(
        f"violation:{violation.pk}:{slot}",
        to=people.distinct(),
        subject=subject,
        body=body,
        link=f"/members/shops/{violation.pharmacy_id}/",
        now=now,
    )


def _refuse_own_company(violation: Violation, by) -> None:
    if violation.pharmacy.unit_id in units_of([by])[by.pk]:
        raise RecusedError("您在该药店所属企业任职，须回避。请另一位复核员认定。")


def stamp(violation: Violation) -> str:
    """Return a mark of what is written about the lead now, to notice a second writer."""
    said = {name: getattr(violation, name) for name in Draft.__dataclass_fields__}
    return sha256_hex({**said, "paper": str(violation.paper_id)})[:16]


def _locked(violation: Violation) -> Violation:
    """Read the row again under a lock, so that two people cannot move it at once."""
    rows = Violation.objects.select_related("pharmacy").select_for_update(of=("self",))
    return rows.get(pk=violation.pk)


def _said(reason: str, ask: str) -> str:
    if not reason.strip():
        raise ReasonMissingError(ask)
    return reason.strip()


def _fields(draft: Draft, now: datetime) -> dict:
    ground = Ground.objects.filter(code=draft.code).first()
    if ground is None:
        raise GroundUnknownError("否决情形里没有这一项，请刷新页面后重新选择。")
    if draft.ends_on is not None and draft.ends_on < draft.starts_on:
        raise DaysError("影响期的结束日不能早于开始日。")
    if draft.decided_on is not None and draft.decided_on > localdate(now):
        raise DaysError("文书日期不能晚于今天。")
    return {
        "code": ground.code,
        "title": ground.name,
        "facts": draft.facts,
        "starts_on": draft.starts_on,
        "ends_on": draft.ends_on,
        "document_number": draft.document_number,
        "authority": draft.authority,
        "decided_on": draft.decided_on,
    }
