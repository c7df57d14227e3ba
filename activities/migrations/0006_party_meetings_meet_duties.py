"""Duties name the kind of Party meeting that meets them as the Party room does."""

from django.db import migrations, models

NAMES = {
    "general_meeting": "general",
    "committee_meeting": "committee",
    "group_meeting": "group",
    "party_lecture": "lecture",
    "org_life_meeting": "life",
    "democratic_review": "",  # a record of its own, no kind of meeting
}


def rename(apps, schema_editor):
    duties = apps.get_model("activities", "Duty").objects
    for old, new in NAMES.items():
        duties.filter(meeting=old).update(meeting=new)


class Migration(migrations.Migration):
    dependencies = [
        ("activities", "0005_rules_plans_and_sign_ups_required"),
    ]

    operations = [
        migrations.RunPython(rename, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="duty",
            name="meeting",
            field=models.CharField(
                blank=True,
                choices=[
                    ("general", "支部党员大会"),
                    ("committee", "支部委员会"),
                    ("group", "党小组会"),
                    ("lecture", "党课"),
                    ("theme_day", "主题党日"),
                    ("life", "组织生活会"),
                    ("joint", "党政联席会"),
                ],
                max_length=24,
                verbose_name="由哪种党内会议完成",
            ),
        ),
        migrations.AddConstraint(
            model_name="duty",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("meeting", ""),
                    (
                        "meeting__in",
                        ["general", "committee", "group", "lecture", "theme_day", "life", "joint"],
                    ),
                    _connector="OR",
                ),
                name="activities_duty_meeting_known",
            ),
        ),
    ]
