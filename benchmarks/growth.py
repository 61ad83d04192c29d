"""Server time of every public page, to see what growth costs: `python -m benchmarks.growth > 100k.txt`.

Reads the configured database (NEWSROOM_VAR), filled by `benchmarks.library` and indexed by `manage.py rebuild_search`, and
writes nothing to it. In this process: what is measured is view, index, SQL and template. `--beside 100k.txt` prints the
median of another run and how many times that the new one is.
"""

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsroom.settings")
django.setup()

from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from articles.models import Article  # noqa: E402
from articles.search.index import usable  # noqa: E402
from articles.search.reader import Reader, reader  # noqa: E402
from benchmarks import figures  # noqa: E402
from benchmarks.addresses import EACH, public  # noqa: E402
from taxonomy.models import Keyword  # noqa: E402

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
