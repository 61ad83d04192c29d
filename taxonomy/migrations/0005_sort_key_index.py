"""Once the sort keys are there: one letter of an index is one range."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("taxonomy", "0004_fill_sort_keys")]

    operations = [
        migrations.AddIndex(
            "industry",
            models.Index(fields=["sort_key", "id"], name="industry_sort_key"),
        ),
        migrations.AddIndex(
            "keyword",
            models.Index(fields=["sort_key", "id"], name="keyword_sort_key"),
        ),
        migrations.AddIndex(
            "technology",
            models.Index(fields=["sort_key", "id"], name="technology_sort_key"),
        ),
    ]
