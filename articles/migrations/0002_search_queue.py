"""Whatever path a change takes into the tables, the ids of its articles are queued for the search index.

A trigger runs once a statement, with the statement's rows as tables: one insert however many rows there are. A
trigger with such tables serves one event and names no columns, so the functions look what has changed.
"""

import django.db.models.functions.datetime
from django.db import migrations, models

EVENTS = {
    "INSERT": "NEW TABLE AS new_rows",
    "UPDATE": "OLD TABLE AS old_rows NEW TABLE AS new_rows",
    "DELETE": "OLD TABLE AS old_rows",
}

# A name for the database's life, which a copy shares and a new one does not: an index belongs to one database.
IDENTITY = """
DO $$ BEGIN
    EXECUTE format('COMMENT ON TABLE articles_searchqueue IS %L', gen_random_uuid());
END $$
"""


def function(table: str, body: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"""
        CREATE FUNCTION {table}_to_searchqueue() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            {body}
            IF FOUND THEN
                PERFORM pg_notify('search_queue', '');
            END IF;
            RETURN NULL;
        END $$
        """,
        f"DROP FUNCTION {table}_to_searchqueue",
    )


def trigger(table: str, event: str) -> migrations.RunSQL:
    name = f"{table}_{event.lower()}_to_searchqueue"
    return migrations.RunSQL(
        f"CREATE TRIGGER {name} AFTER {event} ON {table} REFERENCING {EVENTS[event]} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_to_searchqueue()",
        f"DROP TRIGGER {name} ON {table}",
    )


def part_of_articles(table: str, *, key: str, article: str, known: list[str]) -> list[migrations.RunSQL]:
    """Queue the articles of new and removed rows, and of rows where something changed that the index knows.

    Long texts come last: comparing stops at the first difference, before it must unpack them.
    """
    old, new = (", ".join(f"{rows}.{column}" for column in known) for rows in ("old_rows", "new_rows"))
    body = f"""
            IF TG_OP = 'INSERT' THEN
                INSERT INTO articles_searchqueue (article_id) SELECT DISTINCT {article} FROM new_rows;
            ELSIF TG_OP = 'DELETE' THEN
                INSERT INTO articles_searchqueue (article_id) SELECT DISTINCT {article} FROM old_rows;
            ELSE
                INSERT INTO articles_searchqueue (article_id)
                SELECT DISTINCT touched.id
                FROM old_rows FULL JOIN new_rows USING ({key})
                CROSS JOIN LATERAL (VALUES (old_rows.{article}), (new_rows.{article})) AS touched (id)
                WHERE ROW({old}) IS DISTINCT FROM ROW({new}) AND touched.id IS NOT NULL;
            END IF;"""
    return [function(table, body), *(trigger(table, event) for event in EVENTS)]


def vocabulary(name: str) -> list[migrations.RunSQL]:
    """Queue the articles that carry a renamed term. A merge moves the links, and they queue for themselves."""
    terms, links = f"taxonomy_{name}", f"articles_article{name}"
    body = f"""
            INSERT INTO articles_searchqueue (article_id)
            SELECT DISTINCT content_object_id
            FROM old_rows JOIN new_rows USING (id) JOIN {links} ON tag_id = new_rows.id
            WHERE old_rows.name IS DISTINCT FROM new_rows.name;"""
    return [function(terms, body), trigger(terms, "UPDATE")]


def links(name: str) -> list[migrations.RunSQL]:
    columns = ["tag_id", "content_object_id"]
    table = f"articles_article{name}"
    return part_of_articles(table, key=", ".join(columns), article="content_object_id", known=columns)


class Migration(migrations.Migration):
    dependencies = [("articles", "0001_initial"), ("taxonomy", "0002_one_key_one_meaning")]

    operations = [
        migrations.CreateModel(
            name="SearchQueue",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("article_id", models.BigIntegerField()),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={"default_permissions": ()},
        ),
        migrations.RunSQL(IDENTITY, migrations.RunSQL.noop),
        *part_of_articles(
            "articles_article",
            key="id",
            article="id",
            known=["status", "published_at", "source_id", "created_at", "title", "excerpt", "summary"],
        ),
        *part_of_articles(
            "articles_eventsummary",
            key="article_id",
            article="article_id",
            known=["article_id", "intro", "conclusion"],
        ),
        *part_of_articles(
            "articles_eventpoint", key="id", article="article_id", known=["article_id", "heading", "body"]
        ),
        *links("keyword"),
        *links("technology"),
        *links("industry"),
        *vocabulary("keyword"),
        *vocabulary("technology"),
        *vocabulary("industry"),
    ]
