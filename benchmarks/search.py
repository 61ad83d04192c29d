"""Is what search finds right, and how long does it take? `python -m benchmarks.search [--check-only] [--questions 500]`.

Asks the configured database, filled by `benchmarks.library` and indexed by `manage.py rebuild_search`. Questions are
cut at random from its texts; what they find is compared with a scan of all texts, or with `--every 10` of one
article in ten. Times stand beside those of what PostgreSQL has to offer, in the same run.
"""

import argparse
import os
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsroom.settings")
django.setup()

from django.db import OperationalError, connection  # noqa: E402

from articles.models import Article, EventPoint  # noqa: E402
from articles.search import text  # noqa: E402
from articles.search.query import COUNTED, Asked, Found, Position, Word, article_id, count, find, matching  # noqa: E402
from articles.search.reader import Reader, reader  # noqa: E402
from benchmarks import figures  # noqa: E402
from benchmarks.language import COMMON, FUNCTION  # noqa: E402
from benchmarks.scan import Scanned, Words, scan  # noqa: E402

LENGTHS = range(1, 9)
LATIN, TWO_WORDS = 100, 50  # questions of their kind, where 500 of the others are asked
COMMONEST = 20
SIZE = 20  # of a page
ORDERED, COMMON_ORDERED = 36, 4  # questions whose order is checked, at random and of the commonest
PAGES, JUMPS = 6, 4  # of each of them: pages from the top, and places to begin at
ROUNDS = 2
TIMEOUT = 10  # seconds
SHOWN = 10  # wrong results

# --- questions ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Question:
    typed: str
    kind: str
    article: int = 0  # all of it was cut from this one

    @property
    def words(self) -> Words:
        return tuple(text.words(self.typed))

    @property
    def asked(self) -> Asked:
        return Asked(words=tuple(map(Word, self.words)))


class Cutter:
    """Cuts questions from random articles' titles, texts and points."""

    def __init__(self, ids: list[int], count: int) -> None:
        self.rng = random.Random(7)
        self.articles = _texts(self.rng.sample(ids, min(len(ids), 2 * count)))

    def questions(self, count: int) -> Iterator[Question]:
        for number in range(count):
            length = LENGTHS[number % len(LENGTHS)]
            yield self.question(f"{length} character{'s'[: length > 1]}", partial(self.piece, length=length))
        for _number in range(count * LATIN // 500):
            yield self.question("Latin, mixed", self.latin)
        for _number in range(count * TWO_WORDS // 500):
            yield self.question("two words", self.two)
        common = [word for word in [*FUNCTION, *COMMON] if len(word) > 1]
        yield from (Question(word, "commonest words") for word in common[:COMMONEST])

    def question(self, kind: str, cut: Callable[[list[str]], str]) -> Question:
        """Try until it can be asked."""
        while True:
            article, parts = self.rng.choice(self.articles)
            question = Question(cut(parts), kind, 0 if cut == self.two else article)
            if question.words:
                return question

    def piece(self, parts: list[str], length: int) -> str:
        part = self.rng.choice(parts)
        start = self.rng.randrange(max(1, len(part) - length + 1))
        piece = part[start : start + length]
        return quoted(piece) if len(piece) == length else ""

    def latin(self, parts: list[str]) -> str:
        """A Latin run, a part of it, or it and what stands around it."""
        part = self.rng.choice(parts)
        runs = list(re.finditer(r"[A-Za-z0-9][A-Za-z0-9.-]*", part))
        if not runs:
            return ""
        start, end = self.rng.choice(runs).span()
        way = self.rng.randrange(3)
        if way == 0:
            start = self.rng.randrange(start, max(start + 1, end - 1))
            end = self.rng.randrange(start + 1, end) + 1 if start + 1 < end else end
        elif way == 1:
            start, end = max(0, start - self.rng.randrange(4)), end + self.rng.randrange(1, 5)
        return quoted(part[start:end])

    def two(self, parts: list[str]) -> str:
        """Of one article, or each of another."""
        others = parts if self.rng.random() < 0.5 else self.rng.choice(self.articles)[1]
        pieces = [self.piece(some, self.rng.randrange(1, 5)) for some in (parts, others)]
        return " ".join(pieces) if all(pieces) else ""


def quoted(piece: str) -> str:
    """As a reader has to ask for it; empty if it cannot be asked for."""
    if piece != piece.strip() or (re.search(r"\s", piece) and re.search('["“”]', piece)):
        return ""
    return f'"{piece}"' if re.search(r"\s", piece) else piece


def _texts(ids: list[int]) -> list[tuple[int, list[str]]]:
    """For each article its title, its text, and a point."""
    points = EventPoint.objects.filter(article__in=ids).order_by("article", "-position")
    bodies = dict(points.values_list("article", "body"))
    articles = Article.objects.filter(pk__in=ids).order_by("pk").values_list("pk", "title", "summary")
    return [(pk, [*filter(None, (title, summary, bodies.get(pk)))]) for pk, title, summary in articles]


# --- are the results right? -----------------------------------------------------------------------


class Check:
    def __init__(self, index: Reader, scanned: Scanned) -> None:
        self.index, self.scanned = index, scanned
        self.among = set(scanned.seconds)
        self.complete = len(self.among) == len(index.sets.all)
        self.wrong: list[str] = []

    def report(self, questions: list[Question]) -> None:
        figures.head("questions", "number", "articles to find", "recall", "precision", "not exact")
        for kind in dict.fromkeys(question.kind for question in questions):
            self.results(kind, [question for question in questions if question.kind == kind])
        sample = (
            random.Random(8).sample(questions, min(ORDERED, len(questions))) + questions[-COMMON_ORDERED:]
        )
        pages = sum(self.order(question, newest) for question in sample for newest in (False, True))
        print(
            f"\nOrder, tiers and pages: {len(sample)} questions, {pages:,} pages, both orders and directions"
        )
        print(f"{len(self.wrong)} wrong results" + "".join(f"\n  {line}" for line in self.wrong[:SHOWN]))

    def results(self, kind: str, questions: list[Question]) -> None:
        hits = expected = right = exact = 0
        for question in questions:
            found, must = self.found(question), set(self.scanned.found(question.words))
            hits, expected, right = hits + len(found), expected + len(must), right + len(found & must)
            exact += found == must
            self.note(question, "wrongly found", found - must)
            self.note(question, "not found", must - found)
        shares = (f"{right / number:.2%}" if number else "-" for number in (expected, hits))
        figures.line(kind, len(questions), f"{expected:,}", *shares, len(questions) - exact)

    def found(self, question: Question) -> set[int]:
        """All that the index finds, among what was scanned."""
        number = len(self.index.sets.all)
        found, _more = matching(self.index, question.asked, limit=number)
        if question.article:
            self.note(question, "not found where it comes from", {question.article} - set(found))
        total = (min(len(found), COUNTED), len(found) > COUNTED)
        if (counted := count(self.index, question.asked)) != total:
            self.wrong.append(f"{question.typed!r}: counted {counted}, found {total}")
        return set(found) & self.among

    def note(self, question: Question, what: str, articles: set[int]) -> None:
        if articles:
            self.wrong.append(f"{question.typed!r}: {what}: {sorted(articles)[:3]} of {len(articles)}")

    def order(self, question: Question, newest: bool) -> int:
        """Walk down from the top and back again, and begin at some places; the number of pages seen."""
        expected = [
            Position(tier, self.scanned.seconds[pk] << 32 | pk)
            for tier, pk in self.scanned.ordered(question.words, newest=newest)
        ]
        ask = partial(find, self.index, question.asked, size=SIZE, newest=newest)
        down, last = _down(ask)
        end = len(self.known(down)) if last.older else len(expected)
        self.same(question, "down from the top", down, expected[:end])
        back, first = _back(ask, last)
        self.same(question, "back to the top", [*back, *last.hits], expected[:end])
        if first.newer:
            self.wrong.append(f"{question.typed!r}: the way back does not end at the top")
        places = random.Random(9).choices(range(len(expected)), k=JUMPS if expected else 0)
        for place in places:
            below, above = ask(before=expected[place]).hits, ask(after=expected[place]).hits
            end = place + 1 + self.length(below)
            self.same(question, f"below place {place}", below, expected[place + 1 : end])
            start = max(0, place - self.length(above))
            self.same(question, f"above place {place}", above, expected[start:place])
        return (len(down) + len(back)) // SIZE + 2 * len(places)

    def length(self, hits: list[Position]) -> int:
        """Of a page: so many of its hits are among those scanned."""
        return SIZE if self.complete else len(self.known(hits))

    def known(self, hits: list[Position]) -> list[Position]:
        return [hit for hit in hits if article_id(hit.key) in self.among]

    def same(self, question: Question, way: str, hits: list[Position], must: list[Position]) -> None:
        if self.known(hits) != must:
            self.wrong.append(f"{question.typed!r}: other hits or another order, {way}")


def _down(ask: Callable[..., Found]) -> tuple[list[Position], Found]:
    """The hits of the first pages, and the last of these pages."""
    page = ask()
    hits = list(page.hits)
    for _number in range(PAGES):
        if page.older:
            page = ask(before=page.older)
            hits += page.hits
    return hits, page


def _back(ask: Callable[..., Found], page: Found) -> tuple[list[Position], Found]:
    """The hits of all pages above this one, and the first page."""
    hits: list[Position] = []
    for _number in range(PAGES + 1):
        if page.newer:
            page = ask(after=page.newer)
            hits = [*page.hits, *hits]
    return hits, page


# --- how long does it take? -----------------------------------------------------------------------


def first_call(question: Question) -> None:
    """Of this process: the files may still be in the system's memory."""
    index, opening = figures.timed(reader)
    if not index:
        raise SystemExit("There is no index of this database: run manage.py rebuild_search.")
    _found, asking = figures.timed(find, index, question.asked, size=SIZE)
    print(
        f"First call of a process: {opening:.1f} ms to open the index, {asking:.1f} ms for the first question"
    )


def speed(index: Reader, questions: list[Question]) -> None:
    times: dict[str, list[float]] = {question.kind: [] for question in questions}
    for _round in range(ROUNDS):
        for question in random.sample(questions, len(questions)):
            times[question.kind].append(figures.timed(find, index, question.asked, size=SIZE)[1])
    figures.head("find(size=20)", *figures.TIMES)
    for kind, measured in times.items():
        figures.line(kind, *figures.summary(measured))
    figures.line("all of them", *figures.summary([one for measured in times.values() for one in measured]))


# The newest twenty, as the stock ways are asked for them.
ILIKE = f"""
    SELECT id FROM articles_article
    WHERE status = 'published' AND published_at <= now() AND (title ILIKE %(like)s OR summary ILIKE %(like)s)
    ORDER BY published_at DESC, id DESC LIMIT {SIZE}
"""
STOCK = """
    CREATE TEMPORARY TABLE stock AS
    SELECT id, published_at, to_tsvector('simple', title || ' ' || summary) AS vector
    FROM articles_article WHERE id = ANY(%s)
"""
TSVECTOR = f"""
    SELECT id FROM stock WHERE vector @@ plainto_tsquery('simple', %(words)s)
    ORDER BY published_at DESC, id DESC LIMIT {SIZE}
"""


class Stock:
    """What PostgreSQL has to offer, asked the same questions. Its table of word vectors goes with the connection."""

    def __init__(self, index: Reader, scanned: Scanned, limit: int) -> None:
        self.index, self.scanned = index, scanned
        self.articles = sorted(scanned.seconds)[:limit]  # their numbers tell nothing about their dates

    def report(self, questions: list[Question]) -> None:
        building = figures.timed(self.build)[1]
        print(
            f"\nTable of word vectors: {building / 1000:.0f} s for {len(self.articles):,} articles;"
            f" {len(questions)} questions, at most {TIMEOUT} s each\n"
        )
        figures.head("newest twenty", *figures.TIMES, "recall", "gave up")
        self.measure("index, newest first", questions, self.ask_index, self.newest)
        self.measure("to_tsvector('simple'), GIN", questions, partial(self.sql, TSVECTOR), self.newest_stock)
        self.measure("ILIKE", questions, partial(self.sql, ILIKE), self.newest)

    def build(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(STOCK, [self.articles])
            cursor.execute("CREATE INDEX ON stock USING gin (vector)")
            cursor.execute("ANALYZE stock")

    def measure(self, label: str, questions: list[Question], ask: Callable, right: Callable) -> None:
        """Recall: how much of the right page there is on the page."""
        times, hits, expected, late = [], 0, 0, 0
        for question in questions:
            found, took = figures.timed(ask, question)
            times.append(took)
            late += found is None
            must = right(question)
            hits, expected = hits + len(must & set(found or ())), expected + len(must)
        figures.line(label, *figures.summary(times), f"{hits / max(expected, 1):.1%}", late)

    def ask_index(self, question: Question) -> list[int]:
        return find(self.index, question.asked, size=SIZE, newest=True).ids

    def newest(self, question: Question) -> set[int]:
        """By the index, which has been checked."""
        return set(self.ask_index(question))

    def newest_stock(self, question: Question) -> set[int]:
        """Of the articles that have word vectors."""
        stock = set(self.articles)
        found = [pk for _tier, pk in self.scanned.ordered(question.words, newest=True) if pk in stock]
        return set(found[:SIZE])

    def sql(self, statement: str, question: Question) -> list[int] | None:
        """None if it takes too long."""
        words = question.typed.strip('"')
        like = "%" + re.sub(r"([\\%_])", r"\\\1", words) + "%"
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, false)", [f"{TIMEOUT}s"])
            try:
                cursor.execute(statement, {"like": like, "words": words})
                return [pk for (pk,) in cursor.fetchall()]
            except OperationalError:
                return None
            finally:
                cursor.execute("RESET statement_timeout")


# --- all of it ------------------------------------------------------------------------------------


def main(count: int, every: int, check_only: bool, stock: int = 100_000) -> None:
    first_call(Question("人工智能", ""))
    index = figures.index()
    ids = list(index.sets.all)
    questions = list(Cutter(ids, count).questions(count))
    scanned, took = figures.timed(scan, {question.words for question in questions}, ids[::every])
    print(
        f"{len(ids):,} public articles, {len(questions)} questions;"
        f" {len(scanned.seconds):,} articles scanned in {took / 1000:.0f} s\n"
    )
    Check(index, scanned).report(questions)
    if check_only:
        return
    print()
    speed(index, questions)
    by_kind = [[q for q in questions if q.kind == kind] for kind in dict.fromkeys(q.kind for q in questions)]
    sample = [question for some in by_kind[: len(LENGTHS)] for question in some[:2]]
    sample += by_kind[len(LENGTHS)][:4]  # Latin
    Stock(index, scanned, stock).report(sample)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check-only", action="store_true", help="leave out the times")
    parser.add_argument("--questions", type=int, default=500)
    parser.add_argument("--every", type=int, default=1, help="scan one article in so many")
    parser.add_argument(
        "--stock", type=int, default=100_000, help="so many articles at most get word vectors"
    )
    options = parser.parse_args()
    main(options.questions, options.every, options.check_only, options.stock)
