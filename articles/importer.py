"""Records become rows: one batch a run, one transaction a chunk, one outcome a record.

Everything is set-based: a chunk takes the same number of SQL statements whatever it holds. New records go in through
`creating`, changed ones through `updates`. Design section 5, seed_format section 10.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, connection, transaction
from django.db.models import Model
from django.utils import timezone
from psycopg.pq import TransactionStatus

from articles import creating, imprints, updates, waiting
from articles.files import NamedBytes, SkippedFile, list_files, shown, without_young
from articles.identity import Prepared
from articles.intake import Delivered, Progress, Publish, Reading, Row, store_one
from articles.matching import recognise
from articles.models import Article, ImportBatch, ImportRow, Outcome
from articles.parsing import parsed, usual_jobs
from articles.spellings import Spellings
from articles.waiting import Place
from newsroom import sql
from newsroom.collisions import twice
from newsroom.sql import as_json, copy_rows

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
    scheduled: bool = False,
    progress: Progress = lambda files, files_read, records, share: None,
    report: Callable[[ImportBatch], None] = lambda batch: None,
) -> ImportBatch:
    """Import all seed files under the paths and return the finished batch.

    `delivered` are the files themselves, and what was left out: then the paths are only the batch's name for them,
    and nothing is read there. `most`: once so many records are in, the rest is left alone, for a dry run; the last
    files in which nothing is new may bring some more. `settled`: files changed within so many seconds are left for the
    next run, and one that finds nothing is a run too: nothing was delivered. `scheduled`: it is the run of a timer.
    `publish` gets the ids of new and unchanged articles, inside their chunk's transaction. `report` is called with the
    finished batch of a dry run, before everything is taken back. A batch that was interrupted goes on if the same paths
    are given again.
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
    with only_import(), _rehearsed() if dry_run else nullcontext():
        batch = _open_batch(paths, publish is not None, by=by, scheduled=scheduled, skipped=listed)
        reading = Reading(batch, found, publish, progress, most, sum(item.size for item in found))
        spellings = Spellings(batch)
        with _unhurried():
            records = parsed(reading.files(), jobs or usual_jobs(len(found), reading.size))
            for chunk in _chunks(reading.new(records)):
                _import(batch, chunk, publish, spellings)
                reading.saved += len(chunk)
                reading.tell()
        finish(batch)
        if dry_run:
            report(batch)
        else:
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


@contextmanager
def _rehearsed() -> Iterator[None]:
    """Taken back, its number too, which sequences keep: a batch that stays gets it. The caller holds `only_import`."""
    last = _last_id(ImportBatch)
    try:
        with taken_back():
            yield
    finally:
        _let_go(
            "SELECT setval(pg_get_serial_sequence('articles_importbatch', 'id'), %s, %s)", last or 1, last > 0
        )


def _open_batch(
    paths: list[str], publish: bool, *, by: AbstractBaseUser | None, **fields: Any
) -> ImportBatch:
    """The interrupted batch of the same command, to go on with, or a new one."""
    paths = [shown(path) for path in paths]
    interrupted = ImportBatch.objects.filter(finished_at=None, paths=paths, publish=publish).first()
    if interrupted:
        for name, value in fields.items():  # it is the run of whoever brings it to its end
            setattr(interrupted, name, value)
        return interrupted
    first = _last_id(ImportRow) + 1
    return ImportBatch.objects.create(paths=paths, publish=publish, by=by, first_row=first, **fields)


def _last_id(model: type[Model]) -> int:
    """The newest id that the table gave out, perhaps to something that was taken back."""
    statement = "SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence(%s, 'id')), 0)"
    [(last,)] = sql.fetch(statement, model._meta.db_table)
    return last


def finish(batch: ImportBatch) -> None:
    _count(batch)
    batch.last_row = _last_id(ImportRow)
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
    creating.create(batch, new, terms)
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
