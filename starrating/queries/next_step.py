"""What comes next in a cycle, what stands in its way, and where that is mended."""

from dataclasses import dataclass
from datetime import date

from django.urls import reverse
from django.utils.timezone import localtime

from association.models import CalendarDay
from association.working_days import UnknownYearError
from inspections.models import Violation
from starrating.enums import CycleState, SchemeState
from starrating.models import Cycle, MarkPaper
from starrating.queries.cycle import day_words as _day
from starrating.queries.cycle import job_of
from starrating.queries.marks import overview

NAMES = 3


@dataclass(frozen=True)
class Point:
    """One thing that stands in the way or is worth a look, with the page that leads to its fix."""

    text: str
    url: str = ""
    action: str = ""


@dataclass(frozen=True)
class NextStep:
    """What comes next: its name and button, what it does, what blocks it, what to look at."""

    act: str
    name: str
    label: str
    says: str
    blockers: tuple[Point, ...] = ()
    hints: tuple[Point, ...] = ()


def next_step(
    cycle: Cycle, *, numbers: dict[str, int], stale: list[str], today: date
) -> NextStep | None:
    """Return the step that follows with what stands in its way; ``None`` at the end.

    ``numbers`` come from ``queries.cycle.numbers``; ``stale`` names the shops whose facts
    changed since the rating.
    """
    reckon = {
        CycleState.DRAFT: _to_open,
        CycleState.SELF_REVIEW: _to_close_entry,
        CycleState.REVIEW: _to_the_gate,
        CycleState.GATED: _to_notify,
        CycleState.NOTIFIED: _to_publicise,
        CycleState.PUBLICISED: _to_finalise,
        CycleState.FINAL: _to_archive,
    }.get(cycle.state)
    return reckon(cycle, numbers, stale, today) if reckon else None


def first_names(names: list[str]) -> str:
    """Return the first few names, and 等 where there are more."""
    return "、".join(names[:NAMES]) + ("等" if len(names) > NAMES else "")


def _to_open(cycle, numbers, stale, today) -> NextStep:
    blockers, scheme = [], cycle.scheme
    if scheme.state != SchemeState.PUBLISHED:
        blockers.append(
            Point(
                f"评分标准“{scheme}”还没有发布",
                reverse("starrating:scheme", args=[scheme.pk]),
                "去发布",
            )
        )
    elif not scheme.valid_from <= today <= scheme.valid_to:
        blockers.append(
            Point(
                f"评分标准的有效期是 {_day(scheme.valid_from)}至 {_day(scheme.valid_to)}，"
                "今天不在其中",
                reverse("starrating:replan", args=[cycle.pk]),
                "换一版标准",
            )
        )
    if cycle.entry_closes_on < today:
        blockers.append(
            Point(
                f"自评截止日 {_day(cycle.entry_closes_on)}已经过了",
                reverse("starrating:replan", args=[cycle.pk]),
                "改日期",
            )
        )
    hints = []
    if not numbers["without_file"]:
        hints.append(Point("名册里还没有可以参评的药店", reverse("members:list"), "看名册"))
    return NextStep(
        "open",
        "开放自评",
        "开放自评",
        f"为 {numbers['without_file']} 家营业中的药店各开一份自评表，并通知负责人。",
        tuple(blockers),
        tuple(hints),
    )


def _to_close_entry(cycle, numbers, stale, today) -> NextStep:
    blockers = []
    if today <= cycle.entry_closes_on:
        left = (cycle.entry_closes_on - today).days
        words = f"还有 {left} 天" if left else "就在今天"
        blockers.append(Point(f"自评到 {_day(cycle.entry_closes_on)} 24:00 截止，{words}"))
    return NextStep(
        "close_entry",
        "结束自评",
        "结束自评",
        "之后没交的药店不能再填；退回补充的，到评审截止日前还能补。",
        tuple(blockers),
        tuple(_while_filling(cycle, numbers)),
    )


def _while_filling(cycle, numbers) -> list[Point]:
    hints = []
    if numbers["late"]:
        hints.append(
            Point(
                f"{numbers['late']} 家还没有交自评",
                _review(cycle, "late"),
                "看名单",
            )
        )
    if fresh := numbers["without_file"]:
        hints.append(Point(f"名册里新增了 {fresh} 家可参评的药店，还没有开自评表"))
    return [*hints, *_review_hints(cycle, numbers)]


def _review_hints(cycle, numbers) -> list[Point]:
    hints = []
    if numbers["unassigned"]:
        hints.append(
            Point(f"{numbers['unassigned']} 家还没有评审员", _review(cycle, "all"), "去分派")
        )
    if numbers["unconfirmed"]:
        hints.append(
            Point(
                f"{numbers['unconfirmed']} 家代填的自评等药店确认",
                _review(cycle, "unconfirmed"),
                "看名单",
            )
        )
    if waiting := numbers["to_review"] - numbers["unconfirmed"]:
        hints.append(Point(f"{waiting} 家待评审", _review(cycle, "todo"), "去评审"))
    if numbers["returned"]:
        hints.append(
            Point(
                f"{numbers['returned']} 家退回还没有补，"
                f"{_day(cycle.review_closes_on)} 24:00 前能补",
                _review(cycle, "returned"),
                "看名单",
            )
        )
    return hints


def _to_the_gate(cycle, numbers, stale, today) -> NextStep:
    blockers = []
    if missing := numbers["all"] - numbers["rated"]:
        blockers.append(Point(f"{missing} 家没有试评结果，请先试评"))
    if stale:
        blockers.append(
            Point(f"{len(stale)} 家的依据在试评后变了（{first_names(stale)}），请重新试评")
        )
    if cycle.gate_first_by_id is None:
        act, name, label = "sign_first", "质量审核第一签", "去质量审核"
        says = "秘书处先签，系统随机抽样；复核员看过样本再签。两人签过，结果才能告知药店。"
    else:
        act, name, label = "gate", "质量审核第二签", "去第二签"
        says = (
            f"{cycle.gate_first_by}已在 {_moment(cycle.gate_first_at)}第一签，"
            f"抽样 {len(cycle.gate_sample)} 家，等复核员第二签。"
        )
    hints = _review_hints(cycle, numbers)
    if numbers["late"]:
        hints.append(
            Point(
                f"{numbers['late']} 家没有交自评，会按“资料不全”出结果",
                _results(cycle, "incomplete"),
                "看名单",
            )
        )
    if left := max((state.left for state in overview(cycle)), default=0):
        hints.append(
            Point(
                f"{left} 家的监管或口碑评分没有录齐，会按“资料不全”出结果",
                reverse("starrating:mark_blanks", args=[cycle.pk]),
                "看缺项",
            )
        )
    if papers := MarkPaper.objects.waiting().filter(cycle=cycle).count():
        hints.append(
            Point(
                f"{papers} 份加分材料等第二个人确认，确认前不计分",
                reverse("starrating:marks_waiting"),
                "去确认",
            )
        )
    leads = Violation.objects.pending().filter(pharmacy__assessments__cycle=cycle)
    if count := leads.distinct().count():
        hints.append(
            Point(
                f"{count} 条否决线索还没有认定，认定前不影响评星",
                reverse("inspections:violations"),
                "去看",
            )
        )
    return NextStep(act, name, label, says, tuple(blockers), tuple(hints))


def _to_notify(cycle, numbers, stale, today) -> NextStep:
    days = cycle.objection_working_days
    try:
        last = CalendarDay.objects.calendar().add(today, days)
    except UnknownYearError as error:
        fix = Point(str(error), reverse("desk:working_days"), "去录入")
        return NextStep("notify", "告知药店", "告知药店", "逐家签发结果，随后开始异议期。", (fix,))
    return NextStep(
        "notify",
        "告知药店",
        "告知药店",
        "逐家签发结果并发通知，写明理由；"
        f"今天告知，{days} 个工作日内可提异议，到 {_day(last)} 24:00。",
    )


def _to_publicise(cycle, numbers, stale, today) -> NextStep:
    blockers = []
    if today <= cycle.objections_close_on:
        blockers.append(Point(f"异议期到 {_day(cycle.objections_close_on)} 24:00 结束"))
    if left := numbers["all"] - numbers["issued"]:
        job = job_of(f"issue-results:{cycle.pk}")
        url = reverse("desk:job", args=[job.pk]) if job else ""
        blockers.append(Point(f"还有 {left} 家的结果正在签发", url, "看进度" if url else ""))
    days = cycle.publicity_working_days
    return NextStep(
        "publicise",
        "公示",
        "开始公示",
        f"公布名单 {days} 个工作日，次一工作日起算；公示正文固定，带校验值。",
        tuple(blockers),
    )


def _to_finalise(cycle, numbers, stale, today) -> NextStep:
    blockers = []
    if today <= cycle.publicity_ends_on:
        blockers.append(
            Point(
                f"公示到 {_day(cycle.publicity_ends_on)} 24:00 结束",
                reverse("reports:publicity", args=[cycle.pk]),
                "看公示页",
            )
        )
    return NextStep(
        "finalise",
        "授牌",
        "授牌",
        f"为评上星的药店生成证书，有效期 {_day(cycle.valid_from)}至 {_day(cycle.valid_to)}；"
        "同期旧证自动换发。",
        tuple(blockers),
    )


def _to_archive(cycle, numbers, stale, today) -> NextStep:
    return NextStep("archive", "归档", "归档", "评定办完后归档；结果、依据和证书都能随时查。")


def _moment(moment) -> str:
    local = localtime(moment)
    return f"{local.month}月{local.day}日 {local:%H:%M} "


def _review(cycle: Cycle, view: str) -> str:
    return f"{reverse('starrating:review', args=[cycle.pk])}?view={view}"


def _results(cycle: Cycle, view: str) -> str:
    return f"{reverse('starrating:results', args=[cycle.pk])}?view={view}"
