"""Does the index agree with the database whatever happens to the worker, and how soon? `python -m benchmarks.worker_kills`.

Works in a database and an index of its own. Kills the worker with SIGKILL at random moments while articles change by
every path, and compares all that the index knows with the tables; then measures how long after its commit an edit is
found, and how fast an import becomes findable. `--kills 20 --edits 100 --records 3000 --seed 1`.
"""

import argparse
import itertools
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsroom.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from articles import importer, workflow  # noqa: E402
from articles.models import LINKS, Article, SearchQueue, Source, Status  # noqa: E402
from articles.search import text  # noqa: E402
from articles.search.query import Asked, Word, find  # noqa: E402
from articles.search.reader import Reader, reader  # noqa: E402
from articles.search.sets import KINDS  # noqa: E402
from benchmarks import figures  # noqa: E402
from benchmarks.generate import write_seeds  # noqa: E402
from taxonomy.models import VOCABULARIES  # noqa: E402

PATIENCE = 120  # seconds
WORDS = [f"字{a}{b}" for a in "甲乙丙丁戊己庚辛" for b in "金木水火土"]
ARTICLES, TERMS = 400, 12
SHOWN = 5  # differences

# --- the worker -----------------------------------------------------------------------------------


class Worker:
    """`manage.py worker` as a process of its own, on this process's database and index."""

    def __init__(self) -> None:
        self.process = self.start()

    def start(self) -> subprocess.Popen:
        place = os.environ | {"DATABASE_URL": database_url(), "NEWSROOM_VAR": str(settings.VAR_DIR)}
        return subprocess.Popen(
            [sys.executable, "manage.py", "worker"],
            env=place,
            cwd=settings.BASE_DIR,
            stdout=subprocess.DEVNULL,
        )

    def kill_and_start(self) -> None:
        self.end(signal.SIGKILL)
        self.process = self.start()

    def end(self, number: int = signal.SIGTERM) -> None:
        self.process.send_signal(number)
        self.process.wait(PATIENCE)


def database_url() -> str:
    """This process's database, for another one."""
    database = connection.settings_dict
    host = connection.get_connection_params().get("host", "")
    login = f"{database['USER'] or 'postgres'}:{database['PASSWORD']}@"
    if host.startswith("/"):
        return f"postgresql://{login}/{database['NAME']}?host={host}"
    return f"postgresql://{login}{host}:{database['PORT'] or 5432}/{database['NAME']}"


@contextmanager
def place_of_its_own() -> Iterator[None]:
    """A database without articles, an index in a folder that goes away, and a worker that runs."""
    name = connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        with tempfile.TemporaryDirectory() as folder:
            settings.VAR_DIR = Path(folder)
            yield
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


def until(condition: Callable[[], object]) -> float:
    """How many milliseconds it took."""
    began = time.perf_counter()
    while not condition():
        if time.perf_counter() - began > PATIENCE:
            raise SystemExit("WRONG: the index has not caught up.")
        time.sleep(0.005)
    return (time.perf_counter() - began) * 1000


def caught_up() -> bool:
    return not SearchQueue.objects.exists() and reader() is not None


# --- changes --------------------------------------------------------------------------------------


class Changes:
    """One change after the other, of a random kind, by the desk's verbs, the ORM and plain SQL."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        for vocabulary, model in VOCABULARIES.items():
            model.objects.bulk_create(model(name=f"{vocabulary}{n}") for n in range(TERMS))
        self.terms = {vocabulary: list(model.objects.all()) for vocabulary, model in VOCABULARIES.items()}
        self.numbers = itertools.count(1)
        self.sources = [Source.objects.create(host=f"news{n}.example.com") for n in range(5)]
        for _article in range(ARTICLES):
            self.create()

    def change(self) -> None:
        kinds = [
            *(
                self.edit,
                self.edit_much,
                self.publish,
                self.schedule,
                self.withdraw,
                self.create,
                self.delete,
            ),
            *(self.link, self.unlink, self.rename, self.edit_by_sql, self.relink_by_sql, self.delete_by_sql),
        ]
        self.rng.choice(kinds)()

    def title(self) -> str:
        return "，".join(self.rng.sample(WORDS, 3))

    def some(self, count: int = 1) -> list[int]:
        return self.rng.sample(list(Article.objects.values_list("pk", flat=True)), count)

    def create(self) -> None:
        url, source = f"https://example.com/{next(self.numbers)}", self.rng.choice(self.sources)
        pk = Article.objects.create(title=self.title(), url=url, url_key=url, source=source).pk
        for vocabulary in VOCABULARIES:
            self.link(vocabulary, pk)

    def edit(self) -> None:
        Article.objects.filter(pk__in=self.some()).update(title=self.title())

    def edit_much(self) -> None:
        Article.objects.filter(pk__in=self.some(ARTICLES // 4)).update(title=self.title())

    def publish(self) -> None:
        for article in Article.objects.filter(pk__in=self.some(20), status=Status.DRAFT):
            workflow.publish(article, by=None)

    def schedule(self) -> None:
        soon = timezone.now() + timedelta(seconds=self.rng.uniform(0, 3))
        Article.objects.filter(pk__in=self.some(3)).update(status=Status.PUBLISHED, published_at=soon)

    def withdraw(self) -> None:
        for article in Article.objects.filter(pk__in=self.some(5), status=Status.PUBLISHED):
            workflow.withdraw(article, by=None, reason="measured")

    def delete(self) -> None:
        Article.objects.filter(pk__in=self.some(), revisions=None).delete()  # history keeps the others

    def link(self, vocabulary: str = "keyword", pk: int = 0) -> None:
        pk, tag = pk or self.some()[0], self.rng.choice(self.terms[vocabulary])
        LINKS[vocabulary].objects.get_or_create(content_object_id=pk, tag=tag)

    def unlink(self) -> None:
        LINKS["technology"].objects.filter(content_object__in=self.some(3)).delete()

    def rename(self) -> None:
        term = self.rng.choice(self.terms["industry"])
        type(term).objects.filter(pk=term.pk).update(name=f"{self.title()}{term.pk}")

    def edit_by_sql(self) -> None:
        execute("UPDATE articles_article SET title = %s WHERE id = ANY(%s)", self.title(), self.some(10))

    def relink_by_sql(self) -> None:
        old, new = self.rng.sample(self.terms["keyword"], 2)
        execute(
            "UPDATE articles_articlekeyword AS link SET tag_id = %s WHERE tag_id = %s AND NOT EXISTS (SELECT FROM"
            " articles_articlekeyword AS other WHERE other.tag_id = %s AND other.content_object_id = link.content_object_id)",
            *(new.pk, old.pk, new.pk),
        )

    def delete_by_sql(self) -> None:
        execute("DELETE FROM articles_articletechnology WHERE content_object_id = ANY(%s)", self.some(5))


def execute(statement: str, *parameters: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


# --- comparing ------------------------------------------------------------------------------------


def differences(index: Reader) -> list[str]:
    """All that the index says otherwise than the tables. Nothing changes meanwhile."""
    found = []
    if (documents := index.searcher.num_docs) != (articles := Article.objects.count()):
        found.append(f"{documents} documents, {articles} articles")
    texts = dict(Article.objects.values_list("pk", "title"))
    for link in LINKS.values():
        for pk, name in link.objects.values_list("content_object", "tag__name"):
            texts[pk] += f"\n{name}"
    for word in WORDS:
        right = {pk for pk, known in texts.items() if word in known}
        hits = find(index, asked(word, public=False), size=len(texts) + 1).ids
        found += differing(f"word {word}", set(hits), right)
    public = public_sets()
    found += differing(
        "public", set(index.sets.all), set(Article.objects.published().values_list("pk", flat=True))
    )
    for kind in KINDS:
        known = {pk for pk, _count in index.sets.counts(kind)}
        for pk in known | public[kind].keys():
            found += differing(f"{kind} {pk}", set(index.sets.of(kind, pk)), public[kind].get(pk, set()))
    return found


def asked(word: str, *, public: bool) -> Asked:
    return Asked(tuple(map(Word, text.words(word))), public=public)


def differing(what: str, known: set[int], right: set[int]) -> list[str]:
    if known == right:
        return []
    return [f"{what}: missing {sorted(right - known)[:9]}, wrong {sorted(known - right)[:9]}"]


def public_sets() -> dict[str, dict[int, set[int]]]:
    found = {kind: defaultdict(set) for kind in KINDS}
    public = Article.objects.published()
    for pk, source, published_at in public.values_list("pk", "source", "published_at"):
        found["day"][timezone.localdate(published_at).toordinal()].add(pk)
        if source:
            found["source"][source].add(pk)
    for vocabulary, link in LINKS.items():
        for pk, tag in link.objects.filter(content_object__in=public).values_list("content_object", "tag"):
            found[vocabulary][tag].add(pk)
    return found


def settled() -> list[str]:
    """What differs once the worker has done all that waits; nothing falls due any more."""
    last = Article.objects.filter(status=Status.PUBLISHED, published_at__gt=timezone.now())
    until(lambda: not last.filter(published_at__gt=timezone.now()).exists())
    wrong: list[str] = []
    deadline = time.monotonic() + 20  # an article that has just fallen due is not in the queue yet
    while time.monotonic() < deadline:
        until(caught_up)
        wrong = differences(reader())
        if not wrong:
            break
        time.sleep(0.2)
    return wrong


# --- measuring ------------------------------------------------------------------------------------


def kill(worker: Worker, changes: Changes, times: int) -> bool:
    """Whether all was right each time."""
    right = True
    figures.head("kill", "changes before", "waiting at the kill", "right again after s", "verdict")
    for number in range(1, times + 1):
        made, end = 0, time.monotonic() + changes.rng.uniform(0.05, 2.5)
        while time.monotonic() < end:
            changes.change()
            made += 1
        waiting = SearchQueue.objects.count()
        worker.kill_and_start()
        for _change in range(changes.rng.randrange(20)):
            changes.change()
        began = time.monotonic()
        wrong = settled()
        right &= not wrong
        figures.line(
            number, made, waiting, f"{time.monotonic() - began:.1f}", "; ".join(wrong[:SHOWN]) or "right"
        )
    return right


def measure_edits(count: int) -> None:
    """From the commit of an edit until a reader finds it."""
    times = []
    for number in range(count):
        pk, word = Article.objects.order_by("pk")[number % 50].pk, f"改{number}次"
        question = asked(word, public=False)
        Article.objects.filter(pk=pk).update(title=word)
        times.append(until(lambda question=question, pk=pk: pk in find(reader(), question, size=20).ids))
        time.sleep(0.02)  # the worker is done and waits again
    print(f"\nFrom commit to found, {count} single edits:")
    figures.head(*figures.TIMES)
    figures.line(*figures.summary(times))


def measure_import(records: int) -> None:
    before = Article.objects.count()
    with tempfile.TemporaryDirectory() as folder:
        write_seeds(Path(folder), records)
        began = time.perf_counter()
        importer.run([folder])
        imported = time.perf_counter() - began
    until(lambda: caught_up() and reader().searcher.num_docs == before + records)
    seconds = time.perf_counter() - began
    print(f"\n{records:,} records imported beside the worker, until all can be found:")
    figures.head("import s", "findable s", "records/s")
    figures.line(f"{imported:.1f}", f"{seconds:.1f}", f"{records / seconds:.0f}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, default in (("kills", 20), ("edits", 100), ("records", 3_000), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    with place_of_its_own():
        worker = Worker()
        try:
            changes = Changes(random.Random(options.seed))
            until(caught_up)
            right = kill(worker, changes, options.kills)
            print(f"\n{'All right' if right else 'WRONG'} after {options.kills} kills.")
            if options.edits:
                measure_edits(options.edits)
            if options.records:
                measure_import(options.records)
        finally:
            worker.end()
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
