"""What a delivery brought, what changed since an earlier one, and what came of each record."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Sum

from articles.differences import Difference, differences, only
from articles.models import (
    ImportBatch,
    ImportRow,
    Imprint,
    ImprintKind,
    SeedFile,
    Source,
)
from articles.wording import explained
from newsroom.json_lines import json_line
from newsroom.sql import fetch
from taxonomy.models import VOCABULARIES

EARLIER = 20  # batches that tell what is usual
MANY, TIMES = (
    3,
    2,
)  # faulty records of a source that count as more than usual: so many, and so many times the usual


@dataclass(frozen=True, slots=True)
class Faults:
    """Of a source, or of records that are no article's: how many had a warning or an error."""

    host: str
    faulty: int
    records: int
    usual: float | None  # share, in earlier batches; None: it had none

    @property
    def share(self) -> float:
        return self.faulty / self.records

    @property
    def unusual(self) -> bool:
        """Where nothing is known of before, nothing is unusual."""
        return self.usual is not None and self.faulty >= MANY and self.share >= TIMES * self.usual


# --- what it brought ------------------------------------------------------------------------------


def new_terms(batch: ImportBatch) -> dict[str, list[str]]:
    """By vocabulary, the names of the terms that the batch made; of a term that is gone, the name it had."""
    return {kind: _made(batch, kind) for kind in VOCABULARIES}


NAMES_OF_NEW = """
SELECT coalesce(term.name, i.after->>'name') COLLATE "C" FROM articles_imprint i LEFT JOIN {table} term ON term.id = i.object_id
WHERE i.batch_id = %(batch)s AND i.kind = %(kind)s AND i.before IS NULL ORDER BY 1 LIMIT %(most)s
"""


def some_new_terms(batch: ImportBatch, most: int) -> dict[str, tuple[list[str], int]]:
    """For a page: the first names of each vocabulary, and how many there are."""
    found: dict[str, tuple[list[str], int]] = {}
    for kind in VOCABULARIES:
        made = Imprint.objects.filter(batch=batch, kind=kind, before__isnull=True)
        found[kind] = _made(batch, kind, most), made.count()
    return found


def _made(batch: ImportBatch, kind: str, most: int | None = None) -> list[str]:
    names = NAMES_OF_NEW.format(table=VOCABULARIES[kind]._meta.db_table)
    return [name for (name,) in fetch(names, batch=batch.pk, kind=kind, most=most) if name]


def new_sources(batch: ImportBatch) -> list[str]:
    made = Imprint.objects.filter(batch=batch, kind=ImprintKind.SOURCE, before__isnull=True)
    there = Source.objects.filter(pk__in=made.values("object_id")).values_list("host", flat=True)
    return sorted({*there, *made.filter(after__isnull=False).values_list("after__host", flat=True)})


# What is unchanged has its findings at the row that brought it in, and so has what is quarantined again.
FAULTS = """
SELECT coalesce(s.host, ''), count(*) FILTER (WHERE r.needs_care), count(*)
FROM articles_importrow r
LEFT JOIN articles_article a ON a.id = r.article_id LEFT JOIN articles_source s ON s.id = a.source_id
WHERE r.batch_id = ANY(%(batches)s) AND r.outcome <> 'unchanged' AND NOT (
    r.outcome IN ('quarantined', 'left_out') AND EXISTS (
        SELECT FROM articles_importrow e
        WHERE e.file_id = r.file_id AND e.first_line = r.first_line AND e.batch_id < r.batch_id
            AND e.outcome IN ('quarantined', 'repaired', 'left_out')
    )
)
GROUP BY 1
"""


def faults(batch: ImportBatch) -> list[Faults]:
    """Sources with faulty records, those with more than usual first; last what has no source, mostly no article."""
    earlier = ImportBatch.objects.filter(pk__lt=batch.pk, finished_at__isnull=False).order_by("-pk")
    usual = {
        host: faulty / records
        for host, faulty, records in fetch(
            FAULTS, batches=list(earlier.values_list("pk", flat=True)[:EARLIER])
        )
    }
    found = [
        Faults(host, faulty, records, usual.get(host) if host else None)
        for host, faulty, records in fetch(FAULTS, batches=[batch.pk])
        if faulty
    ]
    return sorted(
        found, key=lambda source: (not source.host, not source.unusual, -source.faulty, source.host)
    )


# --- what changed ---------------------------------------------------------------------------------


def files_to_read(batch: ImportBatch, since: ImportBatch) -> tuple[int, int]:
    """How many files a comparison reads, and how many bytes they have."""
    ids = [*only(batch, since), *only(since, batch)]
    return len(ids), SeedFile.objects.filter(pk__in=ids).aggregate(sum=Sum("size"))["sum"] or 0


def previous(batch: ImportBatch) -> ImportBatch | None:
    """The one before that was given the same paths; of a run of the timer, the timer's."""
    earlier = ImportBatch.objects.filter(
        pk__lt=batch.pk, paths=batch.paths, finished_at__isnull=False, cut_short=False
    )
    return (earlier.filter(scheduled=True) if batch.scheduled else earlier).order_by("-pk").first()


def compare(batch: ImportBatch, since: ImportBatch, **options: Any) -> Difference:
    """What changed, all of it in memory: for a page, which asks for the size first."""
    with differences(batch, since, **options) as found:
        return replace(found, new=list(found.new), changed=list(found.changed), vanished=list(found.vanished))


# --- in words -------------------------------------------------------------------------------------

CLIPPED = 60  # characters of a side
BEFORE_DIFFERENCE = 10  # of which so many stand before the difference


def in_short(then: Any, now: Any) -> tuple[str, str]:
    """Both sides, near where they differ; of lists only the items that differ."""
    if isinstance(then, list):
        then, now = (_items(side, other) for side, other in ((then, now), (now, then)))
    then, now = (_plain(side) for side in (then, now))
    same = next((i for i, pair in enumerate(zip(then, now, strict=False)) if pair[0] != pair[1]), None)
    start = max(0, (min(len(then), len(now)) if same is None else same) - BEFORE_DIFFERENCE)
    start = start if start > BEFORE_DIFFERENCE else 0
    return _clipped(then, start), _clipped(now, start)


def _items(side: Iterable[Any], other: list[Any]) -> list[Any]:
    """What only this side has; if nothing, the two differ in their order only."""
    side = list(side)
    return [item for item in side if item not in other] or ([] if len(side) < len(other) else side)


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return "、".join(_plain(item) for item in value)
    if isinstance(value, dict):
        return " ".join(_plain(part) for part in value.values() if part)
    return "" if value is None else " ".join(str(value).split())


def _clipped(text: str, start: int) -> str:
    end = start + CLIPPED
    return f"{'…' if start else ''}{text[start:end]}{'…' if len(text) > end else ''}"


# --- each record ----------------------------------------------------------------------------------


def records(batch: ImportBatch, **only: Any) -> Iterator[dict[str, Any]]:
    """What came of each record of the batch, or of some, with its findings in words."""
    for row in batch.narrow(ImportRow.objects).filter(**only).order_by("id").iterator(chunk_size=2_000):
        yield {
            "file": row.file_name,
            "first_line": row.first_line,
            "last_line": row.last_line,
            "outcome": row.outcome,
            "article": row.article_id,
            "findings": [explained(finding) for finding in row.findings],
            "conflicts": row.conflicts,
        }


def json_lines(batch: ImportBatch) -> Iterator[str]:
    """The report of a batch: a line for each file that was left out, and for each record."""
    for item in batch.skipped:
        yield json_line({"file": item.get("name", ""), "outcome": "skipped", **item})
    for record in records(batch):
        yield json_line(record)
