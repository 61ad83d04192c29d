"""The tantivy index and the sets beside it: what stands in them, how they are written and rebuilt.

PostgreSQL is the truth. A folder of the index is brought up to date in two steps, tantivy's commit and then the sets;
whatever a crash leaves undone is still in the queue and is done again.
"""

import json
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Self
from unicodedata import unidata_version

import opencc
import tantivy
from django.utils import timezone
from tantivy import Document, Index, IndexWriter, Query

from articles.models import LINKS, Article, EventPoint
from articles.search import folder, text
from articles.search.sets import VERSION, BadSets, Row, SetsWriter
from newsroom.sql import fetch

# Raise the first number whenever what stands in the index, or how text is normalised, changes.
FORMAT = (
    f"1 sets-{VERSION} tantivy-{tantivy.__version__} opencc-{opencc.__version__} unicode-{unidata_version}"
)
CHUNK = 1000  # articles read and written together
WRITER_HEAP = 50_000_000  # bytes a writing thread collects before it writes a segment
REBUILD_HEAP = 600_000_000
MAX_SECONDS = 2**32 - 1  # of an order key: what is published after 2106 shares one moment
TEXT_FIELDS = ("title", "lead", "text")


# What tantivy says, by a ValueError like everything else, of files that are gone or are not as they were written.
DAMAGE = ("Data corrupted", "FileDoesNotExist", "kind: InvalidData", "kind: UnexpectedEof")


class Missing(Exception):
    """There is no index that this program can read and that belongs to this database."""


def schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    # Each field holds all that the one before it holds: a match in `title` is one in `lead` and in `text`.
    for name in TEXT_FIELDS:
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="position")
    builder.add_text_field("runs", tokenizer_name="whitespace", index_option="basic")
    builder.add_unsigned_field("key", indexed=True, fast=True)
    for name in ("id", "public", "source", *LINKS):
        builder.add_unsigned_field(name, indexed=True)
    return builder.build()


def order_key(moment: Any, pk: int) -> int:
    """Newest first is descending order of this number; its lower half is the article's id."""
    return min(max(int(moment.timestamp()), 0), MAX_SECONDS) << 32 | pk


def identity() -> str:
    """Which database this is: another one, or a restored one, has another."""
    [(name,)] = fetch(
        "SELECT concat_ws(' ', obj_description(oid, 'pg_class'), oid) FROM pg_class"
        " WHERE oid = 'articles_searchqueue'::regclass"
    )
    return name


def readable(path: Path) -> bool:
    """Whether the folder is of this program's format and of this database."""
    return folder.about(path) == {"format": FORMAT, "database": identity()}


def usable() -> bool:
    path = folder.current()
    return bool(path and readable(path))


def open_index(path: Path) -> Index:
    """Raises Missing if files are gone or damaged, OSError for a trouble that passes."""
    with _judging(path):
        index = Index.open(str(path))
        _look_for_positions(path)
    return index


def _look_for_positions(path: Path) -> None:
    """Opening an index reads a bit of every file but these."""
    meta = (path / "meta.json").read_bytes()
    try:
        for segment in json.loads(meta)["segments"]:
            (path / f"{segment['segment_id'].replace('-', '')}.pos").stat()
    except FileNotFoundError:
        if (path / "meta.json").read_bytes() == meta:
            raise
        _look_for_positions(path)  # the segment has been merged into another


@contextmanager
def _judging(path: Path) -> Iterator[None]:
    """Only an index that is damaged must be built anew: no full disk, nor a lock or too many open files, heals by that."""
    try:
        yield
    except (OSError, ValueError) as error:
        damaged = isinstance(error, BadSets | FileNotFoundError) or any(sign in str(error) for sign in DAMAGE)
        if damaged and folder.current() == path:  # else it has been swapped and removed
            raise Missing(str(error)) from error
        if isinstance(error, OSError):
            raise
        raise OSError(str(error)) from error


# --- what stands in it ----------------------------------------------------------------------------


@dataclass(slots=True)
class Entry:
    """One article as the index knows it."""

    pk: int
    public: bool
    key: int
    day: int
    source: int | None
    title: str
    lead: list[str]
    body: list[str]
    terms: dict[str, list[int]] = field(default_factory=lambda: {vocabulary: [] for vocabulary in LINKS})

    def document(self) -> Document:
        title = text.normalise(self.title)
        lead = text.BORDER.join([title, *map(text.normalise, self.lead)])
        whole = text.BORDER.join([lead, *map(text.normalise, self.body)])
        document = Document()
        document.add_unsigned("id", self.pk)
        document.add_unsigned("key", self.key)
        document.add_unsigned("public", int(self.public))
        if self.source:
            document.add_unsigned("source", self.source)
        for vocabulary, terms in self.terms.items():
            for term in terms:
                document.add_unsigned(vocabulary, term)
        for name, content in zip(TEXT_FIELDS, (title, lead, whole), strict=True):
            document.add_text(name, text.grams(content))
        document.add_text("runs", text.runs(whole))
        return document

    def row(self) -> Row:
        return Row(self.pk, self.day, self.source, **self.terms)


def entries(ids: Collection[int]) -> list[Entry]:
    """These articles, those of them that exist, as they are now. Six statements."""
    found = _articles(ids)
    for article, *texts in (
        EventPoint.objects.filter(article__in=found).order_by("article", "position")
    ).values_list("article", "heading", "body"):
        found[article].lead += filter(None, texts)
    for vocabulary, link in LINKS.items():
        links = link.objects.filter(content_object__in=found).order_by("content_object", "position")
        for article, term, name in links.values_list("content_object", "tag", "tag__name"):
            found[article].terms[vocabulary].append(term)
            found[article].lead.append(name)
    return list(found.values())


def _articles(ids: Collection[int]) -> dict[int, Entry]:
    public = set(Article.objects.published().filter(pk__in=ids).values_list("pk", flat=True))
    columns = ("pk", "published_at", "created_at", "source", "title", "excerpt", "summary")
    columns += ("event_summary__intro", "event_summary__conclusion")
    found = {}
    for pk, published_at, created_at, source, title, excerpt, summary, *event in (
        Article.objects.filter(pk__in=ids).order_by("pk").values_list(*columns)
    ):
        moment = timezone.localtime(published_at or created_at)
        found[pk] = Entry(
            pk,
            pk in public,
            order_key(moment, pk),
            moment.date().toordinal(),
            source,
            title,
            list(filter(None, [excerpt, *event])),
            [summary] if summary else [],
        )
    return found


# --- writing --------------------------------------------------------------------------------------


class Writer:
    """Brings the live index up to date. Raises folder.Busy while another process writes, Missing without an index."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self._open.enter_context(folder.locked(folder.WRITING))
        try:
            self.folder, self.clock = _live()
            index = open_index(self.folder)
            self._schema = index.schema
            with _judging(self.folder):
                self._writer: IndexWriter | None = index.writer(WRITER_HEAP, num_threads=1)
                self._sets = SetsWriter.load(self.folder / "sets")
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        self._writer = None  # gives tantivy's own lock back
        self._open.close()

    def update(self, article_ids: Collection[int]) -> None:
        """Read these articles again and write them, or remove those that are gone. Durable when it returns."""
        self._replace(article_ids, entries(article_ids))

    def remove(self, article_ids: Collection[int]) -> None:
        """What cannot be found must not be counted either."""
        self._replace(article_ids, [])

    def check(self) -> None:
        """Raises Missing if a reader could not open the index, which this process may not notice for long."""
        open_index(self.folder)

    def set_clock(self, moment: datetime) -> None:
        folder.set_clock(self.folder, moment)
        self.clock = moment

    def _replace(self, article_ids: Collection[int], found: list[Entry]) -> None:
        # By a query: a term of an unsigned field is not what `delete_documents_by_term` deletes (tantivy 0.27).
        those = Query.term_set_query(self._schema, "id", list(article_ids))
        self._tell_tantivy(self._writer.delete_documents_by_query, those)
        for entry in found:
            self._tell_tantivy(self._writer.add_document, entry.document())
        self._tell_tantivy(self._writer.commit)
        self._sets.replace(article_ids, [entry.row() for entry in found if entry.public])
        self._sets.save(self.folder / "sets")

    def _tell_tantivy(self, action: Callable, *arguments: Any) -> None:
        """What an article's own text brings about is no trouble of the index, and was raised before."""
        with _judging(self.folder):
            action(*arguments)


def _live() -> tuple[Path, datetime]:
    path = folder.current()
    if not path or not readable(path):
        raise Missing
    clock = folder.clock(path)
    if not clock:
        raise Missing
    return path, clock


def rebuild(progress: Callable[[int, int], None] | None = None) -> int:
    """Build a new index beside the live one and swap it in; the number of articles in it.

    `progress` is told (done, all). Raises folder.Busy while another rebuild runs. What changes meanwhile is in the queue.
    """
    with folder.locked(folder.REBUILDING):
        folder.tidy()
        try:
            path = folder.make()
            folder.set_clock(path, timezone.now())
            articles = _build(path, progress)
            folder.go_live(path, {"format": FORMAT, "database": identity()})
        finally:
            folder.tidy()  # the one before, or what a failure leaves
    return articles


def _build(path: Path, progress: Callable[[int, int], None] | None) -> int:
    writer = Index(schema(), str(path)).writer(REBUILD_HEAP, num_threads=2)
    sets = SetsWriter()
    all_articles, done = Article.objects.count(), 0
    try:
        for chunk in _chunks():
            found = entries(chunk)
            for entry in found:
                writer.add_document(entry.document())
            sets.replace([], [entry.row() for entry in found if entry.public])
            done += len(found)
            if progress:
                progress(done, max(all_articles, done))
        writer.commit()
        writer.wait_merging_threads()
    finally:
        del writer  # ends its threads, which write files
    sets.save(path / "sets")
    return done


def _chunks() -> Iterator[list[int]]:
    last = 0
    while True:
        chunk = list(Article.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:CHUNK])
        if not chunk:
            return
        yield chunk
        last = chunk[-1]
