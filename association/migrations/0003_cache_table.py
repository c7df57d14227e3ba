"""Make the table of the database cache, so that plain ``migrate`` is all an installation needs."""

from django.core.management import call_command
from django.db import migrations


def create(apps, schema_editor):
    call_command("createcachetable", database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):
    dependencies = [("association", "0002_audit_append_only")]

    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
