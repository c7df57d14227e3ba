"""A breach: entered, told, heard, decided together, repaired; one appeal."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils.timezone import localdate

from association import audit, outbox
from association.errors import BusinessRuleError
from association.models import CalendarDay, StoredFile
from members.models import Position
from members.queries import units_of
from pledges.enums import NamesFor, PledgeState
from pledges.models import Breach, BreachDecision, BreachFile, BreachLevel, Clause, Pledge
from pledges.workflow import BREACH, PLEDGE


class BreachRefusedError(BusinessRuleError):
    """What was entered does not make a breach."""


class HearingOpenError(BusinessRuleError):
    """The shop still has days to answer."""


class HearingOverError(BusinessRuleError):
    """The days to answer are over."""


class TooFewDecidersError(BusinessRuleError):
    """The level asks for more people to decide together."""


class RecusedError(BusinessRuleError):
    """Nobody decides about a shop of their own company."""


class OneAppealError(BusinessRuleError):
    """A decision is appealed against once."""


@transaction.atomic
def load_levels(document: Mapping, *, now: datetime) -> int:
    """Enter the levels of the content; rows already there are left as they are."""
    entered = 0
    for row in document["levels"]:
        fields = {name: value for name, value in row.items() if name != "level"}
        level, is_new = BreachLevel.objects.get_or_create(
            level=row["level"], defaults=fields | {"source": document["source"]}
        )
        if is_new:
            entered += 1
            audit.record("breach.level_loaded", by=None, target=level, now=now, level=level.level)
    return entered


@transaction.atomic
def open_breach(
    pledge: Pledge,
    *,
    clause: Clause,
    level: BreachLevel,
    facts: str,
    source: tuple[str, str, str],
    by,
    now: datetime,
) -> Breach:
    """Enter that a clause was not kept; nothing is held against the shop yet.

    ``source`` is the (kind, id, label) of what brought it to light.
    """
    if pledge.state not in (PledgeState.SIGNED, PledgeState.BREACHED):
        raise BreachRefusedError("只有签署过、还在承诺期内的承诺，才谈得上违诺。")
    if clause.text_version_id != pledge.campaign.text_id:
        raise BreachRefusedError("条款不是这份承诺书里的，请重新选择。")
    kind, source_id, label = source
    if not facts.strip() or not label.strip():
        raise BreachRefusedError("请写明事实，并说明线索从哪里来。")
    breach = Breach.objects.create(
        pledge=pledge,
        clause=clause,
        level=level,
        facts=facts.strip(),
        source_kind=kind,
        source_id=source_id,
        source_label=label.strip(),
        opened_at=now,
        opened_by=by,
    )
    audit.record(
        "breach.opened",
        by=by,
        target=breach,
        now=now,
        pharmacy=pledge.pharmacy_id,
        clause=clause.key,
        level=level.level,
        source=[kind, source_id, label],
    )
    return breach


@transaction.atomic
def notify(breach: Breach, *, by, now: datetime) -> Breach:
    """Tell the shop what is held against it, and until when it may answer."""
    breach = _locked(breach)
    breach.state = BREACH.after(breach.state, "notify")
    calendar = CalendarDay.objects.calendar()
    breach.notified_at = now
    breach.hear_until = calendar.add(localdate(now), breach.level.hearing_days)
    breach.save(update_fields=["state", "notified_at", "hear_until"])
    audit.record(
        "breach.notified", by=by, target=breach, now=now, until=breach.hear_until.isoformat()
    )
    until = breach.hear_until
    _tell_shop(
        breach,
        "notified",
        subject="协会告知：一项承诺可能没有做到",
        body=(
            f"{breach.pledge.pharmacy.name}，第 {breach.clause.seq} 条“{breach.clause.title}”。"
            f"拟按{breach.level}处理。请在 {until.month}月{until.day}日前陈述申辩，"
            "也可以上传材料。"
        ),
        now=now,
    )
    return breach


@transaction.atomic
def hear(
    breach: Breach,
    *,
    statement: str = "",
    is_waived: bool = False,
    papers: Sequence[StoredFile] = (),
    by,
    now: datetime,
) -> Breach:
    """Take the shop's answer, or its word that it gives none."""
    breach = _locked(breach)
    state = BREACH.after(breach.state, "hear")
    if localdate(now) > breach.hear_until:
        raise HearingOverError(f"陈述申辩到 {breach.hear_until} 为止，已经截止。对决定还可以申诉。")
    if not statement.strip() and not is_waived:
        raise BreachRefusedError("请写下您的说明；没有要说的，请勾选“不申辩”。")
    breach.state, breach.statement, breach.is_waived = state, statement.strip(), is_waived
    breach.heard_at, breach.heard_by = now, by
    breach.save(update_fields=["state", "statement", "is_waived", "heard_at", "heard_by"])
    BreachFile.objects.bulk_create(BreachFile(breach=breach, file=paper) for paper in papers)
    audit.record(
        "breach.heard", by=by, target=breach, now=now, waived=is_waived, papers=len(papers)
    )
    return breach


@transaction.atomic
def decide(
    breach: Breach,
    *,
    level: BreachLevel,
    reasons: str,
    measure_ends_on: date,
    deciders: Collection,
    minutes: StoredFile,
    by,
    now: datetime,
) -> Breach:
    """Record what was decided together, with the minutes; the pledge stops holding if so said.

    Raises ``HearingOpenError`` while the shop may still answer, ``TooFewDecidersError`` and
    ``RecusedError`` about who sat there.
    """
    breach = _locked(breach)
    is_second = breach.appealed_at is not None
    state = BREACH.after(breach.state, "decide")
    today = localdate(now)
    if breach.heard_at is None and today <= breach.hear_until:
        raise HearingOpenError(f"药店可以申辩到 {breach.hear_until}，现在还不能作决定。")
    if not reasons.strip():
        raise BreachRefusedError("请写明决定的理由。")
    if measure_ends_on < today:
        raise BreachRefusedError("整改期的最后一天不能早于今天。")
    people = {person.pk: person for person in deciders}
    if len(people) < level.least_deciders:
        raise TooFewDecidersError(
            f"{level}至少要 {level.least_deciders} 人集体决定，现在是 {len(people)} 人。"
        )
    ties = units_of(people.values())
    own = [p for pk, p in people.items() if breach.pledge.pharmacy.unit_id in ties[pk]]
    if own:
        raise RecusedError(f"{'、'.join(map(str, own))}在该药店所属企业任职，须回避。")
    decision = BreachDecision.objects.create(
        breach=breach,
        number=2 if is_second else 1,
        level=level,
        reasons=reasons.strip(),
        minutes=minutes,
        decided_at=now,
        recorded_by=by,
    )
    decision.deciders.set(people.values())
    breach.state, breach.level, breach.measure_ends_on = state, level, measure_ends_on
    shown = level.names_for != NamesFor.NOBODY
    breach.names_until = today + timedelta(days=level.names_days) if shown else None
    breach.save(update_fields=["state", "level", "measure_ends_on", "names_until"])
    audit.record(
        "breach.decided",
        by=by,
        target=breach,
        now=now,
        level=level.level,
        deciders=sorted(people),
        minutes=minutes.sha256,
        number=decision.number,
    )
    _settle(breach.pledge, by=by, now=now)
    _tell_shop(
        breach,
        f"decided-{decision.number}",
        subject="协会作出了违诺处理决定",
        body=(
            f"{breach.pledge.pharmacy.name}：{level}，{level.measure}。整改期到"
            f" {measure_ends_on.month}月{measure_ends_on.day}日。改好后由秘书处登记修复。"
            + ("" if is_second else "不服可以申诉一次。")
        ),
        now=now,
    )
    return breach


@transaction.atomic
def appeal(
    breach: Breach, *, reasons: str, papers: Sequence[StoredFile] = (), by, now: datetime
) -> Breach:
    """Appeal against the decision: once."""
    breach = _locked(breach)
    state = BREACH.after(breach.state, "appeal")
    if breach.appealed_at is not None:
        raise OneAppealError("已经申诉过一次，这次的决定是最后的。")
    if not reasons.strip():
        raise BreachRefusedError("请写明申诉的理由。")
    breach.state, breach.appeal, breach.appealed_at = state, reasons.strip(), now
    breach.save(update_fields=["state", "appeal", "appealed_at"])
    BreachFile.objects.bulk_create(BreachFile(breach=breach, file=paper) for paper in papers)
    audit.record("breach.appealed", by=by, target=breach, now=now, papers=len(papers))
    return breach


@transaction.atomic
def repair(breach: Breach, *, reason: str, by, now: datetime) -> Breach:
    """Find that it was put right: the name goes, and the pledge holds again."""
    return _close(breach, "repair", reason, act="breach.repaired", by=by, now=now)


@transaction.atomic
def dismiss(breach: Breach, *, reason: str, by, now: datetime) -> Breach:
    """Find that nothing stands against the shop; after an appeal too."""
    return _close(breach, "dismiss", reason, act="breach.dismissed", by=by, now=now)


@transaction.atomic
def withdraw(pledge: Pledge, *, reason: str, by, now: datetime) -> Pledge:
    """Void a pledge, as after a new owner: the shop may be invited anew in the same year."""
    pledge = Pledge.objects.select_for_update(of=("self",)).get(pk=pledge.pk)
    pledge.state = PLEDGE.after(pledge.state, "withdraw")
    if not reason.strip():
        raise BreachRefusedError("请写明撤回的原因。")
    pledge.save(update_fields=["state"])
    audit.record("pledge.withdrawn", by=by, target=pledge, now=now, reason=reason.strip())
    return pledge


def _close(breach: Breach, move: str, reason: str, *, act: str, by, now: datetime) -> Breach:
    breach = _locked(breach)
    was_told = breach.notified_at is not None
    breach.state = BREACH.after(breach.state, move)
    if breach.pledge.pharmacy.unit_id in units_of([by])[by.pk]:
        raise RecusedError("您在该药店所属企业任职，须回避。请另一位同事办理。")
    if not reason.strip():
        raise BreachRefusedError("请写明说明，药店能看到。")
    breach.closed_at, breach.closed_by = now, by
    breach.closed_reason, breach.names_until = reason.strip()[:200], None
    breach.save(update_fields=["state", "closed_at", "closed_by", "closed_reason", "names_until"])
    audit.record(act, by=by, target=breach, now=now, reason=breach.closed_reason)
    _settle(breach.pledge, by=by, now=now)
    if was_told:
        said = "已登记修复" if move == "repair" else "不成立，不再追究"
        _tell_shop(
            breach,
            move,
            subject=f"一项违诺{said}",
            body=f"{breach.pledge.pharmacy.name}：{breach.closed_reason}",
            now=now,
        )
    return breach


def _settle(pledge: Pledge, *, by, now: datetime) -> None:
    """Let the pledge hold or not, as the breaches that stand against it say."""
    pledge = Pledge.objects.select_for_update(of=("self",)).get(pk=pledge.pk)
    is_broken = pledge.breaches.standing().filter(level__breaks_pledge=True).exists()
    if is_broken == (pledge.state == PledgeState.BREACHED):
        return
    act = "breach" if is_broken else "restore"
    if act not in PLEDGE.acts_from(pledge.state):
        return  # over or void already: nothing to take away
    pledge.state = PLEDGE.after(pledge.state, act)
    pledge.save(update_fields=["state"])
    done = "pledge.breached" if is_broken else "pledge.restored"
    audit.record(done, by=by, target=pledge, now=now)


def _tell_shop(breach: Breach, slot: str, *, subject: str, body: str, now: datetime) -> None:
    people = get_user_model().objects.filter(
        is_active=True, positions__in=Position.objects.answering_for(breach.pledge.pharmacy)
    )
    outbox.post(
        f"breach:{breach.pk}:{slot}",
        to=people.distinct(),
        subject=subject,
        body=body,
        link=f"/pledges/breaches/{breach.pk}/",
        now=now,
    )


def _locked(breach: Breach) -> Breach:
    rows = Breach.objects.select_related("pledge__pharmacy", "level", "clause")
    return rows.select_for_update(of=("self",)).get(pk=breach.pk)
