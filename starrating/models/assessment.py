"""One shop in one cycle: its sheet, its papers, and the people who act on it."""

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.timezone import localtime

from accounts.roles import Role
from association.models import StoredFile, both_or_neither, user_reference
from members.models import Pharmacy
from starrating.enums import AssessmentState, CycleState, ResultStatus
from starrating.models.cycle import Cycle


class AssessmentQuerySet(models.QuerySet):
    def visible_to(self, user) -> "AssessmentQuerySet":
        """Those of the shops the person may see; assigned ones for a reviewer.

        An adjudicator sees the cases of cycles that wait for or bear the second signature: what
        they signed for stays open to them.
        """
        if not user.is_authenticated or not user.is_active:
            return self.none()
        sight = Q(pharmacy__in=Pharmacy.objects.visible_to(user))
        if Role.REVIEWER in user.area_roles:
            sight |= Q(
                pk__in=ReviewAssignment.objects.filter(reviewer=user, ended_at=None).values(
                    "assessment"
                )
            )
        if Role.ADJUDICATOR in user.area_roles:
            sight |= Q(
                cycle__state__in=[
                    CycleState.REVIEW,
                    CycleState.GATED,
                    CycleState.NOTIFIED,
                    CycleState.PUBLICISED,
                    CycleState.FINAL,
                    CycleState.ARCHIVED,
                ]
            )
        return self.filter(sight)

    def taking_part(self) -> "AssessmentQuerySet":
        """Assessments that lead to a rating: neither declined nor excused."""
        return self.exclude(state__in=[AssessmentState.DECLINED, AssessmentState.EXCUSED])


class Assessment(models.Model):
    """The rating file of one shop in one cycle (评定).

    ``sheet`` is the truth for values: ``{item: {source: {"value", "at", "by", …}}}`` with the
    sources ``self``, ``reviewed``, ``department``, ``public`` and the claim ``na``; each act
    writes only its own source. ``sheet_version`` rises with every write, so that two phones
    notice each other. Beside it the database keeps ``said``, the same one line an item without
    hands and times (see the migration that adds it), which only the rating reads.
    ``preview`` is the draft rating until the notice; afterwards ``Result``.
    """

    cycle = models.ForeignKey(
        Cycle, verbose_name="周期", on_delete=models.PROTECT, related_name="assessments"
    )
    pharmacy = models.ForeignKey(
        Pharmacy, verbose_name="药店", on_delete=models.PROTECT, related_name="assessments"
    )
    state = models.CharField(
        "状态", max_length=16, choices=AssessmentState.choices, default=AssessmentState.OPEN
    )
    sheet = models.JSONField("评分表", default=dict)
    sheet_version = models.PositiveIntegerField("评分表版次", default=0)
    opened_at = models.DateTimeField("建立时间")
    saved_at = models.DateTimeField("最近保存时间", null=True, blank=True)
    submitted_at = models.DateTimeField("提交时间", null=True, blank=True)
    submitted_by = user_reference("+", "提交人", null=True, blank=True)
    is_on_behalf = models.BooleanField("代录", default=False)
    signed_paper = models.ForeignKey(
        StoredFile,
        verbose_name="签字件",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    confirmed_at = models.DateTimeField("药店确认时间", null=True, blank=True)
    confirmed_by = user_reference("+", "药店确认人", null=True, blank=True)
    reviewed_at = models.DateTimeField("评审完成时间", null=True, blank=True)
    reviewed_by = user_reference("+", "评审人", null=True, blank=True)
    closing_reason = models.CharField("不参评或免评原因", max_length=200, blank=True)
    # The draft rating: total and stars stand apart from the tree for lists and figures.
    preview = models.JSONField("试评结果", null=True, blank=True)
    # Its basis: what the sheet said, one line an item, and the record of all else.
    preview_said = models.TextField("试评时的评分表", null=True, editable=False)  # noqa: DJ001
    preview_evidence = models.JSONField("试评依据", null=True, blank=True)
    preview_status = models.CharField("试评状态", max_length=16, blank=True)
    preview_total = models.DecimalField(
        "试评总分", max_digits=7, decimal_places=2, null=True, blank=True
    )
    preview_stars = models.PositiveSmallIntegerField("拟评星级", null=True, blank=True)
    preview_evidence_hash = models.CharField("试评依据 SHA-256", max_length=64, blank=True)
    previewed_at = models.DateTimeField("试评时间", null=True, blank=True)

    objects = AssessmentQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "评定"
        constraints = [
            models.UniqueConstraint(
                fields=["cycle", "pharmacy"], name="starrating_assessment_once_per_cycle"
            ),
            models.CheckConstraint(
                condition=Q(state__in=AssessmentState.values),
                name="starrating_assessment_state_known",
            ),
            both_or_neither(
                "submitted_at", "submitted_by", name="starrating_assessment_submitted_pair"
            ),
            both_or_neither(
                "confirmed_at", "confirmed_by", name="starrating_assessment_confirmed_pair"
            ),
            both_or_neither(
                "reviewed_at", "reviewed_by", name="starrating_assessment_reviewed_pair"
            ),
            models.CheckConstraint(
                condition=~Q(state=AssessmentState.REVIEWED)
                | Q(reviewed_at__isnull=False, confirmed_at__isnull=False),
                name="starrating_assessment_reviewed_is_confirmed",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[AssessmentState.DECLINED, AssessmentState.EXCUSED])
                | ~Q(closing_reason=""),
                name="starrating_assessment_closed_with_reason",
            ),
            models.CheckConstraint(
                condition=Q(preview_stars=None) | Q(preview_status="rated"),
                name="starrating_assessment_preview_stars_need_rated",
            ),
        ]
        indexes = [
            models.Index(fields=["cycle", "state"], name="assessment_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.cycle} {self.pharmacy}"

    @property
    def preview_word(self) -> str:
        """The status of the draft rating in words; blank while there is none."""
        return ResultStatus(self.preview_status).label if self.preview_status else ""

    def roles_of(self, user) -> frozenset[Role]:
        """Roles at the shop; a reviewer's role counts where the case is assigned to them."""
        roles = self.pharmacy.roles_of(user) - {Role.REVIEWER}
        if self.assignments.filter(reviewer=user, ended_at=None).exists():
            roles |= user.roles_in_area(self.pharmacy.area_id) & {Role.REVIEWER}
        return roles


class ReviewAssignment(models.Model):
    """A reviewer is given a case (分派); ended, never deleted. Recusal by company is checked."""

    assessment = models.ForeignKey(
        Assessment, verbose_name="评定", on_delete=models.PROTECT, related_name="assignments"
    )
    reviewer = user_reference("review_assignments", "评审员")
    assigned_at = models.DateTimeField("分派时间")
    assigned_by = user_reference("+", "分派人", null=True, blank=True)
    ended_at = models.DateTimeField("结束时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "评审分派"
        constraints = [
            models.UniqueConstraint(
                fields=["assessment"],
                condition=Q(ended_at=None),
                name="starrating_reviewassignment_one_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.assessment_id}→{self.reviewer_id} #{self.pk}"


class ItemNote(models.Model):
    """What a reviewer wrote to the shop about one item: a return with its reason (退回意见)."""

    assessment = models.ForeignKey(
        Assessment, verbose_name="评定", on_delete=models.PROTECT, related_name="notes"
    )
    item = models.CharField("条目", max_length=20, blank=True)
    text = models.CharField("意见", max_length=500)
    written_at = models.DateTimeField("时间")
    written_by = user_reference("+", "填写人")
    answered_at = models.DateTimeField("药店已补时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "退回意见"
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="starrating_itemnote_has_text"),
        ]

    def __str__(self) -> str:
        return f"{self.item} #{self.pk}"


class EvidenceFileQuerySet(models.QuerySet):
    def visible_to(self, user) -> "EvidenceFileQuerySet":
        """Papers of the assessments the person may see, with their assessment at hand."""
        return self.filter(assessment__in=Assessment.objects.visible_to(user)).select_related(
            "assessment__cycle__scheme", "assessment__pharmacy", "file"
        )


class EvidenceFile(models.Model):
    """A photo or paper that the shop put beside an item (佐证)."""

    assessment = models.ForeignKey(
        Assessment, verbose_name="评定", on_delete=models.PROTECT, related_name="evidence_files"
    )
    item = models.CharField("条目", max_length=20)
    file = models.ForeignKey(
        StoredFile, verbose_name="文件", on_delete=models.PROTECT, related_name="+"
    )
    caption = models.CharField("说明", max_length=100, blank=True)
    added_at = models.DateTimeField("添加时间")
    added_by = user_reference("+", "添加人")
    removed_at = models.DateTimeField("移除时间", null=True, blank=True)
    removed_by = user_reference("+", "移除人", null=True, blank=True)

    objects = EvidenceFileQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "佐证"
        constraints = [
            both_or_neither(
                "removed_at", "removed_by", name="starrating_evidencefile_removed_pair"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item} #{self.pk}"

    def roles_of(self, user) -> frozenset[Role]:
        return self.assessment.roles_of(user)

    @property
    def words(self) -> str:
        """What stands under the tile."""
        day = localtime(self.added_at)
        return self.caption or f"{day.month}月{day.day}日"

    @property
    def thumbnail(self) -> str:
        """The address of the small picture; empty for a paper that is none, or was erased."""
        is_picture = self.file.content_type.startswith("image/") and self.file.erased_at is None
        return f"{reverse('starrating:evidence', args=[self.pk])}?small=1" if is_picture else ""
