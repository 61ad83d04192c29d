"""A library of articles that search and facets meet as they meet real ones: `python -m benchmarks.library 100000`.

Fills the configured database, which must have no articles and no terms yet. Terms and sources follow Zipf's law as
words do: a few in many articles, most in a few; and an article's terms come up in its text. The same number gives
the same article (only its date is counted back from `until`), however many articles there are.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from multiprocessing import get_context
from uuid import UUID

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsroom.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, models, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from articles import links  # noqa: E402
from articles.identity import end_with_parent  # noqa: E402
from articles.models import TERM_FIELDS, Article, DateOrigin, EventPoint, EventSummary, Source, Status  # noqa: E402
from articles.storing import LINK_COLUMNS, POINT_COLUMNS  # noqa: E402
from benchmarks.language import (  # noqa: E402
    INDUSTRIES,
    Writer,
    distinct,
    dressed,
    keyword_names,
    technology_names,
    zipf,
)
from taxonomy.models import VOCABULARIES, Term  # noqa: E402

CHUNK = 500  # articles a transaction
SOURCES = 97
KEYWORDS, TECHNOLOGIES = 5_000, 300
TERMS_EACH = {"keyword": 4, "technology": 3, "industry": 3}  # of an article
YEARS = timedelta(days=3652)
# One article in so many is scheduled, one withdrawn.
SCHEDULED = WITHDRAWN = 1_009

# --- articles -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Plan:
    """What the processes must agree on."""

    seed: int
    first_id: int
    until: datetime
    sources: list[tuple[int, str]]  # id and host, the most frequent first
    terms: dict[str, list[tuple[int, str]]]  # id and name by vocabulary, the most frequent first


COLUMNS: dict[type[models.Model], Sequence[str]] = {
    Article: (
        "id", "title", "url", "url_key", "source_id", "summary", "source_date", "source_date_origin", "status",
        "published_at", "record_key",
    ),
    EventSummary: ("article_id", "intro", "conclusion"),
    EventPoint: POINT_COLUMNS,
    **dict.fromkeys(TERM_FIELDS.values(), LINK_COLUMNS),
}  # fmt: skip
LINKS = dict(zip(VOCABULARIES, TERM_FIELDS.values(), strict=True))
NULL = r"\N"


class Loader:
    """Makes articles by number and copies them into the tables, a chunk a transaction."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.writer = Writer()
        self.sources = zipf(plan.sources)
        # The commonest technology is to be in half of the articles.
        self.terms = {
            vocabulary: zipf(terms, exponent=1.1 if vocabulary == "technology" else 1.0)
            for vocabulary, terms in plan.terms.items()
        }

    def load(self, numbers: range) -> int:
        lines: dict[type[models.Model], list[str]] = {model: [] for model in COLUMNS}
        for number in numbers:
            for model, *values in self.rows(number):
                lines[model].append("\t".join(values))
        with transaction.atomic(), connection.cursor() as cursor:
            for model, columns in COLUMNS.items():
                statement = f"COPY {model._meta.db_table} ({', '.join(columns)}) FROM STDIN"
                with cursor.copy(statement) as copy:
                    copy.write("\n".join([*lines[model], ""]))
        return len(numbers)

    def rows(self, number: int) -> Iterator[tuple[type[models.Model], *tuple[str, ...]]]:
        """The table and the values of all rows of an article. No text has a tab or a backslash in it."""
        writer = self.writer
        writer.rng.seed(self.plan.seed << 32 | number)
        terms = {vocabulary: self.some(bag, TERMS_EACH[vocabulary]) for vocabulary, bag in self.terms.items()}
        writer.take_up(name for chosen in terms.values() for _id, name in chosen)
        key = str(self.plan.first_id + number)
        yield Article, key, *self.article(number)
        yield EventSummary, key, writer.line(60), writer.line(30)
        for position in "12345":
            yield EventPoint, key, position, writer.heading(8), writer.line(60)
        for vocabulary, chosen in terms.items():
            for position, (term_id, name) in enumerate(chosen, start=1):
                yield LINKS[vocabulary], key, str(term_id), name, str(position)

    def some(self, bag: list[tuple[int, str]], count: int) -> list[tuple[int, str]]:
        found: dict[tuple[int, str], None] = {}
        while len(found) < count:
            found[bag[int(self.writer.rng.random() * len(bag))]] = None
        return list(found)

    def article(self, number: int) -> Iterator[str]:
        writer, rng = self.writer, self.writer.rng
        status, at = self.status(number)
        source_id, host = self.sources[int(rng.random() * len(self.sources))]
        url = f"https://{host}/{at:%Y/%m%d}/{number}.html"
        yield writer.heading(20)
        yield from (url, links.canonical(url), str(source_id))
        yield dressed(writer.text(rng.randint(1_400, 2_600)), number).replace("\n", r"\n")
        yield from (at.date().isoformat(), DateOrigin.URL, status)
        yield NULL if status in {Status.DRAFT, Status.IN_REVIEW} else at.isoformat()
        yield str(UUID(int=rng.getrandbits(128)))

    def status(self, number: int) -> tuple[Status, datetime]:
        """Its status and its date: within ten years, the last ones denser. Numbers tell nothing about dates."""
        share = self.writer.rng.random()
        at = self.plan.until - YEARS * self.writer.rng.random() ** 2
        if number % SCHEDULED == 7:
            return Status.PUBLISHED, self.plan.until + timedelta(days=30) * share + timedelta(days=1)
        if number % WITHDRAWN == 11:
            return Status.WITHDRAWN, at
        return Status.DRAFT if share < 0.02 else Status.IN_REVIEW if share < 0.03 else Status.PUBLISHED, at


# --- filling --------------------------------------------------------------------------------------


def fill(
    count: int,
    *,
    seed: int = 1,
    keywords: int = KEYWORDS,
    processes: int = 2,
    until: datetime | None = None,
    report: Callable[[int], object] = lambda done: None,
) -> None:
    """Fill the configured database, which must be migrated; `report` hears how many articles are in so far."""
    if any(model.objects.exists() for model in (Article, *VOCABULARIES.values())):
        raise SystemExit("The database has articles or terms already: name an empty one with NEWSROOM_VAR.")
    plan = Plan(seed, reserve(count), until or timezone.now(), make_sources(), make_terms(keywords))
    chunks = [range(first, min(first + CHUNK, count)) for first in range(0, count, CHUNK)]
    setting = (os.getpid(), connection.settings_dict, plan)
    # Not forked: a child must not share the connection to the database.
    with ProcessPoolExecutor(processes, get_context("spawn"), begin, setting) as pool:
        for done in accumulate(pool.map(load, chunks)):
            report(done)
    finish()


def reserve(count: int) -> int:
    """Take so many ids in a row from the sequence of articles; the first of them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence('articles_article', 'id')")
        (sequence,) = cursor.fetchone()
        cursor.execute("SELECT nextval(%s)", [sequence])
        (first,) = cursor.fetchone()
        cursor.execute("SELECT setval(%s, %s)", [sequence, first + max(count, 1) - 1])
    return first


def make_sources() -> list[tuple[int, str]]:
    hosts = [f"news{number}.example.com" for number in range(SOURCES)]
    sources = Source.objects.for_hosts(hosts)
    return [(sources[host].pk, host) for host in hosts]


def make_terms(keywords: int) -> dict[str, list[tuple[int, str]]]:
    spellings = {
        "keyword": distinct(keyword_names(), keywords),
        "technology": distinct(technology_names(), TECHNOLOGIES),
        "industry": INDUSTRIES,
    }
    made: dict[str, list[tuple[int, str]]] = {}
    for name, model in VOCABULARIES.items():
        terms: list[Term] = [model(name=spelling, confirmed=True) for spelling in spellings[name]]
        made[name] = [(term.pk, term.name) for term in model.objects.bulk_create(terms, batch_size=5_000)]
    return made


_loader: Loader | None = None  # of a process of the pool


def begin(parent: int, database: dict, plan: Plan) -> None:
    """Make a process of the pool ready: the same database, even if that is a test's."""
    global _loader
    end_with_parent(parent)
    connection.settings_dict.update(database)
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
    _loader = Loader(plan)


def load(numbers: range) -> int:
    assert _loader
    return _loader.load(numbers)


def finish() -> None:
    """What triggers queued for the search index is in no need of it: a benchmark builds its index as a whole."""
    with connection.cursor() as cursor:
        if "articles_searchqueue" in connection.introspection.table_names(cursor):
            cursor.execute("TRUNCATE articles_searchqueue")
        cursor.execute("VACUUM ANALYZE")


def main(count: int) -> None:
    call_command("migrate", verbosity=0)
    began = time.perf_counter()

    def report(done: int) -> None:
        if done == count or done // CHUNK % max(1, count // CHUNK // 10) == 0:
            seconds = time.perf_counter() - began
            print(f"{done:>10,} articles {seconds:>8.1f} s {done / seconds:>8,.0f}/s", flush=True)

    fill(count, report=report)
    print(f"{time.perf_counter() - began:.1f} s with VACUUM ANALYZE")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
