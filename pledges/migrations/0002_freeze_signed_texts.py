"""A text under which somebody has signed is never changed: the database itself refuses."""

from django.db import migrations

FREEZE = """
CREATE FUNCTION pledges_refuse_frozen_text() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.frozen_at IS NOT NULL THEN
        RAISE EXCEPTION 'pledge text % is frozen', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;

CREATE FUNCTION pledges_refuse_frozen_clause() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM pledges_pledgetext
        WHERE frozen_at IS NOT NULL
          AND id IN (COALESCE(NEW.text_version_id, 0), COALESCE(OLD.text_version_id, 0))
    ) THEN
        RAISE EXCEPTION 'clauses of a frozen text' USING ERRCODE = 'check_violation';
    END IF;
    RETURN COALESCE(NEW, OLD);
END $$;

CREATE TRIGGER pledges_text_frozen BEFORE UPDATE OR DELETE ON pledges_pledgetext
    FOR EACH ROW EXECUTE FUNCTION pledges_refuse_frozen_text();
CREATE TRIGGER pledges_clause_frozen BEFORE INSERT OR UPDATE OR DELETE ON pledges_clause
    FOR EACH ROW EXECUTE FUNCTION pledges_refuse_frozen_clause();

CREATE FUNCTION pledges_refuse_changed_signature() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.signed_at IS NOT NULL AND (
        NEW.signed_at, NEW.signed_by_id, NEW.signed_name, NEW.text_sha256,
        NEW.campaign_id, NEW.pharmacy_id
    ) IS DISTINCT FROM (
        OLD.signed_at, OLD.signed_by_id, OLD.signed_name, OLD.text_sha256,
        OLD.campaign_id, OLD.pharmacy_id
    ) THEN
        RAISE EXCEPTION 'signature of pledge % is final', OLD.id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER pledges_signature_final BEFORE UPDATE ON pledges_pledge
    FOR EACH ROW EXECUTE FUNCTION pledges_refuse_changed_signature();
"""

MELT = """
DROP TRIGGER pledges_signature_final ON pledges_pledge;
DROP TRIGGER pledges_clause_frozen ON pledges_clause;
DROP TRIGGER pledges_text_frozen ON pledges_pledgetext;
DROP FUNCTION pledges_refuse_changed_signature();
DROP FUNCTION pledges_refuse_frozen_clause();
DROP FUNCTION pledges_refuse_frozen_text();
"""


class Migration(migrations.Migration):
    dependencies = [("pledges", "0001_initial")]
    operations = [migrations.RunSQL(FREEZE, MELT)]
