"""Marks of the department and the public and bonus by hand: the papers they rest on."""

from django.db import models
from django.db.models import F, Q

from accounts.permissions import allowed_somewhere
from accounts.roles import Permission, Role
from association.models import StoredFile, both_or_neither, user_reference
from starrating.enums import CycleState, MarkKind
from starrating.mark_sheet import Mark
from starrating.models.assessment import Assessment
from starrating.models.cycle import Cycle

# Marks are entered and taken back until the quality gate.
MARKABLE = (CycleState.SELF_REVIEW, CycleState.REVIEW)


class MarkPaperQuerySet(models.QuerySet):
    def visible_to(self, user) -> "MarkPaperQuerySet":
        """Papers of the cycles the person may see."""
        return self.filter(cycle__in=Cycle.objects.visible_to(user)).select_related(
            "cycle__scheme", "file", "sheet_file", "entered_by", "confirmed_by", "undone_by"
        )

    def standing(self) -> "MarkPaperQuerySet":
        """Papers that were not taken back."""
        return self.filter(undone_at=None)

    def waiting(self) -> "MarkPaperQuerySet":
        """Papers with something in them that a second person has not confirmed yet."""
        return self.standing().filter(
            needs_confirmation=True,
            confirmed_at=None,
            value_count__gt=0,
            cycle__state__in=MARKABLE,
        )


class MarkPaper(models.Model):
    """The source paper behind marks that the secretariat entered: by sheet or by hand (评分材料).

    The values stand in ``Assessment.sheet`` and point here; ``MarkedShop`` keeps shop by shop
    what was written and what stood there before, so that a wrong paper can be taken back whole.
    """

    cycle = models.ForeignKey(
        Cycle, verbose_name="周期", on_delete=models.PROTECT, related_name="mark_papers"
    )
    kind = models.CharField("类别", max_length=16, choices=MarkKind.choices)
    title = models.CharField("材料名称", max_length=100)
    document_number = models.CharField("文号或编号", max_length=60, blank=True)
    file = models.ForeignKey(
        StoredFile,
        verbose_name="材料原件",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    sheet_file = models.ForeignKey(
        StoredFile,
        verbose_name="上传的评分表",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    value_count = models.PositiveIntegerField("录入分值数", default=0)
    shop_count = models.PositiveIntegerField("涉及药店数", default=0)
    entered_at = models.DateTimeField("录入时间")
    entered_by = user_reference("+", "录入人")
    # A paper with bonus lines counts only after a second person has confirmed it.
    needs_confirmation = models.BooleanField("须第二人确认", default=False)
    confirmed_at = models.DateTimeField("确认时间", null=True, blank=True)
    confirmed_by = user_reference("+", "确认人", null=True, blank=True)
    undone_at = models.DateTimeField("撤回时间", null=True, blank=True)
    undone_by = user_reference("+", "撤回人", null=True, blank=True)

    objects = MarkPaperQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "评分材料"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=MarkKind.values), name="starrating_markpaper_kind_known"
            ),
            models.CheckConstraint(
                condition=~Q(kind=MarkKind.BONUS)
                | (Q(needs_confirmation=True) & ~Q(document_number="")),
                name="starrating_markpaper_bonus_has_number_and_second",
            ),
            both_or_neither("undone_at", "undone_by", name="starrating_markpaper_undone_pair"),
            both_or_neither(
                "confirmed_at", "confirmed_by", name="starrating_markpaper_confirmed_pair"
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None) | ~Q(confirmed_by=F("entered_by")),
                name="starrating_markpaper_confirmed_by_second",
            ),
        ]
        indexes = [models.Index(fields=["cycle", "-entered_at"], name="markpaper_by_cycle")]

    def __str__(self) -> str:
        return f"{self.title} {self.document_number}".strip()

    def roles_of(self, user) -> frozenset[Role]:
        return self.cycle.roles_of(user)

    @property
    def stage(self) -> tuple[str, str]:
        """Where the paper stands: a code for its colour, and the word."""
        if self.undone_at is not None:
            return "withdrawn", "已撤回"
        if self.needs_confirmation and self.confirmed_at is None:
            return "waiting", "待第二人确认"
        return ("done", "已计入") if self.value_count else ("draft", "还没录入")


class MarkedShopQuerySet(models.QuerySet):
    def standing(self) -> "MarkedShopQuerySet":
        """What was neither taken back for the shop nor with the whole paper."""
        return self.filter(undone_at=None, paper__undone_at=None)

    def visible_to(self, user) -> "MarkedShopQuerySet":
        """What stands in papers and about shops that the person may see."""
        return self.filter(
            paper__in=MarkPaper.objects.visible_to(user),
            assessment__in=Assessment.objects.visible_to(user),
        ).select_related("paper__cycle__scheme", "assessment__pharmacy")


class MarkedShop(models.Model):
    """What one paper says about one shop, item by item, and what stood there before (单店评分).

    ``after`` is ``{item: entry}`` as the sheet holds it, ``before`` the entry it took the place
    of or null. Taken back, never deleted.
    """

    paper = models.ForeignKey(
        MarkPaper, verbose_name="评分材料", on_delete=models.PROTECT, related_name="shops"
    )
    assessment = models.ForeignKey(
        Assessment, verbose_name="评定", on_delete=models.PROTECT, related_name="marked"
    )
    before = models.JSONField("原来的值", default=dict)
    after = models.JSONField("录入的值", default=dict)
    entered_at = models.DateTimeField("录入时间")
    entered_by = user_reference("+", "录入人")
    undone_at = models.DateTimeField("撤回时间", null=True, blank=True)
    undone_by = user_reference("+", "撤回人", null=True, blank=True)

    objects = MarkedShopQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "单店评分"
        constraints = [
            models.UniqueConstraint(
                fields=["paper", "assessment"], name="starrating_markedshop_once_per_paper"
            ),
            both_or_neither("undone_at", "undone_by", name="starrating_markedshop_undone_pair"),
        ]

    def __str__(self) -> str:
        return f"{self.paper_id}→{self.assessment_id}"

    def roles_of(self, user) -> frozenset[Role]:
        return self.paper.roles_of(user)


class StagedMarksQuerySet(models.QuerySet):
    def visible_to(self, user) -> "StagedMarksQuerySet":
        """Sheets in waiting: for those who enter marks."""
        if not allowed_somewhere(user, Permission.MARK_ENTER):
            return self.none()
        return self.filter(cycle__in=Cycle.objects.visible_to(user)).select_related(
            "cycle__scheme", "paper", "sheet_file", "uploaded_by"
        )

    def open(self) -> "StagedMarksQuerySet":
        """Sheets that were read, and neither written nor set aside."""
        return self.filter(paper=None, discarded_at=None)


class StagedMarks(models.Model):
    """An uploaded sheet of marks between reading and writing (待写入的评分表).

    Read once in the child process and kept here: the preview shows it as often as needed and
    the commit writes from it. ``marks`` is ``{assessment: {item: [value, n, reason]}}``,
    ``rows`` the row of each assessment in the sheet, ``wrong`` the cells that were refused.
    """

    cycle = models.ForeignKey(
        Cycle, verbose_name="周期", on_delete=models.PROTECT, related_name="staged_marks"
    )
    kind = models.CharField("类别", max_length=16, choices=MarkKind.choices)
    title = models.CharField("材料名称", max_length=100)
    document_number = models.CharField("文号或编号", max_length=60, blank=True)
    sheet_file = models.ForeignKey(
        StoredFile, verbose_name="上传的评分表", on_delete=models.PROTECT, related_name="+"
    )
    file = models.ForeignKey(
        StoredFile,
        verbose_name="材料原件",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    marks = models.JSONField("分值", default=dict)
    rows = models.JSONField("行号", default=dict)
    wrong = models.JSONField("有错的格", default=list)
    codes = models.JSONField("条目列", default=list)
    unknown = models.JSONField("没有读取的列", default=list)
    notes = models.JSONField("读取说明", default=list)
    row_count = models.PositiveIntegerField("行数", default=0)
    uploaded_at = models.DateTimeField("上传时间")
    uploaded_by = user_reference("+", "上传人")
    paper = models.OneToOneField(
        MarkPaper,
        verbose_name="写成的评分材料",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="staged",
    )
    discarded_at = models.DateTimeField("放弃时间", null=True, blank=True)
    discarded_by = user_reference("+", "放弃人", null=True, blank=True)

    objects = StagedMarksQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "待写入的评分表"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=MarkKind.values), name="starrating_stagedmarks_kind_known"
            ),
            both_or_neither(
                "discarded_at", "discarded_by", name="starrating_stagedmarks_discarded_pair"
            ),
            models.CheckConstraint(
                condition=Q(paper=None) | Q(discarded_at=None),
                name="starrating_stagedmarks_written_or_discarded",
            ),
        ]

    def __str__(self) -> str:
        return self.sheet_file.original_name

    def roles_of(self, user) -> frozenset[Role]:
        return self.cycle.roles_of(user)

    @property
    def as_read(self) -> dict[int, dict[str, Mark]]:
        """What the sheet would write, by assessment and item."""
        return {
            int(pk): {code: Mark(*mark) for code, mark in row.items()}
            for pk, row in self.marks.items()
        }

    @property
    def is_open(self) -> bool:
        """Whether it can still be written."""
        return self.paper_id is None and self.discarded_at is None
