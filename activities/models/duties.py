"""Duties as rules with their source, and what each period owes by them."""

from datetime import date

from django.db import models
from django.db.models import Case, Count, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce

from accounts.permissions import roles_anywhere
from accounts.roles import GRANTS, Permission, Role
from activities.deadlines import Rule, period_name
from activities.due_rules import all_in_words
from activities.enums import (
    ActivityState,
    AppliesIf,
    CharityCode,
    Kind,
    OwedBy,
    Programme,
    Rhythm,
    Shift,
    SourceStatus,
)
from association.models import both_or_neither, user_reference
from party.enums import BRANCH_KINDS, MeetingKind, MeetingState
from party.models import Meeting, PartyOrganisation, organisations_kept_by


class DutyQuerySet(models.QuerySet):
    def in_force(self, day: date) -> "DutyQuerySet":
        """Versions whose days of validity include ``day``."""
        return self.filter(Q(ends_on=None) | Q(ends_on__gte=day), starts_on__lte=day)

    def active(self) -> "DutyQuerySet":
        """Versions that ask for something; the rest is kept ready."""
        return self.filter(is_active=True)

    def latest(self) -> "DutyQuerySet":
        """The newest version of each duty, in force or soon to be."""
        return self.filter(ends_on=None)

    def visible_to(self, user) -> "DutyQuerySet":
        """All rules for those who keep or follow the programme."""
        return self if follows_programme(user) else self.none()


class Duty(models.Model):
    """A thing that is owed in every period (每月一志愿 …), as a rule with its source.

    A changed rule is a new row from a later day, so that past periods keep the old one; the
    versions of a duty share its ``code``.
    """

    code = models.CharField("代码", max_length=20)  # with its register: duty/B01
    name = models.CharField("名称", max_length=40)
    full_name = models.CharField("全称", max_length=80)
    programme = models.CharField("所属", max_length=16, choices=Programme.choices)
    kind = models.CharField("类别", max_length=16, choices=Kind.choices, default=Kind.MEETING)
    rhythm = models.CharField("周期", max_length=16, choices=Rhythm.choices)
    due_rule = models.CharField("期限规则", max_length=80)  # see activities/due_rules.py
    shift = models.CharField("遇节假日", max_length=16, choices=Shift.choices, default=Shift.NONE)
    grace = models.CharField("宽限到次年", max_length=5, blank=True)  # MM-DD
    times = models.PositiveSmallIntegerField("每期次数", default=1)
    owed_by = models.CharField(
        "由谁办", max_length=16, choices=OwedBy.choices, default=OwedBy.ASSOCIATION
    )
    applies_if = models.CharField(
        "适用条件", max_length=16, choices=AppliesIf.choices, default=AppliesIf.ALWAYS, blank=True
    )
    owner = models.CharField("责任人", max_length=40, blank=True)
    evidence = models.JSONField("应有材料", default=list, blank=True)  # names
    agenda = models.JSONField("议程模板", default=list, blank=True)  # lines, for meetings
    lead_days = models.JSONField("提前提醒天数", default=list, blank=True)  # negative: after it
    leads_in_workdays = models.BooleanField("提醒按工作日", default=False)
    suggested_bonus = models.CharField(
        "常计公益加分", max_length=20, choices=CharityCode.choices, blank=True
    )
    usually_also = models.CharField("通常同时计入", max_length=20, blank=True)  # a duty code
    merges_with = models.CharField("可合并计入", max_length=20, blank=True)  # a duty code
    meeting = models.CharField(
        "由哪种党内会议完成", max_length=24, choices=MeetingKind.choices, blank=True
    )
    source = models.CharField("依据", max_length=200)
    source_status = models.CharField(
        "依据核对", max_length=16, choices=SourceStatus.choices, default=SourceStatus.UNVERIFIED
    )
    is_active = models.BooleanField("启用", default=True)
    inactive_note = models.CharField("未启用说明", max_length=80, blank=True)
    starts_on = models.DateField("施行日")
    ends_on = models.DateField("停止日", null=True, blank=True)
    order = models.PositiveSmallIntegerField("排序", default=0)

    objects = DutyQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "固定任务"
        constraints = [
            models.UniqueConstraint(
                fields=["code", "starts_on"], name="activities_duty_code_from_day_unique"
            ),
            models.UniqueConstraint(
                fields=["code"],
                condition=Q(ends_on=None),
                name="activities_duty_one_open_version",
                violation_error_message="这项任务已有新的规则，请先看最新一版。",
            ),
            models.CheckConstraint(
                condition=Q(rhythm__in=Rhythm.values), name="activities_duty_rhythm_known"
            ),
            models.CheckConstraint(
                condition=Q(programme__in=Programme.values), name="activities_duty_programme_known"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=Kind.values), name="activities_duty_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(shift__in=Shift.values), name="activities_duty_shift_known"
            ),
            models.CheckConstraint(
                condition=Q(owed_by__in=OwedBy.values), name="activities_duty_owed_by_known"
            ),
            models.CheckConstraint(
                condition=Q(applies_if__in=AppliesIf.values), name="activities_duty_applies_known"
            ),
            models.CheckConstraint(
                condition=Q(source_status__in=SourceStatus.values),
                name="activities_duty_source_status_known",
            ),
            models.CheckConstraint(condition=Q(times__gt=0), name="activities_duty_times_positive"),
            models.CheckConstraint(
                condition=Q(meeting="") | Q(meeting__in=MeetingKind.values),
                name="activities_duty_meeting_known",
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(starts_on__lte=F("ends_on")),
                name="activities_duty_days_in_order",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def rule(self) -> Rule:
        """The part of the version that the pure reckoning needs."""
        return Rule(
            code=self.code,
            rhythm=self.rhythm,
            due_rule=self.due_rule,
            starts_on=self.starts_on,
            ends_on=self.ends_on,
            shift=self.shift,
            grace=self.grace,
            times=self.times,
            owed_by=self.owed_by,
            applies_if=self.applies_if,
        )

    @property
    def due_words(self) -> str:
        """The due rule as people say it, with what happens on a day off."""
        words = all_in_words(self.due_rule)
        if self.shift != Shift.NONE:
            words += f"，遇节假日{self.get_shift_display()}"
        if self.grace:
            month, day = map(int, self.grace.split("-"))
            words += f"，宽限到次年 {month} 月 {day} 日"
        return words

    @property
    def is_unsure(self) -> bool:
        """Whether the source still has to be looked up before anybody leans on it."""
        return self.source_status in {SourceStatus.UNVERIFIED, SourceStatus.CONFLICT}

    def roles_of(self, user) -> frozenset[Role]:
        """All roles of the person: the programme is one for the whole association."""
        return roles_anywhere(user)


def _count_of(rows: models.QuerySet) -> Coalesce:
    """Return how many of the rows there are, as a subquery."""
    counted = rows.order_by().annotate(one=Value(1)).values("one").annotate(count=Count("pk"))
    return Coalesce(Subquery(counted.values("count")), 0)


class ObligationQuerySet(models.QuerySet):
    def visible_to(self, user) -> "ObligationQuerySet":
        """What the association owes, and Party organisations as far as the person sees them."""
        return self.filter(host_in_sight(user)) if follows_programme(user) else self.none()

    def standing(self) -> "ObligationQuerySet":
        """Obligations that a change of the rules has not taken back."""
        return self.filter(withdrawn_at=None)

    def with_met_times(self) -> "ObligationQuerySet":
        """Obligations with ``met_times``: verified activities and filed meetings of the Party.

        What the association owes itself is met by the meeting of any branch.
        """
        verified = self.model._meta.get_field("fulfilments").related_model.objects.filter(
            obligation=OuterRef("pk"), activity__state=ActivityState.VERIFIED
        )
        filed = Meeting.objects.filter(
            Q(kind=OuterRef("duty__meeting")) | Q(also__contains=[OuterRef("duty__meeting")]),
            state=MeetingState.CLOSED,
            starts_at__date__gte=OuterRef("counts_from"),
            starts_at__date__lte=OuterRef("counts_until"),
        )
        own = filed.filter(organisation=OuterRef("organisation"))
        of_branches = filed.filter(organisation__kind__in=BRANCH_KINDS)
        return self.annotate(
            met_times=_count_of(verified)
            + Case(
                When(duty__meeting="", then=0),
                When(organisation=None, then=_count_of(of_branches)),
                default=_count_of(own),
            )
        )

    def unmet(self) -> "ObligationQuerySet":
        """Obligations that have not been met as often as they ask for."""
        return self.standing().with_met_times().filter(met_times__lt=F("times"))

    def overdue(self, *, on: date) -> "ObligationQuerySet":
        """Unmet and unexplained obligations whose last day is over, days of grace included."""
        is_over = Q(grace_until=None, due_on__lt=on) | Q(grace_until__lt=on)
        return self.unmet().filter(is_over, explained_at=None)


class Obligation(models.Model):
    """One duty in one period. Rows follow from the rules and are made again without loss.

    ``due_on`` is empty while the working days of its year are not announced. What was held from
    ``counts_from`` to ``counts_until``, both included, counts for it.
    """

    duty = models.ForeignKey(
        Duty, verbose_name="固定任务", on_delete=models.PROTECT, related_name="obligations"
    )
    code = models.CharField("代码", max_length=20)  # of the duty, whatever its version
    organisation = models.ForeignKey(  # empty: the association itself
        PartyOrganisation,
        verbose_name="党组织",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="obligations",
    )
    period_start = models.DateField("自")
    period_end = models.DateField("至")
    due_on = models.DateField("最晚日期", null=True, blank=True)
    grace_until = models.DateField("宽限到", null=True, blank=True)
    counts_from = models.DateField("计入自")
    counts_until = models.DateField("计入至")
    times = models.PositiveSmallIntegerField("次数", default=1)
    withdrawn_at = models.DateTimeField("不再要求", null=True, blank=True)
    explanation = models.CharField("未开展说明", max_length=200, blank=True)
    explained_at = models.DateTimeField("说明时间", null=True, blank=True)
    explained_by = user_reference("+", "说明人", null=True, blank=True)

    objects = ObligationQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "当期任务"
        constraints = [
            models.UniqueConstraint(
                fields=["code", "organisation", "period_start"],
                nulls_distinct=False,
                name="activities_obligation_once_per_period",
            ),
            models.CheckConstraint(
                condition=Q(period_start__lte=F("period_end"))
                & (Q(due_on=None) | Q(due_on__gte=F("period_start"))),
                name="activities_obligation_days_in_order",
            ),
            models.CheckConstraint(
                condition=Q(counts_from__lte=F("counts_until")),
                name="activities_obligation_counting_days_in_order",
            ),
            models.CheckConstraint(
                condition=Q(times__gt=0), name="activities_obligation_times_positive"
            ),
            both_or_neither(
                "explained_at", "explained_by", name="activities_obligation_explained_pair"
            ),
            models.CheckConstraint(
                condition=Q(explanation="", explained_at=None)
                | (~Q(explanation="") & Q(explained_at__isnull=False)),
                name="activities_obligation_explained_in_words",
            ),
        ]
        indexes = [
            models.Index(fields=["due_on"], name="obligation_by_due_day"),
            models.Index(fields=["counts_from", "counts_until"], name="obligation_by_count_days"),
        ]

    def __str__(self) -> str:
        host = f"{self.organisation.name}" if self.organisation_id else ""
        return f"{host}{self.period}{self.duty.name}"

    @property
    def period(self) -> str:
        """What people call the period: 2026年3月."""
        return period_name(self.period_start, self.period_end)

    @property
    def last_day(self) -> date | None:
        """The day after which it is overdue, the days of grace included; ``None`` if unknown."""
        return self.grace_until or self.due_on

    def roles_of(self, user) -> frozenset[Role]:
        """All roles of the person, or those on the Party organisation that owes it."""
        return roles_at(self.organisation, user)


def roles_at(organisation: PartyOrganisation | None, user) -> frozenset[Role]:
    """Return the person's roles at the association (``None``: any of them) or an organisation."""
    return roles_anywhere(user) if organisation is None else organisation.roles_of(user)


def host_in_sight(user) -> Q:
    """Return what the person sees by host: the association's, and their own organisations'.

    The secretariat keeps the one calendar of both, so it sees what a Party organisation holds
    and owes; who its members are stays in the Party room.
    """
    if user.area_roles.get(Role.SECRETARIAT, frozenset()) is None:
        return Q(pk__isnull=False)  # an empty Q would vanish beside an "or"
    return Q(organisation=None) | Q(organisation__in=organisations_kept_by(user))


def follows_programme(user) -> bool:
    """Whether the person follows the whole programme: granted roles and the Party branch."""
    office = {*user.area_roles, *(roles_anywhere(user) & {Role.PARTY_SECRETARY})}
    return any(Permission.ACTIVITY_VIEW in GRANTS[role] for role in office)
