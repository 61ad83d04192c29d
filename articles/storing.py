"""The rows that an article's terms and points are stored in. No rules here."""

from collections.abc import Iterable, Iterator, Mapping

from articles.models import TERM_FIELDS
from newsroom.sql import copy_rows
from taxonomy.models import Term

LINK_COLUMNS = ("content_object_id", "tag_id", "raw", "position")
POINT_COLUMNS = ("article_id", "position", "heading", "body")


def link_rows(article_id: int, spellings: Mapping[int, str]) -> Iterator[tuple[int, int, str, int]]:
    """Rows of a through table: the article's terms, by id, in order, as they were spelled."""
    for position, (term_id, raw) in enumerate(spellings.items(), start=1):
        yield article_id, term_id, raw, position


def spelled_terms(spellings: Iterable[str], terms: Mapping[str, Term]) -> dict[int, str]:
    """The terms that spellings mean, by id, each with its first spelling."""
    spelled: dict[int, str] = {}
    for spelling in spellings:
        if spelling in terms:
            spelled.setdefault(terms[spelling].pk, spelling)
    return spelled


def point_rows(article_id: int, points: Iterable[Mapping[str, str]]) -> Iterator[tuple[int, int, str, str]]:
    for position, point in enumerate(points, start=1):
        yield article_id, position, point["heading"], point["body"]


def copy_links(spellings: Mapping[str, Iterable[tuple[int, Mapping[int, str]]]]) -> None:
    """COPY the terms of articles, given by vocabulary field as (article id, spelling by term id)."""
    for name, model in TERM_FIELDS.items():
        copy_rows(
            model,
            LINK_COLUMNS,
            (row for article_id, terms in spellings[name] for row in link_rows(article_id, terms)),
        )
