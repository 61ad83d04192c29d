"""What was asked -> hits and counts, from the index alone.

Every word must stand literally in the article, or be a name or alias of a term that it carries. Hits come in three
tiers, title over event summary and terms over full text, newest first in each; or newest first altogether.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import wraps
from itertools import islice, pairwise
from pathlib import Path
from typing import Any, NamedTuple

from django.utils import timezone
from pyroaring import BitMap
from tantivy import FieldType, Occur, Order, Query

from articles.search import text
from articles.search.index import TEXT_FIELDS, order_key
from articles.search.reader import Reader

COUNTED = 10_000  # hits; more are "10,000+"
# Newest articles that something common is looked up in first: as few as seem to hold enough hits, and at most this
# part of all that would have to be looked through else.
WINDOWS = (12_000, 24_000, 48_000, 96_000, 192_000)
PART = 2
KEPT_EDGES = 50

MAX_KEY = 2**64 - 1
WHOLE = TEXT_FIELDS[-1]  # the field that holds all text

Clause = tuple[Occur, Query]


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
    top, total = search.top(size + 1)
    if after:
        hits = list(islice(search.backwards(after, size + 1, newest=newest), size + 1))
        older, hits = True, hits[::-1]
        newer = len(hits) > size
        hits = hits[1:] if newer else hits
    else:
        if before:
            hits = list(islice(search.forwards(before, size + 1, newest=newest), size + 1))
        else:
            hits = [Position(0, key) for key in top] if newest else search.best(top, size + 1)
        newer, older = bool(before), len(hits) > size
        hits = hits[:size]
    return Found(
        hits,
        min(total, COUNTED),
        total > COUNTED,
        newer=hits[0] if newer and hits else None,
        older=hits[-1] if older and hits else None,
    )


@_guarded
def count(reader: Reader, asked: Asked) -> tuple[int, bool]:
    """How many articles are found; at least so many, if the second is true."""
    _hits, total = _Search(reader, asked).top(1)
    return min(total, COUNTED), total > COUNTED


@_guarded
def matching(reader: Reader, asked: Asked, limit: int = COUNTED) -> tuple[BitMap, bool]:
    """The ids of all that is found, or of the `limit` newest and then True."""
    hits, total = _Search(reader, asked).top(limit + 1)
    return BitMap([article_id(key) for key in hits[:limit]]), total > limit


@_guarded
def is_better_asked_once(reader: Reader, asked: Asked) -> bool:
    """Whether its words had better be looked up once, for all the ways to narrow it.

    Those of Latin letters: going through their dictionary takes longer than all the rest. And those that surely find
    no more than is counted.
    """
    return _Search(reader, replace(asked, groups=()))._frequency(WHOLE) <= COUNTED


# --- one question at one state of the index -------------------------------------------------------


class _Search:
    def __init__(self, reader: Reader, asked: Asked) -> None:
        self.searcher, self.schema, self.asked = reader.searcher, reader.schema, asked
        self.reader = reader
        self.low, self.high = _bounds(asked)
        self.narrowing = self._narrowing()

    # -- queries

    def _tiers(self, newest: bool) -> list[tuple[str, list[Clause]]]:
        """The field of each tier, and what is looked up in it: without what the tiers before it hold."""
        if newest:
            return [(WHOLE, self._matching(WHOLE))]
        tiers = [(TEXT_FIELDS[0], self._matching(TEXT_FIELDS[0]))]
        for higher, field in pairwise(TEXT_FIELDS):
            without = (Occur.MustNot, Query.boolean_query(self._question(higher)))
            tiers.append((field, [*self._matching(field), without]))
        return tiers

    def _matching(self, field: str) -> list[Clause]:
        return [*self._question(field), *self.narrowing]

    def _question(self, field: str) -> list[Clause]:
        words = [(Occur.Must, self._word(word, field)) for word in self.asked.words]
        words = words or [(Occur.Must, Query.all_query())]
        if not self.asked.terms or field == TEXT_FIELDS[0]:
            return words
        return [(Occur.Must, _any([Query.boolean_query(words), *map(self._term, self.asked.terms)]))]

    def _word(self, word: Word, field: str) -> Query:
        literal = self._literal(word.text, field)
        if not word.terms or field == TEXT_FIELDS[0]:
            return literal
        return _any([literal, *map(self._term, word.terms)])

    def _literal(self, word: str, field: str) -> Query:
        if self._is_run(word, field):
            return Query.regex_query(self.schema, "runs", f".*{word}.*")
        pairs = text.pairs(word)
        if len(pairs) == 1:
            return Query.term_query(self.schema, field, pairs[0])
        return Query.phrase_query(self.schema, field, pairs)

    def _is_run(self, word: str, field: str) -> bool:
        """Whether it is looked up in the dictionary of Latin runs: that is small, and pairs of letters are everywhere."""
        return field == WHOLE and len(word) > 2 and text.is_run(word)

    def _term(self, term: tuple[str, int]) -> Query:
        return Query.term_query(self.schema, *term)

    def _narrowing(self) -> list[Clause]:
        groups = [
            (Occur.Must, _any([self._term((kind, pk)) for pk in sorted(ids)]))
            for kind, ids in self.asked.groups
        ]
        # Little is not public: leaving it out takes a fraction of looking up each hit among what is.
        return [*groups, (Occur.MustNot, self._term(("public", 0)))] if self.asked.public else groups

    def _within(self, matching: list[Clause], low: int, high: int) -> Query:
        """All clauses side by side: the rarest leads, and phrases are looked at only where the others hold."""
        low, high = max(low, self.low), min(high, self.high)
        if low > high:
            return Query.empty_query()
        if (low, high) == (0, MAX_KEY):
            return Query.boolean_query(matching)
        within = Query.range_query(self.schema, "key", FieldType.Unsigned, low, high)
        return Query.boolean_query([*matching, (Occur.Must, within)])

    # -- walking through the hits

    def top(self, number: int) -> tuple[list[int], int]:
        """The keys of the newest hits, and how many there are in all: of more than are counted at least that many."""
        return self._newest(self._matching(WHOLE), WHOLE, number, enough=COUNTED + 1)

    def best(self, top: list[int], number: int) -> list[Position]:
        """The first hits, tier after tier, `top` being the newest of all: each field holds what the one before it holds."""
        found: dict[int, int] = {}  # the tier of a key
        for tier, field in enumerate(TEXT_FIELDS if top else ()):
            keys = top if field == WHOLE else self._newest(self._matching(field), field, number)[0]
            for key in keys:
                found.setdefault(key, tier)
            if len(found) >= number:
                break
        return [Position(tier, key) for key, tier in found.items()][:number]

    def forwards(self, before: Position, number: int, *, newest: bool) -> Iterator[Position]:
        tiers = self._tiers(newest)
        for tier in range(before.tier, len(tiers)):
            field, matching = tiers[tier]
            below = before.key if tier == before.tier else MAX_KEY + 1
            keys, _total = self._newest(matching, field, number, below=below)
            yield from (Position(tier, key) for key in keys)

    def backwards(self, after: Position, number: int, *, newest: bool) -> Iterator[Position]:
        """From the position back to the top, nearest first. Not in windows: nobody starts at the end."""
        tiers = self._tiers(newest)
        for tier in range(min(after.tier, len(tiers) - 1), -1, -1):
            low = after.key + 1 if tier == after.tier else 0
            query = self._within(tiers[tier][1], low, MAX_KEY)
            for key, _address in self.searcher.search(
                query, number, count=False, order_by_field="key", order=Order.Asc
            ).hits:
                yield Position(tier, key)

    def _newest(
        self, matching: list[Clause], field: str, number: int, *, below: int = MAX_KEY + 1, enough: int = 0
    ) -> tuple[list[int], int]:
        """The keys of the newest hits below a key, and how many there are: all of them, or at least `enough`."""
        enough, below = max(number, enough), min(below, self.high + 1)
        frequency = self._frequency(field)
        share = frequency / max(
            self.searcher.num_docs, 1
        )  # of a window's articles: so many of them may be hits
        for size in WINDOWS:
            if size * PART > frequency or size * share < enough:
                continue
            low = window_edge(self.reader, size)
            if self.low < low < below:
                keys, total = self._keys(matching, number, low, below)
                if total >= enough:
                    return keys, total
                share = total / size
        return self._keys(matching, number, 0, below)

    def _keys(self, matching: list[Clause], number: int, low: int, below: int) -> tuple[list[int], int]:
        found = self.searcher.search(self._within(matching, low, below - 1), number, order_by_field="key")
        return [key for key, _address in found.hits], found.count

    def _frequency(self, field: str) -> int:
        """How many articles have to be looked through at most; 0 where a window would not spare any."""
        found = [self.searcher.num_docs]
        for word in self.asked.words:
            if self._is_run(word.text, field):
                return 0
            found += [self.searcher.doc_freq(field, pair) for pair in text.pairs(word.text)]
        for kind, ids in self.asked.groups:
            found.append(sum(self.searcher.doc_freq(kind, pk) for pk in ids))
        return min(found)


_edges: dict[tuple[Path, int, int], int] = {}


def window_edge(reader: Reader, size: int) -> int:
    """The lowest key of so many newest articles, 0 if there are fewer; some hundreds more or less do not matter."""
    state = (reader.stamp[0], reader.searcher.num_docs // 1000, size)
    if state not in _edges:
        if len(_edges) >= KEPT_EDGES:
            _edges.clear()
        query = Query.term_query(reader.schema, "public", 1)
        hits = reader.searcher.search(query, 1, count=False, order_by_field="key", offset=size).hits
        _edges[state] = hits[0][0] if hits else 0
    return _edges[state]


def _any(queries: list[Query]) -> Query:
    if len(queries) == 1:
        return queries[0]
    return Query.boolean_query([(Occur.Should, query) for query in queries])


def _bounds(asked: Asked) -> tuple[int, int]:
    """The lowest and the highest key of the days."""
    low = _start_of(asked.since) if asked.since else 0
    endless = asked.until in {None, date.max}
    return low, MAX_KEY if endless else _start_of(asked.until + timedelta(days=1)) - 1


def _start_of(day: date) -> int:
    """The first key of a day, in the desk's own time."""
    return order_key(datetime.combine(day, time.min, timezone.get_default_timezone()), 0)
