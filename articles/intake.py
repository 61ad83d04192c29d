"""Seed files come in: their bytes are stored before anything is parsed, and what is known already is told apart."""

import hashlib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction

from articles.files import FoundFile, NamedBytes, StillGrowing
from articles.identity import Prepared
from articles.models import ImportBatch, ImportRow, Outcome, SeedFile
from articles.storing import copy_rows, new_ids

CHUNK_FILES = 500
CHUNK_BYTES = 4_000_000
RECENT = 10_000  # files; further back, their records are in, and rows tell of them

Publish = Callable[[Collection[int]], None]


@dataclass(slots=True)
class Delivered:
    """A file of this run whose bytes are stored."""

    name: str
    content: bytes
    sha256: str
    id: int = 0
    # Where records begin that this batch has dealt with, before a crash.
    done_lines: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Row:
    """A record on its way in, and what comes of it."""

    file: Delivered
    record: Prepared
    outcome: Outcome = Outcome.QUARANTINED
    article_id: int | None = None
    new: bool = False
    same_as: "Row | None" = None
    conflicts: dict[str, Any] = field(default_factory=dict)

    def find(self, code: str, text: str = "") -> None:
        self.record.findings.append({"code": code, "line": self.record.first_line, "text": text})
        self.record.needs_care = True


@dataclass(slots=True)
class Reading:
    """Reads the files of a run, stores their bytes, and tells which must be parsed."""

    batch: ImportBatch
    found: Sequence[FoundFile | NamedBytes]
    publish: Publish | None
    on_read: Callable[[int], None]  # gets the number of files read so far
    done: int = 0
    recent: dict[str, str] = field(default_factory=dict)  # sha256: name of the files read last

    def files(self) -> Iterator[list[Delivered]]:
        """The files in chunks, their bytes stored; without those in which nothing is new."""
        chunk: list[Delivered] = []
        size = 0
        for item in self.found:
            self.done += 1
            try:
                content = item.read()
            except OSError as error:
                code = "still-growing" if isinstance(error, StillGrowing) else "unreadable"
                self._skip(item.name, code, str(error))
                continue
            chunk.append(Delivered(item.name, content, hashlib.sha256(content).hexdigest()))
            size += len(content)
            if len(chunk) >= CHUNK_FILES or size >= CHUNK_BYTES:
                yield from self._stored(chunk)
                chunk, size = [], 0
        if chunk:
            yield from self._stored(chunk)

    def _stored(self, chunk: list[Delivered]) -> Iterator[list[Delivered]]:
        """Store the bytes of what is new; yield the files whose records must be looked at, if there are any."""
        first: dict[str, Delivered] = {}
        for file in chunk:
            if file.sha256 in self.recent:
                self._skip(file.name, "same-bytes", self.recent[file.sha256])
            else:
                first[file.sha256] = file
                self.recent[file.sha256] = file.name
        while len(self.recent) > RECENT:
            del self.recent[next(iter(self.recent))]
        with transaction.atomic():
            known = dict(SeedFile.objects.filter(sha256__in=first).values_list("sha256", "pk"))
            fresh = [file for file in first.values() if file.sha256 not in known]
            _store(fresh)
            seen = [file for file in first.values() if file.sha256 in known]
            for file in seen:
                file.id = known[file.sha256]
            wanted = fresh + self._changed(seen) if seen else fresh
        self.on_read(self.done)
        if wanted:
            yield wanted

    def _changed(self, seen: list[Delivered]) -> list[Delivered]:
        """Of files whose bytes came before, those whose records must be looked at again."""
        names: dict[int, str] = {}
        lines: dict[int, set[int]] = {}
        done = ImportRow.objects.filter(batch=self.batch, file__in=[file.id for file in seen])
        for pk, name, line in done.values_list("file_id", "file_name", "first_line"):
            names[pk] = name
            lines.setdefault(pk, set()).add(line)
        again = []
        for file in seen:
            if names.get(file.id, file.name) != file.name:
                self._skip(file.name, "same-bytes", names[file.id])
            else:
                file.done_lines = lines.get(file.id, set())
                again.append(file)
        unchanged = _note_unchanged(self.batch, [file for file in again if not file.done_lines], self.publish)
        return [file for file in again if file.id not in unchanged]

    def _skip(self, name: str, code: str, text: str) -> None:
        self.batch.skipped.append({"name": name, "code": code, "text": text})


def store_one(name: str, content: bytes) -> Delivered:
    """A file by itself: its bytes are stored, if they are not known."""
    file = Delivered(name, content, hashlib.sha256(content).hexdigest())
    known = SeedFile.objects.filter(sha256=file.sha256).values_list("pk", flat=True).first()
    if known:
        file.id = known
    else:
        _store([file])
    return file


def _store(files: list[Delivered]) -> None:
    for file, pk in zip(files, new_ids(SeedFile, len(files)), strict=True):
        file.id = pk
    copy_rows(
        SeedFile,
        ("id", "sha256", "name", "content", "size"),
        ((file.id, file.sha256, file.name, file.content, len(file.content)) for file in files),
        types=("int8", "varchar", "text", "bytea", "int4"),
    )


# A file is unchanged if each record of its last finished batch still is what its article was last imported from.
NOTE_UNCHANGED = """
WITH file AS (SELECT * FROM unnest(%(ids)s::bigint[], %(names)s::text[]) AS f(id, name)),
last AS (
    SELECT r.file_id, max(r.batch_id) AS batch_id
    FROM articles_importrow r JOIN articles_importbatch b ON b.id = r.batch_id AND b.finished_at IS NOT NULL
    WHERE r.file_id = ANY(%(ids)s) GROUP BY r.file_id
),
record AS (
    SELECT r.*, file.name AS new_name,
           bool_and(a.record_hash IS NOT DISTINCT FROM r.record_hash AND a.id IS NOT NULL)
               OVER (PARTITION BY r.file_id) AS unchanged
    FROM last JOIN file ON file.id = last.file_id
    JOIN articles_importrow r ON r.file_id = last.file_id AND r.batch_id = last.batch_id
    LEFT JOIN articles_article a ON a.id = r.article_id
)
INSERT INTO articles_importrow
    (batch_id, file_id, file_name, first_line, last_line, outcome, article_id, record_hash, findings, needs_care, conflicts)
SELECT %(batch)s, file_id, new_name, first_line, last_line, 'unchanged', article_id, record_hash, '[]', false, '{}'
FROM record WHERE unchanged
RETURNING file_id, article_id
"""


def _note_unchanged(batch: ImportBatch, files: list[Delivered], publish: Publish | None) -> set[int]:
    """Write rows for the files in which nothing is new, without parsing them (row F15). Returns their ids."""
    if not files:
        return set()
    values = {"ids": [file.id for file in files], "names": [file.name for file in files], "batch": batch.pk}
    with connection.cursor() as cursor:
        cursor.execute(NOTE_UNCHANGED, values)
        noted = cursor.fetchall()
    if publish:
        publish([article_id for _file_id, article_id in noted])
    return {file_id for file_id, _article_id in noted}
