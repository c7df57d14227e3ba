"""The owner's phone: the one thing owed, what else waits, and the score as it was issued."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Q
from django.urls import reverse

from association.templatetags.ui import cn_date, cn_day, star_word
from members.models import Pharmacy
from reports.queries.waiting import SHEET, Waiting
from starrating.enums import AssessmentState as A
from starrating.enums import AwardState
from starrating.enums import CycleState as C
from starrating.models import Assessment, Award, Result
from starrating.queries.entry import owner_sheet

MOST_TASKS = 3
NEWEST = ("-issued_at", "-version", "-pk")
OWED = {A.OPEN: "自评还没交", A.RETURNED: "自评退回，等补充", A.SUBMITTED: "代填的自评等确认"}


@dataclass(frozen=True)
class Lead:
    """The card on top: what is the case, until when, how far, and the one button."""

    over: str
    say: str
    chip: str
    tone: str = ""
    note: str = ""
    done: int = 0
    total: int = 0
    url: str = ""
    action: str = ""
    is_owed: bool = False


@dataclass(frozen=True)
class Score:
    """The latest result that was issued, with what stands on the wall for it."""

    result: Result
    cycle_name: str
    award: Award | None
    url: str


def latest_assessment(pharmacy: Pharmacy) -> Assessment | None:
    """Return the shop's file in the newest cycle that is not cancelled."""
    return (
        Assessment.objects.filter(pharmacy=pharmacy)
        .exclude(cycle__state__in=[C.CANCELLED, C.DRAFT])
        .select_related("cycle__scheme", "pharmacy__unit", "pharmacy__area")
        .order_by("-cycle__starts_on", "-pk")
        .first()
    )


def issued(pharmacy: Pharmacy, assessment: Assessment | None) -> tuple[Result | None, ...]:
    """Return the newest version for ``assessment`` and the shop's newest result, in one query."""
    own = Result.objects.filter(assessment=assessment).order_by("-version").values("pk")[:1]
    newest = Result.objects.filter(assessment__pharmacy=pharmacy).order_by(*NEWEST).values("pk")[:1]
    rows = Result.objects.filter(Q(pk__in=own) | Q(pk__in=newest))
    found = list(rows.select_related("assessment__cycle").order_by(*NEWEST))
    told = next((row for row in found if assessment and row.assessment_id == assessment.pk), None)
    return told, found[0] if found else None


def score_of(pharmacy: Pharmacy, result: Result | None, *, today: date) -> Score | None:
    """Return the newest issued result of the shop with the certificate that holds today."""
    if result is None:
        return None
    award = (
        Award.objects.filter(pharmacy=pharmacy, valid_from__lte=today, valid_to__gte=today)
        .exclude(state=AwardState.WITHDRAWN)
        .order_by("-valid_from")
        .first()
    )
    url = reverse("starrating:detail", args=[result.assessment_id])
    return Score(result, result.assessment.cycle.name, award, url)


def lead(assessment: Assessment, result: Result | None = None, *, today: date) -> Lead:
    """Return the card for the file: its ``result``, else its state, decides what is said."""
    cycle = assessment.cycle
    over = f"{cycle.name}星级评定"
    url = reverse("starrating:fill", args=[assessment.pk])
    if result is not None:
        page = reverse("starrating:detail", args=[assessment.pk])
        return _with_result(assessment, result, over, page)
    if assessment.state in {A.OPEN, A.RETURNED}:
        return _to_fill(assessment, over, url, today)
    if assessment.state == A.SUBMITTED and assessment.confirmed_at is None:
        say = "有一份代填的自评，等您确认"
        note = "确认后才开始评审，约 3 分钟"
        return Lead(over, say, "等您确认", "warn", note, url=url, action="去确认", is_owed=True)
    if assessment.state == A.SUBMITTED:
        note = f"{cn_date(cycle.review_closes_on)}前评审完，要补材料会发消息给您"
        return Lead(over, "自评已交，正在评审", "评审中", "", note, url=url, action="看自评")
    if assessment.state == A.REVIEWED:
        note = "等部门评分和群众口碑齐了再评定，结果和理由先告知您"
        return Lead(over, "自评已通过评审", "已通过", "ok", note, url=url, action="看自评")
    reason = assessment.closing_reason
    return Lead(over, "本周期不参评", assessment.get_state_display(), "", reason)


def _to_fill(assessment: Assessment, over: str, url: str, today: date) -> Lead:
    cycle, sheet = assessment.cycle, owner_sheet(assessment)
    is_returned = assessment.state == A.RETURNED
    is_open = cycle.state == C.SELF_REVIEW or (is_returned and cycle.state == C.REVIEW)
    last_day = cycle.review_closes_on if is_returned else cycle.entry_closes_on
    if not is_open or today > last_day:
        note = f"{cn_date(last_day)}已截止。有特殊情况，请联系协会"
        return Lead(over, "自评没有按时交", "已截止", "warn", note, url=url, action="看已填内容")
    done, total = sheet.done_parts, len(sheet.parts)
    left = (last_day - today).days
    note = f"{cn_day(last_day)} 24:00 前提交 · {f'还有 {left} 天' if left else '今天截止'}"
    is_begun = any(part.state != "untouched" for part in sheet.parts)
    if is_returned:
        say, chip = f"还差 {sheet.wants} 处要补，补完就能继续评审", "退回补充"
        action = "去补充材料"
    elif not sheet.open_lines:
        say, chip, action = "都填好了，核对后提交", "待提交", "核对并提交"
        url = reverse("starrating:check", args=[assessment.pk])
    elif is_begun:
        say, chip = f"还有 {len(sheet.open_lines)} 条没填", "填写中"
        action = "继续填自评"
    else:
        say, chip = f"自评开始了，约 {sheet.minutes_left} 分钟", "未开始"
        action = "开始填自评"
    tone = "warn" if is_returned or left < 4 else ""
    return Lead(over, say, chip, tone, note, done, total, url, action, is_owed=True)


def _with_result(assessment: Assessment, result: Result, over: str, url: str) -> Lead:
    cycle = assessment.cycle
    words = star_word(result.stars, result.status)
    note, chip, tone = "", cycle.get_state_display(), ""
    if cycle.state == C.NOTIFIED:
        day = cn_day(cycle.objections_close_on)
        note = f"有异议，请在 {day} 24:00 前书面交协会"
        chip, tone = "结果已告知", "info"
    elif cycle.state == C.PUBLICISED:
        note = f"公示到 {cn_day(cycle.publicity_ends_on)} 24:00，之后授牌"
        chip, tone = "公示中", "info"
    elif cycle.state in {C.FINAL, C.ARCHIVED}:
        starred = result.status == "rated" and result.stars
        note = f"有效至 {cn_date(cycle.valid_to)}" if starred else ""
        chip, tone = "已公布", "ok"
    say = f"评定结果：{words}"
    return Lead(over, say, chip, tone, note, url=url, action="看得分和理由")


def tasks(pharmacy: Pharmacy, waits: list[Waiting], *, today: date) -> list[dict]:
    """What else waits: three at the most, each with its reason; own other shops come last."""
    here = [row for row in waits if row.shop == pharmacy.pk and row.kind != SHEET]
    rows = [row.words(today) for row in here]
    rows += [
        {
            "title": row.shop_name,
            "note": OWED[A(row.state)],
            "url": f"/?shop={row.shop}",
            "icon": "building-store",
            "tone": "",
        }
        for row in waits
        if row.kind == SHEET and row.shop != pharmacy.pk
    ]
    return rows[:MOST_TASKS]
