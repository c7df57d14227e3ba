"""The log of looks at guarded values; like the audit trail it is only ever added to."""

from django.db import migrations, models

CREATE = """
CREATE TRIGGER readevent_append_only
    BEFORE UPDATE OR DELETE ON association_readevent
    FOR EACH ROW EXECUTE FUNCTION association_append_only();
CREATE TRIGGER readevent_no_truncate
    BEFORE TRUNCATE ON association_readevent
    FOR EACH STATEMENT EXECUTE FUNCTION association_append_only();
"""
DROP = """
DROP TRIGGER readevent_no_truncate ON association_readevent;
DROP TRIGGER readevent_append_only ON association_readevent;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("association", "0004_audit_seals"),
    ]

    operations = [
        migrations.CreateModel(
            name="ReadEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reader_id", models.CharField(max_length=32, verbose_name="查看人编号")),
                ("reader_label", models.CharField(max_length=150, verbose_name="查看人")),
                (
                    "reader_role",
                    models.CharField(blank=True, max_length=32, verbose_name="以何角色"),
                ),
                ("what", models.CharField(max_length=60, verbose_name="看了什么")),
                ("target_model", models.CharField(max_length=64, verbose_name="对象类型")),
                ("target_id", models.CharField(max_length=64, verbose_name="对象编号")),
                ("target_label", models.CharField(max_length=200, verbose_name="对象")),
                ("reason", models.CharField(max_length=200, verbose_name="理由")),
                ("happened_at", models.DateTimeField(verbose_name="查看时间")),
            ],
            options={
                "verbose_name": "查看记录",
                "verbose_name_plural": "查看记录",
                "indexes": [
                    models.Index(
                        fields=["target_model", "target_id", "-happened_at"], name="read_by_target"
                    ),
                    models.Index(fields=["reader_id", "-happened_at"], name="read_by_reader"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True),
                        name="association_readevent_says_why",
                    )
                ],
            },
        ),
        migrations.RunSQL(CREATE, DROP),
    ]
