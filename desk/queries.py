"""What pages and other rooms ask of the desk."""

from dataclasses import dataclass
from datetime import date, datetime
from time import monotonic

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import ExtractYear

from accounts.models import Area
from association import jobs
from association.models import AuditEvent, CalendarDay, Delivery, Job
from desk.models import ONLY, AssociationProfile

DEFAULT_NAME = "药品经营行业协会"
# Every page shows the association's name; asking once in a while is enough.
PROFILE_SECONDS = 30
_remembered: tuple[float, AssociationProfile] | None = None


def profile() -> AssociationProfile:
    """Return the association's own row, or a blank one that was never saved."""
    found = AssociationProfile.objects.filter(pk=ONLY).first()
    return found or AssociationProfile(name=DEFAULT_NAME)


def remembered_profile() -> AssociationProfile:
    """Return the profile as this process saw it at most half a minute ago."""
    global _remembered
    if _remembered is None or _remembered[0] < monotonic():
        remember(profile())
    return _remembered[1]


def remember(seen: AssociationProfile) -> None:
    """Show ``seen`` on the next pages of this process without asking again."""
    global _remembered
    _remembered = (monotonic() + PROFILE_SECONDS, seen)


# ------------------------------------------------------------------ inbox


def inbox_of(user) -> QuerySet[Delivery]:
    """Return the messages that have reached ``user``, newest first."""
    reached = Delivery.objects.filter(recipient=user, delivered_at__isnull=False)
    return reached.select_related("message").order_by("-delivered_at", "-pk")


def unread_count(user) -> int:
    """Return how many messages ``user`` has not read."""
    return Delivery.objects.filter(recipient=user, delivered_at__isnull=False, read_at=None).count()


# ------------------------------------------------------------------ jobs


def jobs_of_people() -> QuerySet[Job]:
    """Return the jobs that people asked for, newest first; housekeeping stays out."""
    mine = Job.objects.filter(created_by__isnull=False).select_related("created_by")
    return mine.order_by("-created_at", "-pk")


def jobs_of_the_house() -> QuerySet[Job]:
    """Return the periodic jobs, newest first."""
    return Job.objects.filter(created_by=None).order_by("-created_at", "-pk")


def worker_is_quiet(now: datetime) -> bool:
    """Return whether background work has stopped."""
    return jobs.worker_is_quiet(now)


# ------------------------------------------------------------------ working days


@dataclass(frozen=True)
class YearRow:
    """One year of the working-day table."""

    year: int
    days_off: int
    made_up: int


def calendar_years() -> list[YearRow]:
    """Return the announced years, newest first."""
    rows = (
        CalendarDay.objects.annotate(year=ExtractYear("day"))
        .values("year")
        .annotate(
            days_off=Count("pk", filter=Q(is_working=False)),
            made_up=Count("pk", filter=Q(is_working=True)),
        )
        .order_by("-year")
    )
    return [YearRow(**row) for row in rows]


def days_of(year: int) -> QuerySet[CalendarDay]:
    """Return the exceptions of ``year`` in order."""
    return CalendarDay.objects.filter(day__year=year).order_by("day")


def missing_years(today: date) -> list[int]:
    """Return the years whose table is needed and not there: this one, from November the next.

    The State Council announces the next year in November.
    """
    needed = [today.year] + ([today.year + 1] if today.month >= 11 else [])
    known = set(CalendarDay.objects.annotate(y=ExtractYear("day")).values_list("y", flat=True))
    return [year for year in needed if year not in known]


# ------------------------------------------------------------------ first-run set-up


@dataclass(frozen=True)
class SetUpStep:
    """One step of the first-run set-up: where it is done, and whether it is."""

    key: str
    label: str
    note: str
    url_name: str
    is_done: bool


def set_up_steps(today: date) -> list[SetUpStep]:
    """Return the steps in their order; what is done is seen in the data, not remembered."""
    has_profile = AssociationProfile.objects.filter(pk=ONLY).exists()
    area_count = Area.objects.count()
    missing = missing_years(today)
    return [
        SetUpStep(
            "profile", "协会资料", "名称、联系方式、证书落款", "desk:association", has_profile
        ),
        SetUpStep(
            "areas",
            "片区",
            f"已有 {area_count} 个" if area_count else "街道、镇",
            "desk:areas",
            area_count > 0,
        ),
        SetUpStep(
            "days",
            "工作日",
            "、".join(f"{year} 年还没有" for year in missing) or "公示天数按它算",
            "desk:working_days",
            today.year not in missing,
        ),
    ]


def set_up_is_open() -> bool:
    """Return whether the first-run set-up has not been finished; the workbench shows it then."""
    return not AssociationProfile.objects.filter(pk=ONLY, set_up_at__isnull=False).exists()


# ------------------------------------------------------------------ audit


def audit_events(
    *, target: str = "", act: str = "", actor: str = "", model: str = "", pk: str = ""
) -> QuerySet[AuditEvent]:
    """Return the audit trail, narrowed by the words in target, act and person."""
    events = AuditEvent.objects.all()
    if model and pk:
        events = events.filter(target_model=model, target_id=pk)
    if target:
        events = events.filter(target_label__icontains=target)
    if act:
        events = events.filter(act__startswith=act)
    if actor:
        events = events.filter(actor_label__icontains=actor)
    return events
