"""Violations and the list of grounds that veto a star."""

from django.db import models
from django.db.models import F, Q

from accounts.roles import GRANTS, Permission, Role
from association.models import StoredFile, both_or_neither, user_reference
from inspections.enums import ViolationState
from members.models import Pharmacy


class Ground(models.Model):
    """One entry of the veto list (一票否决情形), as the scheme names it: veto/V05."""

    code = models.CharField("代码", max_length=20, unique=True)
    name = models.CharField("情形", max_length=100)
    basis = models.CharField("依据", max_length=200, blank=True)
    order = models.PositiveSmallIntegerField("排序", default=0)
    is_in_use = models.BooleanField("在用", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "否决情形"

    def __str__(self) -> str:
        return f"{self.code.partition('/')[2]} {self.name}"


class ViolationQuerySet(models.QuerySet):
    def visible_to(self, user) -> "ViolationQuerySet":
        """Violations in the areas where the person holds a role that may view them."""
        areas: set = set()
        for role, held in user.area_roles.items():
            if Permission.VIOLATION_VIEW not in GRANTS[role]:
                continue
            if held is None:
                return self
            areas |= held
        return self.filter(pharmacy__area__in=areas) if areas else self.none()

    def standing(self) -> "ViolationQuerySet":
        """Established and not lifted: what vetoes a star."""
        return self.filter(state=ViolationState.ESTABLISHED)

    def pending(self) -> "ViolationQuerySet":
        """Leads and reviews: what nobody may hold against the shop yet."""
        return self.filter(state__in=[ViolationState.LEAD, ViolationState.IN_REVIEW])


class Violation(models.Model):
    """A fact against a shop (违法违规事实) with the paper of the authority that found it.

    One person prepares it, another establishes it; the database keeps them apart. The days of
    effect are both included; without an end it holds until it is lifted.
    """

    pharmacy = models.ForeignKey(
        Pharmacy, verbose_name="药店", on_delete=models.PROTECT, related_name="violations"
    )
    code = models.CharField("否决情形代码", max_length=20)  # with its register: veto/V05
    title = models.CharField("否决情形", max_length=100)
    document_number = models.CharField("文书号", max_length=80, blank=True)
    authority = models.CharField("作出机关", max_length=80, blank=True)
    decided_on = models.DateField("文书日期", null=True, blank=True)
    starts_on = models.DateField("影响期自")
    ends_on = models.DateField("影响期至", null=True, blank=True)
    facts = models.TextField("事实摘要")
    paper = models.OneToOneField(
        StoredFile,
        verbose_name="依据文件",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="violation",
    )
    state = models.CharField(
        "状态", max_length=16, choices=ViolationState.choices, default=ViolationState.LEAD
    )
    prepared_at = models.DateTimeField("登记时间")
    prepared_by = user_reference("+", "登记人")
    reviewed_at = models.DateTimeField("送复核时间", null=True, blank=True)
    reviewed_by = user_reference("+", "送复核人", null=True, blank=True)
    established_at = models.DateTimeField("认定时间", null=True, blank=True)
    established_by = user_reference("+", "认定人", null=True, blank=True)
    established_reason = models.CharField("认定意见", max_length=500, blank=True)
    closed_at = models.DateTimeField("办结时间", null=True, blank=True)
    closed_by = user_reference("+", "办结人", null=True, blank=True)
    closed_reason = models.CharField("不成立或撤销的理由", max_length=500, blank=True)

    objects = ViolationQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "违法违规事实"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=ViolationState.values),
                name="inspections_violation_state_known",
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(starts_on__lte=F("ends_on")),
                name="inspections_violation_days_in_order",
            ),
            # The one who prepares a fact never establishes it.
            models.CheckConstraint(
                condition=Q(established_by=None) | ~Q(established_by=F("prepared_by")),
                name="inspections_violation_second_person",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["in_review", "established", "lifted"])
                | (Q(paper__isnull=False, decided_on__isnull=False) & ~Q(document_number="")),
                name="inspections_violation_rests_on_a_paper",
            ),
            models.CheckConstraint(
                condition=(
                    Q(state__in=["established", "lifted"], established_at__isnull=False)
                    & ~Q(established_reason="")
                )
                | Q(state__in=["lead", "in_review", "dismissed"], established_at=None),
                name="inspections_violation_established_with_reason",
            ),
            models.CheckConstraint(
                condition=(
                    Q(state__in=["dismissed", "lifted"], closed_at__isnull=False)
                    & ~Q(closed_reason="")
                )
                | Q(state__in=["lead", "in_review", "established"], closed_at=None),
                name="inspections_violation_closed_with_reason",
            ),
            both_or_neither("reviewed_at", "reviewed_by", name="inspections_violation_reviewed"),
            both_or_neither(
                "established_at", "established_by", name="inspections_violation_established"
            ),
            both_or_neither("closed_at", "closed_by", name="inspections_violation_closed"),
        ]
        indexes = [
            models.Index(fields=["pharmacy", "state"], name="violation_by_shop"),
            models.Index(fields=["state", "-prepared_at"], name="violation_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.title} #{self.pk}"

    def roles_of(self, user) -> frozenset[Role]:
        """Roles that ``user`` holds in the area of the shop."""
        return user.roles_in_area(self.pharmacy.area_id)
