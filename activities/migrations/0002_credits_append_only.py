"""Credits are a ledger: the database refuses to change or remove a row."""

from django.db import migrations

KEEP = """
CREATE FUNCTION activities_refuse_changed_credit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'charity credits are append-only' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER activities_credit_append_only BEFORE UPDATE OR DELETE ON activities_charitycredit
    FOR EACH ROW EXECUTE FUNCTION activities_refuse_changed_credit();
"""

LET_GO = """
DROP TRIGGER activities_credit_append_only ON activities_charitycredit;
DROP FUNCTION activities_refuse_changed_credit();
"""


class Migration(migrations.Migration):
    dependencies = [("activities", "0001_initial")]
    operations = [migrations.RunSQL(KEEP, LET_GO)]
