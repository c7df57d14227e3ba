"""What was issued or published is never rewritten: the database itself refuses.

``refuse_change`` raises on results; ``keep_published_document`` lets a published scheme change
its state but not its text.
"""

from django.db import migrations

FREEZE = """
CREATE FUNCTION starrating_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER result_is_append_only BEFORE UPDATE OR DELETE ON starrating_result
    FOR EACH ROW EXECUTE FUNCTION starrating_refuse_change();
CREATE TRIGGER result_is_never_truncated BEFORE TRUNCATE ON starrating_result
    FOR EACH STATEMENT EXECUTE FUNCTION starrating_refuse_change();
CREATE FUNCTION starrating_keep_published_document() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'draft' AND (NEW.document IS DISTINCT FROM OLD.document
            OR NEW.document_hash IS DISTINCT FROM OLD.document_hash) THEN
        RAISE EXCEPTION 'a published scheme is frozen' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER scheme_is_frozen BEFORE UPDATE ON starrating_scheme
    FOR EACH ROW EXECUTE FUNCTION starrating_keep_published_document();
"""
THAW = """
DROP TRIGGER scheme_is_frozen ON starrating_scheme;
DROP FUNCTION starrating_keep_published_document();
DROP TRIGGER result_is_never_truncated ON starrating_result;
DROP TRIGGER result_is_append_only ON starrating_result;
DROP FUNCTION starrating_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("starrating", "0001_initial")]

    operations = [migrations.RunSQL(FREEZE, THAW)]
