"""Records become rows: one batch a run, one transaction a chunk, one outcome a record.

Everything is set-based: a chunk takes the same number of SQL statements whatever it holds. New records go in by
COPY, changed ones through `updates`. Design section 5, seed_format section 10.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from psycopg.pq import TransactionStatus

from articles import imprints, updates, waiting
from articles.files import NamedBytes, SkippedFile, list_files, shown, without_young
from articles.identity import Prepared
from articles.intake import Delivered, Progress, Publish, Reading, Row, store_one
from articles.matching import recognise
from articles.models import (
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
from articles.parsing import parsed, usual_jobs
from articles.spellings import Spellings, Terms
from articles.storing import POINT_COLUMNS, copy_links, point_rows, spelled_terms
from articles.waiting import Place
from newsroom import sql
from newsroom.collisions import twice
from newsroom.sql import as_json, copy_rows, new_ids

IDLE, INTRANS = TransactionStatus.IDLE, TransactionStatus.INTRANS
LOCK = 0x6E657773  # "news": the advisory lock that one import at a time holds
DECIDED = {Outcome.REPAIRED, Outcome.LEFT_OUT}  # by a person: told only where there are any
CHUNK_RECORDS = 500
CHUNK_WEIGHT = 4_000_000  # characters, and for each term or point as much as its row takes


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
    delivered: tuple[Sequence[NamedBytes], Sequence[SkippedFile]] | None = None,
    by: AbstractBaseUser | None = None,
    publish: Publish | None = None,
    dry_run: bool = False,
    most: int | None = None,
    jobs: int | None = None,
    settled: float = 0,
    progress: Progress = lambda files, files_read, records, share: None,
    report: Callable[[ImportBatch], None] = lambda batch: None,
) -> ImportBatch:
    """Import all seed files under the paths and return the finished batch.

    `delivered` are the files themselves, and what was left out: then the paths are only the batch's name for them,
    and nothing is read there. `most`: once so many records are in, the rest is left alone, for a dry run; the last
    files in which nothing is new may bring some more. `settled`: files changed within so many seconds are left for the
    next run, and one that finds nothing is a run too: nothing was delivered.
    `publish` gets the ids of new and unchanged articles, inside their chunk's transaction. `report` is called with the
    finished batch; in a dry run everything is taken back after it. A batch that was interrupted goes on if the same
    paths are given again.
    Raises Busy and NothingToRead; what goes wrong in the database or on the disk comes through as it is.
    """
    paths = [os.fsdecode(path) for path in paths]
    found, skipped = list_files(paths) if delivered is None else delivered
    if settled:
        found, young = without_young(found, settled)
        skipped = [*skipped, *young]
    listed = [{"name": item.name, "code": item.code, "text": item.text} for item in skipped]
    if not found and not (settled and _reached(skipped)):
        raise NothingToRead(listed)
    with only_import(), taken_back() if dry_run else nullcontext():
        batch = _open_batch(paths, by, publish is not None, listed)
        reading = Reading(batch, found, publish, progress, most, sum(item.size for item in found))
        spellings = Spellings(batch)
        with _unhurried():
            records = parsed(reading.files(), jobs or usual_jobs(len(found), reading.size))
            for chunk in _chunks(reading.new(records)):
                _import(batch, chunk, publish, spellings)
                reading.saved += len(chunk)
                reading.tell()
        finish(batch)
        report(batch)
        if not dry_run:
            imprints.forget()
    return batch


def _reached(skipped: Sequence[SkippedFile]) -> bool:
    return not any(item.code in {"missing", "unreadable"} for item in skipped)


@contextmanager
def only_import() -> Iterator[None]:
    """Nothing else imports, undoes or redoes meanwhile. Raises Busy."""
    [(locked,)] = sql.fetch("SELECT pg_try_advisory_lock(%s)", LOCK)
    if not locked:
        raise Busy
    try:
        yield
    finally:
        _let_go("SELECT pg_advisory_unlock(%s)", LOCK)


@contextmanager
def _unhurried() -> Iterator[None]:
    """Commits do not wait for the disk; the next one that does takes all before it along.

    Should the machine fall in between, the newest chunks have not begun: whatever came after them is gone too.
    """
    sql.run("SET synchronous_commit TO off")
    try:
        yield
    finally:
        _let_go("RESET synchronous_commit")


def _let_go(statement: str, *values: Any) -> None:
    """A lost connection has given back what it held; neither it nor a failed transaction must hide what went wrong."""
    if connection.connection and connection.connection.info.transaction_status in {IDLE, INTRANS}:
        sql.run(statement, *values)


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
    first = _last_row() + 1
    return ImportBatch.objects.create(paths=paths, by=by, publish=publish, skipped=skipped, first_row=first)


def _last_row() -> int:
    """The id of the newest row of all batches, or of one that was taken back."""
    [(last,)] = sql.fetch(
        "SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('articles_importrow', 'id')), 0)"
    )
    return last


def finish(batch: ImportBatch) -> None:
    _count(batch)
    batch.last_row = _last_row()
    batch.finished_at = timezone.now()
    batch.save()


def add(batch: ImportBatch, name: str, content: bytes) -> list[ImportRow]:
    """Import one more file into a batch that has ended, all or nothing; the rows that tell what came of it.

    The caller holds `only_import` and a transaction, and counts the rows.
    """
    file = store_one(name, content)
    for chunk in _chunks(parsed(iter([[file]]), 1)):
        _import(batch, chunk, None, Spellings(batch))
    return list(ImportRow.objects.filter(batch=batch, file=file.id).order_by("id"))


def _count(batch: ImportBatch) -> None:
    rows = sql.fetch(
        "SELECT outcome, count(*), count(*) FILTER (WHERE needs_care) FROM articles_importrow"
        " WHERE batch_id = %s GROUP BY 1",
        batch.pk,
    )
    counts = {outcome: (records, care) for outcome, records, care in rows}
    told = [outcome for outcome in Outcome.values if outcome not in DECIDED or outcome in counts]
    batch.counts = {outcome: counts.get(outcome, (0, 0))[0] for outcome in told}
    batch.needs_care = sum(care for _records, care in counts.values())


# --- records --------------------------------------------------------------------------------------


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


def _import(
    batch: ImportBatch,
    chunk: list[tuple[Delivered, Prepared]],
    publish: Publish | None,
    spellings: Spellings,
) -> None:
    """Import a chunk in one transaction of its own.

    An editor may save an article or a term under the same key at the same moment, or hold what the chunk waits for
    and wait for what it holds: then the chunk is tried once more, and finds what the editor has saved.
    """
    twice(partial(_import_once, batch, chunk, publish, spellings), IntegrityError)


@transaction.atomic
def _import_once(
    batch: ImportBatch,
    chunk: list[tuple[Delivered, Prepared]],
    publish: Publish | None,
    spellings: Spellings,
) -> None:
    rows = [Row(file, replace(record, findings=[*record.findings])) for file, record in chunk]
    asked = waiting.without_left_out(rows)
    recognise(batch, [row for row in asked if not row.record.quarantined])
    sound = [row for row in asked if row.outcome != Outcome.QUARANTINED]
    begin_to_wait = waiting.recall([row for row in asked if row.outcome == Outcome.QUARANTINED])
    new = [row for row in sound if row.new]
    changed = [row for row in sound if row.outcome == Outcome.UPDATED]
    _lock(sound)
    terms = spellings.terms([*new, *changed])
    _create(batch, new, terms)
    if changed:
        updates.apply(batch, changed, terms, spellings)
    _write_rows(batch, rows, begin_to_wait)
    if publish:
        publish([row.article_id for row in sound if row.outcome in {Outcome.CREATED, Outcome.UNCHANGED}])


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
    "waits",
)


def _create(batch: ImportBatch, rows: list[Row], terms: Terms) -> None:
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


def _write_rows(batch: ImportBatch, rows: list[Row], begin_to_wait: set[Place]) -> None:
    values = (_row_values(batch, row, waiting.place(row) in begin_to_wait) for row in rows)
    copy_rows(ImportRow, ROW_COLUMNS, values)


def _row_values(batch: ImportBatch, row: Row, waits: bool) -> tuple:
    record = row.record
    settled = row.outcome in {Outcome.UNCHANGED, Outcome.LEFT_OUT}
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
        (record.needs_care or bool(row.conflicts)) and not settled,
        as_json(row.conflicts),
        waits,
    )
