"""Seals of the audit trail; like the trail itself they are only ever added to."""

import django.db.models.deletion
from django.db import migrations, models

CREATE = """
CREATE TRIGGER auditseal_append_only
    BEFORE UPDATE OR DELETE ON association_auditseal
    FOR EACH ROW EXECUTE FUNCTION association_append_only();
CREATE TRIGGER auditseal_no_truncate
    BEFORE TRUNCATE ON association_auditseal
    FOR EACH STATEMENT EXECUTE FUNCTION association_append_only();
CREATE TRIGGER auditsealentry_append_only
    BEFORE UPDATE OR DELETE ON association_auditsealentry
    FOR EACH ROW EXECUTE FUNCTION association_append_only();
CREATE TRIGGER auditsealentry_no_truncate
    BEFORE TRUNCATE ON association_auditsealentry
    FOR EACH STATEMENT EXECUTE FUNCTION association_append_only();
"""
DROP = """
DROP TRIGGER auditsealentry_no_truncate ON association_auditsealentry;
DROP TRIGGER auditsealentry_append_only ON association_auditsealentry;
DROP TRIGGER auditseal_no_truncate ON association_auditseal;
DROP TRIGGER auditseal_append_only ON association_auditseal;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("association", "0003_cache_table"),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditSeal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField(unique=True, verbose_name="编号")),
                ("count", models.PositiveIntegerField(verbose_name="记录数")),
                ("root", models.CharField(max_length=64, verbose_name="树根")),
                ("previous", models.CharField(max_length=64, verbose_name="前一号校验值")),
                ("hash", models.CharField(max_length=64, unique=True, verbose_name="校验值")),
                ("sealed_at", models.DateTimeField(verbose_name="封存时间")),
            ],
            options={
                "verbose_name": "封存",
                "verbose_name_plural": "封存",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("count__gt", 0)),
                        name="association_auditseal_is_not_empty",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="AuditSealEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveIntegerField(verbose_name="位置")),
                ("event_id", models.BigIntegerField(unique=True, verbose_name="操作记录编号")),
                ("leaf", models.CharField(max_length=64, verbose_name="记录校验值")),
                (
                    "seal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="association.auditseal",
                        verbose_name="封存",
                    ),
                ),
            ],
            options={
                "verbose_name": "封存目录",
                "verbose_name_plural": "封存目录",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("seal", "position"), name="association_auditsealentry_one_place"
                    )
                ],
            },
        ),
        migrations.RunSQL(CREATE, DROP),
    ]
