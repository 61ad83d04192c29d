"""Texts that are nearly the same: bands to find them by, a queue of texts to look at, and pairs to decide about.

The triggers only queue: a worker looks. Rows that are copied in are queued once a statement; of a changed row only
another text counts.
"""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q

QUEUE_NEW = """
CREATE FUNCTION articles_article_to_likenessqueue() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO articles_likenessqueue (article_id) SELECT id FROM new_rows WHERE text_hash IS NOT NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER articles_article_insert_to_likenessqueue AFTER INSERT ON articles_article
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION articles_article_to_likenessqueue();
"""
NO_NEW = """
DROP TRIGGER articles_article_insert_to_likenessqueue ON articles_article;
DROP FUNCTION articles_article_to_likenessqueue;
"""
QUEUE_CHANGED = """
CREATE FUNCTION articles_text_to_likenessqueue() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO articles_likenessqueue (article_id) VALUES (NEW.id);
    RETURN NULL;
END $$;
CREATE TRIGGER articles_article_text_to_likenessqueue AFTER UPDATE OF text_hash ON articles_article
    FOR EACH ROW WHEN (OLD.text_hash IS DISTINCT FROM NEW.text_hash)
    EXECUTE FUNCTION articles_text_to_likenessqueue();
"""
NO_CHANGED = """
DROP TRIGGER articles_article_text_to_likenessqueue ON articles_article;
DROP FUNCTION articles_text_to_likenessqueue;
"""
QUEUE_OLD = "INSERT INTO articles_likenessqueue (article_id) SELECT id FROM articles_article WHERE text_hash IS NOT NULL ORDER BY id"
DECISIONS = [("joined", "joined"), ("dismissed", "not duplicates")]


def article(**options):
    return models.ForeignKey(
        db_constraint=False,
        on_delete=django.db.models.deletion.DO_NOTHING,
        related_name="+",
        to="articles.article",
        **options,
    )


def number():
    return models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


class Migration(migrations.Migration):
    dependencies = [("articles", "0008_uploads"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.CreateModel(
            name="Likeness",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "band", "article_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("band", models.IntegerField()),
                ("article_id", models.BigIntegerField()),
            ],
            options={"default_permissions": ()},
        ),
        migrations.CreateModel(
            name="LikenessQueue",
            fields=[("id", number()), ("article_id", models.BigIntegerField())],
            options={"default_permissions": ()},
        ),
        migrations.CreateModel(
            name="DuplicatePair",
            fields=[
                ("id", number()),
                ("low", article(db_index=False)),
                ("high", article()),
                ("similarity", models.FloatField(verbose_name="similarity")),
                (
                    "found_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="found"
                    ),
                ),
                (
                    "decision",
                    models.CharField(
                        blank=True,
                        choices=DECISIONS,
                        db_default="",
                        default="",
                        max_length=10,
                        verbose_name="decision",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
                ("at", models.DateTimeField(null=True, verbose_name="decided")),
                (
                    "kept",
                    models.BigIntegerField(
                        help_text="Of a joined pair: the article that stays.", null=True
                    ),
                ),
                (
                    "brought",
                    models.JSONField(db_default={}, default=dict, help_text="What joining has added to it."),
                ),
            ],
            options={
                "verbose_name": "possible duplicate",
                "verbose_name_plural": "possible duplicates",
                "ordering": ["-id"],
                "default_permissions": (),
                "indexes": [models.Index(fields=["decision", "-id"], name="duplicatepair_waiting")],
                "constraints": [
                    models.UniqueConstraint(fields=["low", "high"], name="duplicatepair_once"),
                    models.CheckConstraint(condition=Q(low__lt=F("high")), name="duplicatepair_in_order"),
                    models.CheckConstraint(
                        condition=Q(decision__in=["", *(value for value, _label in DECISIONS)]),
                        name="duplicatepair_decision_known",
                    ),
                    models.CheckConstraint(
                        condition=Q(decision="joined", kept__in=[F("low"), F("high")])
                        | Q(~Q(decision="joined"), kept__isnull=True),
                        name="duplicatepair_joined_keeps_one",
                    ),
                ],
            },
        ),
        migrations.RunSQL(QUEUE_NEW, NO_NEW),
        migrations.RunSQL(QUEUE_CHANGED, NO_CHANGED),
        migrations.RunSQL(QUEUE_OLD, migrations.RunSQL.noop),
    ]
