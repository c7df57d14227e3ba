"""Activities with papers and participants, and which obligations they count for."""

from django.db import models
from django.db.models import F, Q

from accounts.permissions import allowed_somewhere, roles_anywhere
from accounts.roles import Permission, Role
from activities.enums import (
    ActivityState,
    Audience,
    CharityCode,
    CheckIn,
    Counted,
    JointCode,
    Kind,
    PaperKind,
)
from activities.models.duties import Obligation, follows_programme, host_in_sight, roles_at
from association.models import StoredFile, both_or_neither, user_reference
from members.models import Pharmacy
from party.models import PartyOrganisation


class Series(models.Model):
    """Activities that belong together (周例会, 每月义诊): what is edited as one."""

    name = models.CharField("名称", max_length=80)
    created_at = models.DateTimeField("建立时间")
    created_by = user_reference("+", "建立人")

    class Meta:
        verbose_name = verbose_name_plural = "系列"

    def __str__(self) -> str:
        return self.name


HELD = (ActivityState.RECORDED, ActivityState.VERIFIED)
COMING = (ActivityState.PLANNED, ActivityState.PUBLISHED)
SHOP_ROLES = frozenset({Role.OWNER, Role.STAFF, Role.HEAD_OFFICE})
# Published once, for shops: what comes later stays readable for them.
OPEN_TO_MEMBERS = Q(audience__in=[Audience.MEMBERS, Audience.PUBLIC], published_at__isnull=False)


class ActivityQuerySet(models.QuerySet):
    def visible_to(self, user) -> "ActivityQuerySet":
        """All for the office and the Party branch; for shops what is open to them or was theirs."""
        if not allowed_somewhere(user, Permission.ACTIVITY_VIEW):
            return self.none()
        if follows_programme(user):
            return self.filter(host_in_sight(user) | Q(audience=Audience.PUBLIC))
        shops = Pharmacy.objects.visible_to(user)
        took_part = Attendance.objects.filter(pharmacy__in=shops)
        return self.exclude(state=ActivityState.DISCARDED).filter(
            Q(pk__in=took_part.values("activity")) | OPEN_TO_MEMBERS
        )

    def locked(self, pk: int) -> "Activity":
        """Read one row under a lock, so that two people cannot move it at once."""
        return self.select_for_update(of=("self",)).get(pk=pk)

    def standing(self) -> "ActivityQuerySet":
        """Activities that have been neither discarded nor cancelled."""
        return self.exclude(state__in=[ActivityState.DISCARDED, ActivityState.CANCELLED])

    def held(self) -> "ActivityQuerySet":
        """Activities that took place, verified or not yet."""
        return self.filter(state__in=HELD)

    def coming(self) -> "ActivityQuerySet":
        """Activities that are planned or published and not yet entered as held."""
        return self.filter(state__in=COMING)

    def planned_ahead(self) -> "ActivityQuerySet":
        """Activities that stood in the plan before they were held."""
        return self.filter(Q(recorded_at=None) | Q(created_at__lt=F("recorded_at")))

    def public(self) -> "ActivityQuerySet":
        """Published activities that anybody may read about."""
        return self.standing().filter(audience=Audience.PUBLIC, published_at__isnull=False)


class Activity(models.Model):
    """One record from the plan to what came of it: planned, published, held, verified.

    Only a verified one counts. ``held_on`` is the day it is planned for, then the day it was
    held. ``taken`` is what the sign-ups hold of the places; the database refuses more.
    """

    title = models.CharField("活动名称", max_length=80)
    kind = models.CharField("类别", max_length=16, choices=Kind.choices, default=Kind.MEETING)
    organisation = models.ForeignKey(  # empty: the association is the host
        PartyOrganisation,
        verbose_name="主办党组织",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="activities",
    )
    series = models.ForeignKey(
        Series,
        verbose_name="系列",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="activities",
    )
    obligations = models.ManyToManyField(
        Obligation,
        verbose_name="计入任务",
        through="Fulfilment",
        related_name="activities",
    )
    bonus = models.CharField("公益加分", max_length=20, choices=CharityCode.choices, blank=True)
    held_on = models.DateField("活动日期")
    starts_at = models.TimeField("开始", null=True, blank=True)
    ends_at = models.TimeField("结束", null=True, blank=True)
    place = models.CharField("地点", max_length=100, blank=True)
    audience = models.CharField(
        "对谁开放", max_length=16, choices=Audience.choices, default=Audience.OFFICE
    )
    notice = models.TextField("通知", blank=True)  # what those who come should know
    places = models.PositiveIntegerField("名额", null=True, blank=True)
    places_per_shop = models.PositiveSmallIntegerField("每店名额", null=True, blank=True)
    sign_up_until = models.DateTimeField("报名截止", null=True, blank=True)
    taken = models.PositiveIntegerField("已占名额", default=0)
    hours = models.DecimalField(
        "时长（小时）", max_digits=4, decimal_places=1, null=True, blank=True
    )
    beneficiaries = models.PositiveIntegerField("受益人数", null=True, blank=True)
    beneficiaries_by = models.CharField(
        "人数来源", max_length=16, choices=Counted.choices, blank=True
    )
    story = models.TextField("情况", blank=True)
    state = models.CharField(
        "状态", max_length=16, choices=ActivityState.choices, default=ActivityState.PLANNED
    )
    created_at = models.DateTimeField("建立时间")
    created_by = user_reference("+", "建立人")
    changed_at = models.DateTimeField("改动时间")
    sequence = models.PositiveIntegerField("改动次数", default=0)  # of what calendars show
    published_at = models.DateTimeField("发布时间", null=True, blank=True)
    published_by = user_reference("+", "发布人", null=True, blank=True)
    cancelled_at = models.DateTimeField("取消时间", null=True, blank=True)
    cancelled_by = user_reference("+", "取消人", null=True, blank=True)
    cancelled_reason = models.CharField("取消原因", max_length=200, blank=True)
    recorded_at = models.DateTimeField("登记时间", null=True, blank=True)
    recorded_by = user_reference("+", "登记人", null=True, blank=True)
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
                condition=Q(kind__in=Kind.values), name="activities_activity_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(audience__in=Audience.values), name="activities_activity_audience_known"
            ),
            models.CheckConstraint(
                condition=Q(bonus="") | Q(bonus__in=CharityCode.values),
                name="activities_activity_bonus_known",
            ),
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(starts_at__isnull=False, starts_at__lt=F("ends_at")),
                name="activities_activity_ends_after_start",
            ),
            # However many people sign up in the same second, no place is given twice.
            models.CheckConstraint(
                condition=Q(places=None) | Q(taken__lte=F("places")),
                name="activities_activity_never_overbooked",
            ),
            models.CheckConstraint(
                condition=Q(beneficiaries=None, beneficiaries_by="")
                | (Q(beneficiaries__isnull=False) & Q(beneficiaries_by__in=Counted.values)),
                name="activities_activity_beneficiaries_say_how",
            ),
            models.CheckConstraint(
                condition=Q(hours=None) | Q(hours__gt=0), name="activities_activity_hours_positive"
            ),
            both_or_neither(
                "published_at", "published_by", name="activities_activity_published_pair"
            ),
            both_or_neither("recorded_at", "recorded_by", name="activities_activity_recorded_pair"),
            both_or_neither("verified_at", "verified_by", name="activities_activity_verified_pair"),
            both_or_neither(
                "cancelled_at", "cancelled_by", name="activities_activity_cancelled_pair"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=HELD) | Q(recorded_at__isnull=False),
                name="activities_activity_held_means_recorded",
            ),
            models.CheckConstraint(
                condition=~Q(state=ActivityState.PUBLISHED) | Q(published_at__isnull=False),
                name="activities_activity_published_by_somebody",
            ),
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
                condition=Q(state=ActivityState.CANCELLED, cancelled_at__isnull=False)
                & ~Q(cancelled_reason="")
                | (~Q(state=ActivityState.CANCELLED) & Q(cancelled_at=None, cancelled_reason="")),
                name="activities_activity_cancelled_with_reason",
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

    @property
    def is_coming(self) -> bool:
        """Whether it is still to be held, or held and not yet entered."""
        return self.state in COMING

    @property
    def is_held(self) -> bool:
        """Whether it has been entered as held."""
        return self.state in HELD

    @property
    def free_places(self) -> int | None:
        """Places nobody holds; ``None`` where there is no limit."""
        return None if self.places is None else self.places - self.taken

    def roles_of(self, user) -> frozenset[Role]:
        """All roles of the person, or those on the Party organisation that is the host.

        What is open to members is open to the people of shops, whoever holds it.
        """
        roles = roles_at(self.organisation, user)
        if self.published_at is not None and self.audience != Audience.OFFICE:
            roles |= roles_anywhere(user) & SHOP_ROLES
        return roles


class JointMark(models.Model):
    """An activity filed under one of the eight programmes (八联八通); once each."""

    activity = models.ForeignKey(
        Activity, verbose_name="活动", on_delete=models.PROTECT, related_name="joint_marks"
    )
    code = models.CharField("八联八通", max_length=4, choices=JointCode.choices)

    class Meta:
        verbose_name = verbose_name_plural = "八联八通归类"
        constraints = [
            models.UniqueConstraint(fields=["activity", "code"], name="activities_jointmark_once"),
            models.CheckConstraint(
                condition=Q(code__in=JointCode.values), name="activities_jointmark_code_known"
            ),
        ]

    def __str__(self) -> str:
        return self.get_code_display()


class Fulfilment(models.Model):
    """An activity counted for one obligation; once for each duty."""

    activity = models.ForeignKey(
        Activity, verbose_name="活动", on_delete=models.PROTECT, related_name="fulfilments"
    )
    obligation = models.ForeignKey(
        Obligation, verbose_name="当期任务", on_delete=models.PROTECT, related_name="fulfilments"
    )
    code = models.CharField("代码", max_length=20)  # of the duty, so that it counts once for it

    class Meta:
        verbose_name = verbose_name_plural = "任务完成"
        constraints = [
            models.UniqueConstraint(
                fields=["activity", "code"],
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
    stored = models.ForeignKey(
        StoredFile, verbose_name="文件", on_delete=models.PROTECT, related_name="activity_papers"
    )
    kind = models.CharField("种类", max_length=16, choices=PaperKind.choices)
    filed_as = models.JSONField("归为", default=list, blank=True)  # names of evidence, or ["*"]
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
    """One shop at one activity: how many of its people, how long if not the whole time.

    ``checked_in_at`` is empty for a shop that was put on the list afterwards.
    """

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

    way = models.CharField("怎样签到", max_length=16, choices=CheckIn.choices, default=CheckIn.LIST)
    checked_in_at = models.DateTimeField("签到时间", null=True, blank=True)
    checked_in_by = user_reference("+", "签到人", null=True, blank=True)

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
            models.CheckConstraint(
                condition=Q(way__in=CheckIn.values), name="activities_attendance_way_known"
            ),
            both_or_neither(
                "checked_in_at", "checked_in_by", name="activities_attendance_checked_in_pair"
            ),
        ]
        indexes = [models.Index(fields=["pharmacy"], name="attendance_by_shop")]

    def __str__(self) -> str:
        return f"{self.activity_id}·{self.pharmacy_id}"
