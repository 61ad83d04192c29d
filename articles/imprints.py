"""What a batch leaves its mark on, noted while it writes: so that it can be taken back.

Costs nothing for a new article: its row tells. One statement a chunk for changed ones, one for each kind of thing made.
"""

from collections.abc import Collection, Iterable
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from articles.images import STATE, image
from articles.models import ImportBatch, ImprintKind, Source
from newsroom.sql import run

# SQL: the record of this row `r` became a new article.
CREATED = (
    """(r.outcome = 'created' OR r.outcome = 'duplicate' AND NOT r.findings @> '[{"code": "link-taken"}]')"""
)
# Where a file was changed between a crash and the next run, a batch updates what it has made itself.
NOTE = f"""
INSERT INTO articles_imprint (batch_id, kind, object_id, before, found_state)
SELECT %(batch)s, 'article', a.id, CASE WHEN NOT EXISTS (
    SELECT FROM articles_importrow r WHERE r.article_id = a.id AND r.batch_id = %(batch)s AND {CREATED}
) THEN {
    image(
        last="(SELECT coalesce(max(n.number), 0) FROM articles_revision n WHERE n.article_id = a.id)",
        rows="false",
    )
} END, {STATE}
FROM articles_article a WHERE a.id = ANY(%(ids)s)
ON CONFLICT (batch_id, kind, object_id) DO NOTHING
"""
SETTLE = f"""
UPDATE articles_imprint i SET left_state = {STATE} FROM articles_article a
WHERE i.batch_id = %(batch)s AND i.kind = 'article' AND i.object_id = ANY(%(ids)s) AND a.id = i.object_id
"""
GATHER = f"""
INSERT INTO articles_imprint (batch_id, kind, object_id)
SELECT DISTINCT r.batch_id, 'article', r.article_id FROM articles_importrow r
WHERE r.batch_id = %(batch)s AND r.article_id IS NOT NULL AND {CREATED}
ON CONFLICT (batch_id, kind, object_id) DO NOTHING
"""

MADE = """
INSERT INTO articles_imprint (batch_id, kind, object_id)
SELECT %(batch)s, %(kind)s, made.id FROM unnest(%(ids)s::bigint[]) AS made (id)
ON CONFLICT (batch_id, kind, object_id) DO NOTHING
"""
# Never to null: that would say that the batch had made the article. What is undone is still needed.
FORGET = """
UPDATE articles_imprint SET before = '{}'
WHERE batch_id = %(batch)s AND kind = 'article' AND before IS NOT NULL AND after IS NULL
"""


def note(batch: ImportBatch, article_ids: Collection[int]) -> None:
    """These articles are about to be changed by the batch."""
    if article_ids:
        run(NOTE, batch=batch.pk, ids=list(article_ids))


def settle(batch: ImportBatch, article_ids: Collection[int]) -> None:
    """They have been changed."""
    if article_ids:
        run(SETTLE, batch=batch.pk, ids=list(article_ids))


def gather(batch: ImportBatch) -> None:
    """Imprints of the articles that the batch only created."""
    run(GATHER, batch=batch.pk)


def made(batch: ImportBatch, kind: str, ids: Iterable[int]) -> None:
    """The batch has made these terms or sources."""
    run(MADE, batch=batch.pk, kind=kind, ids=sorted(ids))


def forget() -> None:
    """What was changed so long ago can no longer be undone: images of before take as much room as the articles."""
    if not settings.IMPORT_UNDO_DAYS:
        return
    since = timezone.now() - timedelta(days=settings.IMPORT_UNDO_DAYS)
    for batch in ImportBatch.objects.filter(finished_at__lt=since, forgotten_at=None).order_by("pk"):
        with transaction.atomic():
            run(FORGET, batch=batch.pk)
            ImportBatch.objects.filter(pk=batch.pk).update(forgotten_at=timezone.now())


def sources(batch: ImportBatch, hosts: Collection[str]) -> dict[str, Source]:
    """The source of each host; what the batch makes of them is noted."""
    known = set(Source.objects.filter(host__in=hosts).values_list("host", flat=True))
    found = Source.objects.for_hosts(hosts)
    if new := [source.pk for host, source in found.items() if host not in known]:
        made(batch, ImprintKind.SOURCE, new)
    return found
