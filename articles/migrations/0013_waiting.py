"""A quarantined record waits for a person at one row, however often it is delivered, and a person may leave it out."""

from django.db import migrations, models
from django.db.models import Q

OUTCOMES = [
    ("created", "created"),
    ("updated", "updated"),
    ("unchanged", "unchanged"),
    ("conflict", "conflict"),
    ("duplicate", "possible duplicate"),
    ("quarantined", "quarantined"),
    ("repaired", "repaired"),
    ("left_out", "left out by the desk"),
]
# The first of each place, unless it was mended there.
WAIT = """
UPDATE articles_importrow SET waits = true WHERE id IN (
    SELECT min(r.id) FROM articles_importrow r
    JOIN articles_importbatch b ON b.id = r.batch_id AND b.undone_at IS NULL
    WHERE r.outcome = 'quarantined' AND NOT EXISTS (
        SELECT FROM articles_importrow broken JOIN articles_importrow mended ON mended.repairs_id = broken.id
        WHERE broken.outcome = 'repaired' AND broken.file_id = r.file_id AND broken.first_line = r.first_line
        AND NOT mended.undone AND mended.article_id IS NOT NULL
    )
    GROUP BY r.file_id, r.first_line
)
"""


class Migration(migrations.Migration):
    dependencies = [("articles", "0012_batch_ranges")]

    operations = [
        migrations.RemoveConstraint("importrow", "importrow_outcome_known"),
        migrations.AlterField(
            "importrow",
            "outcome",
            models.CharField(choices=OUTCOMES, max_length=12, verbose_name="outcome"),
        ),
        migrations.AlterField("previewrow", "outcome", models.CharField(choices=OUTCOMES, max_length=12)),
        migrations.AddField(
            "importrow",
            "waits",
            models.BooleanField(
                db_default=False,
                default=False,
                help_text="Of the rows of a record that comes again and again, one does. See `articles.waiting`.",
                verbose_name="waits for a person",
            ),
        ),
        migrations.AddConstraint(
            "importrow",
            models.CheckConstraint(
                condition=Q(outcome__in=[outcome for outcome, _label in OUTCOMES]),
                name="importrow_outcome_known",
            ),
        ),
        migrations.AddConstraint(
            "importrow",
            models.CheckConstraint(
                condition=Q(waits=False) | Q(outcome="quarantined"), name="importrow_waits_quarantined"
            ),
        ),
        migrations.AddIndex(
            "importrow", models.Index(fields=["-id"], name="importrow_waiting", condition=Q(waits=True))
        ),
        migrations.AddIndex(
            "importrow",
            models.Index(
                fields=["file", "first_line"],
                name="importrow_broken",
                condition=Q(outcome__in=("quarantined", "repaired", "left_out")),
            ),
        ),
        migrations.AddConstraint(
            "importrow",
            models.UniqueConstraint(
                fields=["file", "first_line"], name="importrow_waits_once", condition=Q(waits=True)
            ),
        ),
        migrations.RunSQL(WAIT, migrations.RunSQL.noop),
    ]
