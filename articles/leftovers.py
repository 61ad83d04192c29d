"""Terms and sources that a batch has made: without any use they go with its articles, and come back with them."""

from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from articles.images import columns, record
from articles.models import ImportBatch, Imprint, Reuse, Source
from newsroom.sql import fetch, run
from taxonomy.models import VOCABULARIES, Merge, Term

# SQL: the rows that this batch has made and that are, or are not, there.
MADE = "FROM articles_imprint i WHERE i.batch_id = %(batch)s AND i.kind = %(kind)s"


def remove(batch: ImportBatch) -> tuple[int, int]:
    """Remove what nothing uses and nobody has confirmed, named or decided on; how many terms, and sources."""
    made = Imprint.objects.filter(batch=batch, before__isnull=True, after__isnull=True)
    terms = sum(_remove(batch, kind, model, made) for kind, model in VOCABULARIES.items())
    return terms, _remove(batch, "source", Source, made)


def forget(batch: ImportBatch) -> None:
    """Remove what undoing had to make again and redoing needs no more."""
    made = Imprint.objects.filter(batch=batch, before={})
    for kind, model in (VOCABULARIES | {"source": Source}).items():
        _remove(batch, kind, model, made)
    made.filter(after__isnull=False).delete()


def bring_back(batch: ImportBatch) -> tuple[int, int]:
    """Under the ids they had; where the name has come again meanwhile, that one stands for it. How many of each."""
    terms = sum(
        _bring_back(batch, kind, model, "key", _aliased(batch, kind, model))
        for kind, model in VOCABULARIES.items()
    )
    return terms, _bring_back(batch, "source", Source, "host", [])


def _unused(kind: str, model: type[Model]) -> QuerySet:
    """Those that no other row of the database names, and of which nobody has said anything."""
    if issubclass(model, Term):
        rows = model.objects.filter(confirmed=False, declined=False, shown=False, parent=None, description="")
        rows = rows.exclude(pk__in=_recorded(kind))
    else:
        rows = model.objects.filter(name="", reuse=Reuse.EXCERPT)
    for relation in model._meta.get_fields(include_hidden=True):
        if relation.auto_created and not relation.concrete and not relation.many_to_many:
            others = relation.related_model._base_manager.filter(**{relation.field.name: OuterRef("pk")})
            rows = rows.exclude(Exists(others))
    return rows


def _recorded(kind: str) -> set[int]:
    """Terms of which a merge, move or rename tells: deciding on a term is a person's work."""
    found: set[int] = set()
    touching = Merge.objects.filter(Q(vocabulary=kind) | Q(into_vocabulary=kind))
    for vocabulary, into, terms in touching.values_list("vocabulary", "into_vocabulary", "terms"):
        found |= {term["id"] for term in terms if vocabulary == kind}
        found |= {term["into"] for term in terms if into == kind}
    return found


def _remove(batch: ImportBatch, kind: str, model: type[Model], made: QuerySet[Imprint]) -> int:
    unused = _unused(kind, model).filter(pk__in=made.filter(kind=kind).values("object_id"))
    ids = list(unused.values_list("pk", flat=True))
    table = model._meta.db_table
    values = {"batch": batch.pk, "kind": kind, "ids": ids}
    if ids:
        run(
            f"""
            UPDATE articles_imprint i SET after = to_jsonb(t) FROM {table} t
            WHERE i.batch_id = %(batch)s AND i.kind = %(kind)s AND i.object_id = t.id AND t.id = ANY(%(ids)s)
            """,
            **values,
        )
        run(f"DELETE FROM {table} WHERE id = ANY(%(ids)s)", **values)
    return len(ids)


def _aliased(batch: ImportBatch, kind: str, model: type[Term]) -> list[str]:
    """Keys of removed terms that have become aliases of other terms."""
    aliases = model.alias_model()._meta.db_table
    statement = f"SELECT l.key FROM {aliases} l WHERE l.key IN (SELECT i.after->>'key' {MADE})"
    return [key for (key,) in fetch(statement, batch=batch.pk, kind=kind)]


def _bring_back(batch: ImportBatch, kind: str, model: type[Model], name: str, taken: list[str]) -> int:
    values = {"batch": batch.pk, "kind": kind, "taken": taken}
    number = run(
        f"""
        INSERT INTO {model._meta.db_table} ({columns(model)})
        SELECT {columns(model)} FROM (SELECT i.after AS image {MADE} AND i.after IS NOT NULL) AS gone
        CROSS JOIN LATERAL {record(model, "gone.image")}
        WHERE {name} <> ALL(%(taken)s)
        ON CONFLICT DO NOTHING
        """,
        **values,
    )
    run(
        "UPDATE articles_imprint SET after = NULL WHERE batch_id = %(batch)s AND kind = %(kind)s AND after IS NOT NULL",
        **values,
    )
    return number
