"""Issued results, frozen with all they rest on, and the awards that follow."""

from django.db import models
from django.db.models import F, Q

from accounts.roles import Role
from association.models import AppendOnlyQuerySet, user_reference
from members.models import Pharmacy
from starrating.enums import AwardState, CycleState, ResultStatus
from starrating.models.assessment import Assessment


class ResultQuerySet(AppendOnlyQuerySet):
    def visible_to(self, user) -> "ResultQuerySet":
        """Results of the assessments the person may see."""
        return self.filter(assessment__in=Assessment.objects.visible_to(user))

    def latest(self) -> "ResultQuerySet":
        """The newest version of each assessment."""
        return self.order_by("assessment", "-version").distinct("assessment")

    def public(self) -> "ResultQuerySet":
        """Results of cycles that are publicised or final."""
        return self.filter(
            assessment__cycle__state__in=[
                CycleState.PUBLICISED,
                CycleState.FINAL,
                CycleState.ARCHIVED,
            ]
        )


class Result(models.Model):
    """One version of what a shop was given, with the evidence frozen beside it (结果).

    Append-only, by trigger. ``stars`` is empty unless the status is *rated*.
    """

    assessment = models.ForeignKey(
        Assessment, verbose_name="评定", on_delete=models.PROTECT, related_name="results"
    )
    version = models.PositiveSmallIntegerField("版次")
    status = models.CharField("状态", max_length=16, choices=ResultStatus.choices)
    stars = models.PositiveSmallIntegerField("星级", null=True, blank=True)
    total = models.DecimalField("总分", max_digits=7, decimal_places=2, null=True, blank=True)
    base = models.DecimalField("基础分", max_digits=7, decimal_places=2, null=True, blank=True)
    bonus = models.DecimalField("加分", max_digits=7, decimal_places=2, null=True, blank=True)
    tree = models.JSONField("结果明细")
    evidence = models.JSONField("依据")
    evidence_hash = models.CharField("依据 SHA-256", max_length=64)
    scheme_hash = models.CharField("标准 SHA-256", max_length=64)
    engine_version = models.PositiveSmallIntegerField("引擎版本")
    reason = models.CharField("签发原因", max_length=200)
    issued_at = models.DateTimeField("签发时间")
    issued_by = user_reference("+", "签发人", null=True, blank=True)

    objects = ResultQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "评定结果"
        constraints = [
            models.UniqueConstraint(
                fields=["assessment", "version"], name="starrating_result_version_unique"
            ),
            models.CheckConstraint(
                condition=Q(status__in=ResultStatus.values), name="starrating_result_status_known"
            ),
            models.CheckConstraint(
                condition=Q(stars=None) | Q(status=ResultStatus.RATED),
                name="starrating_result_stars_need_rated",
            ),
            models.CheckConstraint(
                condition=~Q(status=ResultStatus.RATED) | Q(stars__isnull=False),
                name="starrating_result_rated_has_stars",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.assessment_id} v{self.version}"

    def roles_of(self, user) -> frozenset[Role]:
        return self.assessment.roles_of(user)


NOT_ON_PAPER = (
    "result__tree",
    "result__evidence",
    "result__assessment__sheet",
    "result__assessment__preview",
    "result__assessment__preview_evidence",
    "result__assessment__cycle__publicity_text",
    "result__assessment__cycle__scheme__document",
)


class AwardQuerySet(models.QuerySet):
    def visible_to(self, user) -> "AwardQuerySet":
        """Awards that came of the files the person may see, with what their paper needs."""
        return self.for_paper().filter(result__assessment__in=Assessment.objects.visible_to(user))

    def for_paper(self) -> "AwardQuerySet":
        """Awards with the cycle and scheme that their certificate names, by serial.

        What a certificate does not name stays in the database: a scheme and a publicity text
        for each of fifty rows would be ten megabytes of JSON.
        """
        rows = self.select_related("result__assessment__cycle__scheme", "pharmacy")
        return rows.defer(*NOT_ON_PAPER).order_by("serial")

    def valid_on(self, day) -> "AwardQuerySet":
        """Awards that hold on ``day``."""
        return self.filter(state=AwardState.VALID, valid_from__lte=day, valid_to__gte=day)


class Award(models.Model):
    """The star as it hangs on the wall (授牌): certificate, plaque serial and live QR page."""

    result = models.OneToOneField(
        Result, verbose_name="结果", on_delete=models.PROTECT, related_name="award"
    )
    pharmacy = models.ForeignKey(
        Pharmacy, verbose_name="药店", on_delete=models.PROTECT, related_name="awards"
    )
    serial = models.CharField("证书编号", max_length=40, unique=True)
    # Unguessable part of the address /v/<token>/ printed as QR.
    token = models.CharField("核验编号", max_length=40, unique=True)
    stars = models.PositiveSmallIntegerField("星级")
    holder_name = models.CharField("授予对象", max_length=100)
    valid_from = models.DateField("有效期自")
    valid_to = models.DateField("有效期至")
    state = models.CharField(
        "状态", max_length=16, choices=AwardState.choices, default=AwardState.VALID
    )
    state_reason = models.CharField("状态原因", max_length=200, blank=True)
    issued_at = models.DateTimeField("授予时间")
    issued_by = user_reference("+", "授予人", null=True, blank=True)

    objects = AwardQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "授牌"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=AwardState.values), name="starrating_award_state_known"
            ),
            models.CheckConstraint(
                condition=Q(valid_from__lte=F("valid_to")), name="starrating_award_days_in_order"
            ),
            models.UniqueConstraint(
                fields=["pharmacy", "valid_from"],
                condition=Q(state=AwardState.VALID),
                name="starrating_award_one_valid_per_term",
            ),
        ]

    def __str__(self) -> str:
        return self.serial

    def roles_of(self, user) -> frozenset[Role]:
        return self.pharmacy.roles_of(user)
