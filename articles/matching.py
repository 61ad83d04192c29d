"""Which article a record belongs to, if any, and so what comes of it: seed_format section 10."""

from uuid import UUID

from django.db.models import Q

from articles.intake import Row
from articles.models import Article, ImportBatch, ImportRow, Outcome

Known = tuple[
    int, UUID, UUID | None, bool
]  # article id, record key, record hash, whether it was made by hand


def recognise(batch: ImportBatch, rows: list[Row]) -> None:
    """Give each row its outcome and, where there is one, its article."""
    by_key, by_url = _known_articles(rows)
    earlier = _earlier_in_batch(batch, [pk for pk, *_rest in (*by_key.values(), *by_url.values())])
    first: dict[UUID, Row] = {}
    for row in rows:
        record = row.record
        known = by_key.get(record.key) or by_url.get(record.url_key)
        if first.setdefault(record.key, row) is not row:
            _repeated(row, first[record.key].record.hash)
            row.same_as = first[record.key]
        elif known:
            _known(row, known, earlier)
        else:
            row.outcome, row.new = Outcome.CREATED, True
    _find_same_texts([row for row in rows if row.new])


def _known_articles(rows: list[Row]) -> tuple[dict[UUID, Known], dict[str, Known]]:
    """Articles that were imported under these records' keys, and articles that carry their links."""
    keys = [row.record.key for row in rows]
    url_keys = [row.record.url_key for row in rows if row.record.url_key]
    found = Article.objects.filter(Q(record_key__in=keys) | Q(url_key__in=url_keys)).order_by()
    by_key, by_url = {}, {}
    fields = ("pk", "record_key", "record_hash", Q(base__isnull=True), "url_key")
    for *known, url_key in found.values_list(*fields):
        by_key[known[1]] = tuple(known)
        if url_key:
            by_url[url_key] = tuple(known)
    return by_key, by_url


def _earlier_in_batch(batch: ImportBatch, article_ids: list[int]) -> dict[int, tuple[int, str, UUID]]:
    """For articles that this batch has dealt with already: file id, file name and hash of the record."""
    if not article_ids:
        return {}
    rows = ImportRow.objects.filter(batch=batch, article__in=article_ids).order_by("-id")
    return {
        pk: (file_id, name, record_hash)
        for pk, file_id, name, record_hash in rows.values_list(
            "article_id", "file_id", "file_name", "record_hash"
        )
    }


def _known(row: Row, known: Known, earlier: dict[int, tuple[int, str, UUID]]) -> None:
    row.article_id, key, record_hash, by_hand = known
    file_id, file_name, earlier_hash = earlier.get(row.article_id, (row.file.id, "", None))
    # A file that was changed between a crash and the next run brings the same record again: that is an update.
    if earlier_hash and not (file_name == row.file.name and file_id != row.file.id):
        _repeated(row, earlier_hash)
    elif key != row.record.key and not by_hand:
        # An editor has given that article this link: the record stays out of its way.
        row.outcome = Outcome.DUPLICATE
        row.find("link-taken", f"#{row.article_id}")
    else:
        row.outcome = Outcome.UNCHANGED if record_hash == row.record.hash else Outcome.UPDATED


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
