import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


# As in 0002, with `withdraw_at` among what the index knows.
QUEUE = """
    CREATE OR REPLACE FUNCTION articles_article_to_searchqueue() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'INSERT' THEN
            INSERT INTO articles_searchqueue (article_id) SELECT DISTINCT id FROM new_rows;
        ELSIF TG_OP = 'DELETE' THEN
            INSERT INTO articles_searchqueue (article_id) SELECT DISTINCT id FROM old_rows;
        ELSE
            INSERT INTO articles_searchqueue (article_id)
            SELECT id
            FROM old_rows FULL JOIN new_rows USING (id)
            WHERE ROW({old}) IS DISTINCT FROM ROW({new});
        END IF;
        IF FOUND THEN
            PERFORM pg_notify('search_queue', '');
        END IF;
        RETURN NULL;
    END $$
"""
BEFORE = ["status", "published_at", "source_id", "created_at", "title", "excerpt", "summary"]
KNOWN = ["status", "published_at", "withdraw_at", "source_id", "created_at", "title", "excerpt", "summary"]


def queue(known: list[str]) -> str:
    old, new = (", ".join(f"{rows}.{column}" for column in known) for rows in ("old_rows", "new_rows"))
    return QUEUE.format(old=old, new=new)


class Migration(migrations.Migration):
    dependencies = [
        ("articles", "0002_search_queue"),
        ("taxonomy", "0005_sort_key_index"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Correction",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("wrong", models.TextField(verbose_name="what was wrong")),
                ("right", models.TextField(verbose_name="what is right")),
                (
                    "at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="at"
                    ),
                ),
                ("retracted_at", models.DateTimeField(blank=True, null=True, verbose_name="retracted at")),
            ],
            options={
                "verbose_name": "correction",
                "verbose_name_plural": "corrections",
                "ordering": ["-at", "-id"],
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="Note",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), verbose_name="at"
                    ),
                ),
                ("text", models.TextField(verbose_name="note")),
                ("point", models.PositiveIntegerField(blank=True, null=True, verbose_name="point")),
            ],
            options={
                "verbose_name": "note",
                "verbose_name_plural": "notes",
                "ordering": ["id"],
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="OpenArticle",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "default_permissions": (),
            },
        ),
        migrations.AddField(
            model_name="article",
            name="assigned_to",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="assigned to",
            ),
        ),
        migrations.AddField(
            model_name="article",
            name="withdraw_at",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="withdrawn at"),
        ),
        migrations.AlterField(
            model_name="importrow",
            name="conflicts",
            field=models.JSONField(
                default=dict,
                help_text="By field: what base, the desk and the seed say, and once made the decision.",
                verbose_name="conflicts",
            ),
        ),
        migrations.AddIndex(
            model_name="article",
            index=models.Index(
                condition=models.Q(("withdraw_at__isnull", False)),
                fields=["withdraw_at"],
                name="article_withdraw_at",
            ),
        ),
        migrations.AddIndex(
            model_name="article",
            index=models.Index(
                condition=models.Q(("assigned_to__isnull", False)),
                fields=["assigned_to", "-id"],
                name="article_assigned_to",
            ),
        ),
        migrations.AddIndex(
            model_name="importrow",
            index=models.Index(
                condition=models.Q(("outcome", "quarantined")),
                fields=["outcome", "-id"],
                name="importrow_quarantined",
            ),
        ),
        migrations.AddConstraint(
            model_name="article",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("withdraw_at", None),
                    models.Q(("status", "published"), ("withdraw_at__gt", models.F("published_at"))),
                    _connector="OR",
                ),
                name="article_withdrawn_after_published",
            ),
        ),
        migrations.AddField(
            model_name="correction",
            name="article",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="corrections",
                to="articles.article",
                verbose_name="article",
            ),
        ),
        migrations.AddField(
            model_name="correction",
            name="by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="by",
            ),
        ),
        migrations.AddField(
            model_name="note",
            name="article",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="notes",
                to="articles.article",
                verbose_name="article",
            ),
        ),
        migrations.AddField(
            model_name="note",
            name="by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="by",
            ),
        ),
        migrations.AddField(
            model_name="openarticle",
            name="article",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="articles.article",
            ),
        ),
        migrations.AddField(
            model_name="openarticle",
            name="user",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="importrow",
            name="undecided",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Func(
                    models.F("conflicts"),
                    models.Value("$.* ? (!exists(@.decision))"),
                    function="jsonb_path_exists",
                ),
                output_field=models.BooleanField(verbose_name="conflict to decide"),
            ),
        ),
        migrations.AddIndex(
            model_name="correction",
            index=models.Index(
                condition=models.Q(("retracted_at__isnull", True)),
                fields=["-at", "-id"],
                name="correction_standing",
            ),
        ),
        migrations.AddConstraint(
            model_name="correction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("wrong", ""), _negated=True), models.Q(("right", ""), _negated=True)
                ),
                name="correction_says_both",
            ),
        ),
        migrations.AddConstraint(
            model_name="note",
            constraint=models.CheckConstraint(
                condition=models.Q(("text", ""), _negated=True), name="note_not_empty"
            ),
        ),
        migrations.AddConstraint(
            model_name="openarticle",
            constraint=models.UniqueConstraint(fields=("article", "user"), name="openarticle_once_a_person"),
        ),
        migrations.AddIndex(
            model_name="importrow",
            index=models.Index(
                condition=models.Q(("undecided", True)), fields=["article"], name="importrow_undecided"
            ),
        ),
        migrations.RunSQL(queue(KNOWN), queue(BEFORE)),
    ]
