"""What a delivery says otherwise than an earlier one: new records, changed ones, those that are missing.

Told by parsing the stored bytes again: whatever has become of the articles since. Files that both deliveries have in
the same bytes say the same and are not read.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from articles.identity import Prepared, prepare
from articles.ledger import CHUNK_FILES, content_of, small_enough
from articles.models import ImportBatch, SeedFile
from newsroom.sql import as_json, copy_into, fetch, run

PAGE, PAGE_OF_TEXTS = 2_000, 20  # differences that are in memory


@dataclass(frozen=True, slots=True)
class Entry:
    """A record where it was delivered."""

    name: str
    line: int
    title: str


@dataclass(frozen=True, slots=True)
class Changed:
    now: Entry
    then: Entry
    fields: dict[str, tuple[Any, Any]]  # by field: what it said then, and now


@dataclass
class Difference:
    """Its lists in the order of the files; each can be gone through once."""

    new: Iterable[Entry] = field(default_factory=list)
    changed: Iterable[Changed] = field(default_factory=list)  # as many as asked for
    vanished: Iterable[Entry] = field(default_factory=list)
    new_count: int = 0
    changed_count: int = 0
    vanished_count: int = 0


# What a person has mended was not delivered.
ONLY = """
SELECT DISTINCT file_id FROM articles_importrow WHERE batch_id = %(batch)s AND repairs_id IS NULL
EXCEPT SELECT file_id FROM articles_importrow WHERE batch_id = %(other)s AND repairs_id IS NULL
ORDER BY 1
"""


def only(batch: ImportBatch, other: ImportBatch) -> list[int]:
    """The files that only the first of both has."""
    return [pk for (pk,) in fetch(ONLY, batch=batch.pk, other=other.pk)]


Progress = Callable[[int, int], None]  # gets how many files are to be read so far, and how many were


@contextmanager
def differences(
    batch: ImportBatch,
    since: ImportBatch,
    *,
    most: int | None = None,
    progress: Progress = lambda all_files, read_files: None,
) -> Iterator[Difference]:
    """What this batch's files say otherwise than the earlier one's; at most so many changed records in detail.

    The records wait in the database, a few of them are in memory: each list can be gone through while this is open.
    """
    run(AWAY)
    run(RECORDS)
    ours, theirs = only(batch, since), only(since, batch)
    reader = _Reader(progress, len(ours) + len(theirs))
    reader.keep_records(True, ours)
    reader.keep_records(False, theirs)
    run(DIFFERENCES)
    run(WANTED, most=most)
    reader.keep_contents([pk for (pk,) in fetch(FILES_WANTED)])
    counts = dict(fetch("SELECT kind, count(*) FROM delivered_difference GROUP BY kind"))
    yield Difference(
        _entries("new"),
        _changed(),
        _entries("vanished"),
        *(counts.get(kind, 0) for kind in ("new", "changed", "vanished")),
    )
    run(AWAY)


AWAY = """
DROP TABLE IF EXISTS pg_temp.delivered_record, pg_temp.delivered_difference, pg_temp.delivered_wanted,
    pg_temp.delivered_content
"""
RECORDS = """
CREATE TEMPORARY TABLE delivered_record (now boolean, key uuid, hash uuid, file bigint, line integer, title text)
"""
# Where a key comes twice, the first counts, as in an import.
DIFFERENCES = """
CREATE TEMPORARY TABLE delivered_difference AS
WITH record AS (SELECT DISTINCT ON (now, key) * FROM delivered_record ORDER BY now, key, file, line)
SELECT CASE WHEN t.file IS NULL THEN 'new' WHEN n.file IS NULL THEN 'vanished' ELSE 'changed' END AS kind,
    coalesce(n.file, t.file) AS file, coalesce(n.line, t.line) AS line, coalesce(n.title, t.title) AS title,
    t.file AS was_file, t.line AS was_line, t.title AS was_title
FROM (SELECT * FROM record WHERE now) AS n FULL JOIN (SELECT * FROM record WHERE NOT now) AS t USING (key)
WHERE n.hash IS DISTINCT FROM t.hash;
DROP TABLE delivered_record;
CREATE INDEX ON delivered_difference (kind, file, line);
ANALYZE delivered_difference;
CREATE TEMPORARY TABLE delivered_content (file bigint, line integer, content text, PRIMARY KEY (file, line))
"""
WANTED = """
CREATE TEMPORARY TABLE delivered_wanted AS
WITH changed AS (
    SELECT * FROM delivered_difference WHERE kind = 'changed' ORDER BY file, line LIMIT %(most)s
)
SELECT file, line FROM changed UNION ALL SELECT was_file, was_line FROM changed
"""
FILES_WANTED = "SELECT DISTINCT file FROM delivered_wanted ORDER BY 1"
LINES_WANTED = "SELECT file, line FROM delivered_wanted WHERE file = ANY(%(files)s)"
ENTRIES = """
SELECT d.file, d.line, f.name, d.title
FROM delivered_difference d JOIN articles_seedfile f ON f.id = d.file
WHERE d.kind = %(kind)s AND (d.file, d.line) > (%(file)s, %(line)s)
ORDER BY d.file, d.line LIMIT %(most)s
"""
CHANGED = """
SELECT d.file, d.line, f.name, d.title, w.name, d.was_line, d.was_title, n.content, t.content
FROM delivered_difference d
JOIN articles_seedfile f ON f.id = d.file JOIN articles_seedfile w ON w.id = d.was_file
JOIN delivered_content n ON n.file = d.file AND n.line = d.line
JOIN delivered_content t ON t.file = d.was_file AND t.line = d.was_line
WHERE d.kind = 'changed' AND (d.file, d.line) > (%(file)s, %(line)s)
ORDER BY d.file, d.line LIMIT %(most)s
"""


class _Reader:
    """Parses stored files, a few in memory at a time; what is needed of their records goes to the database."""

    def __init__(self, progress: Progress, files: int) -> None:
        self.progress, self.files, self.read = progress, files, 0

    def keep_records(self, now: bool, ids: list[int]) -> None:
        for contents in _stored(ids):
            found = self._records(contents)
            rows = ((now, one.key, one.hash, pk, one.first_line, one.content["title"]) for pk, one in found)
            copy_into("delivered_record", rows)

    def keep_contents(self, ids: list[int]) -> None:
        self.files += len(ids)
        for contents in _stored(ids):
            wanted = set(fetch(LINES_WANTED, files=list(contents)))
            found = ((pk, one) for pk, one in self._records(contents) if (pk, one.first_line) in wanted)
            rows = ((pk, one.first_line, as_json(one.content)) for pk, one in found)
            copy_into("delivered_content", rows)

    def _records(self, contents: dict[int, bytes]) -> Iterator[tuple[int, Prepared]]:
        while contents:
            pk = next(iter(contents))
            for record in prepare(contents.pop(pk)):
                if not record.quarantined:
                    yield pk, record
            self.read += 1
            self.progress(self.files, self.read)


def _stored(ids: list[int]) -> Iterator[dict[int, bytes]]:
    """By id, the bytes of these files, as many as fit into memory at a time."""
    for at in range(0, len(ids), CHUNK_FILES):
        files = SeedFile.objects.filter(pk__in=ids[at : at + CHUNK_FILES])
        for some in small_enough(list(files.only("size").order_by("pk"))):
            if len(some) == 1:
                yield {some[0].pk: content_of(some[0])}
                continue
            found = files.filter(pk__in=[file.pk for file in some]).values_list("pk", "content")
            yield {pk: bytes(content) for pk, content in found}


def _pages(statement: str, most: int, **values: Any) -> Iterator[tuple]:
    """Rows of any number in the order of their first two columns, so many at a time."""
    file = line = 0
    while rows := fetch(statement, file=file, line=line, most=most, **values):
        yield from rows
        file, line = rows[-1][:2]


def _entries(kind: str) -> Iterator[Entry]:
    for _file, line, name, title in _pages(ENTRIES, PAGE, kind=kind):
        yield Entry(name, line, title)


def _changed() -> Iterator[Changed]:
    for _file, line, name, title, was_name, was_line, was_title, *contents in _pages(CHANGED, PAGE_OF_TEXTS):
        said, was = map(json.loads, contents)
        fields = {label: (was[label], said[label]) for label in said if said[label] != was[label]}
        yield Changed(Entry(name, line, title), Entry(was_name, was_line, was_title), fields)
