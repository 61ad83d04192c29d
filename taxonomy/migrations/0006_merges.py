"""Merges, moves and renames leave a record; a moved term knows where it went."""

from functools import reduce
from operator import and_, or_

import django.core.serializers.json
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

VOCABULARIES = ("keyword", "technology", "industry")
POINTERS = ("merged_into", "moved_to_keyword", "moved_to_technology", "moved_to_industry")


def moved_to(vocabulary):
    return models.ForeignKey(
        f"taxonomy.{vocabulary}",
        django.db.models.deletion.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        db_index=False,
        verbose_name="moved to",
    )


def one_pointer_at_most():
    others = ([f"{other}__isnull" for other in POINTERS if other != name] for name in POINTERS)
    return reduce(or_, (reduce(and_, (Q(**{null: True}) for null in nulls)) for nulls in others))


def pointers(vocabulary):
    names = [f"moved_to_{other}" for other in VOCABULARIES]
    return [
        *(migrations.AddField(vocabulary, name, moved_to(name.removeprefix("moved_to_"))) for name in names),
        *(
            migrations.AddIndex(
                vocabulary,
                models.Index(fields=[name], condition=Q(**{f"{name}__isnull": False}), name=f"{vocabulary}_{name}"),
            )
            for name in names
        ),
        migrations.AddConstraint(
            vocabulary, models.CheckConstraint(condition=one_pointer_at_most(), name=f"{vocabulary}_one_pointer")
        ),
    ]


def person(verbose_name):
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        django.db.models.deletion.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=verbose_name,
    )


KINDS = [("merge", "merge"), ("move", "move to another vocabulary"), ("rename", "rename")]


class Migration(migrations.Migration):
    dependencies = [
        ("taxonomy", "0005_sort_key_index"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        *(operation for vocabulary in VOCABULARIES for operation in pointers(vocabulary)),
        migrations.CreateModel(
            name="Merge",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("kind", models.CharField(choices=KINDS, max_length=10, verbose_name="kind")),
                ("vocabulary", models.CharField(max_length=20, verbose_name="vocabulary")),
                ("into_vocabulary", models.CharField(max_length=20, verbose_name="into vocabulary")),
                ("terms", models.JSONField(verbose_name="terms")),
                (
                    "changed",
                    models.JSONField(default=list, encoder=django.core.serializers.json.DjangoJSONEncoder),
                ),
                ("rows", models.PositiveIntegerField(db_default=0, default=0, verbose_name="assignments")),
                ("doubles", models.PositiveIntegerField(db_default=0, default=0, verbose_name="carried both")),
                ("note", models.TextField(blank=True, db_default="", default="", verbose_name="note")),
                ("by", person("by")),
                (
                    "at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="at"),
                ),
                ("undone_by", person("undone by")),
                ("undone_at", models.DateTimeField(null=True, verbose_name="undone at")),
            ],
            options={
                "verbose_name": "change of terms",
                "verbose_name_plural": "changes of terms",
                "ordering": ["-id"],
                "default_permissions": (),
            },
        ),
        migrations.AddConstraint(
            "merge",
            models.CheckConstraint(condition=Q(kind__in=["merge", "move", "rename"]), name="merge_kind_known"),
        ),
    ]
