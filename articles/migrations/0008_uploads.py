"""Batches that are uploaded, previewed and run by the worker, and records that a person has repaired."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
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
]
STATES = [
    ("waiting", "waits to be looked at"),
    ("previewing", "being looked at"),
    ("previewed", "to be decided"),
    ("queued", "waits to be imported"),
    ("running", "being imported"),
    ("done", "imported"),
    ("failed", "failed"),
    ("discarded", "discarded"),
]


def person():
    return models.ForeignKey(
        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
    )


def number():
    return models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


class Migration(migrations.Migration):
    dependencies = [("articles", "0007_retags"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.CreateModel(
            name="Upload",
            fields=[
                ("id", number()),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("publish", models.BooleanField(default=False)),
                ("state", models.CharField(choices=STATES, default="waiting", max_length=10)),
                ("queued_at", models.DateTimeField(null=True)),
                ("error", models.TextField(blank=True, default="")),
                ("held_up", models.BooleanField(default=False, help_text="Another import is running.")),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("files_read", models.PositiveIntegerField(default=0)),
                ("records", models.PositiveIntegerField(default=0)),
                (
                    "skipped",
                    models.JSONField(default=list, help_text="Files that were left out: name, code, text."),
                ),
                ("counts", models.JSONField(default=dict, help_text="Of the preview: records by outcome.")),
                (
                    "cut",
                    models.BooleanField(default=False, help_text="The preview ends before the records do."),
                ),
                ("by", person()),
                ("run_by", person()),
                (
                    "batch",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="upload",
                        to="articles.importbatch",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "default_permissions": (),
                "indexes": [
                    models.Index(
                        condition=~Q(state__in=["done", "discarded"]), fields=["id"], name="upload_open"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(state__in=[state for state, _label in STATES]), name="upload_state_known"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="UploadFile",
            fields=[
                ("id", number()),
                ("name", models.TextField()),
                ("content", models.BinaryField()),
                ("size", models.PositiveIntegerField()),
                (
                    "upload",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="files",
                        to="articles.upload",
                    ),
                ),
            ],
            options={"ordering": ["id"], "default_permissions": ()},
        ),
        migrations.CreateModel(
            name="PreviewRow",
            fields=[
                ("id", number()),
                ("first_line", models.PositiveIntegerField()),
                ("last_line", models.PositiveIntegerField()),
                ("outcome", models.CharField(choices=OUTCOMES, max_length=12)),
                ("article_id", models.BigIntegerField(null=True)),
                ("title", models.TextField(default="")),
                ("findings", models.JSONField(default=list)),
                ("conflicts", models.JSONField(default=dict)),
                (
                    "file",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="articles.uploadfile",
                    ),
                ),
                (
                    "upload",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rows",
                        to="articles.upload",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "default_permissions": (),
                "indexes": [
                    models.Index(fields=["upload", "outcome", "id"], name="previewrow_tab"),
                    models.Index(fields=["file"], name="previewrow_file"),
                ],
            },
        ),
        migrations.RemoveConstraint("importrow", "importrow_outcome_known"),
        migrations.AlterField(
            "importrow",
            "outcome",
            models.CharField(choices=OUTCOMES, max_length=12, verbose_name="outcome"),
        ),
        migrations.AddConstraint(
            "importrow",
            models.CheckConstraint(
                condition=Q(outcome__in=[outcome for outcome, _label in OUTCOMES]),
                name="importrow_outcome_known",
            ),
        ),
        migrations.AddField(
            "importrow",
            "repairs",
            models.ForeignKey(
                db_index=False,
                help_text="The quarantined record of the same batch that a person has mended to this one.",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="repaired_by",
                to="articles.importrow",
                verbose_name="repaired record",
            ),
        ),
        migrations.AddIndex(
            "importrow",
            models.Index(fields=["repairs"], name="importrow_repairs", condition=Q(repairs__isnull=False)),
        ),
        migrations.AddIndex(
            "importrow",
            models.Index(
                fields=["batch", "outcome", "id"], name="importrow_tab", condition=~Q(outcome="unchanged")
            ),
        ),
    ]
