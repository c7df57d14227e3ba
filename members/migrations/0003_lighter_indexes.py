"""Unique by constraint: ``unique=True`` on a text adds a second index for LIKE that nobody uses.

An import of 100,000 shops pays for every index. Companies remember when they were last changed,
as shops do, so that an import can be taken back where nobody has touched them since.
"""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("members", "0002_search")]

    operations = [
        migrations.AddField(
            model_name="memberunit",
            name="updated_at",
            field=models.DateTimeField(default=django.utils.timezone.now, verbose_name="更新时间"),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="memberunit",
            name="credit_code",
            field=models.CharField(
                blank=True, max_length=18, null=True, verbose_name="统一社会信用代码"
            ),
        ),
        migrations.AlterField(
            model_name="pharmacy",
            name="licence_number",
            field=models.CharField(
                blank=True, max_length=40, null=True, verbose_name="药品经营许可证号"
            ),
        ),
        migrations.AlterField(
            model_name="pharmacy",
            name="public_token",
            field=models.CharField(editable=False, max_length=32, verbose_name="公开页编号"),
        ),
        migrations.AlterField(
            model_name="pharmacy",
            name="unit",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="pharmacies",
                to="members.memberunit",
                verbose_name="会员单位",
            ),
        ),
        migrations.AddConstraint(
            model_name="memberunit",
            constraint=models.UniqueConstraint(
                fields=("credit_code",),
                name="members_memberunit_credit_code_unique",
                violation_error_message="这个统一社会信用代码已有会员单位登记。",
            ),
        ),
        migrations.AddConstraint(
            model_name="pharmacy",
            constraint=models.UniqueConstraint(
                fields=("licence_number",),
                name="members_pharmacy_licence_number_unique",
                violation_error_message="这个许可证号已有药店登记。",
            ),
        ),
        migrations.AddConstraint(
            model_name="pharmacy",
            constraint=models.UniqueConstraint(
                fields=("public_token",), name="members_pharmacy_public_token_unique"
            ),
        ),
    ]
