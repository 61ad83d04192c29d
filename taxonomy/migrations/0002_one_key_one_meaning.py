"""A key is unique among the names and aliases of a vocabulary, whatever path a row takes into the tables."""

from django.db import migrations

FUNCTION = """
CREATE FUNCTION taxonomy_key_is_free() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE taken boolean;
BEGIN
    -- One writer at a time for each vocabulary: otherwise two transactions could each miss the other's row.
    PERFORM pg_advisory_xact_lock(hashtext('taxonomy ' || TG_ARGV[1]));
    EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE key = $1)', TG_ARGV[0]) INTO taken USING NEW.key;
    IF taken THEN
        RAISE unique_violation USING
            MESSAGE = format('"%s" is already a name or an alias of a %s', NEW.name, TG_ARGV[1]),
            CONSTRAINT = 'taxonomy_key_is_free', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END $$
"""


def trigger(table: str, other: str, vocabulary: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE TRIGGER taxonomy_key_is_free BEFORE INSERT OR UPDATE OF key ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION taxonomy_key_is_free('{other}', '{vocabulary}')",
        f"DROP TRIGGER taxonomy_key_is_free ON {table}",
    )


class Migration(migrations.Migration):
    dependencies = [("taxonomy", "0001_initial")]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION taxonomy_key_is_free"),
        trigger("taxonomy_keyword", "taxonomy_keywordalias", "keyword"),
        trigger("taxonomy_keywordalias", "taxonomy_keyword", "keyword"),
        trigger("taxonomy_technology", "taxonomy_technologyalias", "technology"),
        trigger("taxonomy_technologyalias", "taxonomy_technology", "technology"),
        trigger("taxonomy_industry", "taxonomy_industryalias", "industry"),
        trigger("taxonomy_industryalias", "taxonomy_industry", "industry"),
    ]
