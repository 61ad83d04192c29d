"""The ledger: every file that was ever imported, written back from the database as it came.

Each file is written once, in the folder of the first batch that had it, under a name that is safe on any system and
that no other has; `ledger.jsonl` says what it was called. Text that a person mended is not among what was delivered.
"""

import hashlib
import json
import re
import shutil
import unicodedata
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from tempfile import SpooledTemporaryFile
from typing import Any

from django.db.models import BinaryField
from django.db.models.functions import Substr

from articles.models import SeedFile, UploadFile
from articles.placing import placed
from newsroom.json_lines import json_line
from newsroom.sql import fetch

CHUNK_FILES = 500
CHUNK_BYTES = 8_000_000  # of contents in memory, or one file
MOST_NAME = 100  # bytes of a name that are kept
MOST_IN_ZIP = 100_000  # files: the list of a zip file's entries is in memory while it is written
MOST_SPOOLED = 1_000_000  # bytes of the ledger that wait in memory
LEDGER = "ledger.jsonl"
WITHOUT_BATCH = "no-batch"
_UNSAFE = re.compile(
    r'[\x00-\x1f\x7f-\x9f<>:"/\\|?*\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff]+'
)


class TooMany(Exception):
    """They would make too large a zip file."""


# Of each file its batches and the name it had in each; one that only holds mended records was never delivered.
FILES = """
SELECT f.id, f.sha256, f.name, f.size,
    coalesce((
        SELECT jsonb_agg(jsonb_build_object('batch', r.batch_id, 'name', r.file_name) ORDER BY r.batch_id)
        FROM (SELECT batch_id, min(file_name) AS file_name FROM articles_importrow
              WHERE file_id = f.id AND repairs_id IS NULL GROUP BY batch_id) AS r), '[]')::text,
    EXISTS (SELECT FROM articles_importrow WHERE file_id = f.id AND repairs_id IS NOT NULL)
FROM articles_seedfile f
WHERE f.id > %(after)s ORDER BY f.id LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class Original:
    pk: int
    sha256: str
    name: str
    size: int
    batches: list[dict[str, int | str]] = field(default_factory=list)

    @property
    def path(self) -> str:
        """Where it is written: `batch-000012/00000345-name.txt`."""
        batch = f"batch-{self.batches[0]['batch']:06d}" if self.batches else WITHOUT_BATCH
        name = self.batches[0]["name"] if self.batches else self.name
        return f"{batch}/{self.pk:08d}-{_safe(str(name))}"

    def is_whole(self, content: bytes) -> bool:
        return hashlib.sha256(content).hexdigest() == self.sha256

    @property
    def line(self) -> str:
        """What the ledger says of it."""
        content = {"path": self.path, "sha256": self.sha256, "size": self.size, "name": self.name}
        return json_line(content | {"batches": self.batches})


@dataclass
class Result:
    written: int = 0
    damaged: list[Original] = field(default_factory=list)  # not what its hash says: not written


def write_folder(folder: Path) -> Result:
    """All files into a folder. One that is there already is written over: it can only be the same."""
    result = Result()
    folder.mkdir(parents=True, exist_ok=True)
    with placed(folder / LEDGER) as part, part.open("w", encoding="utf-8") as ledger:
        for file, content in _checked(result):
            target = folder / file.path
            target.parent.mkdir(exist_ok=True)
            with placed(target) as whole:
                whole.write_bytes(content)
            ledger.write(file.line)
    return result


def write_zip(path: Path) -> Result:
    """All files into a zip file. Raises TooMany."""
    if SeedFile.objects.count() > MOST_IN_ZIP:
        raise TooMany
    result = Result()
    with (
        placed(path) as part,
        zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive,
        SpooledTemporaryFile(MOST_SPOOLED) as ledger,
    ):
        for file, content in _checked(result):
            archive.writestr(file.path, content)
            ledger.write(file.line.encode())
        ledger.seek(0)
        with archive.open(LEDGER, "w", force_zip64=True) as entry:
            shutil.copyfileobj(ledger, entry)
    return result


def _checked(result: Result) -> Iterator[tuple[Original, bytes]]:
    for file, content in originals():
        if file.is_whole(content):
            result.written += 1
            yield file, content
        else:
            result.damaged.append(file)


def originals() -> Iterator[tuple[Original, bytes]]:
    """All files in the order in which they came, a few in memory at a time."""
    last = 0
    while rows := fetch(FILES, after=last, most=CHUNK_FILES):
        last = rows[-1][0]
        files = [Original(*row[:4], json.loads(row[4])) for row in rows if row[4] != "[]" or not row[5]]
        for some in small_enough(files):
            contents = SeedFile.objects.filter(pk__in=[file.pk for file in some]).values_list("pk", "content")
            by_id = {pk: bytes(content) for pk, content in contents}
            yield from ((file, by_id.pop(file.pk)) for file in some if file.pk in by_id)


def small_enough(files: list[Any]) -> Iterator[list[Any]]:
    """In lots whose contents fit into memory."""
    some: list[Any] = []
    for file in files:
        if some and sum(one.size for one in some) + file.size > CHUNK_BYTES:
            yield some
            some = []
        some.append(file)
    if some:
        yield some


def content_of(file: SeedFile | UploadFile) -> bytes:
    """Its bytes, piece by piece: on their way out of the database they take several times their room."""
    rows, content = type(file).objects.filter(pk=file.pk), bytearray()
    for at in range(1, file.size + 1, CHUNK_BYTES):
        content += rows.values_list(
            Substr("content", at, CHUNK_BYTES, output_field=BinaryField()), flat=True
        ).get()
    return bytes(content)


def _safe(name: str) -> str:
    """The last part of a path as a name for a file, its suffix kept."""
    last = PurePosixPath(name.replace("\\", "/")).name
    shown = _UNSAFE.sub("_", unicodedata.normalize("NFC", last)).strip(" .")
    stem, dot, suffix = shown.rpartition(".")
    if not dot or len(suffix) > 10:
        stem, dot, suffix = shown, "", ""
    room = MOST_NAME - len(f"{dot}{suffix}".encode())
    return f"{stem.encode()[:room].decode(errors='ignore') or 'file'}{dot}{suffix}"
