"""Keyset paging, newest first: page 50,000 costs what page 1 costs. No OFFSET, no COUNT."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import BigAutoField, F, Func, TextField, Value
from django.db.models.lookups import GreaterThan, LessThan

from articles import listing
from articles.listing import Row
from articles.models import ArticleQuerySet

PAGE_SIZE = 20
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CURSOR = re.compile(r"(-?[0-9]{1,18})-([0-9]{1,19})")

Position = tuple[datetime, int]  # published_at, id: where an article stands in the order


@dataclass(frozen=True, slots=True)
class Page:
    """One page of articles; each cursor leads on from it, and is empty at the end of the road."""

    rows: list[Row]
    newer: str = ""
    older: str = ""


def page(articles: ArticleQuerySet, parameters: Mapping[str, str], size: int = PAGE_SIZE) -> Page:
    """The page that `before` or `after` asks for; without one, or with a malformed one, the newest."""
    before, after = _position(parameters.get("before", "")), _position(parameters.get("after", ""))
    if before:
        found = _older_than(articles, before, size)
        newer = cursor(found[0]) if found else _just_older(before)
        return Page(_load(found[:size]), newer=newer, older=_next(found, size))
    if after:
        found = _newer_than(articles, after, size)
        if len(found) > size:  # otherwise the newest page is reached
            found = found[1:]
            return Page(_load(found), newer=cursor(found[0]), older=cursor(found[-1]))
    found = _positions(articles.newest_first(), size)
    return Page(_load(found[:size]), older=_next(found, size))


def cursor(position: Position) -> str:
    return f"{(position[0] - EPOCH) // timedelta(microseconds=1)}-{position[1]}"


def _position(text: str) -> Position | None:
    match = _CURSOR.fullmatch(text)
    if not match or int(match[2]) > BigAutoField.MAX_BIGINT:
        return None
    try:
        return EPOCH + timedelta(microseconds=int(match[1])), int(match[2])
    except OverflowError:
        return None


def _next(found: list[Position], size: int) -> str:
    return cursor(found[size - 1]) if len(found) > size else ""


def _just_older(position: Position) -> str:
    """A cursor from which the way back from an empty page leads to what stands before it."""
    return cursor((position[0], max(position[1] - 1, 0)))


def _positions(articles: ArticleQuerySet, size: int) -> list[Position]:
    """One more than a page: that one tells whether the list goes on."""
    return list(articles.values_list("published_at", "pk")[: size + 1])


def _older_than(articles: ArticleQuerySet, position: Position, size: int) -> list[Position]:
    return _positions(
        articles.filter(LessThan(_row(F("published_at"), F("pk")), _values(position))).newest_first(), size
    )


def _newer_than(articles: ArticleQuerySet, position: Position, size: int) -> list[Position]:
    """The nearest newer ones, newest first."""
    newer = articles.filter(GreaterThan(_row(F("published_at"), F("pk")), _values(position)))
    return _positions(newer.order_by("published_at", "pk"), size)[::-1]


def _values(position: Position) -> Func:
    return _row(*map(Value, position))


def _row(*columns: F | Value) -> Func:
    # One comparison of rows is one range of the index, however many articles share a moment.
    return Func(*columns, function="ROW", output_field=TextField())


def load(ids: Collection[int]) -> list[Row]:
    """Search hits as rows, in this order; one that is not public is left out, whatever the index says."""
    return listing.rows(ids)


def _load(positions: list[Position]) -> list[Row]:
    """In a second statement: a sort must not carry the texts of a whole list."""
    return load([pk for _published_at, pk in positions])
