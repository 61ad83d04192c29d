"""Are the counts of the facets right, and how long do they take? `python -m benchmarks.facets [--selections 500]`.

Asks the configured database, filled by `benchmarks.library` and indexed by `manage.py rebuild_search`. Random selections:
of one to three vocabularies one to three values each, common and rare ones, any or all of them, a source, days, and
for every third a text. The same counts by GROUP BY over the link tables are both the truth and what the times stand
beside. What the words of a text find is checked by `benchmarks.search` and taken from the index here.
"""

import argparse
import os
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsroom.settings")
django.setup()

from django.db import connection  # noqa: E402
from django.http import QueryDict  # noqa: E402
from django.utils.formats import date_format  # noqa: E402

from articles import facets  # noqa: E402
from articles.facets import MONTHS, OPTIONS, Facet, Facets, Option  # noqa: E402
from articles.filters import ArticleFilter  # noqa: E402
from articles.models import LINKS, VOCABULARY_FIELDS, Article, Source  # noqa: E402
from articles.search.query import COUNTED, Asked, matching  # noqa: E402
from articles.search.reader import Reader  # noqa: E402
from benchmarks import figures  # noqa: E402
from benchmarks.language import COMMON, LATIN  # noqa: E402

OPENED = 2  # options of a selection whose list is counted,
LISTS = 150  # of so many selections
SHOWN = 10  # wrong results
KINDS = [*VOCABULARY_FIELDS, "source"]

Counts = dict[Any, int]

# --- selections -----------------------------------------------------------------------------------


class Chooser:
    """Random query strings."""

    def __init__(self) -> None:
        self.rng = random.Random(11)
        # Half of the values by how often they are used, half of them each as likely as the others.
        self.used = {kind: _used(kind, by_use=True) for kind in KINDS}
        self.all = {kind: _used(kind, by_use=False) for kind in KINDS}
        self.newest = (
            Article.objects.published().newest_first().values_list("published_at", flat=True)[0].date()
        )

    def selections(self, number: int) -> Iterator[str]:
        for place in range(number):
            query = QueryDict(mutable=True)
            for kind in self.rng.sample([*VOCABULARY_FIELDS], self.rng.randrange(1, 4)):
                query.setlist(kind, self.values(kind, self.rng.randrange(1, 4)))
            if self.rng.random() < 0.3:
                query["match"] = "all"
            if self.rng.random() < 0.2:
                query.setlist("source", self.values("source", self.rng.randrange(1, 4)))
            if self.rng.random() < 0.3:
                self.days(query)
            if place % 3 == 2:
                query["q"] = " ".join(self.rng.sample([*COMMON, *LATIN], self.rng.choice((1, 1, 2))))
                if self.rng.random() < 0.5:  # a narrow selection of a text finds next to nothing
                    for kind in [*VOCABULARY_FIELDS, "source"][self.rng.randrange(2) :]:
                        query.pop(kind, None)
            yield query.urlencode()

    def values(self, kind: str, number: int) -> list[str]:
        bags = [self.rng.choice((self.used, self.all))[kind] for _number in range(number)]
        return list(dict.fromkeys(map(self.rng.choice, bags)))

    def days(self, query: QueryDict) -> None:
        since = self.newest - timedelta(days=self.rng.randrange(4000))
        until = since + timedelta(days=self.rng.choice((0, 7, 90, 365, 3000)))
        for name, day in (("since", since), ("until", until)):
            if self.rng.random() < 0.8:
                query[name] = day.isoformat()


def _used(kind: str, *, by_use: bool) -> list[str]:
    """Addresses of terms, or hosts: each once, or once for each of many articles."""
    if kind == "source":
        names = (Article.objects if by_use else Source.objects).order_by("pk")
        return list(names.values_list("source__host" if by_use else "host", flat=True)[:20_000])
    links = LINKS[kind].objects.order_by("content_object")
    model = LINKS[kind]._meta.get_field("tag").related_model
    found = (
        links.values_list("tag__slug", flat=True)[:20_000]
        if by_use
        else model.objects.values_list("slug", flat=True)
    )
    return list(found)


# --- the truth ------------------------------------------------------------------------------------

PUBLIC = "article.status = 'published' AND article.published_at <= now()"
COUNT_TERMS = """
    SELECT tag_id, count(*) FROM {table} AS link JOIN articles_article AS article ON article.id = link.content_object_id
    WHERE {where} GROUP BY tag_id
"""
COUNT_SOURCES = """
    SELECT source_id, count(*) FROM articles_article AS article WHERE source_id IS NOT NULL AND {where} GROUP BY source_id
"""
COUNT_MONTHS = """
    SELECT date_trunc('month', published_at AT TIME ZONE 'Asia/Shanghai')::date, count(*)
    FROM articles_article AS article WHERE {where} GROUP BY 1
"""


class Truth:
    """Counts in the database, of what a form was found to ask for."""

    def __init__(self, index: Reader, selection: ArticleFilter) -> None:
        self.index, self.selection = index, selection
        self.took = 0.0  # milliseconds
        self._texts: dict[Asked, list[int]] = {}

    def total(self) -> int:
        return self._rows("SELECT 1, count(*) FROM articles_article AS article WHERE {where}", "").get(1, 0)

    def counts(self, kind: str) -> Counts:
        own_counts = self.selection.every and kind in VOCABULARY_FIELDS
        without = "" if own_counts else "days" if kind == "month" else kind
        statement = {"source": COUNT_SOURCES, "month": COUNT_MONTHS}.get(kind, COUNT_TERMS)
        return self._rows(statement, without, kind)

    def _rows(self, statement: str, without: str, kind: str = "") -> Counts:
        conditions, values = self._where(without)
        table = LINKS[kind]._meta.db_table if kind in LINKS else ""
        began = time.perf_counter()
        with connection.cursor() as cursor:
            cursor.execute(statement.format(table=table, where=" AND ".join([PUBLIC, *conditions])), values)
            found = dict(cursor.fetchall())
        self.took += (time.perf_counter() - began) * 1000
        return found

    def _where(self, without: str) -> tuple[list[str], list[Any]]:
        conditions, values = [], []
        for condition, value in self._conditions(without):
            conditions.append(condition)
            values.append(value)
        return conditions, values

    def _conditions(self, without: str) -> Iterator[tuple[str, Any]]:
        selection = self.selection
        for kind in VOCABULARY_FIELDS:
            ids = [term.pk for term in selection.found(kind)] if kind != without else []
            for group in ([pk] for pk in ids) if selection.every else filter(None, [ids]):
                table = LINKS[kind]._meta.db_table
                yield f"article.id IN (SELECT content_object_id FROM {table} WHERE tag_id = ANY(%s))", group
        if without != "source" and (sources := selection.found("source")):
            yield "article.source_id = ANY(%s)", [source.pk for source in sources]
        if without != "days":
            for name, sign in (("since", ">="), ("until", "<=")):
                if day := selection.cleaned.get(name):
                    yield f"(article.published_at AT TIME ZONE 'Asia/Shanghai')::date {sign} %s", day
        if selection.cleaned.get("q"):
            yield "article.id = ANY(%s)", self._text()

    def _text(self) -> list[int]:
        """The articles that the words alone find."""
        whole = self.selection.asked()
        asked = Asked(words=whole.words, terms=whole.terms)
        if asked not in self._texts:
            self._texts[asked] = list(matching(self.index, asked, limit=len(self.index.sets.all))[0])
        return self._texts[asked]


# --- one selection after another ------------------------------------------------------------------


@dataclass
class Times:
    """Milliseconds of each selection."""

    whole: list[float] = field(default_factory=list)
    counting: list[float] = field(default_factory=list)  # without reading the names
    grouping: list[float] = field(default_factory=list)  # the same counts by GROUP BY


class Check:
    def __init__(self, index: Reader) -> None:
        self.index = index
        self.times = {False: Times(), True: Times()}  # without and with a text
        self.wrong: list[str] = []
        self.facets = self.options = self.bounded = self.empty = self.lists = self.drops = 0
        self.rng = random.Random(12)

    def selection(self, query: str, *, lists: bool) -> None:
        selection = ArticleFilter(QueryDict(query))
        if not selection.is_valid():
            raise SystemExit(f"{query}: {selection.form.errors.as_text()}")
        has_text = bool(selection.asked().words)  # asking resolves the names
        ways, truth = Facets(selection, self.index), Truth(self.index, selection)
        with names_read() as reading:
            found, took = figures.timed(ways.all)
        times = self.times[has_text]
        times.whole.append(took)
        times.counting.append(took - sum(reading))
        by_parameter = {facet.parameter: facet for facet in found}
        for kind in [*VOCABULARY_FIELDS, "source", "month"]:
            counts = truth.counts(kind)
            self.facet(query, kind, by_parameter.get(kind), expected(selection, kind, counts), counts)
        times.grouping.append(truth.took)
        self.total(query, ways, truth.total(), has_text)
        if lists:
            self.open(query, found)

    def facet(
        self, query: str, kind: str, facet: Facet | None, must: list[tuple[str, int]], counts: Counts
    ) -> None:
        options = facet.options if facet else []
        self.facets += 1
        self.options += len(options)
        if any(option.more for option in options):
            self.bounded += 1
            self.lower_bounds(query, kind, options, counts)
        elif [(option.name, option.count) for option in options] != must:
            got = [(option.name, option.count) for option in options]
            self.wrong.append(f"{query} {kind}: {got} instead of {must}")

    def lower_bounds(self, query: str, kind: str, options: list[Option], counts: Counts) -> None:
        true = {name_of(kind, key): count for key, count in counts.items()}
        for option in options:
            if option.count > true.get(option.name, 0):
                self.wrong.append(f"{query} {kind}: {option.count} of {option.name} is no lower bound")

    def total(self, query: str, ways: Facets, total: int, has_text: bool) -> None:
        within, more = ways._within(ways.selection.asked())
        counted = len(ways.sets.all if within is None else within)
        if (counted, more) != ((COUNTED, True) if has_text and total > COUNTED else (total, False)):
            self.wrong.append(f"{query}: {counted} articles (more: {more}) instead of {total}")
        if not has_text and ways.total() != total:
            self.wrong.append(f"{query}: total {ways.total()} instead of {total}")
        if not total:
            self.empty += 1
            for drop in ways.drops():
                self.drops += 1
                self.list(query, drop.query, drop.count, drop.more)

    def open(self, query: str, found: list[Facet]) -> None:
        options = [option for facet in found for option in facet.options if not option.chosen]
        for option in self.rng.sample(options, min(OPENED, len(options))):
            self.lists += 1
            self.list(query, option.query, option.count, option.more)

    def list(self, query: str, opened: str, count: int, more: bool) -> None:
        total = ArticleFilter(QueryDict(opened[1:])).articles.count()
        if total < count or (total > count and not more):
            self.wrong.append(f"{query}: the list {opened} has {total} articles instead of {count}")

    def report(self) -> None:
        print(
            f"{self.facets:,} facets with {self.options:,} options, {self.bounded:,} of the facets bounded;"
            f" {self.empty} selections without articles, {self.drops} ways out of them; {self.lists} lists opened"
        )
        print(f"{len(self.wrong)} wrong results" + "".join(f"\n  {line}" for line in self.wrong[:SHOWN]))
        print()
        figures.head("facets of a selection", "number", *figures.TIMES)
        for has_text, kind in ((False, "terms, source, days"), (True, "with a text")):
            times = self.times[has_text]
            for label, measured in (
                ("counts alone", times.counting),
                ("with names and links", times.whole),
                *([] if has_text else [("GROUP BY, the same counts", times.grouping)]),
            ):
                if measured:
                    figures.line(f"{kind}: {label}", len(measured), *figures.summary(measured))


def expected(selection: ArticleFilter, kind: str, counts: Counts) -> list[tuple[str, int]]:
    """Name and count of the options, in their order."""
    if kind == "month":
        newest = sorted(counts.items(), reverse=True)
        return [(name_of(kind, month), count) for month, count in newest[:MONTHS]]
    best = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:OPTIONS]
    shown = dict(best)
    for thing in selection.found(kind):
        shown.setdefault(thing.pk, counts.get(thing.pk, 0))
    return [(name_of(kind, pk), count) for pk, count in shown.items()]


_names: dict[str, dict[int, str]] = {}


def name_of(kind: str, key: int | date) -> str:
    if isinstance(key, date):
        return date_format(key, "YEAR_MONTH_FORMAT")
    if kind not in _names:
        model = Source if kind == "source" else LINKS[kind]._meta.get_field("tag").related_model
        _names[kind] = {thing.pk: str(thing) for thing in model.objects.all()}
    return _names[kind][key]


@contextmanager
def names_read() -> Iterator[list[float]]:
    """How long reading the names takes, each time."""
    original: Callable[..., Any] = facets._names
    took: list[float] = []

    def reading(ids: Mapping[str, Iterable[int]]) -> Any:
        names, milliseconds = figures.timed(original, ids)
        took.append(milliseconds)
        return names

    facets._names = reading
    try:
        yield took
    finally:
        facets._names = original


def main(number: int) -> None:
    index = figures.index()
    check = Check(index)
    for place, query in enumerate(Chooser().selections(number)):
        check.selection(query, lists=place % max(1, number // LISTS) == 0)
    print(f"{len(index.sets.all):,} public articles, {number} selections")
    check.report()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--selections", type=int, default=500)
    main(parser.parse_args().selections)
