"""A sheet on its way into a register: the batch, its lines, what they say, what becomes of them.

Lines are as wide as the sheet, and there may be 200,000 of them; they are written by COPY and
read set by set. So they carry no foreign key that the database would check row by row: the
batch they belong to is in their key, and batches are never deleted.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.permissions import allowed
from accounts.roles import Permission, Role
from association.models import Job, StoredFile, both_or_neither, user_reference
from members.enums import ImportState, Verdict

NEWEST = "-uploaded_at"
WRITTEN = [ImportState.COMMITTED, ImportState.UNDONE]


class ImportBatchQuerySet(models.QuerySet):
    def visible_to(self, user) -> "ImportBatchQuerySet":
        """All batches for those who import: two people share one office."""
        return self if allowed(user, Permission.PHARMACY_IMPORT) else self.none()

    def open(self) -> "ImportBatchQuerySet":
        """Batches that wait for a person or the worker."""
        return self.filter(
            state__in=[
                ImportState.READING,
                ImportState.MAPPING,
                ImportState.CHECKING,
                ImportState.CHECKED,
            ]
        )


class ImportBatch(models.Model):
    """One uploaded sheet (导入批次) and how far it has come.

    ``about`` is what the reader saw (encoding, notes, the other sheets, the first rows);
    ``mapping`` says which columns hold what: ``{"name": [3], "phone": [6, 7]}``, from 0.
    """

    kind = models.CharField("种类", max_length=32)
    state = models.CharField(
        "状态", max_length=16, choices=ImportState.choices, default=ImportState.READING
    )
    file = models.ForeignKey(
        StoredFile, verbose_name="原文件", on_delete=models.PROTECT, related_name="+"
    )
    uploaded_at = models.DateTimeField("上传时间")
    uploaded_by = user_reference("+", "上传人")
    sheet = models.CharField("工作表", max_length=100, blank=True)
    about = models.JSONField("读到的内容", default=dict)
    refusal = models.CharField("没能读取的原因", max_length=300, blank=True)
    line_count = models.PositiveIntegerField("行数", default=0)
    header_row = models.PositiveIntegerField("表头行", default=0)
    first_row = models.PositiveIntegerField("首个数据行", default=0)
    headings = models.JSONField("列名", default=list)
    mapping = models.JSONField("对应关系", default=dict)
    source = models.CharField("来源名册", max_length=60, blank=True)
    checked_at = models.DateTimeField("核对时间", null=True, blank=True)
    counts = models.JSONField("核对结果", default=dict)
    remarks = models.JSONField("核对所见", default=dict)
    # What the person confirms: the same for the same verdicts against the same register.
    digest = models.CharField("核对指纹", max_length=40, blank=True)
    job = models.ForeignKey(
        Job, verbose_name="后台任务", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    committed_at = models.DateTimeField("写入时间", null=True, blank=True)
    committed_by = user_reference("+", "写入人", null=True, blank=True)
    undone_at = models.DateTimeField("撤回时间", null=True, blank=True)
    undone_by = user_reference("+", "撤回人", null=True, blank=True)
    result = models.JSONField("结果", default=dict)
    # The lines are dropped some weeks after the last act; the original file stays.
    cleared_at = models.DateTimeField("明细清理时间", null=True, blank=True)

    objects = ImportBatchQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "导入批次"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=ImportState.values), name="members_importbatch_state_known"
            ),
            both_or_neither(
                "committed_at", "committed_by", name="members_importbatch_committed_pair"
            ),
            both_or_neither("undone_at", "undone_by", name="members_importbatch_undone_pair"),
            models.CheckConstraint(
                condition=Q(undone_at=None) | Q(committed_at__isnull=False),
                name="members_importbatch_undone_after_committed",
            ),
            models.CheckConstraint(
                condition=Q(committed_at__isnull=False, state__in=WRITTEN)
                | Q(committed_at=None) & ~Q(state__in=WRITTEN),
                name="members_importbatch_committed_state",
            ),
        ]
        indexes = [models.Index(fields=[NEWEST, "-id"], name="importbatch_newest")]

    def __str__(self) -> str:
        return self.file.original_name

    def roles_of(self, user) -> frozenset[Role]:
        """A sheet belongs to the office as a whole."""
        return user.global_roles


class OfBatch(models.Model):
    """A line of a batch: known by the batch and the row number that the clerk sees."""

    pk = models.CompositePrimaryKey("batch_id", "number")
    batch = models.ForeignKey(
        ImportBatch,
        verbose_name="批次",
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,  # the primary key begins with it
    )
    number = models.PositiveIntegerField("行号")

    class Meta:
        abstract = True


class ImportLine(OfBatch):
    """A row as it stands in the sheet: cleaned cells joined by the unit separator."""

    cells = models.TextField("单元格")

    class Meta:
        verbose_name = verbose_name_plural = "导入原行"

    def __str__(self) -> str:
        return f"{self.batch_id}:{self.number}"


class ImportText(models.Model):
    """One distinct text of a column and what our rules make of it.

    Only texts that are not already their own value are here, and all names, because of the
    keys by which they are compared, found and sorted.
    """

    pk = models.CompositePrimaryKey("batch_id", "place", "text")
    batch = models.ForeignKey(
        ImportBatch,
        verbose_name="批次",
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    place = models.PositiveSmallIntegerField("第几栏")
    text = models.TextField("原文")
    value = models.TextField("值", null=True)  # noqa: DJ001 -- NULL: nothing, or not readable
    folded = models.TextField("规范写法", blank=True)
    initials = models.TextField("拼音首字母", blank=True)
    sort = models.TextField("拼音排序", blank=True)
    reason = models.TextField("问题", blank=True)
    hint = models.TextField("建议", blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "导入用语"

    def __str__(self) -> str:
        return self.text


class ImportRow(OfBatch):
    """What a row says, in the order of the kind's columns; NULL where it says nothing."""

    values = ArrayField(models.TextField(null=True), verbose_name="值")
    is_readable = models.BooleanField("每一格都能读", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "导入行"

    def __str__(self) -> str:
        return f"{self.batch_id}:{self.number}"


class ImportVerdict(OfBatch):
    """What becomes of a row: which record it is, what changes, why it cannot be taken.

    ``before`` holds the register's text for each column that changes, NULL for the others.
    ``target`` of a new row is the number that the new record will get.
    """

    verdict = models.CharField("结论", max_length=8, choices=Verdict.choices)
    target = models.BigIntegerField("对象", null=True)
    parent = models.BigIntegerField("上级对象", null=True)
    makes_parent = models.BooleanField("新增上级对象", default=False)
    before = ArrayField(models.TextField(null=True), verbose_name="原值", null=True)
    # [[column, fault, word…]…]; the sentences are the kind's.
    faults = models.JSONField("问题", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "导入结论"
        constraints = [
            models.CheckConstraint(
                condition=Q(verdict__in=Verdict.values), name="members_importverdict_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.batch_id}:{self.number} {self.verdict}"


class HeadingMemory(models.Model):
    """How a person mapped a sheet with these headings: the next one is mapped alike."""

    kind = models.CharField("种类", max_length=32)
    signature = models.CharField("表头指纹", max_length=64)
    mapping = models.JSONField("对应关系")
    source = models.CharField("来源名册", max_length=60, blank=True)
    remembered_at = models.DateTimeField("记下时间")

    class Meta:
        verbose_name = verbose_name_plural = "列的对应记忆"
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "signature"], name="members_headingmemory_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.signature[:12]}"
