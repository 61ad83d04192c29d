"""No term is its own ancestor; what readers have met is remembered; and readers' processes notice changes.

Who changes anything that readers see of a vocabulary (which terms are public, and below which they stand) gives
`taxonomy_version` a new token for it: processes keep the trees, and ask for nothing else but that token.
"""

from django.db import migrations, models

VOCABULARIES = ("keyword", "technology", "industry")
MAX_DEPTH = 8

CYCLES = f"""
CREATE FUNCTION taxonomy_no_cycle() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE above integer; below integer; loops boolean;
BEGIN
    -- One writer at a time: of two who put A under B and B under A at once the second sees what the first did.
    PERFORM pg_advisory_xact_lock(hashtext('taxonomy tree ' || TG_ARGV[0]));
    EXECUTE format(
        'WITH RECURSIVE up (id, depth) AS (SELECT $1, 1 UNION ALL SELECT t.parent_id, depth + 1'
        ' FROM up JOIN %I t ON t.id = up.id WHERE t.parent_id IS NOT NULL AND depth <= {MAX_DEPTH})'
        ' SELECT max(depth), bool_or(id = $2) FROM up', TG_TABLE_NAME
    ) INTO above, loops USING NEW.parent_id, NEW.id;
    IF loops THEN
        RAISE check_violation USING MESSAGE = format('%s would stand below itself', NEW.id),
            CONSTRAINT = 'taxonomy_no_cycle', TABLE = TG_TABLE_NAME;
    END IF;
    EXECUTE format(
        'WITH RECURSIVE down (id, depth) AS (SELECT $1, 1 UNION ALL SELECT t.id, depth + 1'
        ' FROM down JOIN %I t ON t.parent_id = down.id WHERE depth <= {MAX_DEPTH})'
        ' SELECT max(depth) FROM down', TG_TABLE_NAME
    ) INTO below USING NEW.id;
    IF above + below > {MAX_DEPTH} THEN
        RAISE check_violation USING MESSAGE = 'the tree has at most {MAX_DEPTH} levels',
            CONSTRAINT = 'taxonomy_tree_depth', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END $$
"""

SHOWN = """
CREATE FUNCTION taxonomy_shown() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.shown := NEW.shown OR NEW.confirmed;
    IF TG_OP = 'UPDATE' THEN
        NEW.shown := NEW.shown OR OLD.shown;
    END IF;
    RETURN NEW;
END $$
"""

VERSION = """
CREATE TABLE taxonomy_version (vocabulary text PRIMARY KEY, token uuid NOT NULL);
CREATE FUNCTION taxonomy_new_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        -- What an import adds is neither, and need not wait for anybody.
        PERFORM FROM new_rows WHERE confirmed OR declined OR parent_id IS NOT NULL OR merged_into_id IS NOT NULL;
    ELSE
        PERFORM FROM old_rows o JOIN new_rows n USING (id) WHERE
            (o.confirmed, o.declined, o.parent_id, o.merged_into_id,
             o.moved_to_keyword_id, o.moved_to_technology_id, o.moved_to_industry_id)
            IS DISTINCT FROM
            (n.confirmed, n.declined, n.parent_id, n.merged_into_id,
             n.moved_to_keyword_id, n.moved_to_technology_id, n.moved_to_industry_id);
    END IF;
    IF FOUND THEN
        INSERT INTO taxonomy_version VALUES (TG_ARGV[0], gen_random_uuid())
        ON CONFLICT (vocabulary) DO UPDATE SET token = excluded.token;
    END IF;
    RETURN NULL;
END $$
"""


def triggers(vocabulary: str) -> list[migrations.RunSQL]:
    table = f"taxonomy_{vocabulary}"
    made = {
        "taxonomy_no_cycle_new": "AFTER INSERT ON {table} FOR EACH ROW WHEN (NEW.parent_id IS NOT NULL)"
        " EXECUTE FUNCTION taxonomy_no_cycle('{vocabulary}')",
        "taxonomy_no_cycle": "AFTER UPDATE OF parent_id ON {table} FOR EACH ROW"
        " WHEN (NEW.parent_id IS NOT NULL AND NEW.parent_id IS DISTINCT FROM OLD.parent_id)"
        " EXECUTE FUNCTION taxonomy_no_cycle('{vocabulary}')",
        "taxonomy_shown": "BEFORE INSERT OR UPDATE OF confirmed, shown ON {table} FOR EACH ROW"
        " EXECUTE FUNCTION taxonomy_shown()",
        "taxonomy_new_version_added": "AFTER INSERT ON {table} REFERENCING NEW TABLE AS new_rows"
        " FOR EACH STATEMENT EXECUTE FUNCTION taxonomy_new_version('{vocabulary}')",
        "taxonomy_new_version_changed": "AFTER UPDATE ON {table}"
        " REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows"
        " FOR EACH STATEMENT EXECUTE FUNCTION taxonomy_new_version('{vocabulary}')",
    }
    return [
        migrations.RunSQL(
            f"CREATE TRIGGER {name} " + how.format(table=table, vocabulary=vocabulary),
            f"DROP TRIGGER {name} ON {table}",
        )
        for name, how in made.items()
    ]


def remember(vocabulary: str) -> list:
    field = models.BooleanField(
        db_default=False, default=False, editable=False, verbose_name="readers have met it"
    )
    return [
        migrations.AddField(vocabulary, "shown", field),
        # Until now every term had a page, confirmed or not.
        migrations.RunSQL(f"UPDATE taxonomy_{vocabulary} SET shown = true", migrations.RunSQL.noop),
    ]


class Migration(migrations.Migration):
    dependencies = [("taxonomy", "0007_parents_and_declined")]

    operations = [
        *(operation for vocabulary in VOCABULARIES for operation in remember(vocabulary)),
        migrations.AddField("merge", "parents", models.JSONField(db_default=[], default=list)),
        migrations.RunSQL(CYCLES, "DROP FUNCTION taxonomy_no_cycle"),
        migrations.RunSQL(SHOWN, "DROP FUNCTION taxonomy_shown"),
        migrations.RunSQL(VERSION, "DROP FUNCTION taxonomy_new_version; DROP TABLE taxonomy_version"),
        *(operation for vocabulary in VOCABULARIES for operation in triggers(vocabulary)),
    ]
