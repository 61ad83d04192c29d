"""Terms changed on many articles at once."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

KINDS = [("add", "add a term"), ("remove", "remove a term"), ("replace", "replace a term")]
PERSON = {
    "null": True,
    "on_delete": django.db.models.deletion.SET_NULL,
    "related_name": "+",
    "to": settings.AUTH_USER_MODEL,
}


class Migration(migrations.Migration):
    dependencies = [
        ("articles", "0006_undo"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Retag",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("by", models.ForeignKey(verbose_name="by", **PERSON)),
                (
                    "at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="at"),
                ),
                (
                    "kind",
                    models.CharField(
                        blank=True, choices=KINDS, db_default="", default="", max_length=10, verbose_name="kind"
                    ),
                ),
                (
                    "vocabulary",
                    models.CharField(
                        blank=True, db_default="", default="", max_length=20, verbose_name="vocabulary"
                    ),
                ),
                ("terms", models.JSONField(default=dict, verbose_name="terms")),
                ("note", models.TextField(blank=True, db_default="", default="", verbose_name="note")),
                (
                    "selection",
                    models.TextField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="The list's query string.",
                        verbose_name="chosen from",
                    ),
                ),
                ("todo", models.PositiveIntegerField(db_default=0, default=0, verbose_name="articles")),
                ("done", models.PositiveIntegerField(db_default=0, default=0)),
                ("place", models.BigIntegerField(db_default=0, default=0)),
                ("counts", models.JSONField(default=dict, verbose_name="outcomes")),
                ("undo_counts", models.JSONField(default=dict)),
                ("started_at", models.DateTimeField(null=True, verbose_name="started")),
                ("finished_at", models.DateTimeField(null=True, verbose_name="finished")),
                ("undo_started_at", models.DateTimeField(null=True)),
                ("undone_at", models.DateTimeField(null=True, verbose_name="undone at")),
                ("undone_by", models.ForeignKey(verbose_name="undone by", **PERSON)),
            ],
            options={
                "verbose_name": "bulk change of terms",
                "verbose_name_plural": "bulk changes of terms",
                "ordering": ["-id"],
                "default_permissions": (),
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(kind__in=["", "add", "remove", "replace"]), name="retag_kind_known"
                    ),
                    models.CheckConstraint(
                        condition=Q(started_at=None) | ~Q(kind=""), name="retag_started_has_kind"
                    ),
                    models.CheckConstraint(
                        condition=Q(finished_at=None) | Q(started_at__isnull=False),
                        name="retag_finished_was_started",
                    ),
                    models.CheckConstraint(
                        condition=Q(undo_started_at=None) | Q(finished_at__isnull=False),
                        name="retag_undone_was_finished",
                    ),
                ],
                "indexes": [
                    models.Index(
                        fields=["id"],
                        name="retag_under_way",
                        condition=Q(started_at__isnull=False, undone_at=None)
                        & (Q(finished_at=None) | Q(undo_started_at__isnull=False)),
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RetagRow",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "retag", "article_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "retag",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rows",
                        to="articles.retag",
                    ),
                ),
                ("article_id", models.BigIntegerField()),
                ("version", models.PositiveIntegerField(help_text="In which it was chosen.")),
                ("outcome", models.CharField(blank=True, db_default="", default="", max_length=10)),
                ("change", models.JSONField(null=True, help_text="See articles.swapping.")),
                ("undone", models.CharField(blank=True, db_default="", default="", max_length=10)),
            ],
            options={
                "default_permissions": (),
                "indexes": [
                    models.Index(
                        fields=["retag", "article_id"],
                        name="retagrow_left",
                        condition=~Q(outcome__in=["", "changed", "same"]),
                    ),
                    models.Index(
                        fields=["retag", "article_id"],
                        name="retagrow_kept",
                        condition=~Q(undone__in=["", "undone"]),
                    ),
                ],
            },
        ),
    ]
