"""What pages and other rooms ask of the desk."""

from dataclasses import dataclass
from datetime import date, datetime
from time import monotonic

from django.core import signing
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import ExtractYear

from accounts.models import Area, User
from association import jobs, reach
from association.carriers import registry
from association.date_sources import SOURCES
from association.models import (
    AuditEvent,
    CalendarDay,
    Channel,
    ChannelChoice,
    ChannelSetting,
    Delivery,
    Job,
    Message,
)
from association.reminder_plan import Notice, Rule, days_to_run, notices, plan, window
from association.sending import UNSUBSCRIBE
from desk.models import (
    ONLY,
    AssociationProfile,
    MessageRule,
    ReminderDay,
    SavedFilter,
    SentReminder,
)

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
    reached = Delivery.objects.in_app().filter(recipient=user, delivered_at__isnull=False)
    return reached.select_related("message").order_by("-delivered_at", "-pk")


def unread_count(user) -> int:
    """Return how many messages ``user`` has not read."""
    reached = Delivery.objects.in_app().filter(recipient=user, delivered_at__isnull=False)
    return reached.filter(read_at=None).count()


def texts_of(user) -> QuerySet[Delivery]:
    """Return the text messages that ``user`` was sent, newest first; the demo shows them."""
    sent = Delivery.objects.filter(recipient=user, channel=Channel.SMS)
    return sent.filter(delivered_at__isnull=False).prefetch_related("tries").order_by("-pk")


# ------------------------------------------------------------------ messages on their way


def message_log(
    *, person: str = "", channel: str = "", standing: str = "", model: str = "", pk: str = ""
) -> QuerySet[Delivery]:
    """Return who was sent what, narrowed by person, channel, standing and record."""
    rows = Delivery.objects.select_related("message", "recipient")
    if model and pk:
        rows = rows.filter(message__about_model=model, message__about_id=pk)
    if person:
        rows = rows.filter(
            Q(recipient__real_name__icontains=person) | Q(recipient__username__icontains=person)
        )
    if channel:
        rows = rows.filter(channel=channel)
    narrowed = {
        "arrived": lambda: rows.filter(delivered_at__isnull=False),
        "waiting": lambda: rows.waiting().filter(not_before__isnull=False),
        "held": rows.held,
        "parked": rows.parked,
    }
    return narrowed[standing]() if standing in narrowed else rows


def parked_count() -> int:
    """Return how many deliveries were given up and wait for somebody."""
    return parked_deliveries().count()


def parked_deliveries() -> QuerySet[Delivery]:
    """Return what was given up and has not arrived another way, the latest first."""
    lost = Delivery.objects.parked().exclude(replacements__delivered_at__isnull=False)
    lost = lost.exclude(last_error__startswith="不外发：")
    return lost.select_related("message", "recipient").order_by("-parked_at", "-pk")


def held_messages() -> QuerySet[Message]:
    """Return the messages of which something waits for a second look, with how much."""
    held = Q(deliveries__not_before=None, deliveries__delivered_at=None, deliveries__parked_at=None)
    return (
        Message.objects.annotate(held=Count("deliveries", filter=held))
        .filter(held__gt=0)
        .order_by("posted_at", "pk")
    )


def held_count() -> int:
    """Return how many messages wait for a second look."""
    return Delivery.objects.held().values("message").distinct().count()


@dataclass(frozen=True)
class ChannelRow:
    """One channel as the office sees it: its setting, and what it still lacks."""

    channel: Channel
    setting: ChannelSetting
    missing: list[str]

    @property
    def is_offered(self) -> bool:
        return self.setting.is_on and not self.missing


def channel_rows() -> list[ChannelRow]:
    """Return every channel that leaves the portal, in a fixed order."""
    saved = {row.channel: row for row in ChannelSetting.objects.all()}
    rows = []
    for channel in registry.CARRIERS:
        setting = saved.get(channel) or ChannelSetting(
            channel=channel, per_minute=registry.PER_MINUTE.get(channel)
        )
        rows.append(
            ChannelRow(Channel(channel), setting, registry.missing(channel, setting.options))
        )
    return rows


def unsubscribing(token: str) -> tuple[User, str] | None:
    """Return who stops which channel by a link in a mail; ``None`` when nobody signed it."""
    try:
        user_pk, channel = signing.loads(token, salt=UNSUBSCRIBE)
    except signing.BadSignature:
        return None
    person = User.objects.filter(is_active=True, pk=user_pk).first()
    return person and (person, channel)


@dataclass(frozen=True)
class ChannelWish:
    """One channel on a person's own page: whether it is wanted and where it leads."""

    channel: Channel
    address: str
    is_wanted: bool


def wishes_of(user) -> list[ChannelWish]:
    """Return the channels that are open to ``user`` with what they have said about them."""
    said = dict(ChannelChoice.objects.filter(user=user).values_list("channel", "is_wanted"))
    return [
        ChannelWish(channel, registry.address_of(channel, user), said.get(channel, True))
        for channel in reach.personal_channels(reach.open_channels())
    ]


def open_channels() -> dict[str, ChannelSetting]:
    """Return the channels that are switched on and ready."""
    return reach.open_channels()


# ------------------------------------------------------------------ reminders


def plain_rule(row: MessageRule) -> Rule:
    """Return a rule as the plan reads it."""
    return Rule(
        code=row.code,
        source=row.source,
        audience=row.audience,
        offsets=tuple(row.offsets),
        subject=row.subject,
        body=row.body,
        in_working_days=row.in_working_days,
        channels=tuple(row.channels),
        groups=tuple(row.groups),
        quiet_from=row.quiet_from,
        quiet_until=row.quiet_until,
    )


def rules() -> QuerySet[MessageRule]:
    """Return the rules in their order."""
    return MessageRule.objects.order_by("source", "pk")


def days_due(today: date) -> list[date]:
    """Return the days whose reminders have not gone out yet, today included."""
    last = ReminderDay.objects.order_by("-day").values_list("day", flat=True).first()
    return days_to_run(last, today)


def notices_due(*, today: date) -> list[Notice]:
    """Return what the run of ``today`` has to say, to those who have not heard it."""
    return notices_on(days_due(today), today=today)


def notices_on(days: list[date], *, today: date) -> list[Notice]:
    """Return who hears what when ``days`` are run on ``today``; the preview asks the same."""
    in_use = [plain_rule(row) for row in rules() if row.is_on and row.source in SOURCES]
    if not days or not in_use:
        return []
    wanted: dict[str, tuple[date, date]] = {}
    for rule in in_use:
        since, until = window(rule, days)
        known = wanted.get(rule.source, (since, until))
        wanted[rule.source] = (min(since, known[0]), max(until, known[1]))
    found = {name: list(SOURCES[name].find(*span)) for name, span in wanted.items()}
    planned = plan(in_use, found, days, CalendarDay.objects.calendar())
    keys = {
        reminder.key(person)
        for reminder in planned
        for person in reminder.occurrence.people.get(reminder.rule.audience, ())
    }
    taken = SentReminder.objects.filter(key__in=keys).values_list("key", flat=True)
    return notices(planned, today=today, taken=set(taken))


@dataclass(frozen=True)
class Heard:
    """One line of the preview: who hears what on a day, and by which channel beside the inbox."""

    person: User
    notice: Notice
    channel: str


def who_hears_what(day: date, *, today: date) -> list[Heard]:
    """Return who gets which reminder on ``day``; from today on, as things stand now."""
    days = days_due(day) if day == today else [day]
    told = notices_on(days, today=day)
    numbers = {pk for notice in told for pk in notice.people}
    people = User.objects.filter(is_active=True).in_bulk(numbers)
    usable = reach.open_channels()
    lines = []
    for notice in told:
        here = [people[pk] for pk in notice.people if pk in people]
        routes = reach.routes_of(here, notice.channels, usable)
        for person in here:
            first = next(iter(routes[person.pk]), "")
            lines.append(Heard(person, notice, Channel(first).label if first else ""))
    return lines


def heard_on(day: date) -> QuerySet[SentReminder]:
    """Return what went out on a day that is over."""
    sent = SentReminder.objects.filter(day=day).select_related("person", "message", "rule")
    return sent.order_by("person__real_name", "pk")


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


def saved_filters(user, list_name: str) -> list[SavedFilter]:
    """Return the kept filters of a list that the person may use, their own first."""
    kept = SavedFilter.objects.visible_to(user).filter(list_name=list_name)
    return sorted(kept.order_by("name", "pk"), key=lambda one: one.owner_id != user.pk)
