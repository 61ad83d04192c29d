"""Does everything go well at once? `python -m benchmarks.mixed_traffic`: readers, an import, editors, for five minutes.

A database of its own, filled by `benchmarks.library` and indexed; the site and its worker as `make run` starts them
(gunicorn, two processes). Eight readers at once ask for pages of every kind, some of them oddly, while new records are
imported and published and the desk edits and withdraws articles. Every answer must have the status that is due to
it. Ends with 1 after any that had not, or when index and database do not agree at the end. Loopback only.
"""

import argparse
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import compress, islice
from operator import not_
from pathlib import Path

import django

FOLDER = "newsroom-mixed-traffic-"
if __name__ == "__main__":  # the processes that fill it inherit this
    os.environ |= {"NEWSROOM_VAR": tempfile.mkdtemp(prefix=FOLDER), "DATABASE_URL": "embedded"}
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsroom.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.db.models import F  # noqa: E402
from django.utils import timezone  # noqa: E402

from articles import revisions, workflow  # noqa: E402
from articles.models import Article, RevisionKind  # noqa: E402
from benchmarks import figures  # noqa: E402
from benchmarks.addresses import at, public  # noqa: E402
from benchmarks.generate import seed  # noqa: E402
from benchmarks.library import fill  # noqa: E402
from benchmarks.load import Question, Traffic, Visit, meanwhile  # noqa: E402
from benchmarks.page_rate import wait_for  # noqa: E402
from newsroom.embedded import server  # noqa: E402

PATIENCE = 300  # seconds after the end of the import until all of it can be found
HEAD_START = 2  # seconds of readers alone before the import begins
DESK_EVERY = 10  # seconds between two things that the desk does
SHOWN = 20  # errors, and complaints of the server
TIME = re.compile(r"^[0-9-]{10} [0-9:,]{12} ", re.MULTILINE)

# --- the desk -------------------------------------------------------------------------------------


@dataclass
class Desk:
    """Edits and withdraws articles that no reader asks for, and looks how soon search knows; and how far it lags."""

    traffic: Traffic
    articles: list[int]
    found: list[float] = field(default_factory=list)  # milliseconds
    sought: dict[int, str] = field(default_factory=dict)  # the end came before they were found
    withdrawn: int = 0
    waiting: int = 0  # articles, at most
    oldest: float = 0.0  # seconds, at most

    def work(self) -> None:
        try:
            for number, pk in enumerate(self.articles):
                (self.withdraw if number % 2 else self.edit)(Article.objects.get(pk=pk))
                if self.traffic.over.wait(DESK_EVERY):
                    return
        finally:
            connection.close()

    def edit(self, article: Article) -> None:
        title = f"{article.title[:100]} {random.randbytes(6).hex()}"
        with transaction.atomic():
            changed = Article.objects.select_for_update().filter(pk=article.pk)
            changed.update(title=title, version=F("version") + 1, updated_at=timezone.now())
            revisions.record([article.pk], kind=RevisionKind.EDIT, note="benchmark")
        took = self.until_found(title.split()[-1], article.pk, lambda: self.traffic.over.is_set())
        if took is None:
            self.sought[article.pk] = title
        else:
            self.found.append(took)

    def withdraw(self, article: Article) -> None:
        """At once nobody sees it any more, whatever the index says."""
        workflow.withdraw(article, by=None, reason="benchmark")
        address = article.get_absolute_url()
        self.traffic.ask(Question("just withdrawn", address, (410,)))
        answer = self.traffic.ask(Question("just withdrawn", at(q=f'"{article.title}"')))
        if answer and f"/articles/{article.pk}/" in answer.text:
            self.complain(f"search shows {address}, which was withdrawn")
        self.withdrawn += 1
        self.traffic.withdrawn.append(address)

    def until_found(self, words: str, pk: int, given_up: Callable[[], bool]) -> float | None:
        """How many milliseconds until search shows the article; None if somebody gave up before."""
        began = time.perf_counter()
        while True:
            answer = self.traffic.ask(Question("just changed", at(q=words)))
            if answer and f"/articles/{pk}/" in answer.text:
                return (time.perf_counter() - began) * 1000
            if given_up():
                return None
            time.sleep(0.2)

    def complain(self, of: str) -> None:
        self.traffic.visits.append(Visit("the desk", time.perf_counter(), 0, of))

    def watch(self) -> None:
        while not self.traffic.over.wait(1):
            lag = self.lag()
            self.waiting = max(self.waiting, lag.get("waiting", 0))
            self.oldest = max(self.oldest, lag.get("oldest_seconds") or 0)

    def lag(self) -> dict:
        answer = self.traffic.ask(Question("readiness", "/readyz"))
        return json.loads(answer.text)["search"] if answer else {}


# --- the site -------------------------------------------------------------------------------------


@contextmanager
def serving(log: Path) -> Iterator[int]:
    """The site and its worker, as `make run` starts them; the port."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    with log.open("wb") as written:
        command = [sys.executable, "-m", "newsroom.serve", f"127.0.0.1:{port}"]
        site = subprocess.Popen(command, cwd=settings.BASE_DIR, stdout=written, stderr=written)
        try:
            wait_for(port)
            yield port
        finally:
            site.send_signal(signal.SIGTERM)
            site.wait(60)


def manage(*arguments: str) -> int:
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=settings.BASE_DIR, stdout=subprocess.DEVNULL).returncode


def prepare(articles: int, first: int, records: int) -> Path:
    """The library with its index, and the folder of what is to be imported."""
    call_command("migrate", verbosity=0)
    fill(articles)
    if manage("rebuild_search"):
        raise SystemExit("The index could not be built.")
    folder = settings.VAR_DIR / "new"
    folder.mkdir()
    for number in range(first, first + records):
        (folder / f"{number:08}.txt").write_text(seed(number), encoding="utf-8")
    return folder


def complaints(log: Path) -> Iterator[str]:
    """What the processes wrote, each once and without its time; what readers were refused apart."""
    written = TIME.split(log.read_text("utf-8", "replace"))
    for record, number in Counter(map(str.strip, written)).most_common():
        if record and not record.startswith("WARNING django.request:"):
            yield f"{record} ({number} times)" if number > 1 else record


# --- all of it ------------------------------------------------------------------------------------


def main(articles: int, seconds: int, records: int, concurrency: int) -> int:
    new = prepare(articles, articles, records)
    index = figures.index()
    pages = public(index)
    asked_for = {int(address.split("/")[2]) for address in pages["article"]}
    newest = set(Article.objects.published().newest_first().values_list("pk", flat=True)[:100])
    victims = [pk for pk in index.sets.all if pk not in asked_for | newest]
    random.Random(3).shuffle(victims)
    log = settings.VAR_DIR / "server.log"
    print(f"{len(index.sets.all):,} public articles, {concurrency} readers, {records:,} records to import\n")
    with serving(log) as port:
        traffic = Traffic(port, pages)
        desk = Desk(traffic, victims)
        with traffic.flowing(concurrency), meanwhile(traffic.over, desk.work, desk.watch):
            began = time.perf_counter()
            time.sleep(HEAD_START)
            span, lines = bring_in(new, desk)
            traffic.over.wait(max(0, began + seconds - time.perf_counter()))
        took = time.perf_counter() - began
        settle(desk)
    report(traffic, span, took)
    print("\n" + "\n".join([*lines, *told(desk)]))
    return conclude(traffic, log)


def bring_in(new: Path, desk: Desk) -> tuple[tuple[float, float], list[str]]:
    """From when to when the import went on, and what there is to tell of it."""
    before, began = Article.objects.latest("pk").pk, time.perf_counter()
    code = manage("import_seeds", str(new), "--publish")
    ended = time.perf_counter()
    if code not in (0, 1):  # 1: a record needs care, and is not published
        desk.complain(f"import_seeds ended with {code}")
    published = Article.objects.published().filter(pk__gt=before)
    last, number = published.latest("published_at", "pk"), published.count()
    deadline = ended + PATIENCE
    took = desk.until_found(f'"{last.title}"', last.pk, lambda: time.perf_counter() > deadline)
    if took is None:
        desk.complain(f"{last.title} was imported and is not found")
    since = (timezone.now() - last.published_at).total_seconds()
    lines = [
        f"Import: {ended - began:.1f} s, {number:,} articles published ({number / (ended - began):.0f}/s).",
        f"The last of them was found {(took or 0) / 1000:.1f} s after the import ended, {since:.1f} s after"
        f" it was published; {number / (time.perf_counter() - began):.0f}/s from import until findable.",
    ]
    return (began, ended), lines


def settle(desk: Desk) -> None:
    """Nobody asks any more: the worker comes to an end."""
    deadline = time.perf_counter() + PATIENCE
    while desk.lag().get("waiting") != 0 and time.perf_counter() < deadline:
        time.sleep(0.5)
    for pk, title in desk.sought.items():
        if desk.until_found(title.split()[-1], pk, lambda: True) is None:
            desk.complain(f"article {pk} is not found by its new title {title}")


def report(traffic: Traffic, span: tuple[float, float], took: float) -> None:
    visits = traffic.visits
    figures.head("page", "requests", "errors", *figures.TIMES)
    for kind in [*traffic.kinds, *dict.fromkeys(visit.kind for visit in visits)]:
        row(kind, [visit for visit in visits if visit.kind == kind])
        visits = [visit for visit in visits if visit.kind != kind]
    row("all of them", traffic.visits)
    during = [span[0] <= visit.began <= span[1] for visit in traffic.visits]
    row("of these while the import ran", list(compress(traffic.visits, during)))
    row("before and after it", list(compress(traffic.visits, map(not_, during))))
    print(f"\n{took:.0f} s, {len(traffic.visits) / took:.0f} requests/s.")


def row(kind: str, visits: list[Visit]) -> None:
    if visits:
        errors = sum(bool(visit.trouble) for visit in visits)
        figures.line(kind, f"{len(visits):,}", errors, *figures.summary([visit.took for visit in visits]))


def told(desk: Desk) -> list[str]:
    found = " / ".join(f"{float(number) / 1000:.1f}" for number in figures.summary(desk.found or [0]))
    return [
        f"The desk: {len(desk.found)} edits, found after {found} s (median / p95 / longest);"
        f" {desk.withdrawn} withdrawals, gone at once.",
        f"The index lagged by at most {desk.oldest:.1f} s, {desk.waiting:,} articles waiting.",
    ]


def conclude(traffic: Traffic, log: Path) -> int:
    for line in islice(complaints(log), SHOWN):
        print(f"  server: {line}")
    errors = [visit.trouble for visit in traffic.visits if visit.trouble]
    print(f"{len(errors)} errors" + "".join(f"\n  {error}" for error in errors[:SHOWN]))
    figures.index()  # ends this, if index and database do not agree
    return 1 if errors else 0


def clean_up() -> None:
    connection.close()
    server.stop(settings.VAR_DIR / "postgres")
    shutil.rmtree(settings.VAR_DIR)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=20_000, help="in the library at the beginning")
    parser.add_argument("--seconds", type=int, default=300, help="at least so long readers ask")
    parser.add_argument("--records", type=int, default=10_000, help="imported meanwhile")
    parser.add_argument("--concurrency", type=int, default=8, help="readers at once")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_signal_and_frame: sys.exit(143))  # as Ctrl-C: all of it is ended
    try:
        code = main(options.articles, options.seconds, options.records, options.concurrency)
    finally:
        clean_up()
    sys.exit(code)
