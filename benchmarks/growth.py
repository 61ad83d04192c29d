"""Server time of every public page and of the desk, to see what growth costs: `python -m benchmarks.growth > 100k.txt`.

Reads the configured database (NEWSROOM_VAR), filled by `benchmarks.library` and indexed by `manage.py rebuild_search`, and
writes nothing to it. In this process: what is measured is view, index, SQL and template. `--beside 100k.txt` prints the
median of another run and how many times that the new one is.
"""

import argparse
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsroom.settings")
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.urls import reverse  # noqa: E402
from django.utils.http import urlencode  # noqa: E402

from articles.models import Article, Source, Status  # noqa: E402
from articles.search.index import usable  # noqa: E402
from articles.search.reader import Reader, reader  # noqa: E402
from benchmarks import figures  # noqa: E402
from benchmarks.addresses import EACH, public  # noqa: E402
from taxonomy.models import Keyword, Technology  # noqa: E402

ROUNDS = EACH
HOST = "localhost"


@dataclass
class Measured:
    """Milliseconds of each request; statements and bytes of the one that took most of them."""

    times: list[float] = field(default_factory=list)
    statements: int = 0
    size: int = 0

    def ask(self, client: Client, address: str) -> None:
        answer, took = figures.timed(client.get, address)
        if answer.status_code != 200:
            raise SystemExit(f"{address}: {answer.status_code}")
        self.times.append(took)
        self.size = max(self.size, len(answer.content))

    def count(self, client: Client, address: str) -> None:
        """What a process does once is done here too: not measured."""
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        self.statements = max(self.statements, len(queries))


def main(beside: Path | None, rounds: int) -> None:
    index = live_index()
    before = medians(beside) if beside else {}
    print(
        f"{len(index.sets.all):,} public articles of {Article.objects.count():,}, {Keyword.objects.count():,} keywords;"
        f" PostgreSQL {connection.pg_version // 10000}, {rounds} requests of each kind by turns\n"
    )
    extra = [f"p50 ms in {beside.stem}", "times"] if beside else []
    figures.head("page", *figures.TIMES, "SQL", "kB", *extra)
    with read_only():
        report(measure(Client(headers={"host": HOST}), public(index), rounds), before)
    with desk() as client:
        report(measure(client, admin(), rounds), before)


def live_index() -> Reader:
    index = reader() if usable() else None
    if not index:
        raise SystemExit("There is no index of this database: run manage.py rebuild_search.")
    return index


# --- nothing is written ---------------------------------------------------------------------------


@contextmanager
def read_only() -> Iterator[None]:
    """PostgreSQL itself sees to it."""
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
        try:
            yield
        finally:
            cursor.execute("SET default_transaction_read_only = off")


@contextmanager
def desk() -> Iterator[Client]:
    """An administrator at her desk: both, and her session, are gone afterwards."""
    with transaction.atomic():
        try:
            client = Client(headers={"host": HOST})
            user = User.objects.create_superuser("benchmark-of-growth")
            client.force_login(user, "django.contrib.auth.backends.ModelBackend")
            yield client
        finally:
            transaction.set_rollback(True)


# --- the desk's pages -----------------------------------------------------------------------------


def admin() -> dict[str, list[str]]:
    articles = reverse("admin:articles_article_changelist")
    some = Article.objects.order_by("pk").values_list("pk", flat=True)
    first, last = some.first(), some.last()
    ids = Article.objects.filter(pk__in=random.Random(22).sample(range(first, last), min(EACH, last - first)))
    technology = Technology.objects.order_by("pk").values_list("slug", flat=True)[0]
    keyword = Keyword.objects.order_by("-pk").values_list("slug", flat=True)[0]
    source = Source.objects.order_by("pk").values_list("pk", flat=True)[0]

    def listed(**parameters: object) -> list[str]:
        return [f"{articles}?{urlencode(parameters)}"]

    def found(name: str, *words: str, parameter: str = "q") -> list[str]:
        return [f"{reverse(name)}?{urlencode({parameter: word})}" for word in words]

    search = "admin:articles_article_changelist"
    return {
        "admin: front page": [reverse("admin:index")],
        "admin: articles": [articles],
        "admin: articles, page 100 or the last": listed(p=min(100, max(1, Article.objects.count() // 50))),
        "admin: articles by title": listed(o=1),
        "admin: articles in review": listed(status__exact=Status.IN_REVIEW),
        "admin: published articles": listed(status__exact=Status.PUBLISHED),
        "admin: articles without points": listed(lacks="points"),
        "admin: articles with warnings": listed(care="yes"),
        "admin: articles of a source": listed(source__id__exact=source),
        "admin: articles, common technology": listed(technologies=technology),
        "admin: articles, rare keyword": listed(keywords=keyword),
        "admin: search, one character": found(search, "影", "车", "光"),
        "admin: search, common word": found(search, "人工智能", "模型", "数据"),
        "admin: search, Latin": found(search, "GPT-4o", "Sora", "H100"),
        "admin: search, two words": found(search, "电影 导演", "芯片 算力", "版权 诉讼"),
        "admin: search, nothing found": found(search, "鼋鼍0815"),
        "admin: article": [reverse("admin:articles_article_change", args=[one.pk]) for one in ids.only("pk")],
        "admin: keywords": [reverse("admin:taxonomy_keyword_changelist")],
        "admin: search of keywords": found("admin:taxonomy_keyword_changelist", "模型", "AI"),
        "admin: suggestions of keywords": found(
            "admin:taxonomy_keyword_suggest", "模", "模型", "A", parameter="term"
        ),
        "admin: sources": [reverse("admin:articles_source_changelist")],
        "admin: records": [reverse("admin:articles_importrow_changelist")],
        "admin: batches": [reverse("admin:articles_importbatch_changelist")],
    }


# --- measuring ------------------------------------------------------------------------------------


def measure(client: Client, pages: dict[str, list[str]], rounds: int) -> dict[str, Measured]:
    """By turns, so that other work on the machine slows every kind."""
    measured = {kind: Measured() for kind, addresses in pages.items() if addresses}
    for kind, one in measured.items():
        for address in pages[kind][-3:]:
            one.count(client, address)
    for number in range(rounds):
        for kind, one in measured.items():
            one.ask(client, pages[kind][number % len(pages[kind])])
    return measured


def report(measured: dict[str, Measured], before: dict[str, float]) -> None:
    for kind, one in measured.items():
        times = figures.summary(one.times)
        growth = []
        if before:
            then = before.get(kind)
            growth = [f"{then:.1f}", f"{float(times[0]) / max(then, 0.1):.2f}"] if then else ["", ""]
        figures.line(kind, *times, one.statements, f"{one.size / 1000:.0f}", *growth)


def medians(printed: Path) -> dict[str, float]:
    """Of an earlier run, from the rows of its table."""
    rows = [
        line.strip("| \n").split(" | ") for line in printed.read_text("utf-8").splitlines() if "|" in line
    ]
    return {kind: float(median) for kind, median, *_rest in rows if median[:1].isdigit()}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--beside", type=Path, metavar="FILE", help="what an earlier run printed")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="requests of each kind of page")
    options = parser.parse_args()
    main(options.beside, options.rounds)
