"""Rules as the reckoning reads them now, and what rows made before have in the new columns."""

from django.db import migrations
from django.db.models import F

EVIDENCE_MARK = "、"


def fill(apps, schema_editor):
    for duty in apps.get_model("activities", "Duty").objects.all():
        if "(" not in duty.due_rule:
            duty.due_rule = (
                f"last_workday({duty.rhythm})"
                if duty.due_rule == "last_workday"
                else f"fixed_date({duty.due_rule})"
            )
        duty.evidence = [name for name in duty.papers.split(EVIDENCE_MARK) if name]
        duty.source_status, duty.kind = "practice", "volunteer"
        duty.save(update_fields=["due_rule", "evidence", "source_status", "kind"])
    for obligation in apps.get_model("activities", "Obligation").objects.select_related("duty"):
        obligation.code = obligation.duty.code
        obligation.counts_from = obligation.period_start
        obligation.counts_until = obligation.period_end
        obligation.save(update_fields=["code", "counts_from", "counts_until"])
    for link in apps.get_model("activities", "Fulfilment").objects.select_related("obligation"):
        link.code = link.obligation.code
        link.save(update_fields=["code"])
    apps.get_model("activities", "Activity").objects.filter(created_at=None).update(
        created_at=F("recorded_at"),
        created_by=F("recorded_by"),
        changed_at=F("recorded_at"),
        kind="volunteer",
    )


class Migration(migrations.Migration):
    dependencies = [("activities", "0003_rules_plans_and_sign_ups")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
