"""Refuse UPDATE, DELETE and TRUNCATE on the audit trail in the database itself.

Model and QuerySet already refuse; this holds for raw SQL, the admin and psql as well.
"""

from django.db import migrations

CREATE = """
CREATE FUNCTION association_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Rows of % are never changed or removed.', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END
$$;
CREATE TRIGGER auditevent_append_only
    BEFORE UPDATE OR DELETE ON association_auditevent
    FOR EACH ROW EXECUTE FUNCTION association_append_only();
CREATE TRIGGER auditevent_no_truncate
    BEFORE TRUNCATE ON association_auditevent
    FOR EACH STATEMENT EXECUTE FUNCTION association_append_only();
"""
DROP = """
DROP TRIGGER auditevent_no_truncate ON association_auditevent;
DROP TRIGGER auditevent_append_only ON association_auditevent;
DROP FUNCTION association_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("association", "0001_initial")]

    operations = [migrations.RunSQL(CREATE, DROP)]
