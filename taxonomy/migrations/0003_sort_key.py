"""Terms get a place in an index by pinyin; 0004 fills it, 0005 makes it quick."""

from django.db import migrations, models

import taxonomy.models


class Migration(migrations.Migration):
    dependencies = [("taxonomy", "0002_one_key_one_meaning")]

    operations = [
        migrations.AddField(
            "industry",
            "sort_key",
            taxonomy.models.SortKeyField(db_collation="C", db_default="", default="", editable=False, max_length=200),
        ),
        migrations.AddField(
            "keyword",
            "sort_key",
            taxonomy.models.SortKeyField(db_collation="C", db_default="", default="", editable=False, max_length=200),
        ),
        migrations.AddField(
            "technology",
            "sort_key",
            taxonomy.models.SortKeyField(db_collation="C", db_default="", default="", editable=False, max_length=200),
        ),
    ]
