"""Meetings of the association: minutes, and what has to be done by whom and when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils.timezone import localdate

from activities.deadlines import reminder_due
from activities.enums import Programme
from activities.models import ActionItem, Activity, AgendaItem, Minutes
from activities.queries.people import office
from activities.rolling import LADDER, rung
from activities.workflow import ACTIVITY
from association import audit, outbox
from association.errors import BusinessRuleError

ITEM_LEADS = (3, 0, -7, -30)


class NoMeetingError(BusinessRuleError):
    """Minutes belong to a meeting."""


class MinutesError(BusinessRuleError):
    """The minutes do not say enough, or it is too early for them."""


class ActionItemError(BusinessRuleError):
    """The item cannot be taken or moved like that."""


@dataclass(frozen=True)
class AgendaLine:
    """One line of the agenda with what came of it."""

    title: str
    said: str = ""


@dataclass(frozen=True)
class NewItem:
    """What is given to somebody to do."""

    text: str
    owner: str
    due_on: date


@dataclass(frozen=True)
class MinutesText:
    """What a person writes about a meeting."""

    chair: str
    recorder: str
    present: str
    away: str = ""
    agenda: tuple[AgendaLine, ...] = ()
    items: tuple[NewItem, ...] = ()  # new ones; those that are there stay


@transaction.atomic
def write_minutes(activity: Activity, text: MinutesText, *, by, now: datetime) -> Minutes:
    """Write the minutes, again and again until the record is verified.

    The first time the planned meeting becomes a record: it was held. Items of the same words and
    person are entered once.
    """
    activity = Activity.objects.locked(activity.pk)
    level = _level_of(activity)
    if activity.held_on > localdate(now):
        day = activity.held_on
        raise MinutesError(f"会议在 {day.month}月{day.day}日，开完再写纪要。")
    if not (text.chair.strip() and text.recorder.strip() and text.present.strip()):
        raise MinutesError("请写明主持人、记录人和到会的人。")
    if not any(line.said.strip() for line in text.agenda):
        raise MinutesError("请至少写一项议题的讨论与结论。")
    act = "hold" if activity.is_coming else "amend"
    activity.state = ACTIVITY.after(activity.state, act)
    activity.changed_at = now
    if act == "hold":
        activity.recorded_at, activity.recorded_by = now, by
    activity.save(update_fields=["state", "changed_at", "recorded_at", "recorded_by"])
    minutes, _ = Minutes.objects.update_or_create(
        activity=activity,
        defaults={
            "chair": text.chair.strip(),
            "recorder": text.recorder.strip(),
            "present": text.present.strip(),
            "away": text.away.strip(),
            "written_at": now,
            "written_by": by,
        },
    )
    minutes.agenda.all().delete()
    AgendaItem.objects.bulk_create(
        AgendaItem(minutes=minutes, order=order, title=line.title.strip(), said=line.said.strip())
        for order, line in enumerate(text.agenda, start=1)
    )
    new = _set_items(activity, level, text.items, by=by, now=now)
    audit.record(
        "minutes.written",
        by=by,
        target=activity,
        now=now,
        agenda=len(text.agenda),
        items=new,
    )
    return minutes


def _level_of(activity: Activity) -> str:
    """Return the highest rung among the meetings of the house that the activity counts for."""
    rhythms = activity.obligations.filter(duty__programme=Programme.MEETINGS).values_list(
        "duty__rhythm", flat=True
    )
    levels = [rung(rhythm) for rhythm in rhythms]
    if not levels:
        raise NoMeetingError("这次活动不是例会、办公会、小结或总结，没有纪要；情况写在登记里。")
    return max(levels, key=LADDER.index)


def _set_items(
    activity: Activity, level: str, items: Sequence[NewItem], *, by, now: datetime
) -> int:
    there = set(activity.action_items.values_list("text", "owner_name"))
    new = []
    for item in items:
        text, owner = item.text.strip(), item.owner.strip()
        if not text or not owner:
            raise ActionItemError("每件督办事项都要写清做什么、谁来做。")
        if item.due_on < activity.held_on:
            raise ActionItemError(f"“{text}”的期限早于开会的日子，请改。")
        if (text, owner) in there:
            continue
        there.add((text, owner))
        new.append(
            ActionItem(
                set_in=activity,
                level=level,
                text=text,
                owner_name=owner,
                owner=_login_of(owner),
                due_on=item.due_on,
                set_at=now,
                set_by=by,
            )
        )
    ActionItem.objects.bulk_create(new)
    for item in activity.action_items.filter(set_at=now).exclude(owner=None):
        _tell(item, "given", f"请办：{item.text}", now=now)
    return len(new)


def _login_of(name: str):
    """Return the login of the one person in the office of that name, if there is exactly one."""
    found = list(office().filter(real_name=name)[:2])
    return found[0] if len(found) == 1 else None


@transaction.atomic
def finish_item(item: ActionItem, *, note: str, by, now: datetime) -> ActionItem:
    """Say that it is done, and what came of it; said twice it is once."""
    item = _locked(item)
    if item.done_at is not None:
        return item
    _refuse_when_dropped(item)
    item.done_at, item.done_by, item.done_note = now, by, note.strip()
    item.save(update_fields=["done_at", "done_by", "done_note"])
    audit.record("action_item.done", by=by, target=item, now=now, note=item.done_note)
    return item


@transaction.atomic
def reopen_item(item: ActionItem, *, reason: str, by, now: datetime) -> ActionItem:
    """Put an item back on its list that was ticked too early, or dropped."""
    item = _locked(item)
    if item.is_open:
        return item
    if not reason.strip():
        raise ActionItemError("请写明为什么重新打开。")
    item.done_at = item.done_by = item.dropped_at = item.dropped_by = None
    item.done_note = item.dropped_reason = ""
    item.save(
        update_fields=[
            "done_at", "done_by", "done_note", "dropped_at", "dropped_by", "dropped_reason",
        ]
    )  # fmt: skip
    audit.record("action_item.reopened", by=by, target=item, now=now, reason=reason.strip())
    return item


@transaction.atomic
def drop_item(item: ActionItem, *, reason: str, by, now: datetime) -> ActionItem:
    """Say that nobody has to do it any more, and why."""
    item = _locked(item)
    if item.done_at is not None:
        raise ActionItemError("已经办结；要改请先重新打开。")
    if not reason.strip():
        raise ActionItemError("请写明为什么不再办。")
    item.dropped_at, item.dropped_by, item.dropped_reason = now, by, reason.strip()
    item.save(update_fields=["dropped_at", "dropped_by", "dropped_reason"])
    audit.record("action_item.dropped", by=by, target=item, now=now, reason=reason.strip())
    return item


@transaction.atomic
def hand_item_on(item: ActionItem, *, owner: str, due_on: date, by, now: datetime) -> ActionItem:
    """Give it to somebody else, or until another day."""
    item = _locked(item)
    _refuse_when_dropped(item)
    if item.done_at is not None:
        raise ActionItemError("已经办结；要改请先重新打开。")
    if not owner.strip():
        raise ActionItemError("请写明责任人。")
    if due_on < localdate(now) and due_on != item.due_on:
        raise ActionItemError("新的期限不能早于今天。")
    before = {"owner": item.owner_name, "due_on": item.due_on.isoformat()}
    is_new_owner = owner.strip() != item.owner_name
    item.owner_name, item.due_on = owner.strip(), due_on
    item.owner = _login_of(item.owner_name)
    item.save(update_fields=["owner_name", "owner", "due_on"])
    audit.record(
        "action_item.handed_on",
        by=by,
        target=item,
        now=now,
        before=before,
        after={"owner": item.owner_name, "due_on": due_on.isoformat()},
    )
    if is_new_owner and item.owner_id is not None:
        _tell(item, f"given-{item.owner_id}-{due_on}", f"请办：{item.text}", now=now)
    return item


@transaction.atomic
def remind_of_item(item: ActionItem, *, now: datetime) -> int:
    """Remind whoever has to do it, once for each lead; without a login the office."""
    today = localdate(now)
    item = _locked(item)
    if not item.is_open:
        return 0
    lead = reminder_due(item.due_on, ITEM_LEADS, today)
    if lead is None:
        return 0
    left = (item.due_on - today).days
    said = f"还有 {left} 天" if left > 0 else "今天到期" if left == 0 else f"已过期 {-left} 天"
    return _tell(item, f"{item.due_on}:{lead}", f"{said}：{item.text}", now=now)


def _tell(item: ActionItem, slot: str, subject: str, *, now: datetime) -> int:
    people = get_user_model().objects.filter(is_active=True, pk=item.owner_id)
    day = item.due_on
    return outbox.post(
        f"action-item:{item.pk}:{slot}",
        to=people if item.owner_id is not None else office(),
        subject=subject[:120],
        body=f"责任人{item.owner_name}，{day.month}月{day.day}日前。办完在督办清单里点“办结”。",
        link=f"/activities/action-items/{item.pk}/",
        about=item,
        now=now,
    )


def _locked(item: ActionItem) -> ActionItem:
    return ActionItem.objects.select_for_update(of=("self",)).get(pk=item.pk)


def _refuse_when_dropped(item: ActionItem) -> None:
    if item.dropped_at is not None:
        raise ActionItemError("这件事已经不再办；要办请先重新打开。")
