"""Which article a record belongs to, if any, and so what comes of it: seed_format section 10."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from articles.intake import Row
from articles.models import Article, ImportBatch, ImportRow, Outcome

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
    first: dict[UUID, Row] = {}
    first_by_url: dict[str, Row] = {}
    first_by_article: dict[int, Row] = {}
    for row in rows:
        record = row.record
        known, owner = by_key.get(record.key), by_url.get(record.url_key)
        if first.setdefault(record.key, row) is not row:
            _repeated(row, first[record.key].record.hash)
            row.same_as = first[record.key]
        elif known and owner and known.pk != owner.pk:
            _link_taken(row, owner.pk)
        elif known or owner:
            found = known or owner
            if first_by_article.setdefault(found.pk, row) is row:
                _known(row, found, earlier)
            else:
                _link_taken(row, found.pk)
        elif record.url_key and first_by_url.setdefault(record.url_key, row) is not row:
            _link_taken(row, None)
            row.same_as = first_by_url[record.url_key]
        else:
            row.outcome, row.new = Outcome.CREATED, True
    _find_same_texts([row for row in rows if row.new])


def _known_articles(rows: list[Row]) -> tuple[dict[UUID, Known], dict[str, Known]]:
    """Articles that were imported under these records' keys, and articles that carry their links."""
    keys = [row.record.key for row in rows]
    url_keys = [row.record.url_key for row in rows if row.record.url_key]
    found = Article.objects.filter(Q(record_key__in=keys) | Q(url_key__in=url_keys)).order_by()
    by_key, by_url = {}, {}
    for url_key, *columns in found.values_list(
        "url_key", "pk", "record_key", "record_hash", Q(base__isnull=True)
    ):
        known = Known(*columns)
        by_key[known.key] = known
        if url_key:
            by_url[url_key] = known
    return by_key, by_url


def _earlier_in_batch(batch: ImportBatch, article_ids: set[int]) -> dict[int, Earlier]:
    """The first record of this batch for each of the articles; one that only wanted its link does not count."""
    if not article_ids:
        return {}
    rows = ImportRow.objects.filter(batch=batch, article__in=article_ids).order_by("-id")
    rows = rows.exclude(findings__contains=[{"code": LINK_TAKEN}])
    columns = rows.values_list("article_id", "file_id", "file_name", "record_hash")
    return {pk: Earlier(*found) for pk, *found in columns}


def _known(row: Row, known: Known, earlier: dict[int, Earlier]) -> None:
    row.article_id = known.pk
    before = earlier.get(known.pk)
    # A file that was changed between a crash and the next run brings the same record again: that is an update.
    if before and not (before.file_name == row.file.name and before.file_id != row.file.id):
        _repeated(row, before.hash)
    elif known.key != row.record.key and not known.by_hand:
        _link_taken(row, known.pk)
    else:
        row.outcome = Outcome.UNCHANGED if known.hash == row.record.hash else Outcome.UPDATED


def _link_taken(row: Row, owner: int | None) -> None:
    """Another article has this link, by an editor's hand or under a number of its own: nothing is written."""
    row.outcome, row.article_id = Outcome.DUPLICATE, owner
    row.find(LINK_TAKEN, f"#{owner}" if owner else row.record.content["url"][:80])


def _repeated(row: Row, first_hash: UUID | None) -> None:
    """The key was in this batch before: the same content is nothing new, another is for a person to look at."""
    if row.record.hash == first_hash:
        row.outcome = Outcome.UNCHANGED
    else:
        row.outcome = Outcome.QUARANTINED
        row.find("duplicate-in-batch")


def _find_same_texts(new: list[Row]) -> None:
    """The same text under another link: both are kept, for an editor to decide (row L15)."""
    hashes = {row.record.text_hash for row in new if row.record.text_hash}
    if not hashes:
        return
    found = Article.objects.filter(text_hash__in=hashes).order_by("-id").values_list("text_hash", "pk")
    first = {text_hash: f"#{pk}" for text_hash, pk in found}
    for row in new:
        here = f"{row.file.name}:{row.record.first_line}"
        if row.record.text_hash and (other := first.setdefault(row.record.text_hash, here)) != here:
            row.outcome = Outcome.DUPLICATE
            row.find("possible-duplicate", other)
