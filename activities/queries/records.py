"""Reads around one record: what it still needs, who may do what, what happened to it."""

from collections.abc import Collection, Iterable
from datetime import date

from django.db.models import Case, Count, Prefetch, When

from accounts.permissions import allowed, allowed_somewhere
from accounts.roles import Permission
from activities.enums import ActivityState, JointCode, PaperKind
from activities.evidence_rules import OnFile, missing
from activities.models import Activity, JointMark, Obligation
from activities.workflow import ACTIVITY, PERMISSION_FOR
from association.models import AuditEvent
from desk.act_words import word_for


def with_evidence(activities):
    """Return ``activities`` with all that ``on_file`` looks at: one more query for the papers."""
    counted = activities.annotate(shop_count=Count("attendances", distinct=True))
    return counted.select_related("minutes").prefetch_related("papers")


def on_file(activity: Activity) -> OnFile:
    """Return what a record has, for comparison with what its duties ask for."""
    papers = list(activity.papers.all())
    filed = {name for paper in papers for name in paper.filed_as}
    has_list = getattr(activity, "shop_count", None)
    if has_list is None:
        has_list = activity.attendances.exists()
    has_minutes = getattr(activity, "minutes", None) is not None
    return OnFile(
        filed=frozenset(filed),
        has_photo=any(paper.kind == PaperKind.PHOTO for paper in papers),
        has_list=bool(has_list) or has_minutes,
        has_hours=activity.hours is not None,
        has_heads=activity.beneficiaries is not None or bool(has_list),
        has_minutes=has_minutes,
    )


def missing_papers(activity: Activity, asked: Iterable[str]) -> list[str]:
    """Return which of the papers that are asked for the record does not have yet."""
    return missing(asked, on_file(activity))


def asked_of(activity: Activity) -> list[str]:
    """Return the papers that the duties of the record ask for, once each."""
    duties = [obligation.duty for obligation in activity.obligations.all()]
    return list(dict.fromkeys(name for duty in duties for name in duty.evidence))


def acts_open_to(user, activity: Activity) -> tuple[str, ...]:
    """Return the acts that the record allows now and the person may do on it."""
    acts = ACTIVITY.acts_from(activity.state)
    return tuple(act for act in acts if allowed(user, PERMISSION_FOR[act], activity))


def needed_to_verify(activity: Activity) -> list[str]:
    """Return in words what the record still needs before it can be verified."""
    needed = []
    if activity.bonus and not activity.attendances.exists():
        needed.append("参加的药店")
    if getattr(activity, "minutes", None) is None and not activity.papers.exists():
        needed.append("照片或签到表")
    return needed


VIEWS = {
    "all": "全部",
    "waiting": "待核实",
    "verified": "已核实",
    "coming": "已排期",
    "late": "过了日子没登记",
    "aside": "取消和作废",
}


def views_of(activities, *, today: date) -> dict:
    """Return the saved views of the list: name → activities."""
    coming = activities.coming()
    return {
        "all": activities.standing(),
        "waiting": activities.filter(state=ActivityState.RECORDED),
        "verified": activities.filter(state=ActivityState.VERIFIED),
        "coming": coming.filter(held_on__gte=today),
        "late": coming.filter(held_on__lt=today),
        "aside": activities.filter(state__in=[ActivityState.CANCELLED, ActivityState.DISCARDED]),
    }


def list_rows(activities):
    """Return activities for a list, the latest first, with what a row shows."""
    links = Prefetch("obligations", Obligation.objects.select_related("duty"))
    return (
        with_evidence(activities.select_related("organisation"))
        .prefetch_related(links)
        .order_by("-held_on", "-pk")
    )


def on_record(titles: Collection[str], days: Collection[date]) -> set[tuple]:
    """Return what stands in the calendar under these names on these days, with its shops."""
    return set(
        Activity.objects.standing()
        .filter(held_on__in=days, title__in=titles)
        .values_list("title", "held_on", "attendances__pharmacy")
    )


def may_verify(user) -> bool:
    """Return whether the person verifies anywhere."""
    return allowed_somewhere(user, Permission.ACTIVITY_VERIFY)


def first_the_expected(shops, pks: Iterable[int]):
    """Return ``shops`` with those in ``pks`` on top, the rest by area and name."""
    is_expected = Case(When(pk__in=list(pks), then=0), default=1)
    return shops.order_by(is_expected, "area__order", "name_sort", "pk")


def joint_columns(user, year: int) -> list[dict]:
    """Return the eight programmes, each with the held activities of ``year`` filed under it."""
    marks = (
        JointMark.objects.filter(
            activity__in=Activity.objects.visible_to(user).held(), activity__held_on__year=year
        )
        .select_related("activity")
        .order_by("-activity__held_on", "-activity_id")
    )
    columns: dict[str, list[Activity]] = {code: [] for code in JointCode.values}
    for mark in marks:
        columns[mark.code].append(mark.activity)
    return [
        {"code": code, "name": JointCode(code).label, "activities": rows}
        for code, rows in columns.items()
    ]


# Each has its own line in the tables of the page already.
IN_THE_TABLES = (
    "activity.signed_up",
    "activity.sign_up_changed",
    "activity.sign_up_withdrawn",
    "activity.offer_accepted",
    "activity.offer_lapsed",
    "activity.checked_in",
)


def history_of(activity: Activity) -> list[dict]:
    """Return who did what to the record, the latest first, in the words of the timeline."""
    events = (
        AuditEvent.objects.filter(target_model=activity._meta.label, target_id=str(activity.pk))
        .exclude(act__in=IN_THE_TABLES)
        .order_by("-happened_at", "-pk")
    )
    return [
        {
            "who": event.actor_label,
            "what": _with_reason(word_for(event.act), event.detail),
            "at": event.happened_at,
        }
        for event in events[:30]
    ]


def _with_reason(said: str, detail: dict) -> str:
    return f"{said}：{detail['reason']}" if detail.get("reason") else said
