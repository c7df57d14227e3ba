"""From the quality gate to the wall: two signatures, notice, publicity, award."""

import random
import secrets
from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.timezone import localtime

from association import audit, jobs, outbox
from association.errors import BusinessRuleError
from association.models import CalendarDay
from starrating.actions.award import moved
from starrating.actions.cycle import locked, people_answering
from starrating.actions.rating import is_being_rated, issue
from starrating.enums import AwardState, ResultStatus
from starrating.evidence import stale
from starrating.models import Assessment, Award, Cycle, Result
from starrating.queries.results import notice_text, people_of, publicity_lines
from starrating.scheme_format import document_hash
from starrating.workflow import CYCLE

SAMPLE = 5


class GateBlockedError(BusinessRuleError):
    """Something must be done before the figures may leave the office."""


class SamePersonError(BusinessRuleError):
    """The two signatures come from two people."""


class ObjectionDaysError(BusinessRuleError):
    """The days for objections are not over."""


class PublicityDaysError(BusinessRuleError):
    """The days of publicity are not over."""


class NotIssuedYetError(BusinessRuleError):
    """The worker is still issuing results."""


@transaction.atomic
def sign_first(cycle: Cycle, *, note: str, by, now: datetime) -> Cycle:
    """Sign the draft figures as the secretariat and draw the sample for the second person."""
    cycle = locked(cycle)
    cycle.state = CYCLE.after(cycle.state, "sign_first")
    if is_being_rated(cycle):
        raise GateBlockedError("正在试评，完成后再签字。")
    _figures_are_sound(cycle)
    if cycle.gate_first_by_id is not None:
        raise SamePersonError(f"{cycle.gate_first_by}已经签过，等复核员第二签。")
    pks = list(
        Assessment.objects.taking_part()
        .filter(cycle=cycle)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    dice = random.Random(f"{cycle.pk}:{now.isoformat()}")  # noqa: S311 -- a sample, not a secret
    cycle.gate_sample = sorted(dice.sample(pks, min(SAMPLE, len(pks))))
    cycle.gate_note = note.strip()
    cycle.gate_first_at, cycle.gate_first_by = now, by
    cycle.save(update_fields=["gate_sample", "gate_note", "gate_first_at", "gate_first_by"])
    audit.record("cycle.gate_signed_first", by=by, target=cycle, now=now, sample=cycle.gate_sample)
    return cycle


@transaction.atomic
def gate(cycle: Cycle, *, checked: Collection[int], note: str = "", by, now: datetime) -> Cycle:
    """Sign second: the figures may leave the office.

    ``checked`` are the assessments of the sample that the second person has looked at; every
    one of them must be in it.
    """
    cycle = locked(cycle)
    after = CYCLE.after(cycle.state, "gate")
    if cycle.gate_first_by_id is None:
        raise GateBlockedError("秘书处还没有第一签。")
    if cycle.gate_first_by_id == by.pk:
        raise SamePersonError("第二签要由另一个人签。")
    _figures_are_sound(cycle)
    if unseen := len(set(cycle.gate_sample) - set(checked)):
        raise GateBlockedError(f"抽样的药店还有 {unseen} 家没有核对，核对后逐家勾选，再签字。")
    cycle.state = after
    cycle.gate_second_at, cycle.gate_second_by = now, by
    if note.strip():
        cycle.gate_note = "\n".join(filter(None, [cycle.gate_note, note.strip()]))
    cycle.save(update_fields=["state", "gate_second_at", "gate_second_by", "gate_note"])
    audit.record("cycle.gated", by=by, target=cycle, now=now, checked=sorted(cycle.gate_sample))
    return cycle


def _figures_are_sound(cycle: Cycle) -> None:
    if not Assessment.objects.filter(cycle=cycle).exists():
        raise GateBlockedError("本周期没有药店，没有可以审核的结果。")
    missing = Assessment.objects.filter(cycle=cycle, preview__isnull=True).count()
    if missing:
        raise GateBlockedError(f"还有 {missing} 家没有试评结果，请先试评，再签字。")
    if changed := [row.pharmacy.name for row in stale(cycle)]:
        names = "、".join(changed[:3]) + ("等" if len(changed) > 3 else "")
        raise GateBlockedError(f"有 {len(changed)} 家的依据变了（{names}），请重新试评，再签字。")


@transaction.atomic
def reopen(cycle: Cycle, *, reason: str, by, now: datetime) -> Cycle:
    """Go back to the review before anybody was told; both signatures fall away."""
    cycle = locked(cycle)
    cycle.state = CYCLE.after(cycle.state, "reopen")
    if not reason.strip():
        raise GateBlockedError("请写明退回评审的原因。")
    cycle.gate_first_at = cycle.gate_first_by = None
    cycle.gate_second_at = cycle.gate_second_by = None
    cycle.gate_sample = []
    cycle.save(
        update_fields=[
            "state",
            "gate_first_at",
            "gate_first_by",
            "gate_second_at",
            "gate_second_by",
            "gate_sample",
        ]
    )
    audit.record("cycle.reopened", by=by, target=cycle, now=now, reason=reason.strip())
    return cycle


@transaction.atomic
def notify(cycle: Cycle, *, by, now: datetime) -> Cycle:
    """Tell every shop its result with reasons; the days for objections begin tomorrow.

    The worker issues the results one by one (``issue_and_tell``). The last day for objections
    is the n-th working day after today. Raises ``UnknownYearError`` where the table ends.
    """
    cycle = locked(cycle)
    cycle.state = CYCLE.after(cycle.state, "notify")
    today = localtime(now).date()
    calendar = CalendarDay.objects.calendar()
    cycle.objections_close_on = calendar.add(today, cycle.objection_working_days)
    cycle.notified_at = now
    cycle.save(update_fields=["state", "notified_at", "objections_close_on"])
    audit.record(
        "cycle.notified",
        by=by,
        target=cycle,
        now=now,
        objections_close_on=cycle.objections_close_on.isoformat(),
    )
    jobs.enqueue(
        "starrating.issue_results",
        key=f"issue-results:{cycle.pk}",
        payload={"cycle_id": cycle.pk, "user_id": by.pk, "at": now.isoformat()},
        label=f"签发并告知 {cycle.name}",
        by=by,
        now=now,
    )
    return cycle


@transaction.atomic
def issue_and_tell(assessment: Assessment, *, by, now: datetime) -> Result:
    """Issue one result and tell the shop, with reasons and how to object; safe to repeat."""
    result = issue(assessment, reason="评定告知", by=by, now=now)
    subject, body = notice_text(result)
    outbox.post(
        f"result:{result.pk}:notice",
        to=people_of(assessment.pharmacy),
        subject=subject,
        body=body,
        link=f"/ratings/{assessment.pk}/",
        now=now,
    )
    return result


@transaction.atomic
def publicise(cycle: Cycle, *, by, now: datetime) -> Cycle:
    """Publish the list for its working days, frozen with its hash.

    Day 1 is the working day after publication; the period ends at 24:00 of day n.
    """
    cycle = locked(cycle)
    after = CYCLE.after(cycle.state, "publicise")
    today = localtime(now).date()
    if today <= cycle.objections_close_on:
        day = cycle.objections_close_on
        raise ObjectionDaysError(
            f"异议期到 {day.year}年{day.month}月{day.day}日 24:00 结束，之后才能公示。"
        )
    unissued = Assessment.objects.filter(cycle=cycle, results=None).count()
    if unissued:
        raise NotIssuedYetError(f"还有 {unissued} 家的结果正在签发，请稍后再公示。")
    calendar = CalendarDay.objects.calendar()
    cycle.state = after
    cycle.publicised_at = now
    cycle.publicity_starts_on = calendar.add(today, 1)
    cycle.publicity_ends_on = calendar.add(today, cycle.publicity_working_days)
    cycle.publicity_text = {
        "cycle": cycle.name,
        "scheme": f"{cycle.scheme.title} {cycle.scheme.version}",
        "basis": f"{cycle.scheme.basis_title} {cycle.scheme.basis_number}",
        "organiser": cycle.scheme.organiser,
        "published_on": today.isoformat(),
        "starts_on": cycle.publicity_starts_on.isoformat(),
        "ends_on": cycle.publicity_ends_on.isoformat(),
        "lines": publicity_lines(cycle),
    }
    cycle.publicity_hash = document_hash(cycle.publicity_text)
    cycle.save(
        update_fields=[
            "state",
            "publicised_at",
            "publicity_starts_on",
            "publicity_ends_on",
            "publicity_text",
            "publicity_hash",
        ]
    )
    audit.record("cycle.publicised", by=by, target=cycle, now=now, hash=cycle.publicity_hash)
    return cycle


@transaction.atomic
def finalise(cycle: Cycle, *, by, now: datetime) -> int:
    """Award the stars after the publicity; return how many certificates were made.

    A certificate whose term reaches into the new one is void from now on.
    """
    cycle = locked(cycle)
    after = CYCLE.after(cycle.state, "finalise")
    day = cycle.publicity_ends_on
    if localtime(now).date() <= day:
        raise PublicityDaysError(
            f"公示到 {day.year}年{day.month}月{day.day}日 24:00 结束，之后才能授牌。"
        )
    cycle.state, cycle.finalised_at = after, now
    cycle.save(update_fields=["state", "finalised_at"])
    results = [
        result
        for result in Result.objects.filter(assessment__cycle=cycle)
        .latest()
        .select_related("assessment__pharmacy__area")
        if result.status == ResultStatus.RATED and result.stars
    ]
    results.sort(key=_wall_order)
    _void_overlapping(cycle, [r.assessment.pharmacy_id for r in results], by=by, now=now)
    year = cycle.ends_on.year
    taken = Award.objects.filter(serial__startswith=f"{year}-").count()
    Award.objects.bulk_create(
        [
            Award(
                result=result,
                pharmacy=result.assessment.pharmacy,
                serial=f"{year}-{taken + number:04d}",
                token=secrets.token_urlsafe(16),
                stars=result.stars,
                holder_name=result.assessment.pharmacy.name,
                valid_from=cycle.valid_from,
                valid_to=cycle.valid_to,
                issued_at=now,
                issued_by=by,
            )
            for number, result in enumerate(results, 1)
        ],
        batch_size=2000,
    )
    audit.record("cycle.finalised", by=by, target=cycle, now=now, awards=len(results))
    outbox.post(
        f"cycle:{cycle.pk}:final",
        to=people_answering(cycle, Q(results__status=ResultStatus.RATED)),
        subject=f"{cycle.name}星级证书可以下载了",
        body=(
            f"公示已结束，星级自 {cycle.valid_from.year}年{cycle.valid_from.month}月"
            f"{cycle.valid_from.day}日起有效。证书上的二维码可供顾客核验。"
        ),
        link="/ratings/mine/",
        now=now,
    )
    return len(results)


def _wall_order(result: Result) -> tuple:
    """By sub-district and name, so that serials read like the printed list; no ranking."""
    shop = result.assessment.pharmacy
    area = (shop.area.order, shop.area.name) if shop.area else (10**6, "")
    return (*area, shop.name_sort, shop.pk)


def _void_overlapping(cycle: Cycle, shops: list[int], *, by, now: datetime) -> None:
    old = Award.objects.select_for_update(of=("self",)).filter(
        pharmacy__in=shops,
        state__in=[AwardState.VALID, AwardState.SUSPENDED],
        valid_to__gte=cycle.valid_from,
    )
    for award in old:
        moved(award, "withdraw", reason=f"换发 {cycle.name} 新证", by=by, now=now)
