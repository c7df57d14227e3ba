"""What must be done, by when and why, for each role; and the figures beside it."""

from dataclasses import asdict, dataclass
from datetime import date

from django.urls import reverse

from accounts.models import RoleGrant
from accounts.permissions import allowed, allowed_somewhere
from accounts.roles import Permission, Role
from activities.enums import ActivityState
from activities.models import Activity, Obligation
from activities.queries.calendar import agenda
from association.models import CalendarDay
from desk.queries import set_up_steps
from inspections.models import Violation
from members.models import Pharmacy
from pledges.models import Pledge
from pledges.queries import current_campaign
from starrating.enums import CycleState
from starrating.models import Assessment, Cycle, MarkPaper
from starrating.queries import stage
from starrating.queries.cycle import acts_open_to
from starrating.queries.cycle import numbers as cycle_numbers
from starrating.queries.marks import overview
from starrating.queries.next_step import next_step


@dataclass(frozen=True)
class Task:
    """One thing to do: verb first, the reason, the last day if there is one."""

    title: str
    url: str
    why: str = ""
    due: date | None = None
    action: str = "去办"
    icon: str = "clipboard-check"
    tone: str = ""
    primary: bool = False


def in_order(tasks: list[Task], *, leads: bool = True) -> list[dict]:
    """Tasks with a day first, the earliest on top.

    The first one gets the solid button of the screen unless something else ``leads`` it.
    """
    ordered = sorted(tasks, key=lambda task: (task.due is None, task.due or date.max))
    return [asdict(task) | {"primary": leads and place == 0} for place, task in enumerate(ordered)]


def situation(tasks: list[dict], *, today: date) -> str:
    """Say in one line what is the case: what is late, what is due today, what waits."""
    late = sum(task["due"] is not None and task["due"] < today for task in tasks)
    now = sum(task["due"] == today for task in tasks)
    if not tasks:
        return "现在没有要办的事"
    words = [f"今天有 {now} 件必须办完"] if now else []
    if late:
        words.append(f"{late} 件已过期限")
    return "，".join(words) or f"有 {len(tasks)} 件要办，今天没有到期的"


def staff_tasks(user, cycle: Cycle | None, *, today: date, leads: bool = True) -> list[dict]:
    """What waits for this person at the desk."""
    tasks: list[Task] = []
    if cycle is not None:
        tasks += _cycle_tasks(user, cycle, today)
    if allowed_somewhere(user, Permission.ACTIVITY_VERIFY):
        tasks += _activity_tasks(user, today)
    if allowed(user, Permission.PHARMACY_MANAGE):
        tasks += _register_tasks(user, today)
    if allowed(user, Permission.DESK_MANAGE):
        tasks += _desk_tasks(user, today)
    if allowed_somewhere(user, Permission.VIOLATION_ESTABLISH):
        tasks += _violation_tasks(user)
    return in_order(tasks, leads=leads)


def _cycle_tasks(user, cycle: Cycle, today: date) -> list[Task]:
    tasks = []
    review_url = reverse("starrating:review", args=[cycle.pk])
    is_open = cycle.state in {CycleState.SELF_REVIEW, CycleState.REVIEW}
    numbers = stage.counts(cycle)
    if is_open and allowed_somewhere(user, Permission.ASSESSMENT_REVIEW):
        mine = Assessment.objects.filter(
            cycle=cycle,
            state="submitted",
            confirmed_at__isnull=False,
            assignments__reviewer=user,
            assignments__ended_at=None,
        ).count()
        if mine:
            tasks.append(
                Task(
                    f"评审 {mine} 家药店的自评",
                    f"{review_url}?view=todo",
                    "分派给您，药店已确认",
                    cycle.review_closes_on,
                    "去评审",
                )
            )
    if is_open and allowed(user, Permission.MARK_CONFIRM):
        papers = MarkPaper.objects.waiting().filter(cycle=cycle).exclude(entered_by=user)
        if waiting := papers.count():
            tasks.append(
                Task(
                    f"确认 {waiting} 份加分材料",
                    reverse("starrating:marks_waiting"),
                    "加分要第二个人确认才计入",
                    action="去确认",
                    icon="file-text",
                )
            )
    if is_open and allowed(user, Permission.MARK_ENTER):
        left = max((state.left for state in overview(cycle)), default=0)
        if left:
            tasks.append(
                Task(
                    f"录齐 {left} 家药店的监管与口碑评分",
                    reverse("starrating:marks", args=[cycle.pk]),
                    "空白不按 0 分算，没录齐的会列为资料不全",
                    cycle.review_closes_on,
                    "去录入",
                    "file-spreadsheet",
                )
            )
    if allowed(user, Permission.CYCLE_MANAGE):
        page = reverse("starrating:cycle", args=[cycle.pk])
        if is_open and (free := stage.unassigned(cycle)):
            tasks.append(
                Task(
                    f"给 {free} 家药店分派评审员",
                    f"{review_url}?view=all",
                    "系统会避开同一企业的人",
                    cycle.entry_closes_on,
                    "去分派",
                    "users",
                )
            )
        if cycle.state == CycleState.SELF_REVIEW and numbers["late"]:
            tasks.append(
                Task(
                    f"提醒 {numbers['late']} 家没交自评的药店",
                    page,
                    "一键提醒，每天最多一次",
                    cycle.entry_closes_on,
                    "去提醒",
                    "bell",
                )
            )
        if cycle.state == CycleState.REVIEW and numbers["rated"] < numbers["all"]:
            tasks.append(
                Task(
                    f"试评 {cycle.name}",
                    page,
                    f"还有 {numbers['all'] - numbers['rated']} 家没有试评结果",
                    cycle.review_closes_on,
                    "去试评",
                    "chart-bar",
                )
            )
        tasks += _step_tasks(user, cycle, numbers, today)
    if (
        cycle.state == CycleState.REVIEW
        and cycle.gate_first_by_id not in (None, user.pk)
        and allowed(user, Permission.GATE_SIGN_SECOND)
    ):
        tasks.append(
            Task(
                f"{cycle.name}质量审核第二签",
                reverse("starrating:quality", args=[cycle.pk]),
                f"{cycle.gate_first_by}已签，抽样 {len(cycle.gate_sample)} 家等您复核",
                cycle.review_closes_on,
                "去复核",
                "shield-check",
            )
        )
    return tasks


def _step_tasks(user, cycle: Cycle, numbers: dict, today: date) -> list[Task]:
    """The next step of the cycle, once nothing blocks it and nobody is still at work before it."""
    step = next_step(cycle, numbers=cycle_numbers(cycle, user), stale=[], today=today)
    if step is None or step.blockers or step.act not in acts_open_to(user, cycle):
        return []
    is_early = numbers["to_review"] + numbers["returned"] and today <= cycle.review_closes_on
    if step.act == "archive" or (step.act == "sign_first" and is_early):
        return []
    return [
        Task(
            f"{cycle.name}：{step.label}",
            reverse("starrating:cycle", args=[cycle.pk]),
            step.says,
            action="去办",
            icon="flag",
        )
    ]


def _activity_tasks(user, today: date) -> list[Task]:
    tasks = []
    recorded = Activity.objects.filter(state=ActivityState.RECORDED).count()
    if recorded:
        tasks.append(
            Task(
                f"核实 {recorded} 场活动",
                f"{reverse('activities:records')}?view=waiting",
                "核实后才计入六个一和公益加分",
                action="去核实",
                icon="calendar-event",
            )
        )
    # What the Party organisations owe stands on their own desk.
    own = Obligation.objects.overdue(on=today).filter(organisation=None)
    if late := list(own.select_related("duty").order_by("due_on", "pk")[:20]):
        names = "、".join(f"{row.period}{row.duty.name}" for row in late[:3])
        more = f"等 {len(late)} 项" if len(late) > 3 else ""
        tasks.append(
            Task(
                f"补登记 {len(late)} 项没开展的固定活动",
                reverse("activities:radar"),
                f"{names}{more}",
                late[0].due_on,
                "去登记",
                "flag",
                "party",
            )
        )
    return tasks


def _register_tasks(user, today: date) -> list[Task]:
    over = Pharmacy.objects.visible_to(user).licence_over(today=today).count()
    tasks = []
    if over:
        tasks.append(
            Task(
                f"核对 {over} 家药店的许可证",
                f"{reverse('members:list')}?view=over",
                "登记的有效期已过",
                action="去核对",
                icon="license",
                tone="warn",
            )
        )
    campaign = current_campaign(on=today)
    if campaign is not None:
        unsigned = Pledge.objects.filter(campaign=campaign, state="invited").count()
        if unsigned:
            tasks.append(
                Task(
                    f"提醒 {unsigned} 家药店签承诺书",
                    reverse("pledges:campaign", args=[campaign.pk]),
                    str(campaign),
                    campaign.sign_by,
                    "去提醒",
                    "pencil",
                )
            )
    return tasks


def _desk_tasks(user, today: date) -> list[Task]:
    tasks = []
    grants = RoleGrant.objects.filter(confirmed_at=None, revoked_at=None).exclude(granted_by=user)
    if waiting := grants.count():
        tasks.append(
            Task(
                f"确认 {waiting} 项角色授予",
                reverse("accounts:people"),
                "要第二个人确认才生效",
                action="去确认",
                icon="users",
            )
        )
    next_year = today.year + 1
    is_late = today.month >= 11
    if is_late and next_year not in CalendarDay.objects.calendar().known_years:
        tasks.append(
            Task(
                f"录入 {next_year} 年节假日安排",
                reverse("desk:working_days"),
                "没有它，跨年的工作日期限算不出来",
                date(today.year, 12, 31),
                "去录入",
                "calendar-event",
            )
        )
    return tasks


def _violation_tasks(user) -> list[Task]:
    waiting = (
        Violation.objects.visible_to(user).filter(state="in_review").exclude(prepared_by=user)
    ).count()
    if not waiting:
        return []
    return [
        Task(
            f"认定 {waiting} 条违法违规线索",
            f"{reverse('inspections:violations')}?state=in_review",
            "秘书处已核对文书，等您认定",
            action="去认定",
            icon="ban",
            tone="bad",
        )
    ]


def six_ones_pips(rows: list[dict]) -> list[dict]:
    """Return each of the six ones with the states of its periods in order."""
    return [
        {
            "name": row["duty"].name,
            "rhythm": row["duty"].get_rhythm_display(),
            "states": [cell["state"] for cell in row["cells"]],
            "done": sum(cell["state"] == "done" for cell in row["cells"]),
            "total": len(row["cells"]),
        }
        for row in rows
    ]


AGENDA_DAYS, AGENDA_LINES = 14, 7


def coming(user, today: date) -> list[dict]:
    """Return what is planned in the next two weeks, day by day, the first few entries."""
    days = agenda(
        Activity.objects.visible_to(user).coming(), first=today, days=AGENDA_DAYS, today=today
    )
    shown, left = [], AGENDA_LINES
    for day in days:
        events = day["events"][:left]
        left -= len(events)
        if events:
            shown.append(day | {"events": events})
    return shown


def own_cases(user, cycle: Cycle, *, limit: int = 6) -> list[Assessment]:
    """Return the cases a reviewer can pass now, the longest waiting first."""
    return list(
        Assessment.objects.filter(
            cycle=cycle,
            state="submitted",
            confirmed_at__isnull=False,
            assignments__reviewer=user,
            assignments__ended_at=None,
        )
        .select_related("pharmacy__area")
        .order_by("submitted_at", "pk")[:limit]
    )


@dataclass(frozen=True)
class StartStep:
    """One step from an empty installation to the first cycle."""

    label: str
    note: str
    url: str
    is_done: bool


def start_steps(user, *, today: date) -> list[StartStep]:
    """Return the way from an empty installation to the first cycle; [] once it is walked."""
    if not allowed(user, Permission.DESK_MANAGE) or Cycle.objects.exists():
        return []
    steps = [
        StartStep(step.label, step.note, reverse(step.url_name), step.is_done)
        for step in set_up_steps(today)
    ]
    number, second = Pharmacy.objects.count(), RoleGrant.objects.filter(role=Role.SECRETARIAT)
    is_shared = second.filter(revoked_at=None).values("user").distinct().count() > 1
    steps += [
        StartStep(
            "请第二位同事",
            "质量审核、认定事实都要两个人",
            reverse("accounts:people"),
            is_shared,
        ),
        StartStep(
            "录入会员和药店",
            f"已有 {number} 家药店" if number else "可以逐家录入",
            reverse("members:list"),
            number > 0,
        ),
    ]
    return steps


def open_violations(user, *, limit: int = 6) -> list[Violation]:
    """Return leads and facts that are neither lifted nor dismissed, the newest first."""
    return list(
        Violation.objects.visible_to(user)
        .filter(state__in=["lead", "in_review", "established"])
        .select_related("pharmacy__area")
        .order_by("-pk")[:limit]
    )
