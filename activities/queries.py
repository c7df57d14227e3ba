"""Reads of the activities room, and what it answers to the rooms above."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from django.db.models import Count, Prefetch, Sum
from django.urls import reverse
from django.utils.formats import date_format

from accounts.permissions import allowed
from activities.credit_rules import times
from activities.enums import ActivityState, CharityCode, CreditUnit, Programme
from activities.models import Activity, CharityCredit, Fulfilment, Obligation
from activities.workflow import ACTIVITY, PERMISSION_FOR
from association.models import AuditEvent


def charity_credits(pharmacy_ids: Iterable[int], start: date, end: date) -> dict[int, list[dict]]:
    """Return for each shop what it earned from ``start`` to ``end``, both days included.

    One row a bonus code: ``{"code": "B01", "register_code": "bonus/B01", "name", "times", "said"
    (2.5 人时), "sources": [{"id": "activity/12", "kind": "activity", "label", "value"}]}``. Credits
    written off are not in it; what adds up to less than one time has ``times`` 0.
    """
    rows = (
        CharityCredit.objects.filter(pharmacy__in=pharmacy_ids, earned_on__range=(start, end))
        .values("pharmacy_id", "code", "unit", "activity_id", "activity__title", "earned_on")
        .annotate(total=Sum("quantity"))
        .exclude(total=0)
        .order_by("pharmacy_id", "code", "earned_on", "activity_id")
    )
    grouped: dict[tuple[int, str], list[dict]] = defaultdict(list)
    for row in rows:
        grouped[row["pharmacy_id"], row["code"]].append(row)
    answer: dict[int, list[dict]] = defaultdict(list)
    for (pharmacy_id, code), credits in grouped.items():
        quantity = sum((row["total"] for row in credits), Decimal(0))
        answer[pharmacy_id].append(
            {
                "code": code.partition("/")[2],
                "register_code": code,
                "name": CharityCode(code).label,
                "times": times(code, quantity),
                "said": _in_words(quantity, credits[0]["unit"]),
                "sources": [
                    {
                        "id": f"activity/{row['activity_id']}",
                        "kind": "activity",
                        "label": f"{row['earned_on'].isoformat()} {row['activity__title']}",
                        "value": _in_words(row["total"], row["unit"]),
                    }
                    for row in credits
                ],
            }
        )
    return dict(answer)


def _in_words(quantity: Decimal, unit: str) -> str:
    plain = format(quantity.normalize(), "f")
    return f"{plain} {CreditUnit(unit).label}"


def six_ones_matrix(year: int, *, today: date, programme: str | None = None) -> dict:
    """Return period by duty what was done in ``year``: rows of cells, each with words and a link.

    ``programme`` limits it (``Programme.SIX_ONES``); without it all fixed activities are in.
    """
    counted = (
        Fulfilment.objects.exclude(activity__state=ActivityState.DISCARDED)
        .select_related("activity")
        .order_by("activity__held_on", "activity_id")
    )
    obligations = (
        Obligation.objects.filter(period_start__year=year)
        .select_related("duty")
        .prefetch_related(Prefetch("fulfilments", counted))
        .order_by("duty__order", "duty_id", "period_start")
    )
    if programme is not None:
        obligations = obligations.filter(duty__programme=programme)
    by_duty: dict = {}
    for obligation in obligations:
        by_duty.setdefault(obligation.duty, []).append(_cell(obligation, today))
    rows = [{"duty": duty, "cells": cells} for duty, cells in by_duty.items()]
    states = [cell["state"] for row in rows for cell in row["cells"]]
    return {
        "year": year,
        "months": range(1, 13),
        "current_month": today.month if today.year == year else None,
        "rows": rows,
        "six_ones": [r for r in rows if r["duty"].programme == Programme.SIX_ONES],
        "further": [r for r in rows if r["duty"].programme != Programme.SIX_ONES],
        "counts": {state: states.count(state) for state in ("done", "part", "over", "now", "todo")},
    }


def _cell(obligation: Obligation, today: date) -> dict:
    activities = [fulfilment.activity for fulfilment in obligation.fulfilments.all()]
    verified = [a for a in activities if a.state == ActivityState.VERIFIED]
    shown = (verified or activities or [None])[0]
    if verified:
        state, words = "done", "已完成"
    elif activities:
        state, words = "part", "待核实"
    elif obligation.due_on < today:
        state, words = "over", "未开展"
    elif obligation.period_start <= today:
        state, words = "now", f"{date_format(obligation.due_on, 'n月j日')}前"
    else:
        state, words = "todo", "未到期"
    months = obligation.period_end.month - obligation.period_start.month + 1
    return {
        "obligation": obligation,
        "activity": shown,
        "count": len(activities),
        "state": state,
        "words": words,
        "span": months,
        "is_current": obligation.period_start <= today <= obligation.period_end,
    }


# How components/matrix.html calls what a cell says.
LOOK_OF = {"done": "done", "part": "part", "over": "over", "now": "plan", "todo": "todo"}


def drawn_columns(matrix: dict) -> list[dict]:
    """Return the months as components/matrix.html draws them."""
    current = matrix["current_month"]
    return [{"label": month, "current": month == current} for month in matrix["months"]]


def drawn_rows(rows: list[dict], *, may_record: bool) -> list[dict]:
    """Return rows of the matrix as the component draws them: words and a link in every cell."""
    return [_drawn(row, may_record) for row in rows]


def _drawn(row: dict, may_record: bool) -> dict:
    duty, cells = row["duty"], []
    for cell in row["cells"]:
        obligation, activity = cell["obligation"], cell["activity"]
        text = ""
        if activity is not None and cell["span"] > 1:
            text = f"{activity.held_on.month}/{activity.held_on.day}"
            if cell["span"] == 12:
                text = f"{text} {activity.title}"
        elif activity is None and cell["span"] > 1:
            text = cell["words"]
        cells.append(
            {
                "span": cell["span"],
                "state": LOOK_OF[cell["state"]],
                "text": text,
                "label": f"{obligation.period}{duty.name}，{cell['words']}",
                "url": _target(cell, may_record),
            }
        )
    return {"name": duty.name, "note": duty.get_rhythm_display(), "cells": cells}


def _target(cell: dict, may_record: bool) -> str:
    """Return the record itself, the list when there are several, or the form to enter one."""
    obligation = cell["obligation"]
    if cell["count"] == 1:
        return reverse("activities:detail", args=[cell["activity"].pk])
    if cell["count"] == 0 and may_record and cell["state"] != "todo":
        return f"{reverse('activities:record')}?obligation={obligation.pk}"
    return reverse("activities:period", args=[obligation.pk])


def acts_open_to(user, activity: Activity) -> tuple[str, ...]:
    """Return the acts that the record allows now and the person may do on it."""
    acts = ACTIVITY.acts_from(activity.state)
    return tuple(act for act in acts if allowed(user, PERMISSION_FOR[act], activity))


def missing_from(activity: Activity) -> list[str]:
    """Return in words what the record still needs before it can be verified."""
    missing = []
    if activity.bonus and not activity.attendances.exists():
        missing.append("参加的药店")
    if not activity.papers.exists():
        missing.append("照片或签到表")
    return missing


def records_of_year(year: int):
    """Return the activities held in ``year``, the latest first, with counts for a list."""
    return (
        Activity.objects.filter(held_on__year=year)
        .annotate(
            shops=Count("attendances", distinct=True), paper_count=Count("papers", distinct=True)
        )
        .prefetch_related("obligations__duty")
        .order_by("-held_on", "-pk")
    )


SAID = {
    "activity.recorded": "登记活动",
    "activity.amended": "更正记录",
    "activity.attended": "登记参加药店",
    "activity.attendance_struck": "去掉一家药店",
    "activity.paper_added": "传了材料",
    "activity.verified": "核实",
    "activity.revoked": "撤销核实",
    "activity.discarded": "作废",
}


def history_of(activity: Activity) -> list[dict]:
    """Return who did what to the record, the latest first, in the words of the timeline."""
    events = AuditEvent.objects.filter(
        target_model=activity._meta.label, target_id=str(activity.pk)
    ).order_by("-happened_at", "-pk")
    return [
        {
            "who": event.actor_label,
            "what": _with_reason(SAID.get(event.act, event.act), event.detail),
            "at": event.happened_at,
        }
        for event in events[:50]
    ]


def _with_reason(said: str, detail: dict) -> str:
    return f"{said}：{detail['reason']}" if detail.get("reason") else said
