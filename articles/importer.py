"""Records become rows: one batch a run, one transaction a chunk, one outcome a record.

Everything is set-based: a chunk takes the same number of SQL statements whatever it holds. New records go in by
COPY, changed ones through `updates`. Design section 5, seed_format section 10.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone
from psycopg.errors import DeadlockDetected
from psycopg.pq import TransactionStatus

from articles import imprints, updates
from articles.files import list_files, shown
from articles.identity import Prepared, end_with_parent, prepare_all
from articles.intake import Delivered, Publish, Reading, Row
from articles.matching import recognise
from articles.models import (
    FIELDS,
    TERM_FIELDS,
    Article,
    EventPoint,
    EventSummary,
    ImportBatch,
    ImportRow,
    Outcome,
    Reuse,
    Source,
)
from articles.storing import POINT_COLUMNS, as_json, copy_links, copy_rows, new_ids, point_rows, spelled_terms
from taxonomy import homes
from taxonomy.models import Term

IDLE, INTRANS = TransactionStatus.IDLE, TransactionStatus.INTRANS
LOCK = 0x6E657773  # "news": the advisory lock that one import at a time holds
CHUNK_RECORDS = 500
CHUNK_WEIGHT = 4_000_000  # characters, and for each term or point as much as its row takes
MANY_FILES = 200
AHEAD = 3  # chunks of files that are parsed while one is stored


class Busy(Exception):
    """Another import is running."""


class NothingToRead(Exception):
    """The paths hold no seed file; `skipped` says what was there instead."""

    def __init__(self, skipped: list[dict[str, Any]]) -> None:
        super().__init__()
        self.skipped = skipped


def run(
    paths: Iterable[str],
    *,
    by: AbstractBaseUser | None = None,
    publish: Publish | None = None,
    dry_run: bool = False,
    jobs: int | None = None,
    progress: Callable[..., None] = lambda all_files, read_files, records=None: None,
    report: Callable[[ImportBatch], None] = lambda batch: None,
) -> ImportBatch:
    """Import all seed files under the paths and return the finished batch.

    `publish` gets the ids of new and unchanged articles, inside their chunk's transaction. `progress` gets how many
    files there are, how many were read, and (not where nothing is new) how many records are in. `report` is called
    with the finished batch; in a dry run everything is taken back after it. A batch that was interrupted goes on if
    the same paths are given again.
    Raises Busy and NothingToRead; what goes wrong in the database or on the disk comes through as it is.
    """
    paths = [os.fsdecode(path) for path in paths]
    found, skipped = list_files(paths)
    listed = [{"name": item.name, "code": item.code, "text": item.text} for item in skipped]
    if not found:
        raise NothingToRead(listed)
    with only_import(), taken_back() if dry_run else nullcontext():
        batch = _open_batch(paths, by, publish is not None, listed)
        reading = Reading(batch, found, publish, on_read=partial(progress, len(found)))
        records = 0
        for chunk in _chunks(_parsed(reading.files(), jobs or _jobs(len(found)))):
            _import(batch, chunk, publish)
            records += len(chunk)
            progress(len(found), reading.done, records)
        _finish(batch)
        report(batch)
    return batch


def _jobs(files: int) -> int:
    """How many processes parse: for a few files, starting another takes longer than parsing them here."""
    return 1 if files < MANY_FILES else min(2, os.cpu_count() or 1)


@contextmanager
def only_import() -> Iterator[None]:
    """Nothing else imports, undoes or redoes meanwhile. Raises Busy."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            raise Busy
    try:
        yield
    finally:
        # A lost connection has given the lock back already; neither it nor a failed transaction must hide what
        # went wrong.
        if connection.connection and connection.connection.info.transaction_status in {IDLE, INTRANS}:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


class _TakeBack(Exception):
    pass


@contextmanager
def taken_back() -> Iterator[None]:
    """One transaction around a dry run: it sees exactly what a real run would, and then never happened."""
    try:
        with transaction.atomic():
            yield
            raise _TakeBack
    except _TakeBack:
        pass


def _open_batch(paths: list[str], by: AbstractBaseUser | None, publish: bool, skipped: list) -> ImportBatch:
    """The interrupted batch of the same command, to go on with, or a new one."""
    paths = [shown(path) for path in paths]
    interrupted = ImportBatch.objects.filter(finished_at=None, paths=paths, publish=publish).first()
    if interrupted:
        interrupted.skipped = skipped
        return interrupted
    return ImportBatch.objects.create(paths=paths, by=by, publish=publish, skipped=skipped)


def _finish(batch: ImportBatch) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT outcome, count(*), count(*) FILTER (WHERE needs_care) FROM articles_importrow"
            " WHERE batch_id = %s GROUP BY 1",
            [batch.pk],
        )
        counts = {outcome: (records, care) for outcome, records, care in cursor.fetchall()}
    batch.counts = {outcome: counts.get(outcome, (0, 0))[0] for outcome in Outcome.values}
    batch.needs_care = sum(care for _records, care in counts.values())
    batch.finished_at = timezone.now()
    batch.save()


# --- records --------------------------------------------------------------------------------------


def _parsed(chunks: Iterator[list[Delivered]], jobs: int) -> Iterator[tuple[Delivered, Prepared]]:
    """The records of the files, in order; parsed in other processes, ahead of the storing, if `jobs` allows."""
    if jobs <= 1:
        for chunk in chunks:
            yield from _undone(chunk, prepare_all([file.content for file in chunk]))
        return
    # Not forked: a child must not share the connection to the database.
    with ProcessPoolExecutor(jobs, get_context("spawn"), end_with_parent, (os.getpid(),)) as pool:
        running: deque = deque()
        for chunk in chunks:
            running.append((chunk, pool.submit(prepare_all, [file.content for file in chunk])))
            if len(running) > AHEAD:
                chunk, future = running.popleft()
                yield from _undone(chunk, future.result())
        for chunk, future in running:
            yield from _undone(chunk, future.result())


def _undone(
    files: Iterable[Delivered], prepared: Iterable[list[Prepared]]
) -> Iterator[tuple[Delivered, Prepared]]:
    for file, records in zip(files, prepared, strict=True):
        file.content = b""  # it is stored and parsed
        yield from ((file, record) for record in records if record.first_line not in file.done_lines)


def _chunks(
    records: Iterator[tuple[Delivered, Prepared]],
) -> Iterator[list[tuple[Delivered, Prepared]]]:
    """So many records that COPY pays, but no more than fit into memory however long or full of terms they are."""
    chunk: list[tuple[Delivered, Prepared]] = []
    weight = 0
    for file, record in records:
        chunk.append((file, record))
        weight += record.weight
        if len(chunk) >= CHUNK_RECORDS or weight >= CHUNK_WEIGHT:
            yield chunk
            chunk, weight = [], 0
    if chunk:
        yield chunk


def _import(batch: ImportBatch, chunk: list[tuple[Delivered, Prepared]], publish: Publish | None) -> None:
    """Import a chunk in one transaction of its own.

    An editor may save an article or a term under the same key at the same moment, or hold what the chunk waits for
    and wait for what it holds: then the chunk is tried once more, and finds what the editor has saved.
    """
    try:
        _import_once(batch, chunk, publish)
    except (IntegrityError, OperationalError) as error:
        if isinstance(error, OperationalError) and not isinstance(error.__cause__, DeadlockDetected):
            raise
        _import_once(batch, chunk, publish)


@transaction.atomic
def _import_once(
    batch: ImportBatch, chunk: list[tuple[Delivered, Prepared]], publish: Publish | None
) -> None:
    rows = [Row(file, replace(record, findings=[*record.findings])) for file, record in chunk]
    readable = [row for row in rows if not row.record.quarantined]
    recognise(batch, readable)
    new = [row for row in readable if row.new]
    changed = [row for row in readable if row.outcome == Outcome.UPDATED]
    _lock(readable)
    terms = _resolve_terms(batch, [*new, *changed])
    _take_home([*new, *changed], terms)
    _create(batch, new, terms)
    if changed:
        updates.apply(batch, changed, terms)
    _write_rows(batch, rows)
    if publish:
        publish([row.article_id for row in readable if row.outcome in {Outcome.CREATED, Outcome.UNCHANGED}])


def _lock(rows: list[Row]) -> None:
    """Lock the articles that may change, before any term: an editor's save takes them in this order too."""
    known = [
        row.article_id
        for row in rows
        if row.outcome in {Outcome.UPDATED, Outcome.UNCHANGED} and row.article_id
    ]
    list(Article.objects.filter(pk__in=known).order_by("pk").select_for_update().values_list("pk"))


# --- writing --------------------------------------------------------------------------------------

ARTICLE_COLUMNS = (
    "id",
    "title",
    "url",
    "url_key",
    "also_at",
    "source_id",
    "summary",
    "source_date",
    "source_date_origin",
    "extra",
    "base",
    "record_key",
    "record_hash",
    "text_hash",
)
ROW_COLUMNS = (
    "batch_id",
    "file_id",
    "file_name",
    "first_line",
    "last_line",
    "outcome",
    "article_id",
    "record_hash",
    "findings",
    "needs_care",
    "conflicts",
)


def _resolve_terms(batch: ImportBatch, rows: list[Row]) -> dict[str, dict[str, Term]]:
    """By vocabulary field: the term of each spelling; what no term knows becomes a new, unconfirmed one."""
    return {
        name: _terms(
            batch,
            model.tag_model(),
            [spelling for row in rows for spelling in row.record.content[name]],
        )
        for name, model in TERM_FIELDS.items()
    }


def _terms(batch: ImportBatch, vocabulary: type[Term], spellings: list[str]) -> dict[str, Term]:
    vocabulary.objects.hold()
    known = vocabulary.objects.resolve(spellings)
    new = [spelling for spelling in spellings if spelling not in known]
    if not new:
        return known
    made = vocabulary.objects.resolve(new, create=True)
    imprints.made(batch, vocabulary.vocabulary, {term.pk for term in made.values()})
    return known | made


def _take_home(rows: list[Row], terms: dict[str, dict[str, Term]]) -> None:
    """A term that the desk has moved to another vocabulary goes there, whichever the seed names."""
    unknown = {
        vocabulary: {name for row in rows for name in row.record.content[field] if name not in terms[field]}
        for vocabulary, field in FIELDS.items()
    }
    known = homes.homes(unknown)
    for term in known.values():
        terms[FIELDS[term.vocabulary]][term.name] = term
    for row in rows if known else ():
        spelled = {vocabulary: row.record.content[field] for vocabulary, field in FIELDS.items()}
        found = homes.at_home(spelled, known)
        row.record.content = row.record.content | {FIELDS[name]: names for name, names in found.items()}


def _create(batch: ImportBatch, rows: list[Row], terms: dict[str, dict[str, Term]]) -> None:
    if not rows:
        return
    for row, pk in zip(rows, new_ids(Article, len(rows)), strict=True):
        row.article_id = pk
    sources = imprints.sources(batch, {row.record.host for row in rows if row.record.host})
    for row in rows:
        _check_policy(row, sources)
    copy_rows(Article, ARTICLE_COLUMNS, (_article_values(row, sources) for row in rows))
    with_events = [row for row in rows if row.record.events_raw]
    copy_rows(EventSummary, ("article_id", "intro", "conclusion", "raw"), map(_event_values, with_events))
    copy_rows(
        EventPoint,
        POINT_COLUMNS,
        (
            values
            for row in with_events
            for values in point_rows(row.article_id, row.record.content["points"])
        ),
    )
    copy_links(
        {
            name: [(row.article_id, spelled_terms(row.record.content[name], terms[name])) for row in rows]
            for name in TERM_FIELDS
        }
    )


def _check_policy(row: Row, sources: dict[str, Source]) -> None:
    """A text that forbids reprinting, from a source that the desk may quote in full: a person must decide (R16)."""
    forbids = any(finding["code"] == "reprint-notice" for finding in row.record.findings)
    if forbids and row.record.host and sources[row.record.host].reuse == Reuse.FULL:
        row.find("notice-against-policy", row.record.host)


def _article_values(row: Row, sources: dict[str, Source]) -> tuple:
    record, content = row.record, row.record.content
    return (
        row.article_id,
        content["title"],
        content["url"],
        record.url_key,
        as_json(content["also_at"]),
        sources[record.host].pk if record.host else None,
        content["summary"],
        content["source_date"],
        content["source_date_origin"],
        as_json(content["extra"]),
        as_json(content),
        record.key,
        record.hash,
        record.text_hash,
    )


def _event_values(row: Row) -> tuple:
    content = row.record.content
    return row.article_id, content["intro"], content["conclusion"], row.record.events_raw


def _write_rows(batch: ImportBatch, rows: list[Row]) -> None:
    copy_rows(ImportRow, ROW_COLUMNS, (_row_values(batch, row) for row in rows))


def _row_values(batch: ImportBatch, row: Row) -> tuple:
    record = row.record
    unchanged = row.outcome == Outcome.UNCHANGED  # its findings stand at the row that brought the record in
    return (
        batch.pk,
        row.file.id,
        row.file.name,
        record.first_line,
        record.last_line,
        row.outcome.value,
        row.same_as.article_id if row.same_as else row.article_id,
        record.hash,
        as_json([] if unchanged else record.findings),
        (record.needs_care or bool(row.conflicts)) and not unchanged,
        as_json(row.conflicts),
    )
