"""The page of a text search, as the list shows it: rows in the order of the hits, each with what was found in it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.safestring import SafeString

from articles import excerpts, paging
from articles.filters import ArticleFilter
from articles.search.query import MAX_KEY, Found, Position, find
from articles.search.reader import Reader
from taxonomy.models import Term

_CURSOR = re.compile(r"([0-2])-([0-9]{1,20})")


@dataclass(frozen=True, slots=True)
class NamedTerm:
    asked: str
    term: Term


@dataclass(frozen=True, slots=True)
class Hits:
    """What the head of the list says. Without an index nothing is `available`, and the reader is told so."""

    available: bool
    total: int = 0
    more: bool = False  # the total is a lower bound
    newest: bool = False
    relevance_query: str = ""
    newest_query: str = ""
    terms: list[NamedTerm] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Hit:
    """A row as the search shows it: with the passage that was found, where one may be shown."""

    html: SafeString


def search(
    selection: ArticleFilter, reader: Reader | None, parameters: Mapping[str, str]
) -> tuple[Hits, paging.Page]:
    if not reader:
        return Hits(available=False), paging.Page([])
    asked, size, newest = selection.asked(), paging.PAGE_SIZE, selection.newest
    before, after = (_position(parameters.get(name, "")) for name in ("before", "after"))
    found = find(reader, asked, size=size, newest=newest, before=before, after=after)
    if not found.hits:  # beyond the end: what was there is gone, or the address was made up
        found = find(reader, asked, size=size, newest=newest)
    shown = [Hit(html) for html in excerpts.entries(paging.load(found.ids), selection.naming.words)]
    return _hits(selection, found), paging.Page(shown, newer=_cursor(found.newer), older=_cursor(found.older))


def _hits(selection: ArticleFilter, found: Found) -> Hits:
    return Hits(
        available=True,
        total=found.total,
        more=found.more,
        newest=selection.newest,
        relevance_query=selection.query(sort=[]),
        newest_query=selection.query(sort=["newest"]),
        terms=[NamedTerm(asked, term) for asked, term in selection.naming.also()],
    )


def _position(cursor: str) -> Position | None:
    match = _CURSOR.fullmatch(cursor)
    if not match or int(match[2]) > MAX_KEY:
        return None
    return Position(int(match[1]), int(match[2]))


def _cursor(position: Position | None) -> str:
    return f"{position.tier}-{position.key}" if position else ""
