"""Seed files come in: their bytes are stored before anything is parsed, and what is known already is told apart."""

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from articles.files import FoundFile, NamedBytes, StillGrowing
from articles.identity import Prepared
from articles.models import ImportBatch, ImportRow, Outcome, SeedFile
from newsroom.sql import copy_rows, fetch, new_ids

CHUNK_FILES = 500
CHUNK_BYTES = 4_000_000
RECENT = 10_000  # files; further back, their records are in, and rows tell of them

Publish = Callable[[Collection[int]], None]
# Gets how many files there are, how many were read, how many records are in, and of which share of all bytes that is.
Progress = Callable[[int, int, int, float], None]


@dataclass(slots=True)
class Delivered:
    """A file of this run whose bytes are stored."""

    name: str
    content: bytes
    sha256: str
    id: int = 0
    # Where records begin that this batch has dealt with, before a crash.
    done_lines: set[int] = field(default_factory=set)
    begins: int = 0  # bytes of the run that stand before it
    size: int = 0
    last_line: int = 1  # of its last record, once it is parsed


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
    """Reads the files of a run, stores their bytes, and tells which must be parsed and how far it all is."""

    batch: ImportBatch
    found: Sequence[FoundFile | NamedBytes]
    publish: Publish | None
    progress: Progress
    most: int | None = None  # so many records are enough
    size: int = 0  # bytes of all files
    files_read: int = 0
    bytes_read: int = 0
    bytes_to_parse: int = 0  # up to the end of the last file that was given out
    bytes_parsed: int = 0  # up to the end of the last record that came back
    records: int = 0  # that were given out, or are in
    saved: int = 0  # that are in
    recent: dict[str, str] = field(default_factory=dict)  # sha256: name of the files read last

    @property
    def enough(self) -> bool:
        return self.most is not None and self.records >= self.most

    @property
    def waits(self) -> bool:
        """Whether records of files that were given out are still to come."""
        return self.bytes_parsed < self.bytes_to_parse

    @property
    def share(self) -> float:
        """Of all bytes, those whose records are in; of a part of them, at least the share of its records."""
        done = self.bytes_parsed if self.waits else self.bytes_read
        share = done / self.size if self.size else self.files_read / len(self.found)
        return min(1, max(share, self.records / self.most if self.most else 0))

    def tell(self) -> None:
        self.progress(len(self.found), self.files_read, self.saved, self.share)

    def files(self) -> Iterator[list[Delivered]]:
        """The files in chunks, their bytes stored; without those in which nothing is new."""
        chunk: list[Delivered] = []
        size = 0
        for item in self.found:
            if self.enough:
                return
            begins = self.bytes_read
            self.files_read += 1
            self.bytes_read += item.size
            try:
                content = item.read()
            except OSError as error:
                code = "still-growing" if isinstance(error, StillGrowing) else "unreadable"
                self._skip(item.name, code, str(error))
                continue
            sha256 = hashlib.sha256(content).hexdigest()
            chunk.append(Delivered(item.name, content, sha256, begins=begins, size=item.size))
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
        if wanted:
            if not self.waits:
                self.bytes_parsed = wanted[0].begins
            self.bytes_to_parse = wanted[-1].begins + wanted[-1].size
        self.tell()
        if wanted:
            yield wanted

    def new(self, records: Iterable[tuple[Delivered, Prepared]]) -> Iterator[tuple[Delivered, Prepared]]:
        """Of the records of these files, those that are not in yet, as many as are wanted."""
        for file, record in records:
            self.bytes_parsed = file.begins + file.size * record.last_line // file.last_line
            if record.first_line in file.done_lines:
                continue
            if self.enough:
                return
            self.records += 1
            yield file, record

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
        self.records += unchanged.total()
        self.saved += unchanged.total()
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


# A file is unchanged if each record of the last batch that had all of it still is what its article was last imported from.
NOTE_UNCHANGED = """
WITH file AS (SELECT * FROM unnest(%(ids)s::bigint[], %(names)s::text[]) AS f(id, name)),
last AS (
    SELECT r.file_id, max(r.batch_id) AS batch_id
    FROM articles_importrow r
    JOIN articles_importbatch b ON b.id = r.batch_id AND b.finished_at IS NOT NULL AND NOT b.cut_short
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


def _note_unchanged(batch: ImportBatch, files: list[Delivered], publish: Publish | None) -> Counter[int]:
    """Write rows for the files in which nothing is new, without parsing them (row F15). Returns how many by file."""
    if not files:
        return Counter()
    ids, names = [file.id for file in files], [file.name for file in files]
    noted = fetch(NOTE_UNCHANGED, ids=ids, names=names, batch=batch.pk)
    if publish:
        publish([article_id for _file_id, article_id in noted])
    return Counter(file_id for file_id, _article_id in noted)
