"""What verified activities earned the shops: a ledger."""

from django.db import models
from django.db.models import Q

from activities.enums import CharityCode, CreditUnit
from activities.models.activities import Activity
from association.models import AppendOnlyQuerySet, user_reference
from members.models import Pharmacy


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
