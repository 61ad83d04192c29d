"""What the desk corrects again and again becomes a rule; processes that keep spellings notice when one changes.

`taxonomy_version` (see 0008) has a new token when it changes which terms are public and stand for themselves,
`taxonomy_spelling_version` when names or aliases change, or a term is gone. What an import adds changes neither.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

import taxonomy.models

VOCABULARIES = ("keyword", "technology", "industry")

SPELLED = """
CREATE TABLE taxonomy_spelling_version (vocabulary text PRIMARY KEY, token uuid NOT NULL);
CREATE FUNCTION taxonomy_new_spelling() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_LEVEL = 'STATEMENT' THEN
        PERFORM FROM changed_rows;
        IF NOT FOUND THEN
            RETURN NULL;
        END IF;
    END IF;
    INSERT INTO taxonomy_spelling_version VALUES (TG_ARGV[0], gen_random_uuid())
    ON CONFLICT (vocabulary) DO UPDATE SET token = excluded.token;
    RETURN NULL;
END $$
"""

ON_TERMS = {
    "taxonomy_new_spelling_renamed": "AFTER UPDATE OF name ON {table} FOR EACH ROW WHEN (OLD.name <> NEW.name)",
    "taxonomy_new_spelling_gone": "AFTER DELETE ON {table} FOR EACH ROW WHEN (OLD.confirmed)",
}
ON_ALIASES = {
    "taxonomy_new_spelling_added": "AFTER INSERT ON {table} REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT",
    "taxonomy_new_spelling_changed": "AFTER UPDATE ON {table} REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT",
    "taxonomy_new_spelling_gone": "AFTER DELETE ON {table} REFERENCING OLD TABLE AS changed_rows FOR EACH STATEMENT",
}


def triggers(vocabulary):
    tables = {f"taxonomy_{vocabulary}": ON_TERMS, f"taxonomy_{vocabulary}alias": ON_ALIASES}
    return [
        migrations.RunSQL(
            f"CREATE TRIGGER {name} {when.format(table=table)} EXECUTE FUNCTION taxonomy_new_spelling('{vocabulary}')",
            f"DROP TRIGGER {name} ON {table}",
        )
        for table, made in tables.items()
        for name, when in made.items()
    ]


class Migration(migrations.Migration):
    dependencies = [
        ("taxonomy", "0008_no_cycles"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Rule",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("vocabulary", models.CharField(max_length=20, verbose_name="vocabulary")),
                ("name", models.CharField(max_length=100, verbose_name="spelling")),
                ("key", taxonomy.models.KeyField(editable=False, max_length=200)),
                ("target", models.CharField(max_length=100, verbose_name="term")),
                ("target_key", models.CharField(editable=False, max_length=200)),
                ("seen_in", models.JSONField(default=list)),
                (
                    "times",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Func("seen_in", function="jsonb_array_length"),
                        output_field=models.PositiveIntegerField(verbose_name="corrected"),
                        verbose_name="corrected",
                    ),
                ),
                (
                    "decision",
                    models.CharField(
                        blank=True,
                        choices=[("accepted", "accepted"), ("rejected", "rejected")],
                        default="",
                        max_length=10,
                        verbose_name="decision",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="decided by",
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True, verbose_name="decided at")),
                (
                    "merge",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="taxonomy.merge",
                    ),
                ),
            ],
            options={
                "verbose_name": "learned rule",
                "verbose_name_plural": "learned rules",
                "ordering": ["-id"],
                "default_permissions": (),
            },
        ),
        migrations.AddConstraint(
            "rule",
            models.UniqueConstraint(fields=["vocabulary", "key", "target_key"], name="rule_once"),
        ),
        migrations.AddConstraint(
            "rule",
            models.CheckConstraint(
                condition=Q(decision__in=["", "accepted", "rejected"]), name="rule_decision_known"
            ),
        ),
        migrations.AddIndex(
            "rule",
            models.Index(
                condition=Q(("decision", ""), ("times__gte", 2)), fields=["-id"], name="rule_proposed"
            ),
        ),
        migrations.RunSQL(
            SPELLED, "DROP FUNCTION taxonomy_new_spelling; DROP TABLE taxonomy_spelling_version"
        ),
        *(operation for vocabulary in VOCABULARIES for operation in triggers(vocabulary)),
    ]
