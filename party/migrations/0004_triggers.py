"""What the tables of the Party room refuse by themselves."""

from django.db import migrations

CREATE = """
CREATE TRIGGER party_consenttext_never_changed
    BEFORE UPDATE OR DELETE ON party_consenttext
    FOR EACH ROW EXECUTE FUNCTION association_append_only();

-- Only the general meeting and the committee decide by vote. A joint meeting (党政联席会) never
-- decides for the branch: its record cannot hold a motion.
CREATE FUNCTION party_refuse_motion() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    found text;
BEGIN
    SELECT kind INTO found FROM party_meeting WHERE id = NEW.meeting_id;
    IF found NOT IN ('general', 'committee') THEN
        RAISE EXCEPTION 'A meeting of kind % decides nothing by vote.', found
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER party_motion_of_deciding_meeting
    BEFORE INSERT OR UPDATE OF meeting_id ON party_motion
    FOR EACH ROW EXECUTE FUNCTION party_refuse_motion();

-- And the other way round: a meeting that has motions does not turn into a joint one.
CREATE FUNCTION party_refuse_kind_with_motions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.kind NOT IN ('general', 'committee')
       AND EXISTS (SELECT 1 FROM party_motion WHERE meeting_id = NEW.id) THEN
        RAISE EXCEPTION 'A meeting with motions stays a meeting that decides.'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER party_meeting_keeps_deciding_kind
    BEFORE UPDATE OF kind ON party_meeting
    FOR EACH ROW EXECUTE FUNCTION party_refuse_kind_with_motions();

-- What is filed is filed: roll and votes of a closed meeting are changed only after it has been
-- reopened with a reason.
CREATE FUNCTION party_refuse_change_of_closed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    state_now text;
BEGIN
    SELECT state INTO state_now FROM party_meeting
        WHERE id = COALESCE(NEW.meeting_id, OLD.meeting_id);
    IF state_now IN ('closed', 'cancelled', 'discarded') THEN
        RAISE EXCEPTION 'The meeting is %.', state_now USING ERRCODE = 'check_violation';
    END IF;
    RETURN COALESCE(NEW, OLD);
END
$$;
CREATE TRIGGER party_rollentry_of_open_meeting
    BEFORE INSERT OR UPDATE OR DELETE ON party_rollentry
    FOR EACH ROW EXECUTE FUNCTION party_refuse_change_of_closed();
CREATE TRIGGER party_motion_of_open_meeting
    BEFORE INSERT OR UPDATE OR DELETE ON party_motion
    FOR EACH ROW EXECUTE FUNCTION party_refuse_change_of_closed();
"""
DROP = """
DROP TRIGGER party_motion_of_open_meeting ON party_motion;
DROP TRIGGER party_rollentry_of_open_meeting ON party_rollentry;
DROP FUNCTION party_refuse_change_of_closed();
DROP TRIGGER party_meeting_keeps_deciding_kind ON party_meeting;
DROP FUNCTION party_refuse_kind_with_motions();
DROP TRIGGER party_motion_of_deciding_meeting ON party_motion;
DROP FUNCTION party_refuse_motion();
DROP TRIGGER party_consenttext_never_changed ON party_consenttext;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("party", "0003_members_meetings_work"),
        ("association", "0002_audit_append_only"),
    ]

    operations = [migrations.RunSQL(CREATE, DROP)]
