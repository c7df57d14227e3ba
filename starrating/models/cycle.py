"""The rating cycle: one scheme, one period, its dates and its signatures."""

from django.db import models
from django.db.models import F, Q

from accounts.permissions import allowed_somewhere
from accounts.roles import Permission, Role
from association.models import both_or_neither, user_reference
from starrating.enums import CycleState
from starrating.models.scheme import Scheme


class CycleQuerySet(models.QuerySet):
    def visible_to(self, user) -> "CycleQuerySet":
        """All cycles for those who work on them, none for the rest."""
        return self if allowed_somewhere(user, Permission.CYCLE_VIEW) else self.none()

    def public(self) -> "CycleQuerySet":
        """Cycles whose results the public may read."""
        return self.filter(state__in=[CycleState.PUBLICISED, CycleState.FINAL, CycleState.ARCHIVED])


class Cycle(models.Model):
    """One round of rating (评星周期), e.g. 2026 年度.

    The period is days, both included. Deadlines end at 24:00 of the day named. The frozen text
    of the publicity page stands here with its hash.
    """

    name = models.CharField("名称", max_length=60)
    scheme = models.ForeignKey(
        Scheme, verbose_name="评分标准", on_delete=models.PROTECT, related_name="cycles"
    )
    starts_on = models.DateField("评定期自")
    ends_on = models.DateField("评定期至")
    entry_closes_on = models.DateField("自评截止日")
    review_closes_on = models.DateField("评审截止日")
    newest_opening_on = models.DateField("开业不晚于", null=True, blank=True)
    objection_working_days = models.PositiveSmallIntegerField("异议期（工作日）", default=10)
    publicity_working_days = models.PositiveSmallIntegerField("公示期（工作日）", default=5)
    # A hint for the gate, never a quota: above it the two who sign are asked to look again.
    expected_top_share = models.PositiveSmallIntegerField(
        "五星占比提示线（%）", null=True, blank=True
    )
    valid_from = models.DateField("星级有效期自")
    valid_to = models.DateField("星级有效期至")
    state = models.CharField(
        "状态", max_length=16, choices=CycleState.choices, default=CycleState.DRAFT
    )
    created_at = models.DateTimeField("建立时间")
    created_by = user_reference("+", "建立人", null=True, blank=True)
    opened_at = models.DateTimeField("开放自评时间", null=True, blank=True)
    rated_at = models.DateTimeField("试评时间", null=True, blank=True)
    # The quality gate: what was looked at, and the two who signed.
    gate_sample = models.JSONField("抽样复核", default=list)
    gate_note = models.TextField("审核意见", blank=True)
    gate_first_at = models.DateTimeField("第一签时间", null=True, blank=True)
    gate_first_by = user_reference("+", "第一签", null=True, blank=True)
    gate_second_at = models.DateTimeField("第二签时间", null=True, blank=True)
    gate_second_by = user_reference("+", "第二签", null=True, blank=True)
    notified_at = models.DateTimeField("告知时间", null=True, blank=True)
    objections_close_on = models.DateField("异议截止日", null=True, blank=True)
    publicised_at = models.DateTimeField("公示时间", null=True, blank=True)
    publicity_starts_on = models.DateField("公示首日", null=True, blank=True)
    publicity_ends_on = models.DateField("公示末日", null=True, blank=True)
    publicity_text = models.JSONField("公示正文", null=True, blank=True)
    publicity_hash = models.CharField("公示正文 SHA-256", max_length=64, blank=True)
    finalised_at = models.DateTimeField("授牌时间", null=True, blank=True)

    objects = CycleQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "评星周期"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=CycleState.values), name="starrating_cycle_state_known"
            ),
            # A cycle that was called off gives its name back.
            models.UniqueConstraint(
                fields=["name"],
                condition=~Q(state=CycleState.CANCELLED),
                name="starrating_cycle_name_unique",
            ),
            models.CheckConstraint(
                condition=Q(expected_top_share=None) | Q(expected_top_share__lte=100),
                name="starrating_cycle_share_is_a_percentage",
            ),
            models.CheckConstraint(
                condition=Q(starts_on__lte=F("ends_on"))
                & Q(entry_closes_on__lte=F("review_closes_on"))
                & Q(valid_from__lte=F("valid_to")),
                name="starrating_cycle_days_in_order",
            ),
            both_or_neither("gate_first_at", "gate_first_by", name="starrating_cycle_first_pair"),
            both_or_neither(
                "gate_second_at", "gate_second_by", name="starrating_cycle_second_pair"
            ),
            models.CheckConstraint(
                condition=Q(gate_second_by=None)
                | (Q(gate_first_by__isnull=False) & ~Q(gate_second_by=F("gate_first_by"))),
                name="starrating_cycle_gate_signed_by_two",
            ),
            models.CheckConstraint(
                condition=Q(publicised_at=None)
                | (Q(publicity_ends_on__isnull=False) & ~Q(publicity_hash="")),
                name="starrating_cycle_publicity_is_frozen",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def roles_of(self, user) -> frozenset[Role]:
        """A cycle is the association's: granted roles hold on it only where held everywhere."""
        return user.global_roles
