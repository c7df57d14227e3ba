"""An organisation never stands below itself, however the row is written.

The lock lets only one move of the tree be judged at a time: two people who hang A under B and B
under A in the same second would otherwise both pass.
"""

from django.db import migrations

CREATE = """
CREATE FUNCTION party_refuse_cycle() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    above bigint := NEW.parent_id;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('party_organisation_tree'));
    WHILE above IS NOT NULL LOOP
        IF above = NEW.id THEN
            RAISE EXCEPTION 'A Party organisation cannot stand below itself.'
                USING ERRCODE = 'check_violation';
        END IF;
        SELECT parent_id INTO above FROM party_partyorganisation WHERE id = above;
    END LOOP;
    RETURN NEW;
END
$$;
CREATE TRIGGER party_tree_without_cycles
    BEFORE INSERT OR UPDATE OF parent_id ON party_partyorganisation
    FOR EACH ROW EXECUTE FUNCTION party_refuse_cycle();
"""
DROP = """
DROP TRIGGER party_tree_without_cycles ON party_partyorganisation;
DROP FUNCTION party_refuse_cycle();
"""


class Migration(migrations.Migration):
    dependencies = [("party", "0001_initial")]

    operations = [migrations.RunSQL(CREATE, DROP)]
