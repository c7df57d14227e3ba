"""Duties and their periods, activities with papers and participants, and earned charity."""

from datetime import date

from django.db import models
from django.db.models import F, Q

from accounts.permissions import allowed_somewhere, roles_anywhere
from accounts.roles import GRANTS, Permission, Role
from activities.deadlines import period_name
from activities.enums import (
    ActivityState,
    CharityCode,
    Counted,
    CreditUnit,
    PaperKind,
    Programme,
    Rhythm,
)
from association.models import AppendOnlyQuerySet, StoredFile, both_or_neither, user_reference
from members.models import Pharmacy


class DutyQuerySet(models.QuerySet):
    def in_force(self, day: date) -> "DutyQuerySet":
        """Duties whose days of validity include ``day``."""
        return self.filter(Q(ends_on=None) | Q(ends_on__gte=day), starts_on__lte=day)


class Duty(models.Model):
    """A thing the association does in every period (每月一志愿 …), as a rule with its source.

    A changed rule is a new row from a later day, so that past periods keep the old one.
    """

    code = models.CharField("代码", max_length=20)  # with its register: duty/B01
    name = models.CharField("名称", max_length=40)
    full_name = models.CharField("全称", max_length=80)
    programme = models.CharField("所属", max_length=16, choices=Programme.choices)
    rhythm = models.CharField("周期", max_length=16, choices=Rhythm.choices)
    due_rule = models.CharField("期限规则", max_length=20)
    lead_days = models.JSONField("提前提醒天数", default=list, blank=True)
    papers = models.CharField("应有材料", max_length=200, blank=True)
    suggested_bonus = models.CharField(
        "常计公益加分", max_length=20, choices=CharityCode.choices, blank=True
    )
    usually_also = models.CharField("通常同时计入", max_length=20, blank=True)  # a duty code
    source = models.CharField("依据", max_length=200)
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
            models.CheckConstraint(
                condition=Q(rhythm__in=Rhythm.values), name="activities_duty_rhythm_known"
            ),
            models.CheckConstraint(
                condition=Q(programme__in=Programme.values), name="activities_duty_programme_known"
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(starts_on__lte=F("ends_on")),
                name="activities_duty_days_in_order",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ObligationQuerySet(models.QuerySet):
    def visible_to(self, user) -> "ObligationQuerySet":
        """All for those who keep or follow the programme, none for shops."""
        return self if follows_programme(user) else self.none()

    def unmet(self) -> "ObligationQuerySet":
        """Obligations without a verified activity."""
        met = Fulfilment.objects.filter(activity__state=ActivityState.VERIFIED)
        return self.exclude(pk__in=met.values("obligation"))

    def overdue(self, *, on: date) -> "ObligationQuerySet":
        """Unmet obligations whose last day is over."""
        return self.unmet().filter(due_on__lt=on)


class Obligation(models.Model):
    """One duty in one period; who owes it is the association itself for now."""

    duty = models.ForeignKey(
        Duty, verbose_name="固定任务", on_delete=models.PROTECT, related_name="obligations"
    )
    period_start = models.DateField("自")
    period_end = models.DateField("至")
    due_on = models.DateField("最晚日期")

    objects = ObligationQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "当期任务"
        constraints = [
            models.UniqueConstraint(
                fields=["duty", "period_start"], name="activities_obligation_once_per_period"
            ),
            models.CheckConstraint(
                condition=Q(period_start__lte=F("due_on"), due_on__lte=F("period_end")),
                name="activities_obligation_due_within_period",
            ),
        ]
        indexes = [models.Index(fields=["due_on"], name="obligation_by_due_day")]

    def __str__(self) -> str:
        return f"{self.period}{self.duty.name}"

    @property
    def period(self) -> str:
        """What people call the period: 2026年3月."""
        return period_name(self.period_start, self.period_end)

    def roles_of(self, user) -> frozenset[Role]:
        """All roles of the person: the association owes every duty for now."""
        return roles_anywhere(user)


def follows_programme(user) -> bool:
    """Whether the person follows the whole programme: granted roles and the Party branch."""
    office = {*user.area_roles, *(roles_anywhere(user) & {Role.PARTY_SECRETARY})}
    return any(Permission.ACTIVITY_VIEW in GRANTS[role] for role in office)


class ActivityQuerySet(models.QuerySet):
    def visible_to(self, user) -> "ActivityQuerySet":
        """All records for the office and the Party branch; for shops what they took part in."""
        if not allowed_somewhere(user, Permission.ACTIVITY_VIEW):
            return self.none()
        if follows_programme(user):
            return self
        shops = Pharmacy.objects.visible_to(user)
        took_part = Attendance.objects.filter(pharmacy__in=shops)
        return self.filter(pk__in=took_part.values("activity")).exclude(
            state=ActivityState.DISCARDED
        )

    def standing(self) -> "ActivityQuerySet":
        """Records that have not been discarded."""
        return self.exclude(state=ActivityState.DISCARDED)


class Activity(models.Model):
    """Something that was held: entered by one person, verified, and only then it counts."""

    title = models.CharField("活动名称", max_length=80)
    obligations = models.ManyToManyField(
        Obligation,
        verbose_name="计入任务",
        through="Fulfilment",
        related_name="activities",
    )
    bonus = models.CharField("公益加分", max_length=20, choices=CharityCode.choices, blank=True)
    held_on = models.DateField("活动日期")
    place = models.CharField("地点", max_length=100, blank=True)
    hours = models.DecimalField(
        "时长（小时）", max_digits=4, decimal_places=1, null=True, blank=True
    )
    beneficiaries = models.PositiveIntegerField("受益人数", null=True, blank=True)
    beneficiaries_by = models.CharField(
        "人数来源", max_length=16, choices=Counted.choices, blank=True
    )
    story = models.TextField("情况", blank=True)
    state = models.CharField(
        "状态", max_length=16, choices=ActivityState.choices, default=ActivityState.RECORDED
    )
    recorded_at = models.DateTimeField("登记时间")
    recorded_by = user_reference("+", "登记人")
    verified_at = models.DateTimeField("核实时间", null=True, blank=True)
    verified_by = user_reference("+", "核实人", null=True, blank=True)
    verifications = models.PositiveSmallIntegerField("核实次数", default=0)
    discarded_at = models.DateTimeField("作废时间", null=True, blank=True)
    discarded_reason = models.CharField("作废原因", max_length=200, blank=True)

    objects = ActivityQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "活动"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=ActivityState.values), name="activities_activity_state_known"
            ),
            models.CheckConstraint(
                condition=Q(bonus="") | Q(bonus__in=CharityCode.values),
                name="activities_activity_bonus_known",
            ),
            models.CheckConstraint(
                condition=Q(beneficiaries=None, beneficiaries_by="")
                | (Q(beneficiaries__isnull=False) & Q(beneficiaries_by__in=Counted.values)),
                name="activities_activity_beneficiaries_say_how",
            ),
            models.CheckConstraint(
                condition=Q(hours=None) | Q(hours__gt=0), name="activities_activity_hours_positive"
            ),
            both_or_neither("verified_at", "verified_by", name="activities_activity_verified_pair"),
            models.CheckConstraint(
                condition=Q(state=ActivityState.VERIFIED, verified_at__isnull=False)
                | (~Q(state=ActivityState.VERIFIED) & Q(verified_at=None)),
                name="activities_activity_verified_means_verifier",
            ),
            # What earns points for a shop is never entered and verified by the same person.
            models.CheckConstraint(
                condition=Q(bonus="") | Q(verified_by=None) | ~Q(verified_by=F("recorded_by")),
                name="activities_activity_bonus_needs_second_person",
            ),
            models.CheckConstraint(
                condition=Q(state=ActivityState.DISCARDED, discarded_at__isnull=False)
                & ~Q(discarded_reason="")
                | (~Q(state=ActivityState.DISCARDED) & Q(discarded_at=None, discarded_reason="")),
                name="activities_activity_discarded_with_reason",
            ),
        ]
        indexes = [models.Index(fields=["-held_on", "-id"], name="activity_by_day")]

    def __str__(self) -> str:
        return self.title

    def roles_of(self, user) -> frozenset[Role]:
        """All roles of the person: the association is the host of every activity for now."""
        return roles_anywhere(user)


class Fulfilment(models.Model):
    """An activity counted for one obligation; once each."""

    activity = models.ForeignKey(
        Activity, verbose_name="活动", on_delete=models.PROTECT, related_name="fulfilments"
    )
    obligation = models.ForeignKey(
        Obligation, verbose_name="当期任务", on_delete=models.PROTECT, related_name="fulfilments"
    )

    class Meta:
        verbose_name = verbose_name_plural = "任务完成"
        constraints = [
            models.UniqueConstraint(
                fields=["activity", "obligation"],
                name="activities_fulfilment_counts_once",
                violation_error_message="这次活动已经计入这项任务。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.activity_id}→{self.obligation_id}"


class ActivityPaperQuerySet(models.QuerySet):
    def visible_to(self, user) -> "ActivityPaperQuerySet":
        """Papers of the activities that the person may see."""
        return self.filter(activity__in=Activity.objects.visible_to(user))


class ActivityPaper(models.Model):
    """A photo or a paper that shows that the activity was held."""

    activity = models.ForeignKey(
        Activity, verbose_name="活动", on_delete=models.PROTECT, related_name="papers"
    )
    stored = models.OneToOneField(
        StoredFile, verbose_name="文件", on_delete=models.PROTECT, related_name="activity_paper"
    )
    kind = models.CharField("种类", max_length=16, choices=PaperKind.choices)
    added_at = models.DateTimeField("上传时间")
    added_by = user_reference("+", "上传人")

    objects = ActivityPaperQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "活动材料"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=PaperKind.values), name="activities_activitypaper_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} #{self.pk}"

    def roles_of(self, user) -> frozenset[Role]:
        """Roles that ``user`` holds on the activity."""
        return self.activity.roles_of(user)


class Attendance(models.Model):
    """One shop at one activity: how many of its people, and how long if not the whole time."""

    activity = models.ForeignKey(
        Activity, verbose_name="活动", on_delete=models.PROTECT, related_name="attendances"
    )
    pharmacy = models.ForeignKey(
        Pharmacy, verbose_name="药店", on_delete=models.PROTECT, related_name="attendances"
    )
    people = models.PositiveSmallIntegerField("人数", default=1)
    hours = models.DecimalField(
        "时长（小时）", max_digits=4, decimal_places=1, null=True, blank=True
    )

    class Meta:
        verbose_name = verbose_name_plural = "参加药店"
        constraints = [
            models.UniqueConstraint(
                fields=["activity", "pharmacy"],
                name="activities_attendance_once",
                violation_error_message="这家药店已经在名单里。",
            ),
            models.CheckConstraint(
                condition=Q(people__gt=0), name="activities_attendance_people_positive"
            ),
        ]
        indexes = [models.Index(fields=["pharmacy"], name="attendance_by_shop")]

    def __str__(self) -> str:
        return f"{self.activity_id}·{self.pharmacy_id}"


class CharityCredit(models.Model):
    """What a verified activity earned a shop; a ledger: taken back by a row of its own.

    Rows are never changed (a database trigger refuses). ``round`` is the how-many-eth
    verification of the activity wrote them.
    """

    activity = models.ForeignKey(
        Activity, verbose_name="活动", on_delete=models.PROTECT, related_name="credits"
    )
    pharmacy = models.ForeignKey(
        Pharmacy, verbose_name="药店", on_delete=models.PROTECT, related_name="charity_credits"
    )
    code = models.CharField("加分项", max_length=20, choices=CharityCode.choices)
    quantity = models.DecimalField("数量", max_digits=8, decimal_places=1)
    unit = models.CharField("单位", max_length=16, choices=CreditUnit.choices)
    earned_on = models.DateField("活动日期")
    round = models.PositiveSmallIntegerField("第几次核实")
    reverses = models.OneToOneField(
        "self",
        verbose_name="冲销",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="reversed_by",
    )
    reason = models.CharField("原因", max_length=200, blank=True)
    entered_at = models.DateTimeField("入账时间")
    entered_by = user_reference("+", "入账人")

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "公益加分记录"
        constraints = [
            models.UniqueConstraint(
                fields=["activity", "pharmacy", "code", "round"],
                condition=Q(reverses=None),
                name="activities_charitycredit_once_per_round",
            ),
            models.CheckConstraint(
                condition=Q(reverses=None, quantity__gt=0)
                | (Q(reverses__isnull=False, quantity__lt=0) & ~Q(reason="")),
                name="activities_charitycredit_sign_and_reason",
            ),
            models.CheckConstraint(
                condition=Q(code__in=CharityCode.values), name="activities_charitycredit_code_known"
            ),
        ]
        indexes = [models.Index(fields=["pharmacy", "earned_on"], name="credit_by_shop_day")]

    def __str__(self) -> str:
        return f"{self.get_code_display()} {self.quantity}"
