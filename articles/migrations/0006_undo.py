"""What undoing a batch needs, and who may do it."""

import django.db.models.deletion
from django.conf import settings
from django.contrib.auth.management import create_permissions
from django.db import migrations, models
from django.db.models import Q

KINDS = [
    ("article", "article"),
    ("keyword", "keyword"),
    ("technology", "AI technology"),
    ("industry", "industry"),
    ("source", "source"),
]
MAY_UNDO = ("Importers", "Chief editors")


def allow(apps, schema_editor):
    _make_permissions(apps)
    Group, Permission = (apps.get_model("auth", name) for name in ("Group", "Permission"))
    undo = Permission.objects.get(content_type__app_label="articles", codename="undo_importbatch")
    for group in Group.objects.filter(name__in=MAY_UNDO):
        group.permissions.add(undo)


def _make_permissions(apps):
    """Django itself makes them only when all migrations are done."""
    config = apps.get_app_config("articles")
    config.models_module = True
    create_permissions(config, apps=apps, verbosity=0)
    config.models_module = None


class Migration(migrations.Migration):
    dependencies = [
        ("articles", "0005_revision_verb"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="importbatch",
            options={
                "ordering": ["-id"],
                "permissions": [("undo_importbatch", "Can undo and redo imports")],
                "verbose_name": "batch",
                "verbose_name_plural": "batches",
            },
        ),
        migrations.AddField("importbatch", "undone_at", models.DateTimeField(null=True, verbose_name="undone")),
        migrations.AddField(
            "importbatch",
            "undone_by",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="undone by",
            ),
        ),
        migrations.AddField(
            "importrow", "undone", models.BooleanField(db_default=False, default=False, verbose_name="undone")
        ),
        migrations.CreateModel(
            name="Imprint",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("kind", models.CharField(choices=KINDS, max_length=10)),
                ("object_id", models.BigIntegerField()),
                (
                    "before",
                    models.JSONField(null=True, help_text="Before the batch wrote it; null: it was not there."),
                ),
                (
                    "after",
                    models.JSONField(null=True, help_text="What undoing took away; null: it is not undone."),
                ),
                ("found_state", models.UUIDField(null=True)),
                ("left_state", models.UUIDField(null=True)),
                (
                    "batch",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="imprints",
                        to="articles.importbatch",
                    ),
                ),
            ],
            options={
                "default_permissions": (),
                "indexes": [models.Index(fields=["object_id", "kind"], name="imprint_object")],
                "constraints": [
                    models.UniqueConstraint(fields=("batch", "kind", "object_id"), name="imprint_once_a_batch"),
                    models.CheckConstraint(
                        condition=Q(kind__in=["article", "keyword", "technology", "industry", "source"]),
                        name="imprint_kind_known",
                    ),
                ],
            },
        ),
        # Written and read a dozen times by an undo and a redo: packing it takes half of their time.
        migrations.RunSQL(
            "ALTER TABLE articles_imprint ALTER COLUMN after SET STORAGE EXTERNAL", migrations.RunSQL.noop
        ),
        migrations.RunPython(allow, migrations.RunPython.noop),
    ]
