"""Many small events in one go: birthdays, visits, talks over the counter."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.utils.timezone import localdate

from activities.actions.records import kind_of
from activities.enums import Counted, PaperKind
from activities.evidence_rules import EVERYTHING
from activities.models import Activity, ActivityPaper, Attendance, Duty, Fulfilment, Obligation
from activities.workflow import ACTIVITY
from association import audit
from association.errors import BusinessRuleError
from association.models import StoredFile
from members.models import Pharmacy

MOST_ROWS = 200


class BatchError(BusinessRuleError):
    """The batch cannot be taken as it is."""


@dataclass(frozen=True)
class SmallEvent:
    """One line of a batch: what, when, where, how many."""

    title: str
    held_on: date
    pharmacy: int | None = None  # the shop it was held at
    people: int | None = None  # how many took part
    hours: Decimal | None = None
    story: str = ""


@transaction.atomic
def record_batch(
    events: Sequence[SmallEvent],
    *,
    duty: str = "",
    paper: StoredFile | None = None,
    is_photo: bool = False,
    by,
    now: datetime,
) -> list[Activity]:
    """Enter many small events that were held, all for one duty or for none.

    ``paper`` is one file for all of them (the month's list, a sheet of photos). Each event waits
    for verification like any other. Refuses the whole batch when one line is impossible.
    """
    if not events:
        raise BatchError("请至少填一行。")
    if len(events) > MOST_ROWS:
        raise BatchError(f"一次最多登记 {MOST_ROWS} 行，请分几次。")
    today = localdate(now)
    if any(event.held_on > today for event in events):
        raise BatchError("日期不能晚于今天；还没办的活动，办完再登记。")
    shops = {event.pharmacy for event in events if event.pharmacy is not None}
    if shops - set(Pharmacy.objects.filter(pk__in=shops).values_list("pk", flat=True)):
        raise BatchError("有的药店已经不在名册里，请刷新后重新选择。")
    obligations = _obligations(events, duty)
    activities = Activity.objects.bulk_create(
        Activity(
            title=event.title,
            kind=kind_of("", [obligations[place]] if duty else [], ""),
            held_on=event.held_on,
            hours=event.hours,
            beneficiaries=event.people,
            beneficiaries_by=Counted.COUNTED if event.people is not None else "",
            story=event.story,
            state=ACTIVITY.after(ACTIVITY.initial, "hold"),
            created_at=now,
            created_by=by,
            changed_at=now,
            recorded_at=now,
            recorded_by=by,
        )
        for place, event in enumerate(events)
    )
    Fulfilment.objects.bulk_create(
        Fulfilment(activity=activity, obligation=obligations[place], code=duty)
        for place, activity in enumerate(activities)
        if duty
    )
    Attendance.objects.bulk_create(
        Attendance(activity=activity, pharmacy_id=event.pharmacy, people=max(event.people or 1, 1))
        for activity, event in zip(activities, events, strict=True)
        if event.pharmacy is not None
    )
    if paper is not None:
        ActivityPaper.objects.bulk_create(
            ActivityPaper(
                activity=activity,
                stored=paper,
                kind=PaperKind.PHOTO if is_photo else PaperKind.PAPER,
                filed_as=[EVERYTHING],
                added_at=now,
                added_by=by,
            )
            for activity in activities
        )
    audit.record(
        "activity.batch_recorded",
        by=by,
        target=activities[0],
        now=now,
        activities=len(activities),
        duty=duty,
        first=activities[0].pk,
        last=activities[-1].pk,
    )
    return activities


def _obligations(events: Sequence[SmallEvent], duty: str) -> dict[int, Obligation]:
    """Return for each line the obligation it counts for."""
    if not duty:
        return {}
    rows = list(Obligation.objects.standing().filter(code=duty).select_related("duty"))
    found: dict[int, Obligation] = {}
    for place, event in enumerate(events):
        fitting = [r for r in rows if r.counts_from <= event.held_on <= r.counts_until]
        if not fitting:
            name = Duty.objects.filter(code=duty).values_list("name", flat=True).first()
            raise BatchError(
                f"第 {place + 1} 行：{name or '这项任务'}在 {event.held_on} 没有要办的周期，"
                "请核对日期，或先生成那一年的任务。"
            )
        found[place] = fitting[0]
    return found


@transaction.atomic
def attach_to_all(
    activities: Collection[Activity], stored: StoredFile, *, is_photo: bool, by, now: datetime
) -> int:
    """File one paper for several records at once; return how many took it."""
    rows = list(
        Activity.objects.held()
        .select_for_update(of=("self",))
        .filter(pk__in=[activity.pk for activity in activities])
    )
    if not rows:
        raise BatchError("请先勾选活动。")
    ActivityPaper.objects.bulk_create(
        ActivityPaper(
            activity=activity,
            stored=stored,
            kind=PaperKind.PHOTO if is_photo else PaperKind.PAPER,
            filed_as=[EVERYTHING],
            added_at=now,
            added_by=by,
        )
        for activity in rows
    )
    audit.record(
        "activity.paper_added_to_many",
        by=by,
        target=rows[0],
        now=now,
        activities=[row.pk for row in rows],
        sha256=stored.sha256,
    )
    return len(rows)
