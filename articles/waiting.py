"""Quarantined records wait for a person, each at one row, however often the same bytes come.

A place is a line of a stored file: what was decided of the record there holds wherever it is delivered again.
"""

from collections.abc import Iterable
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from articles.intake import Row
from articles.models import BROKEN, ImportBatch, ImportRow, Outcome
from newsroom.sql import fetch, run

Place = tuple[int, int]  # a file's id, and the line where the record begins

# Of places: whether they wait already, and the article that a mended record became.
KNOWN = """
SELECT r.file_id, r.first_line, bool_or(r.waits),
    (array_agg(mended.article_id ORDER BY mended.id) FILTER (WHERE mended.article_id IS NOT NULL))[1]
FROM unnest(%(files)s::bigint[], %(lines)s::integer[]) AS place (file_id, first_line)
JOIN articles_importrow r ON r.file_id = place.file_id AND r.first_line = place.first_line
    AND r.outcome IN ('quarantined', 'repaired')
LEFT JOIN articles_importrow mended ON mended.repairs_id = r.id AND NOT mended.undone
GROUP BY 1, 2
"""
PLACES_LEFT_OUT = """
SELECT file_id, first_line FROM articles_importrow WHERE outcome = 'left_out' AND file_id = ANY(%(files)s)
"""


def place(row: Row) -> Place:
    return row.file.id, row.record.first_line


def place_of(row: ImportRow) -> Place:
    return row.file_id, row.first_line


def without_left_out(rows: list[Row]) -> list[Row]:
    """The others; what a person has left out stays so, even if today nothing else contradicts it."""
    left_out = set(fetch(PLACES_LEFT_OUT, files=list({row.file.id for row in rows})))
    for row in rows:
        if place(row) in left_out:
            row.outcome = Outcome.LEFT_OUT
    return [row for row in rows if row.outcome != Outcome.LEFT_OUT]


def recall(broken: list[Row]) -> set[Place]:
    """What a person has decided of the same bytes need not be decided every night; the places that wait from now on."""
    if not broken:
        return set()
    files, lines = zip(*map(place, broken), strict=True)
    known = {(file, line): told for file, line, *told in fetch(KNOWN, files=list(files), lines=list(lines))}
    begin = set()
    for row in broken:
        waits, article = known.get(place(row), (False, None))
        if article:
            _stands_for(row, article)
        elif not waits:
            begin.add(place(row))
    return begin


def _stands_for(row: Row, article: int) -> None:
    """The article says what the mended text says: the broken one's own hash is nobody's."""
    row.outcome, row.article_id, row.same_as = Outcome.UNCHANGED, article, None
    row.record.hash = None


def elsewhere(row: ImportRow) -> ImportRow | None:
    """Another row of the same place, where it waits or was mended."""
    others = _others(row.file_id, row.first_line, row.pk)
    return others.select_related("batch").defer("batch__skipped").order_by("-waits", "id").first()


def is_elsewhere() -> Exists:
    """The same for annotate()."""
    return Exists(_others(OuterRef("file"), OuterRef("first_line"), OuterRef("pk")))


def _others(file: Any, line: Any, row: Any) -> QuerySet[ImportRow]:
    mended = Q(repaired_by__undone=False, repaired_by__article__isnull=False)
    same = ImportRow.objects.filter(file=file, first_line=line, outcome__in=BROKEN)
    return same.exclude(pk=row).filter(Q(waits=True) | mended)


# --- decisions: they hold for all rows of the place -----------------------------------------------

DECIDE = """
WITH moved AS (
    UPDATE articles_importrow r SET outcome = %(to)s, needs_care = %(care)s, waits = false
    FROM unnest(%(files)s::bigint[], %(lines)s::integer[]) AS place (file_id, first_line)
    WHERE r.file_id = place.file_id AND r.first_line = place.first_line AND r.outcome = %(of)s
    RETURNING r.batch_id
)
UPDATE articles_importbatch b SET
    counts = b.counts || jsonb_build_object(
        %(of)s::text, coalesce((b.counts->>%(of)s)::integer, 0) - moved.number,
        %(to)s::text, coalesce((b.counts->>%(to)s)::integer, 0) + moved.number),
    needs_care = greatest(0, b.needs_care + CASE WHEN %(care)s THEN moved.number ELSE -moved.number END)
FROM (SELECT batch_id, count(*) AS number FROM moved GROUP BY 1) moved
WHERE b.id = moved.batch_id AND b.finished_at IS NOT NULL
"""


def leave_out(rows: Iterable[ImportRow]) -> None:
    """The caller holds the import's lock and a transaction."""
    _decide(rows, Outcome.QUARANTINED, Outcome.LEFT_OUT, care=False)


def take_back(row: ImportRow) -> None:
    """It waits again. The caller holds the import's lock and a transaction."""
    _decide([row], Outcome.LEFT_OUT, Outcome.QUARANTINED, care=True)
    _arrange(THIS, file=row.file_id, line=row.first_line, gone=0, back=0)


def _decide(rows: Iterable[ImportRow], of: Outcome, to: Outcome, *, care: bool) -> None:
    places = sorted(map(place_of, rows))
    files, lines = [file for file, _line in places], [line for _file, line in places]
    run(DECIDE, of=of.value, to=to.value, care=care, files=files, lines=lines)


# --- which row of a place waits -------------------------------------------------------------------

THIS = "SELECT %(file)s::bigint AS file_id, %(line)s::integer AS first_line"
OF_BATCH = """
SELECT DISTINCT file_id, first_line FROM articles_importrow
WHERE batch_id = %(batch)s AND outcome IN ('quarantined', 'repaired')
"""
STOP = "UPDATE articles_importrow SET waits = false WHERE waits AND (file_id, first_line) IN ({places})"
# The first one of a batch that is not undone, unless the record was mended.
BEGIN = """
WITH place AS ({places}),
mended AS (
    SELECT r.file_id, r.first_line FROM place
    JOIN articles_importrow r ON r.file_id = place.file_id AND r.first_line = place.first_line AND r.outcome = 'repaired'
    JOIN articles_importrow m ON m.repairs_id = r.id AND NOT m.undone AND m.article_id IS NOT NULL
)
UPDATE articles_importrow SET waits = true WHERE id IN (
    SELECT min(r.id) FROM place
    JOIN articles_importrow r ON r.file_id = place.file_id AND r.first_line = place.first_line AND r.outcome = 'quarantined'
    JOIN articles_importbatch b ON b.id = r.batch_id
    WHERE b.id <> %(gone)s AND (b.undone_at IS NULL OR b.id = %(back)s)
    AND (r.file_id, r.first_line) NOT IN (SELECT file_id, first_line FROM mended)
    GROUP BY r.file_id, r.first_line
)
"""


def release(batch: ImportBatch) -> None:
    """After an undo: its records wait no longer; where the same ones are in a later batch, they wait there."""
    _arrange(OF_BATCH, batch=batch.pk, gone=batch.pk, back=0)


def resume(batch: ImportBatch) -> None:
    """After a redo: its records wait again, those that nobody has settled meanwhile."""
    _arrange(OF_BATCH, batch=batch.pk, gone=0, back=batch.pk)


def _arrange(places: str, **values: int) -> None:
    for statement in (STOP, BEGIN):
        run(statement.format(places=places), **values)
