"""How fast seeds come in, beside raw COPY of the same rows and saving one by one: `python -m benchmarks.import_speed 10000`.

Works in a database of its own on the configured server. COPY gets the very rows that the import wrote, into the
same tables with all constraints and indexes.
"""

import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsroom.settings")
django.setup()

from django.db import connection, transaction  # noqa: E402

from articles import importer  # noqa: E402
from articles.identity import prepare  # noqa: E402
from articles.models import Article, EventPoint, EventSummary, ImportBatch, ImportRow, SeedFile, Source  # noqa: E402
from benchmarks.generate import seed, write_seeds  # noqa: E402
from taxonomy.models import Industry, Keyword, Technology  # noqa: E402

NAIVE = 300  # records; one by one is too slow for all
TABLES = (
    "articles_seedfile",
    "articles_source",
    "taxonomy_keyword",
    "taxonomy_technology",
    "taxonomy_industry",
    "articles_article",
    "articles_eventsummary",
    "articles_eventpoint",
    "articles_articlekeyword",
    "articles_articletechnology",
    "articles_articleindustry",
    "articles_importbatch",
    "articles_importrow",
)


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def raw_copy() -> float:
    """Take the rows out, empty the tables, and time COPY putting them back, in one transaction."""
    chunks = {table: dump(table) for table in TABLES}
    empty()

    def load() -> None:
        with connection.cursor() as cursor, transaction.atomic():
            for table in TABLES:
                columns, data = chunks[table]
                with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                    for block in data:
                        copy.write(block)

    return timed(load)


def dump(table: str) -> tuple[str, list[bytes]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attname FROM pg_attribute"
            " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum",
            [table],
        )
        columns = ", ".join(f'"{name}"' for (name,) in cursor.fetchall())
        with cursor.copy(f"COPY {table} ({columns}) TO STDOUT") as copy:
            return columns, [bytes(block) for block in copy]


def empty() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(TABLES)} CASCADE")
        cursor.execute("CHECKPOINT")


def naive(count: int) -> None:
    """What a first version would do: save each object, tag each article by name."""
    batch = ImportBatch.objects.create(paths=[])
    for number in range(count):
        content = seed(number).encode()
        file = SeedFile.objects.create(
            sha256=f"{number:064}", name=str(number), content=content, size=len(content)
        )
        for record in prepare(content):
            save_one_by_one(batch, file, record)


@transaction.atomic
def save_one_by_one(batch, file, record) -> None:
    content = record.content
    source, _created = Source.objects.get_or_create(host=record.host)
    article = Article.objects.create(
        title=content["title"], url=content["url"], url_key=record.url_key, source=source, summary=content["summary"],
        base=content, record_key=record.key, record_hash=record.hash, text_hash=record.text_hash,
    )  # fmt: skip
    EventSummary.objects.create(article=article, intro=content["intro"], conclusion=content["conclusion"])
    for position, point in enumerate(content["points"], start=1):
        EventPoint.objects.create(article=article, position=position, **point)
    for field, model in (("keywords", Keyword), ("technologies", Technology), ("industries", Industry)):
        for name in content[field]:
            term = model.objects.resolve([name], create=True)[name]
            getattr(article, field).add(term)
    ImportRow.objects.create(
        batch=batch, file=file, file_name=file.name, first_line=1, last_line=record.last_line, outcome="created",
        article=article, record_hash=record.hash, findings=record.findings,
    )  # fmt: skip


def main(count: int) -> None:
    name = connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        with tempfile.TemporaryDirectory() as folder:
            write_seeds(Path(folder), count)
            measure(count, folder)
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


def measure(count: int, folder: str) -> None:
    first = timed(lambda: importer.run([folder]))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    workers = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    again = timed(lambda: importer.run([folder]))
    assert Article.objects.count() == count
    ImportBatch.objects.order_by("-id").first().delete()
    copied = raw_copy()
    assert Article.objects.count() == count
    empty()
    one_by_one = timed(lambda: naive(NAIVE)) / NAIVE * count
    print(f"{count:,} records of about 2,000 characters, PostgreSQL {connection.pg_version // 10000}")
    print(f"{'how':<44}{'seconds':>9}{'records/s':>11}{'of COPY':>9}")
    for how, seconds in (
        ("raw COPY of the same rows", copied),
        ("import_seeds, bytes stored and parsed", first),
        ("import_seeds again, nothing new", again),
        (f"saved and tagged one by one ({NAIVE} measured)", one_by_one),
    ):
        print(f"{how:<44}{seconds:>9.2f}{count / seconds:>11,.0f}{copied / seconds:>9.2f}")
    print(f"peak memory: importer {memory:.0f} MB, largest worker {workers:.0f} MB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
