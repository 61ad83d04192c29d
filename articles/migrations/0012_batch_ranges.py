"""How many files a batch left out, where its rows lie in their table, and how far an upload is."""

import django.db.models.expressions
from django.db import migrations, models

FILL = """
UPDATE articles_importbatch b SET first_row = r.first_row, last_row = r.last_row
FROM (SELECT batch_id, min(id) AS first_row, max(id) AS last_row FROM articles_importrow GROUP BY batch_id) r
WHERE b.id = r.batch_id AND b.finished_at IS NOT NULL
"""


class Migration(migrations.Migration):
    dependencies = [("articles", "0011_undo_jobs")]

    operations = [
        migrations.AddField(
            "importbatch",
            "skipped_count",
            models.GeneratedField(
                db_persist=True,
                expression=django.db.models.expressions.Func(
                    django.db.models.expressions.F("skipped"), function="jsonb_array_length"
                ),
                output_field=models.IntegerField(),
                verbose_name="skipped",
            ),
        ),
        migrations.AddField("importbatch", "first_row", models.BigIntegerField(null=True)),
        migrations.AddField("importbatch", "last_row", models.BigIntegerField(null=True)),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AddField(
            "upload",
            "percent",
            models.PositiveSmallIntegerField(default=0, help_text="Of its bytes: their records are in."),
        ),
    ]
