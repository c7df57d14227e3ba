"""What the Party secretary has to see to today, gathered for one page."""

from datetime import date, datetime, timedelta

from django.urls import reverse
from django.utils.timezone import localdate, localtime

from party.enums import CensusState, MeetingKind, MeetingState, PostRole, WorkState
from party.models import CensusEntry, Meeting, PartyOrganisation, Problem, WorkTask
from party.queries.meetings import life_table
from party.queries.members import probation_ending
from party.queries.organisations import facts_of

TASKS = 14
SOON = timedelta(days=14)


def desk_of(user, *, now: datetime) -> dict:
    """Return figures, tasks by their day, and the meetings to come."""
    today = localdate(now)
    kept = list(PartyOrganisation.objects.visible_to(user).standing().order_by("pk"))
    facts = facts_of(kept, today=today)
    tables = {
        branch.pk: life_table(branch, today.year, today=today)
        for branch in kept
        if branch.kind in ("branch", "joint_branch")
    }
    tasks = [
        *_of_meetings(kept, tables, today),
        *_to_file(user),
        *_of_terms(kept, facts, today),
        *_of_seats(kept, facts, today),
        *_of_probation(kept, today),
        *_of_census(user),
        *_of_work(user, today),
        *_of_problems(user, today),
    ]
    tasks.sort(key=lambda task: (task["due"] or today, task["title"]))
    cells = [cell for table in tables.values() for row in table for cell in row["cells"]]
    owed = [cell for cell in cells if cell["state"] in ("done", "part", "over")]
    done = sum(cell["state"] == "done" for cell in owed)
    tops = [each for each in kept if each.parent_id not in {other.pk for other in kept}]
    members = sum(facts[each.pk]["sizes"].members for each in tops)
    full = sum(facts[each.pk]["sizes"].full_members for each in tops)
    work = WorkTask.objects.visible_to(user).filter(period_start__year=today.year)
    finished = work.filter(state__in=[WorkState.DONE, WorkState.NOT_APPLICABLE]).count()
    urgent = sum(task["due"] is not None and task["due"] <= today for task in tasks)
    return {
        "today": today,
        "tasks": tasks[:TASKS],
        "more": max(len(tasks) - TASKS, 0),
        "situation": f"今天有 {urgent} 件要办" if urgent else "没有到期的事",
        "figures": [
            {
                "label": "党员",
                "value": members,
                "unit": "名",
                "note": f"正式党员 {full} 名",
                "url": reverse("party:members"),
            },
            {
                "label": "党组织",
                "value": sum(each.kind != "group" for each in kept),
                "unit": "个",
                "note": _seat_words(facts),
                "url": reverse("party:organisations"),
            },
            {
                "label": "三会一课",
                "value": f"{done}/{len(owed)}",
                "note": "今年到期的，已归档",
                "url": reverse("party:meetings"),
            },
            {
                "label": "责任清单",
                "value": f"{finished}/{work.count()}",
                "note": "今年全部事项",
                "url": reverse("party:work_list"),
            },
        ],
        "coming": Meeting.objects.visible_to(user)
        .filter(state__in=[MeetingState.PLANNED, MeetingState.ANNOUNCED], starts_at__gte=now)
        .select_related("organisation")
        .order_by("starts_at", "pk")[:6],
        "has_organisations": bool(kept),
    }


def _seat_words(facts: dict[int, dict]) -> str:
    empty = sum(len(row["vacancies"]) for row in facts.values())
    return f"{empty} 个岗位空缺" if empty else "岗位齐全"


def _task(title: str, why: str, url: str, *, due: date | None = None, **more) -> dict:
    return {"title": title, "why": why, "due": due, "url": url, "icon": "calendar-event"} | more


def _of_meetings(kept, tables, today: date) -> list[dict]:
    """The kinds that this period still asks for, and those of the last one that nobody held."""
    found = []
    for branch in kept:
        for row in tables.get(branch.pk, []):
            now = next((c for c in row["cells"] if c["state"] == "plan"), None)
            if now is not None:
                found.append(
                    _task(
                        f"{now['owed'].period}{row['name']}还没开",
                        branch.name,
                        _plan_url(branch, row["kind"], today),
                        due=now["owed"].end,
                        action="登记",
                    )
                )
            for cell in row["cells"]:
                if cell["state"] == "over" and cell["owed"].end >= today - timedelta(days=100):
                    found.append(
                        _task(
                            f"{cell['owed'].period}{row['name']}没有记录",
                            branch.name,
                            _plan_url(branch, row["kind"], cell["owed"].end),
                            due=cell["owed"].end,
                            action="补记",
                            tone="bad",
                        )
                    )
    return found


def _plan_url(branch, kind: str, day: date) -> str:
    return f"{reverse('party:plan')}?organisation={branch.pk}&kind={kind}&day={day.isoformat()}"


def _to_file(user) -> list[dict]:
    held = Meeting.objects.visible_to(user).filter(state=MeetingState.HELD)
    return [
        _task(
            f"{meeting.title}等待归档",
            f"{meeting.organisation.name}，{MeetingKind(meeting.kind).label}",
            reverse("party:meeting", args=[meeting.pk]),
            due=localtime(meeting.starts_at).date() + SOON,
            action="去归档",
            icon="file-text",
            tone="warn",
        )
        for meeting in held.select_related("organisation").order_by("starts_at", "pk")[:TASKS]
    ]


def _of_terms(kept, facts, today: date) -> list[dict]:
    return [
        _task(
            f"{each.name}{'任期已满' if facts[each.pk]['term_mark'] == 0 else '任期将满'}",
            "按规定提前向上级报换届请示",
            each.get_absolute_url(),
            due=each.term_ends_on,
            action="查看",
            icon="hourglass",
            tone="bad" if facts[each.pk]["term_mark"] == 0 else "warn",
        )
        for each in kept
        if facts[each.pk]["term_mark"] is not None
    ]


def _of_seats(kept, facts, today: date) -> list[dict]:
    return [
        _task(
            f"{each.name}缺{PostRole(empty.role).label}",
            f"已空缺 {empty.days(today)} 天" if empty.since else "还没有登记过",
            f"{reverse('party:appoint', args=[each.pk])}?role={empty.role}",
            action="登记岗位",
            icon="user-plus",
        )
        for each in kept
        for empty in facts[each.pk]["vacancies"]
    ]


def _of_probation(kept, today: date) -> list[dict]:
    return [
        _task(
            f"{member.name}预备期{'已满' if member.probation_ends_on <= today else '将满'}",
            f"{member.organisation.name}，请本人提出转正申请",
            reverse("party:member", args=[member.pk]),
            due=member.probation_ends_on,
            action="查看",
            icon="user-check",
        )
        for member in probation_ending(kept, today=today)
    ]


def _of_census(user) -> list[dict]:
    waiting = CensusEntry.objects.visible_to(user).filter(state=CensusState.WAITING)
    counts: dict[int, list] = {}
    for entry in waiting.select_related("census").order_by("census_id"):
        counts.setdefault(entry.census_id, [entry.census, 0])[1] += 1
    return [
        _task(
            f"{census.title}：{count} 人待核对",
            "对上名册、新登记，或标为不属于本组织",
            reverse("party:census", args=[census.pk]),
            action="去核对",
            icon="id",
        )
        for census, count in counts.values()
    ]


def _of_work(user, today: date) -> list[dict]:
    tasks = WorkTask.objects.visible_to(user).select_related("item", "organisation")
    review = tasks.filter(state=WorkState.IN_REVIEW).exclude(reported_by=user)
    found = [
        _task(
            f"{task}等待审核",
            f"{task.organisation.name}，{task.item.category}",
            reverse("party:work_task", args=[task.pk]),
            action="去审核",
            icon="clipboard-check",
            tone="warn",
        )
        for task in review.order_by("due_on", "pk")[:5]
    ]
    late = tasks.overdue(on=today).order_by("due_on", "pk")
    if count := late.count():
        found.append(
            _task(
                f"责任清单有 {count} 项逾期",
                "办好后传佐证提交审核，不适用的写明原因",
                f"{reverse('party:work_list')}?view=over",
                due=late.first().due_on,
                action="去看",
                icon="list-check",
                tone="bad",
            )
        )
    return found


def _of_problems(user, today: date) -> list[dict]:
    late = Problem.objects.visible_to(user).overdue(on=today + SOON)
    return [
        _task(
            f"问题清单：{problem}",
            f"责任人{problem.owner_name}",
            reverse("party:problem", args=[problem.pk]),
            due=problem.due_on,
            action="查看",
            icon="target",
        )
        for problem in late.order_by("due_on", "pk")[:5]
    ]
