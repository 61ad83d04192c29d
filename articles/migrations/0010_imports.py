"""What imports are stored in."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("articles", "0009_duplicates")]

    operations = [
        migrations.AddField(
            "importbatch",
            "forgotten_at",
            models.DateTimeField(
                help_text="What it created can be undone at any time.",
                null=True,
                verbose_name="changes no longer undoable since",
            ),
        ),
        # As `after`: packing it takes longer than all else that an import does for a changed record.
        migrations.RunSQL(
            "ALTER TABLE articles_imprint ALTER COLUMN before SET STORAGE EXTERNAL",
            "ALTER TABLE articles_imprint ALTER COLUMN before SET STORAGE EXTENDED",
        ),
    ]
