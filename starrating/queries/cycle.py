"""The home of a cycle: who may do what now, its jobs, its history."""

from datetime import date

from django.db.models import Count, Q, QuerySet

from accounts.permissions import allowed
from accounts.roles import Permission
from association.models import AuditEvent, Job
from members.models import Pharmacy
from starrating.enums import AssessmentState, CycleState
from starrating.models import Assessment, Cycle
from starrating.queries import stage
from starrating.workflow import CYCLE, PERMISSION_FOR

HISTORY = 30


def acts_open_to(user, cycle: Cycle) -> tuple[str, ...]:
    """Return the acts that the state allows now and the person may do.

    The second signature is open once the first stands, to somebody else than who gave it.
    """
    may = [act for act in CYCLE.acts_from(cycle.state) if allowed(user, PERMISSION_FOR[act], cycle)]
    if cycle.gate_first_by_id is None:
        closed = {"gate"}
    else:
        closed = {"sign_first"} | ({"gate"} if cycle.gate_first_by_id == user.pk else set())
    return tuple(act for act in may if act not in closed)


def cycle_rows(user) -> QuerySet[Cycle]:
    """Return the cycles in sight, the newest first, with how many shops take part."""
    out = [AssessmentState.DECLINED, AssessmentState.EXCUSED]
    return (
        Cycle.objects.visible_to(user)
        .select_related("scheme")
        .defer("scheme__document", "publicity_text")
        .annotate(
            shops=Count(
                "assessments",
                filter=Q(assessments__isnull=False) & ~Q(assessments__state__in=out),
            )
        )
        .order_by("-starts_on", "-pk")
    )


def eligible(cycle: Cycle) -> QuerySet[Pharmacy]:
    """Shops open for business that had joined by the end of the period, or whose day is unknown."""
    return Pharmacy.objects.active().filter(
        Q(joined_on=None) | Q(joined_on__lte=cycle.ends_on),
        Q(opened_on=None) | Q(opened_on__lte=cycle.ends_on),
    )


def without_file(cycle: Cycle) -> QuerySet[Pharmacy]:
    """Eligible shops for which the cycle has no file yet."""
    return eligible(cycle).exclude(pk__in=Assessment.objects.filter(cycle=cycle).values("pharmacy"))


def numbers(cycle: Cycle, user) -> dict[str, int]:
    """Return how far the shops in sight are, and what the present stage asks beside that."""
    found = stage.counts(cycle, stage.shops_in_sight(cycle, user)) | {
        "unassigned": 0,
        "issued": 0,
        "without_file": 0,
    }
    if cycle.state in {CycleState.SELF_REVIEW, CycleState.REVIEW}:
        found["unassigned"] = stage.unassigned(cycle)
    if cycle.state in {CycleState.DRAFT, CycleState.SELF_REVIEW}:
        found["without_file"] = without_file(cycle).count()
    if cycle.state == CycleState.NOTIFIED:
        issued = Assessment.objects.filter(cycle=cycle, results__isnull=False)
        found["issued"] = issued.distinct().count()
    return found


def free_year(year: int) -> int:
    """Return ``year``, or the first year after it whose name no cycle bears."""
    names = Cycle.objects.exclude(state=CycleState.CANCELLED).values_list("name", flat=True)
    taken = set(names)
    while f"{year} 年度" in taken:
        year += 1
    return year


def job_of(key: str) -> Job | None:
    """Return the newest job whose key begins so."""
    return Job.objects.filter(key__startswith=key).order_by("-pk").first()


SAID = {
    "cycle.planned": "筹备周期",
    "cycle.replanned": "修改安排",
    "cycle.opened": "开放自评",
    "cycle.assessments_opened": "开出自评表",
    "cycle.extended": "延长期限",
    "cycle.late_reminded": "提醒未交的药店",
    "cycle.entry_closed": "结束自评",
    "cycle.rating_requested": "试评",
    "cycle.gate_signed_first": "质量审核第一签",
    "cycle.gated": "质量审核第二签，通过",
    "cycle.reopened": "退回评审",
    "cycle.notified": "告知药店",
    "cycle.publicised": "开始公示",
    "cycle.finalised": "授牌",
    "cycle.archived": "归档",
    "cycle.cancelled": "取消",
    "cycle.certificates_printed": "生成证书",
    "rating.reviews_shared_out": "分派评审",
    "results.exported": "导出结果名单",
}
COUNTED = {
    "cycle.assessments_opened": ("count", "家"),
    "cycle.late_reminded": ("count", "人"),
    "cycle.finalised": ("awards", "张证书"),
    "rating.reviews_shared_out": ("given", "家"),
    "results.exported": ("count", "家"),
}


def history_of(cycle: Cycle, user) -> list[dict]:
    """Return who did what to the cycle, the latest first, for those who may read the trail."""
    if not allowed(user, Permission.AUDIT_VIEW, cycle):
        return []
    events = AuditEvent.objects.filter(
        target_model=cycle._meta.label, target_id=str(cycle.pk)
    ).order_by("-happened_at", "-pk")
    return [
        {"who": event.actor_label, "what": _said(event), "at": event.happened_at}
        for event in events[:HISTORY]
    ]


def _said(event: AuditEvent) -> str:
    said = SAID.get(event.act, event.act)
    if event.act in COUNTED:
        name, unit = COUNTED[event.act]
        said += f" {event.detail.get(name, 0)} {unit}"
    reason = event.detail.get("reason")
    return f"{said}：{reason}" if reason else said


def day_words(day: date) -> str:
    """Return 2026年11月30日, as sentences of this room write a day."""
    return f"{day.year}年{day.month}月{day.day}日"
