"""Sheets on their way into the register: batches, their lines, and what becomes of each row."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("association", "0003_cache_table"),
        ("members", "0003_lighter_indexes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="HeadingMemory",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=32, verbose_name="种类")),
                ("signature", models.CharField(max_length=64, verbose_name="表头指纹")),
                ("mapping", models.JSONField(verbose_name="对应关系")),
                ("source", models.CharField(blank=True, max_length=60, verbose_name="来源名册")),
                ("remembered_at", models.DateTimeField(verbose_name="记下时间")),
            ],
            options={
                "verbose_name": "列的对应记忆",
                "verbose_name_plural": "列的对应记忆",
            },
        ),
        migrations.CreateModel(
            name="ImportBatch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=32, verbose_name="种类")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("reading", "读取中"),
                            ("unreadable", "没能读取"),
                            ("mapping", "待对应列"),
                            ("checking", "核对中"),
                            ("checked", "待确认"),
                            ("committed", "已写入"),
                            ("undone", "已撤回"),
                            ("discarded", "已放弃"),
                            ("expired", "已过期"),
                        ],
                        default="reading",
                        max_length=16,
                        verbose_name="状态",
                    ),
                ),
                ("uploaded_at", models.DateTimeField(verbose_name="上传时间")),
                ("sheet", models.CharField(blank=True, max_length=100, verbose_name="工作表")),
                ("about", models.JSONField(default=dict, verbose_name="读到的内容")),
                (
                    "refusal",
                    models.CharField(blank=True, max_length=300, verbose_name="没能读取的原因"),
                ),
                ("line_count", models.PositiveIntegerField(default=0, verbose_name="行数")),
                ("header_row", models.PositiveIntegerField(default=0, verbose_name="表头行")),
                ("first_row", models.PositiveIntegerField(default=0, verbose_name="首个数据行")),
                ("headings", models.JSONField(default=list, verbose_name="列名")),
                ("mapping", models.JSONField(default=dict, verbose_name="对应关系")),
                ("source", models.CharField(blank=True, max_length=60, verbose_name="来源名册")),
                (
                    "checked_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="核对时间"),
                ),
                ("counts", models.JSONField(default=dict, verbose_name="核对结果")),
                ("remarks", models.JSONField(default=dict, verbose_name="核对所见")),
                ("digest", models.CharField(blank=True, max_length=40, verbose_name="核对指纹")),
                (
                    "committed_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="写入时间"),
                ),
                ("undone_at", models.DateTimeField(blank=True, null=True, verbose_name="撤回时间")),
                ("result", models.JSONField(default=dict, verbose_name="结果")),
                (
                    "cleared_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="明细清理时间"),
                ),
            ],
            options={
                "verbose_name": "导入批次",
                "verbose_name_plural": "导入批次",
            },
        ),
        migrations.CreateModel(
            name="ImportLine",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "batch_id",
                        "number",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "batch",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="members.importbatch",
                        verbose_name="批次",
                    ),
                ),
                ("number", models.PositiveIntegerField(verbose_name="行号")),
                ("cells", models.TextField(verbose_name="单元格")),
            ],
            options={
                "verbose_name": "导入原行",
                "verbose_name_plural": "导入原行",
            },
        ),
        migrations.CreateModel(
            name="ImportRow",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "batch_id",
                        "number",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "batch",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="members.importbatch",
                        verbose_name="批次",
                    ),
                ),
                ("number", models.PositiveIntegerField(verbose_name="行号")),
                (
                    "values",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(null=True), size=None, verbose_name="值"
                    ),
                ),
                ("is_readable", models.BooleanField(default=True, verbose_name="每一格都能读")),
            ],
            options={
                "verbose_name": "导入行",
                "verbose_name_plural": "导入行",
            },
        ),
        migrations.CreateModel(
            name="ImportText",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "batch_id",
                        "place",
                        "text",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "batch",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="members.importbatch",
                        verbose_name="批次",
                    ),
                ),
                ("place", models.PositiveSmallIntegerField(verbose_name="第几栏")),
                ("text", models.TextField(verbose_name="原文")),
                ("value", models.TextField(null=True, verbose_name="值")),
                ("folded", models.TextField(blank=True, verbose_name="规范写法")),
                ("initials", models.TextField(blank=True, verbose_name="拼音首字母")),
                ("sort", models.TextField(blank=True, verbose_name="拼音排序")),
                ("reason", models.TextField(blank=True, verbose_name="问题")),
                ("hint", models.TextField(blank=True, verbose_name="建议")),
            ],
            options={
                "verbose_name": "导入用语",
                "verbose_name_plural": "导入用语",
            },
        ),
        migrations.CreateModel(
            name="ImportVerdict",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "batch_id",
                        "number",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "batch",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="members.importbatch",
                        verbose_name="批次",
                    ),
                ),
                ("number", models.PositiveIntegerField(verbose_name="行号")),
                (
                    "verdict",
                    models.CharField(
                        choices=[
                            ("new", "新增"),
                            ("changed", "有变化"),
                            ("same", "无变化"),
                            ("error", "有误"),
                        ],
                        max_length=8,
                        verbose_name="结论",
                    ),
                ),
                ("target", models.BigIntegerField(null=True, verbose_name="对象")),
                ("parent", models.BigIntegerField(null=True, verbose_name="上级对象")),
                ("makes_parent", models.BooleanField(default=False, verbose_name="新增上级对象")),
                (
                    "before",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(null=True),
                        null=True,
                        size=None,
                        verbose_name="原值",
                    ),
                ),
                ("faults", models.JSONField(null=True, verbose_name="问题")),
            ],
            options={
                "verbose_name": "导入结论",
                "verbose_name_plural": "导入结论",
            },
        ),
        migrations.AddConstraint(
            model_name="headingmemory",
            constraint=models.UniqueConstraint(
                fields=("kind", "signature"), name="members_headingmemory_once"
            ),
        ),
        migrations.AddField(
            model_name="importbatch",
            name="committed_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="写入人",
            ),
        ),
        migrations.AddField(
            model_name="importbatch",
            name="file",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="association.storedfile",
                verbose_name="原文件",
            ),
        ),
        migrations.AddField(
            model_name="importbatch",
            name="job",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="association.job",
                verbose_name="后台任务",
            ),
        ),
        migrations.AddField(
            model_name="importbatch",
            name="undone_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="撤回人",
            ),
        ),
        migrations.AddField(
            model_name="importbatch",
            name="uploaded_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="上传人",
            ),
        ),
        migrations.AddIndex(
            model_name="importbatch",
            index=models.Index(fields=["-uploaded_at", "-id"], name="importbatch_newest"),
        ),
        migrations.AddConstraint(
            model_name="importbatch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        [
                            "reading",
                            "unreadable",
                            "mapping",
                            "checking",
                            "checked",
                            "committed",
                            "undone",
                            "discarded",
                            "expired",
                        ],
                    )
                ),
                name="members_importbatch_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="importbatch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("committed_at__isnull", True), ("committed_by__isnull", True)),
                    models.Q(("committed_at__isnull", False), ("committed_by__isnull", False)),
                    _connector="OR",
                ),
                name="members_importbatch_committed_pair",
            ),
        ),
        migrations.AddConstraint(
            model_name="importbatch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("undone_at__isnull", True), ("undone_by__isnull", True)),
                    models.Q(("undone_at__isnull", False), ("undone_by__isnull", False)),
                    _connector="OR",
                ),
                name="members_importbatch_undone_pair",
            ),
        ),
        migrations.AddConstraint(
            model_name="importbatch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("undone_at", None), ("committed_at__isnull", False), _connector="OR"
                ),
                name="members_importbatch_undone_after_committed",
            ),
        ),
        migrations.AddConstraint(
            model_name="importbatch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("committed_at__isnull", False), ("state__in", ["committed", "undone"])
                    ),
                    models.Q(
                        ("committed_at", None),
                        models.Q(("state__in", ["committed", "undone"]), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="members_importbatch_committed_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="importverdict",
            constraint=models.CheckConstraint(
                condition=models.Q(("verdict__in", ["new", "changed", "same", "error"])),
                name="members_importverdict_known",
            ),
        ),
    ]
