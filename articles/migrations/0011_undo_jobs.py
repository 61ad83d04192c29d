"""Undo and redo of a batch are done by the worker."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

STATES = [
    ("waiting", "waits for its turn"),
    ("running", "being done"),
    ("done", "done"),
    ("failed", "failed"),
]


def count(help_text=""):
    return models.PositiveIntegerField(default=0, help_text=help_text)


class Migration(migrations.Migration):
    dependencies = [("articles", "0010_imports"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.AddField(
            "importbatch",
            "undo_left",
            models.PositiveIntegerField(
                help_text="Articles that the last undo left as they were; null: none came to its end.",
                null=True,
            ),
        ),
        migrations.AddField(
            "importbatch",
            "cut_short",
            models.BooleanField(
                db_default=False,
                default=False,
                help_text="It was interrupted, and ended as it stood: its files may hold more records than its rows tell.",
            ),
        ),
        migrations.CreateModel(
            name="UndoJob",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "back",
                    models.BooleanField(default=False, help_text="What undoing took away is brought back."),
                ),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("ended_at", models.DateTimeField(null=True)),
                ("state", models.CharField(choices=STATES, default="waiting", max_length=10)),
                ("error", models.TextField(blank=True, default="")),
                ("held_up", models.BooleanField(default=False, help_text="Another import is running.")),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("total", count()),
                ("looked", count()),
                ("articles", count("Removed, or there again.")),
                ("changes", count("Articles whose change was taken back, or made again.")),
                ("terms", count()),
                ("sources", count()),
                ("left", count("Articles that stayed as they were.")),
                (
                    "some_left",
                    models.JSONField(default=list, help_text="The first of them, by their numbers."),
                ),
                (
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="undo_jobs",
                        to="articles.importbatch",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(
                        condition=Q(state__in=["waiting", "running"]),
                        fields=["batch"],
                        name="undojob_one_at_a_time",
                    ),
                    models.CheckConstraint(
                        condition=Q(state__in=[state for state, _label in STATES]),
                        name="undojob_state_known",
                    ),
                ],
            },
        ),
    ]
