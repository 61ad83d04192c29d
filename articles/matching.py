"""Which article a record belongs to, if any, and so what comes of it: seed_format section 10."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models.fields.json import KeyTextTransform

from articles.intake import Row
from articles.models import Article, ImportBatch, ImportRow, Outcome, Status
from newsroom.sql import fetch

LINK_TAKEN = "link-taken"


@dataclass(frozen=True, slots=True)
class Known:
    """What the database knows of an article that a record may mean."""

    pk: int
    key: UUID
    hash: UUID | None
    by_hand: bool  # no seed brought it


@dataclass(frozen=True, slots=True)
class Earlier:
    """A record that this batch has dealt with already."""

    file_id: int
    file_name: str
    hash: UUID | None


def recognise(batch: ImportBatch, rows: list[Row]) -> None:
    """Give each row its outcome and, where there is one, its article."""
    by_key, by_url = _known_articles(rows)
    earlier = _earlier_in_batch(batch, {known.pk for known in (*by_key.values(), *by_url.values())})
    moves = _moves(rows, by_key, by_url)
    first: dict[UUID, Row] = {}
    claims: dict[str | None, Row] = {}  # links that no article has yet: which row brings each to one
    first_by_article: dict[int, Row] = {}
    for row in rows:
        record = row.record
        known, owner = by_key.get(record.key), by_url.get(record.url_key)
        if first.setdefault(record.key, row) is not row:
            _repeated(row, first[record.key].record.hash)
            row.same_as = first[record.key]
        elif rival := _rival(known, owner, moves, claims.get(record.url_key)):
            _link_taken(row, rival)
        elif found := known or owner:
            if first_by_article.setdefault(found.pk, row) is row:
                _known(row, found, earlier)
            else:
                _link_taken(row, found.pk)
        else:
            row.outcome, row.new = Outcome.CREATED, True
        if record.url_key and _arrives(row, moves):
            claims[record.url_key] = row
    _find_same_texts([row for row in rows if row.new])


def _rival(
    known: Known | None, owner: Known | None, moves: dict[int, bool], claim: Row | None
) -> int | Row | None:
    """Who has, or gets, the link that the record brings to its article; an article by hand is the record's own."""
    if known and known.pk not in moves:
        return None
    if owner:
        return owner.pk if known or not owner.by_hand else None
    return claim


def _arrives(row: Row, moves: dict[int, bool]) -> bool:
    return row.new or row.outcome == Outcome.UPDATED and moves.get(row.article_id, False)


def _moves(rows: list[Row], by_key: dict[UUID, Known], by_url: dict[str, Known]) -> dict[int, bool]:
    """Known articles to which their records bring another link than before, and whether they get it at once.

    The desk's own link stays, and what is published waits for approval.
    """
    brought = {
        known.pk: row.record.content["url"]
        for row in reversed(rows)  # of a key that comes twice the first counts
        if row.record.url_key
        and (known := by_key.get(row.record.key))
        and by_url.get(row.record.url_key) != known
    }
    if not brought:
        return {}
    columns = ("pk", "url", "status", KeyTextTransform("url", "base"))
    articles = Article.objects.filter(pk__in=brought).values_list(*columns)
    return {
        pk: url == (base or "") and status != Status.PUBLISHED
        for pk, url, status, base in articles
        if brought[pk] != base
    }


# One side after the other: each finds its index.
KNOWN = """
SELECT url_key, id, record_key, record_hash, base IS NULL FROM articles_article WHERE record_key = ANY(%(keys)s::uuid[])
UNION
SELECT url_key, id, record_key, record_hash, base IS NULL FROM articles_article WHERE url_key = ANY(%(urls)s::text[])
"""


def _known_articles(rows: list[Row]) -> tuple[dict[UUID, Known], dict[str, Known]]:
    """Articles that were imported under these records' keys, and articles that carry their links."""
    keys = [row.record.key for row in rows]
    urls = [row.record.url_key for row in rows if row.record.url_key]
    by_key, by_url = {}, {}
    for url_key, *columns in fetch(KNOWN, keys=keys, urls=urls) if rows else ():
        known = Known(*columns)
        by_key[known.key] = known
        if url_key:
            by_url[url_key] = known
    return by_key, by_url


def _earlier_in_batch(batch: ImportBatch, article_ids: set[int]) -> dict[int, Earlier]:
    """The first record of this batch for each of the articles.

    One that only wanted its link does not count, nor a broken one whose mended text made the article: it has no hash.
    """
    if not article_ids:
        return {}
    rows = ImportRow.objects.filter(batch=batch, article__in=article_ids, record_hash__isnull=False)
    rows = rows.order_by("-id")
    rows = rows.exclude(findings__contains=[{"code": LINK_TAKEN}])
    columns = rows.values_list("article_id", "file_id", "file_name", "record_hash")
    return {pk: Earlier(*found) for pk, *found in columns}


def _known(row: Row, known: Known, earlier: dict[int, Earlier]) -> None:
    row.article_id = known.pk
    before = earlier.get(known.pk)
    # A file that was changed between a crash and the next run brings the same record again: that is an update.
    if before and not (before.file_name == row.file.name and before.file_id != row.file.id):
        _repeated(row, before.hash)
    else:
        row.outcome = Outcome.UNCHANGED if known.hash == row.record.hash else Outcome.UPDATED


def _link_taken(row: Row, rival: int | Row) -> None:
    """Another article has this link, by an editor's hand or under a number of its own: nothing is written."""
    row.outcome = Outcome.DUPLICATE
    if isinstance(rival, Row):  # its article may have no number yet
        row.same_as = rival
        row.find(LINK_TAKEN, row.record.content["url"][:80])
    else:
        row.article_id = rival
        row.find(LINK_TAKEN, f"#{rival}")


def _repeated(row: Row, first_hash: UUID | None) -> None:
    """The key was in this batch before: the same content is nothing new, another is for a person to look at."""
    if row.record.hash == first_hash:
        row.outcome = Outcome.UNCHANGED
    else:
        row.outcome = Outcome.QUARANTINED
        row.find("duplicate-in-batch")


SAME_TEXT = (
    "SELECT text_hash, min(id) FROM articles_article WHERE text_hash = ANY(%(hashes)s::uuid[]) GROUP BY 1"
)


def _find_same_texts(new: list[Row]) -> None:
    """The same text under another link: both are kept, for an editor to decide (row L15)."""
    hashes = {row.record.text_hash for row in new if row.record.text_hash}
    if not hashes:
        return
    found = fetch(SAME_TEXT, hashes=list(hashes))
    first = {text_hash: f"#{pk}" for text_hash, pk in found}
    for row in new:
        here = f"{row.file.name}:{row.record.first_line}"
        if row.record.text_hash and (other := first.setdefault(row.record.text_hash, here)) != here:
            row.outcome = Outcome.DUPLICATE
            row.find("possible-duplicate", other)
