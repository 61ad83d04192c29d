"""Whole articles as JSON, taken out of the tables and put back, set-based and without leaving the database.

An image has the rows as they stand, with their ids: the article's, its event summary's, its points', and its terms'
(with the name of each, in case it is gone by then). Of revisions it has what is newer than `last`, and which one was
pending; of the batch's rows, the ids.
"""

import json
from collections.abc import Collection, Sequence

from django.contrib.auth import get_user_model
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Model
from psycopg import sql

from articles.models import (
    TERM_FIELDS,
    VOCABULARY_FIELDS,
    Article,
    EventPoint,
    EventSummary,
    Revision,
    Source,
)
from newsroom.sql import fetch, run
from taxonomy.models import Term, followed

# What an import writes of an article that is there already. Status, times and people are the desk's.
COLUMNS = (
    "title", "url", "url_key", "also_at", "summary", "text_hash", "source_date", "source_date_origin", "extra", "base",
    "record_key", "record_hash",
)  # fmt: skip


def _links(field: str) -> str:
    link = TERM_FIELDS[field]._meta.db_table
    term = TERM_FIELDS[field].tag_model()._meta.db_table
    return (
        f"(SELECT coalesce(jsonb_agg(to_jsonb(l) || jsonb_build_object('name', t.name)), '[]')"
        f" FROM {link} l JOIN {term} t ON t.id = l.tag_id WHERE l.content_object_id = a.id)"
    )


def image(*, last: str, rows: str) -> str:
    """SQL: the image of the article `a`. `last`: revisions up to this number are not in it; `rows`: which rows are."""
    return f"""jsonb_build_object(
    'article', to_jsonb(a),
    'host', (SELECT s.host FROM articles_source s WHERE s.id = a.source_id),
    'event', (SELECT to_jsonb(e) FROM articles_eventsummary e WHERE e.article_id = a.id),
    'points', (SELECT coalesce(jsonb_agg(to_jsonb(p)), '[]') FROM articles_eventpoint p WHERE p.article_id = a.id),
    {", ".join(f"'{field}', {_links(field)}" for field in TERM_FIELDS)},
    'last', {last},
    'revisions', (SELECT coalesce(jsonb_agg(to_jsonb(v)), '[]') FROM articles_revision v
                  WHERE v.article_id = a.id AND v.number > {last}),
    'pending', (SELECT v.number FROM articles_revision v WHERE v.article_id = a.id AND v.pending),
    'rows', (SELECT coalesce(jsonb_agg(r.id), '[]') FROM articles_importrow r WHERE r.article_id = a.id AND {rows}))"""


# SQL: the same as long as nobody but this batch, and what was undone since, has touched the article `a`. Whatever a
# person does leaves a revision, and ids of revisions never come again.
STATE = """md5(concat_ws(' ', (SELECT max(v.id) FROM articles_revision v WHERE v.article_id = a.id),
    a.record_key, a.record_hash, a.base::text))::uuid"""


def columns(model: type[Model]) -> str:
    """SQL: those of the model's table that can be written."""
    return ", ".join(field.column for field in model._meta.local_concrete_fields if not field.generated)


# SQL: what the database writes where nothing is said.
DEFAULTS = """
SELECT string_agg(format('%%L, to_jsonb(%%s)', a.attname, pg_get_expr(d.adbin, d.adrelid)), ', ')
FROM pg_attribute a JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = %(table)s::regclass AND a.attgenerated = ''
"""


def record(model: type[Model], image: str) -> str:
    """SQL: the image as a row of the model's table. Columns that have come since have their default."""
    own = {
        field.column: field.get_default()
        for field in model._meta.local_concrete_fields
        if field.has_default() and not field.null and not field.primary_key
    }
    ours = sql.Literal(json.dumps(own, cls=DjangoJSONEncoder)).as_string()
    [(theirs,)] = fetch(DEFAULTS, table=model._meta.db_table)
    defaults = f"{ours}::jsonb || jsonb_build_object({theirs or ''})".replace("%", "%%")
    return f"jsonb_populate_record(NULL::{model._meta.db_table}, {defaults} || ({image}))"


# --- out ------------------------------------------------------------------------------------------

TAKE = f"""
UPDATE articles_imprint i SET after = {
    image(last="coalesce((i.before->>'last')::int, 0)", rows="(i.before IS NULL OR r.batch_id = i.batch_id)")
}
FROM articles_article a WHERE i.id = ANY(%(ids)s) AND a.id = i.object_id
"""
# Of rows of other batches too, where the article goes; they are not undone by that.
UNTIE = """
UPDATE articles_importrow r SET article_id = NULL, undone = r.undone OR r.batch_id = i.batch_id
FROM articles_imprint i CROSS JOIN LATERAL jsonb_array_elements(i.after->'rows') AS row (id)
WHERE i.id = ANY(%(ids)s) AND r.id = row.id::bigint
"""
PARTS = (
    ("articles_eventpoint", "article_id"),
    ("articles_eventsummary", "article_id"),
    *((link._meta.db_table, "content_object_id") for link in TERM_FIELDS.values()),
)
WHOLE = (
    *PARTS,
    ("articles_revision", "article_id"),
    ("articles_openarticle", "article_id"),
    ("articles_article", "id"),
)


def take(ids: Sequence[int]) -> None:
    """Note in these imprints how their articles stand, and untie the rows that brought them there."""
    run(TAKE, ids=list(ids))
    run(UNTIE, ids=list(ids))


def remove(ids: Sequence[int]) -> None:
    """Delete the articles of these imprints, with all that `take` has noted of them."""
    _delete(WHOLE, ids)


def _delete(tables: Sequence[tuple[str, str]], ids: Sequence[int]) -> None:
    for table, column in tables:
        run(
            f"DELETE FROM {table} t USING articles_imprint i WHERE i.id = ANY(%(ids)s) AND t.{column} = i.object_id",
            ids=list(ids),
        )


# --- back -----------------------------------------------------------------------------------------

TIE = """
UPDATE articles_importrow r SET article_id = i.object_id, undone = r.undone AND r.batch_id <> i.batch_id
FROM articles_imprint i CROSS JOIN LATERAL jsonb_array_elements(i.after->'rows') AS row (id)
WHERE i.id = ANY(%(ids)s) AND r.id = row.id::bigint
"""
SOURCE = """coalesce((SELECT s.id FROM articles_source s WHERE s.id = (x.image->'article'->>'source_id')::bigint),
    (SELECT s.id FROM articles_source s WHERE s.host = x.image->>'host'))"""


def insert(ids: Sequence[int]) -> None:
    """Put articles back that `remove` took away."""
    _find_sources("after", ids)
    image = f"x.image->'article' || jsonb_build_object('source_id', {SOURCE})"
    run(
        f"""
        WITH x AS MATERIALIZED (SELECT i.after AS image FROM articles_imprint i WHERE i.id = ANY(%(ids)s))
        INSERT INTO articles_article ({columns(Article)})
        SELECT {columns(Article)} FROM x CROSS JOIN LATERAL {record(Article, image)}
        """,
        ids=list(ids),
    )
    _fill("after", ids)


def restore(side: str, ids: Sequence[int]) -> None:
    """Make articles say what the imprints' images of that side, `before` or `after`, say.

    They count one version more: whoever has the other text open may not save it.
    """
    _find_sources(side, ids)
    _write_columns(side, ids)
    _delete(PARTS, ids)
    _fill(side, ids)


def tie(ids: Sequence[int]) -> None:
    """The rows brought the articles again, and the imprints have nothing more to bring back."""
    run(TIE, ids=list(ids))
    run("UPDATE articles_imprint SET after = NULL WHERE id = ANY(%(ids)s)", ids=list(ids))


def _write_columns(side: str, ids: Sequence[int]) -> None:
    # Links go from article to article: none may be in the way while they change hands.
    run(
        f"""
        UPDATE articles_article a SET url_key = NULL FROM articles_imprint i
        WHERE i.id = ANY(%(ids)s) AND a.id = i.object_id
        AND a.url_key IS DISTINCT FROM i.{side}->'article'->>'url_key'
        """,
        ids=list(ids),
    )
    # What is the same stays as it is packed away: packing long texts again takes most of the time.
    written = ", ".join(
        f"{column} = CASE WHEN a.{column} = whole.{column} THEN a.{column} ELSE whole.{column} END"
        for column in COLUMNS
    )
    run(
        f"""
        WITH x AS MATERIALIZED (SELECT i.{side} AS image FROM articles_imprint i WHERE i.id = ANY(%(ids)s))
        UPDATE articles_article a
        SET {written}, source_id = {SOURCE}, version = a.version + 1,
            updated_at = CASE a.status WHEN 'published' THEN a.updated_at ELSE now() END
        FROM x CROSS JOIN LATERAL {record(Article, "x.image->'article'")} AS whole
        WHERE a.id = whole.id
        """,
        ids=list(ids),
    )


def _find_sources(side: str, ids: Sequence[int]) -> None:
    """Make sure that each has its source; one that is gone by now is made again."""
    missing = fetch(
        f"""
        SELECT DISTINCT i.{side}->>'host' FROM articles_imprint i
        LEFT JOIN articles_source s ON s.id = (i.{side}->'article'->>'source_id')::bigint
        WHERE i.id = ANY(%(ids)s) AND i.{side}->>'host' IS NOT NULL AND s.id IS NULL
        """,
        ids=list(ids),
    )
    hosts = [host for (host,) in missing]
    known = set(Source.objects.filter(host__in=hosts).values_list("host", flat=True))
    found = Source.objects.for_hosts(hosts)
    _note_made(side, "source", [source.pk for host, source in found.items() if host not in known], ids)


def _fill(side: str, ids: Sequence[int]) -> None:
    """Event summary, points, terms and revisions; the former three are not there."""
    run(
        f"""
        INSERT INTO articles_eventsummary ({columns(EventSummary)})
        SELECT {columns(EventSummary)} FROM articles_imprint i
        CROSS JOIN LATERAL {record(EventSummary, f"i.{side}->'event'")}
        WHERE i.id = ANY(%(ids)s) AND jsonb_typeof(i.{side}->'event') = 'object'
        """,
        ids=list(ids),
    )
    run(
        f"""
        INSERT INTO articles_eventpoint ({columns(EventPoint)})
        SELECT whole.* FROM articles_imprint i
        CROSS JOIN LATERAL jsonb_array_elements(i.{side}->'points') AS point
        CROSS JOIN LATERAL (SELECT {columns(EventPoint)} FROM {record(EventPoint, "point")}) AS whole
        WHERE i.id = ANY(%(ids)s)
        """,
        ids=list(ids),
    )
    _fill_terms(side, ids)
    _fill_revisions(side, ids)


def _fill_revisions(side: str, ids: Sequence[int]) -> None:
    """Of what is newer than the image's `last` only what the image has; pending what was pending then."""
    values = {"ids": list(ids)}
    run(
        f"""
        DELETE FROM articles_revision v USING articles_imprint i
        WHERE i.id = ANY(%(ids)s) AND v.article_id = i.object_id AND v.number > (i.{side}->>'last')::int
        """,
        **values,
    )
    run(
        """
        UPDATE articles_revision v SET pending = false FROM articles_imprint i
        WHERE i.id = ANY(%(ids)s) AND v.article_id = i.object_id AND v.pending
        """,
        **values,
    )
    # Whoever wrote a draft may have left the desk, and her account with her.
    users = get_user_model()._meta.db_table
    writer = f"jsonb_build_object('by_id', (SELECT u.id FROM {users} u WHERE u.id = (v->>'by_id')::bigint))"
    run(
        f"""
        INSERT INTO articles_revision ({columns(Revision)})
        SELECT whole.* FROM articles_imprint i CROSS JOIN LATERAL jsonb_array_elements(i.{side}->'revisions') AS v
        CROSS JOIN LATERAL (SELECT {columns(Revision)} FROM {record(Revision, f"v || {writer}")}) AS whole
        WHERE i.id = ANY(%(ids)s)
        """,
        **values,
    )
    run(
        f"""
        UPDATE articles_revision v SET pending = true FROM articles_imprint i
        WHERE i.id = ANY(%(ids)s) AND v.article_id = i.object_id AND NOT v.pending
        AND v.number = (i.{side}->>'pending')::int
        """,
        **values,
    )


MADE = """
INSERT INTO articles_imprint (batch_id, kind, object_id, before)
SELECT DISTINCT i.batch_id, %(kind)s, made.id, %(before)s::jsonb
FROM articles_imprint i CROSS JOIN unnest(%(made)s::bigint[]) AS made (id) WHERE i.id = ANY(%(ids)s)
ON CONFLICT (batch_id, kind, object_id) DO NOTHING
"""


def _note_made(side: str, kind: str, made: Collection[int], ids: Sequence[int]) -> None:
    """A term or source had to be made again. What undoing makes has a `before`: redoing takes it away."""
    if made:
        before = "{}" if side == "before" else None
        run(MADE, kind=kind, made=list(made), before=before, ids=list(ids))


# --- terms ----------------------------------------------------------------------------------------


def _fill_terms(side: str, ids: Sequence[int]) -> None:
    """Each article carries its terms again, as they are today: merged and moved ones where they lead to."""
    for field, link in TERM_FIELDS.items():
        names = dict(
            fetch(
                f"""
                SELECT DISTINCT (l->>'tag_id')::bigint, l->>'name' FROM articles_imprint i
                CROSS JOIN LATERAL jsonb_array_elements(i.{side}->'{field}') AS l WHERE i.id = ANY(%(ids)s)
                """,
                ids=list(ids),
            )
        )
        ways: dict[str, dict[int, int]] = {}
        for pk, term in _today(side, link.tag_model(), names, ids).items():
            ways.setdefault(VOCABULARY_FIELDS[term.vocabulary], {})[pk] = term.pk
        for target, way in ways.items():
            _carry(side, field, target, way, ids)


def _today(side: str, model: type[Term], names: dict[int, str], ids: Sequence[int]) -> dict[int, Term]:
    """The term that stands for each id now; one that is gone is found, or made again, by its name."""
    model.objects.hold()
    terms = followed(model.objects.in_bulk(names))
    gone = {pk: name for pk, name in names.items() if pk not in terms}
    if not gone:
        return terms
    found = model.objects.resolve(gone.values())
    found |= model.objects.moved([name for name in gone.values() if name not in found])
    if new := [name for name in gone.values() if name not in found]:
        made = model.objects.resolve(new, create=True)
        _note_made(side, model.vocabulary, {term.pk for term in made.values()}, ids)
        found |= made
    return terms | {pk: found[name] for pk, name in gone.items() if name in found}


def _carry(side: str, field: str, target: str, way: dict[int, int], ids: Sequence[int]) -> None:
    run(
        f"""
        INSERT INTO {TERM_FIELDS[target]._meta.db_table} (content_object_id, tag_id, raw, position)
        SELECT DISTINCT ON (i.object_id, way.today)
            i.object_id, way.today, l->>'raw', (l->>'position')::int
        FROM articles_imprint i CROSS JOIN LATERAL jsonb_array_elements(i.{side}->'{field}') AS l
        JOIN unnest(%(then)s::bigint[], %(today)s::bigint[]) AS way (tag, today) ON way.tag = (l->>'tag_id')::bigint
        WHERE i.id = ANY(%(ids)s)
        ORDER BY i.object_id, way.today, (l->>'position')::int
        ON CONFLICT DO NOTHING
        """,
        ids=list(ids),
        then=list(way),
        today=list(way.values()),
    )
