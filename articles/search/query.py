"""What was asked -> hits and counts, from the index alone.

Every word must stand literally in the article, or be a name or alias of a term that it carries. Hits come in three
tiers, title over event summary and terms over full text, newest first in each; or newest first altogether.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import wraps
from typing import Any, NamedTuple

from django.utils import timezone
from pyroaring import BitMap
from tantivy import FieldType, Occur, Order, Query

from articles.search import text
from articles.search.index import TEXT_FIELDS, order_key
from articles.search.reader import Reader

COUNTED = 10_000  # hits; more are "10,000+"
COMMON = (
    30_000  # articles that hold the rarest pair of characters of a word: from here on it is read in windows
)
WINDOWS = (12_000, 48_000, 192_000)  # newest articles of the first windows; the last one holds the rest

MAX_KEY = 2**64 - 1


@dataclass(frozen=True, slots=True)
class Word:
    text: str  # normalised
    terms: tuple[tuple[str, int], ...] = ()  # (vocabulary, id) whose name or alias it is


@dataclass(frozen=True, slots=True)
class Asked:
    """A question: the words, all of which must be met, within the narrowing.

    A group is a kind (`technology`, `source` …) and the ids of which any must be carried. `terms` are those that the
    whole question names, as one word would.
    """

    words: tuple[Word, ...] = ()
    terms: tuple[tuple[str, int], ...] = ()
    groups: tuple[tuple[str, frozenset[int]], ...] = ()
    since: date | None = None
    until: date | None = None
    public: bool = True


class Position(NamedTuple):
    """Where a hit stands in the order."""

    tier: int
    key: int


@dataclass(frozen=True, slots=True)
class Found:
    """One page of hits, and how many there are in all: at least so many if `more`."""

    hits: list[Position]
    total: int
    more: bool
    newer: Position | None
    older: Position | None

    @property
    def ids(self) -> list[int]:
        return [article_id(hit.key) for hit in self.hits]


def article_id(key: int) -> int:
    return key & 0xFFFFFFFF


class Unanswered(Exception):
    """The index failed at a question: it is damaged, or the question is one that it cannot take."""


def _guarded(answer: Callable) -> Callable:
    @wraps(answer)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        try:
            return answer(*args, **kwargs)
        except ValueError as error:  # whatever tantivy has to complain about
            raise Unanswered(str(error)) from error
        except BaseException as error:
            # A panic of the Rust code is no Exception: let through, it would end the process and all its requests.
            if type(error).__name__ != "PanicException":
                raise
            raise Unanswered(str(error)) from error

    return guarded


@_guarded
def find(
    reader: Reader,
    asked: Asked,
    *,
    size: int,
    newest: bool = False,
    before: Position | None = None,
    after: Position | None = None,
) -> Found:
    """The page of hits before or after a position, or the first one."""
    search = _Search(reader, asked)
    tiers = [search.all] if newest else search.tiers()
    if after:
        hits = _take(search.backwards(tiers, after, size + 1), size + 1)
        older, hits = True, hits[: size + 1][::-1]
        newer = len(hits) > size
        hits = hits[1:] if newer else hits
    else:
        hits = _take(search.forwards(tiers, before, size + 1), size + 1)
        newer, older = bool(before), len(hits) > size
        hits = hits[:size]
    total, more = search.count()
    return Found(
        hits,
        total,
        more,
        newer=hits[0] if newer and hits else None,
        older=hits[-1] if older and hits else None,
    )


@_guarded
def count(reader: Reader, asked: Asked) -> tuple[int, bool]:
    """How many articles are found; at least so many, if the second is true."""
    return _Search(reader, asked).count()


@_guarded
def matching(reader: Reader, asked: Asked, limit: int = COUNTED) -> tuple[BitMap, bool]:
    """The ids of all that is found, or of the `limit` newest and then True."""
    search = _Search(reader, asked)
    hits = _take(search.newest(search.all, limit + 1), limit + 1)
    return BitMap([article_id(key) for key in hits[:limit]]), len(hits) > limit


def _take(hits: Iterable, number: int) -> list:
    return [hit for hit, _place in zip(hits, range(number), strict=False)]


# --- one question at one state of the index -------------------------------------------------------


class _Search:
    def __init__(self, reader: Reader, asked: Asked) -> None:
        self.searcher, self.schema, self.asked = reader.searcher, reader.schema, asked
        self.reader = reader
        self.narrowing = self._narrowing()
        self.all = self._matching(TEXT_FIELDS[-1])
        self.common = self._is_common()

    # -- queries

    def tiers(self) -> list[Query]:
        """Each tier without what the ones before it hold."""
        fields = [self._matching(name) for name in TEXT_FIELDS[:-1]]
        tiers = [fields[0]]
        for higher, query in zip(fields, [*fields[1:], self.all], strict=True):
            tiers.append(Query.boolean_query([(Occur.Must, query), (Occur.MustNot, higher)]))
        return tiers

    def _matching(self, field: str) -> Query:
        words = [self._word(word, field) for word in self.asked.words]
        found = _all(words) if words else Query.all_query()
        if self.asked.terms and field != TEXT_FIELDS[0]:
            found = _any([found, *map(self._term, self.asked.terms)])
        return _all([found, *self.narrowing])

    def _word(self, word: Word, field: str) -> Query:
        literal = self._literal(word.text, field)
        if not word.terms or field == TEXT_FIELDS[0]:
            return literal
        return _any([literal, *map(self._term, word.terms)])

    def _literal(self, word: str, field: str) -> Query:
        if field == TEXT_FIELDS[-1] and len(word) > 2 and text.is_run(word):
            # Pairs of Latin letters are everywhere; the dictionary of runs is small.
            return Query.regex_query(self.schema, "runs", f".*{word}.*")
        pairs = text.pairs(word)
        if len(pairs) == 1:
            return Query.term_query(self.schema, field, pairs[0])
        return Query.phrase_query(self.schema, field, pairs)

    def _term(self, term: tuple[str, int]) -> Query:
        return Query.term_query(self.schema, *term)

    def _narrowing(self) -> list[Query]:
        asked = self.asked
        narrowing = [self._term(("public", 1))] if asked.public else []
        for kind, ids in asked.groups:
            narrowing.append(_any([self._term((kind, pk)) for pk in sorted(ids)]))
        if asked.since or asked.until:
            low = _start_of(asked.since) if asked.since else 0
            endless = asked.until in {None, date.max}
            high = MAX_KEY if endless else _start_of(asked.until + timedelta(days=1)) - 1
            narrowing.append(self._between(low, high))
        return narrowing

    def _between(self, low: int, high: int) -> Query:
        if low > high:
            return Query.empty_query()
        return Query.range_query(self.schema, "key", FieldType.Unsigned, low, high)

    def _within(self, query: Query, low: int, high: int) -> Query:
        return query if (low, high) == (0, MAX_KEY) else _all([query, self._between(low, high)])

    # -- walking through the hits

    def forwards(self, tiers: list[Query], before: Position | None, number: int) -> Iterator[Position]:
        tier, key = before or Position(0, MAX_KEY + 1)
        for place in range(tier, len(tiers)):
            for hit in self.newest(tiers[place], number, below=key if place == tier else MAX_KEY + 1):
                yield Position(place, hit)

    def backwards(self, tiers: list[Query], after: Position, number: int) -> Iterator[Position]:
        """From the position back to the top, nearest first. Not in windows: nobody starts at the end."""
        for place in range(min(after.tier, len(tiers) - 1), -1, -1):
            low = after.key + 1 if place == after.tier else 0
            query = self._within(tiers[place], low, MAX_KEY)
            for key, _address in self.searcher.search(
                query, number, count=False, order_by_field="key", order=Order.Asc
            ).hits:
                yield Position(place, key)

    def newest(self, query: Query, number: int, below: int = MAX_KEY + 1) -> Iterator[int]:
        """The keys of the newest hits below a key. Of a common word, window after window."""
        for low, high in self._windows():
            if low < below:
                within = self._within(query, low, min(high, below - 1))
                hits = self.searcher.search(within, number, count=False, order_by_field="key").hits
                yield from (key for key, _address in hits)
                number -= len(hits)
                if number <= 0:
                    return

    def count(self) -> tuple[int, bool]:
        total = 0
        for low, high in self._windows():
            within = self._within(self.all, low, high)
            total += self.searcher.search(within, 1, order_by_field="key").count
            if total > COUNTED:
                return COUNTED, True
        return total, False

    def _windows(self) -> list[tuple[int, int]]:
        if not self.common:
            return [(0, MAX_KEY)]
        edges = window_edges(self.reader)
        return list(zip([*edges, 0], [MAX_KEY, *(edge - 1 for edge in edges)], strict=True))

    def _is_common(self) -> bool:
        """Whether there is a phrase to look up, and very many articles hold the pairs of each word."""
        words = [word.text for word in self.asked.words]
        return any(len(word) > 2 and not text.is_run(word) for word in words) and all(
            self._frequency(word) > COMMON for word in words
        )

    def _frequency(self, word: str) -> int:
        field = TEXT_FIELDS[-1]
        return min(self.searcher.doc_freq(field, pair) for pair in text.pairs(word))


_edges: tuple[object, list[int]] = (None, [])


def window_edges(reader: Reader) -> list[int]:
    """The lowest keys of the windows, newest first, at this state of the index."""
    global _edges
    if _edges[0] != reader.stamp:
        query = Query.term_query(reader.schema, "public", 1)
        found = []
        for place in WINDOWS:
            hits = reader.searcher.search(query, 1, count=False, order_by_field="key", offset=place).hits
            found += [key for key, _address in hits]
        _edges = (reader.stamp, found)
    return _edges[1]


def _all(queries: list[Query]) -> Query:
    if len(queries) == 1:
        return queries[0]
    return Query.boolean_query([(Occur.Must, query) for query in queries])


def _any(queries: list[Query]) -> Query:
    if len(queries) == 1:
        return queries[0]
    return Query.boolean_query([(Occur.Should, query) for query in queries])


def _start_of(day: date) -> int:
    """The first key of a day, in the desk's own time."""
    return order_key(datetime.combine(day, time.min, timezone.get_default_timezone()), 0)
