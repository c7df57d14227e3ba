"""What a sheet says, laid out beside it: one line an item, without hands and times.

``said`` is generated, so that it can never differ from the sheet; it costs the writer of a sheet
a fraction of a millisecond and saves the rating of a cycle the reading of 46 JSON entries a shop.
Values of JSON hold no line ends (they are written ``\\n``), so lines can be told apart. A draft
rating keeps the lines that it rests on in ``preview_said``; older drafts have their whole basis
in ``preview_evidence``.

A rating rewrites every row of a cycle: half of each page stays free for it, so that the new row
lies beside the old one and none of the nine indexes is touched (a third off the writing).
"""

from django.db import migrations, models

FUNCTION = """
CREATE FUNCTION starrating_said(sheet jsonb) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(string_agg(item.key || ' ' || (
        SELECT coalesce(jsonb_object_agg(
            kind.key, kind.value - '{at,by,page,confirmed_by,refused_by}'::text[]), '{}')
        FROM jsonb_each(item.value) AS kind
    )::text, E'\\n' ORDER BY item.key COLLATE "C"), '')
    FROM jsonb_each(sheet) AS item
$$
"""
COLUMN = """
ALTER TABLE starrating_assessment
    ADD COLUMN said text NOT NULL GENERATED ALWAYS AS (starrating_said(sheet)) STORED
"""


class Migration(migrations.Migration):
    dependencies = [("starrating", "0004_cycle_names_and_expected_share")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE starrating_assessment SET (fillfactor = 45)",
            "ALTER TABLE starrating_assessment RESET (fillfactor)",
        ),
        migrations.RunSQL(FUNCTION, "DROP FUNCTION starrating_said(jsonb)"),
        migrations.RunSQL(COLUMN, "ALTER TABLE starrating_assessment DROP COLUMN said"),
        migrations.AddField(
            model_name="assessment",
            name="preview_said",
            field=models.TextField(editable=False, null=True, verbose_name="试评时的评分表"),
        ),
    ]
