"""Other articles on the same matter: those that share the rarest terms, and why."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, combinations
from math import log
from typing import NamedTuple

from django.db.models.functions import Left
from django.utils import timezone
from django.utils.translation import get_language
from pyroaring import BitMap

from articles.listing import MAX_TITLE, ListedTerm, article_address, short, written
from articles.models import Article
from articles.search.sets import Sets
from articles.statements import Statement

SHOWN = 5
CANDIDATES = 200
MAX_TERMS = 20  # of the article: one with hundreds must not cost more

Term = tuple[str, int]  # vocabulary, id


@dataclass(frozen=True, slots=True)
class Related:
    row_title: str
    address: str
    source: str
    published: str
    reasons: list[str]  # names of the shared terms, the rarest first


class _Other(NamedTuple):
    pk: int
    title: str  # so much of it that it can be cut
    published_at: datetime
    host: str | None
    name: str

    slug = Article.slug


_others = Statement(
    Article.objects.published,
    ["pk", Left("title", MAX_TITLE * 3), "published_at", "source__host", "source__name"],
)


def related(article: int, terms: Collection[ListedTerm], sets: Sets) -> list[Related]:
    """For the article's page, with what of it is public now. One statement."""
    found = nearest(article, [(term.vocabulary, term.pk) for term in terms], sets)
    names = {(term.vocabulary, term.pk): term.name for term in terms}
    others = {values[0]: _Other(*values) for values in _others.rows(found)} if found else {}
    return [_related(others[pk], [names[term] for term in found[pk]]) for pk in found if pk in others]


def _related(other: _Other, reasons: list[str]) -> Related:
    return Related(
        row_title=short(other.title),
        address=article_address(other.pk, other.slug),
        source=other.name or other.host or "",
        published=written(timezone.localtime(other.published_at).date(), get_language()),
        reasons=reasons,
    )


def nearest(article: int, terms: Iterable[Term], sets: Sets, limit: int = SHOWN) -> dict[int, list[Term]]:
    """The articles that share most with this one, nearest first, each with the shared terms, rarest first; a term counts the more, the fewer articles carry it.

    A term's weight is its inverse document frequency, log(all / carrying): Spärck Jones 1972.
    """
    carrying = {term: sets.of(*term) for term in terms}
    carrying = {term: ids for term, ids in carrying.items() if len(ids) > 1}
    everything = max(len(sets.all), 1)
    weights = {term: log(1 + everything / len(ids)) for term, ids in carrying.items()}
    rarest = sorted(carrying, key=lambda term: (-weights[term], term))[:MAX_TERMS]
    candidates = _candidates([carrying[term] for term in rarest], article)
    scores = dict.fromkeys(candidates, 0.0)
    for term in rarest:
        for pk in carrying[term] & candidates:
            scores[pk] += weights[term]
    best = sorted(zip(scores.values(), scores, strict=True), reverse=True)[:limit]
    return {pk: [term for term in rarest if pk in carrying[term]] for _score, pk in best}


def _candidates(rarest: list[BitMap], article: int) -> BitMap:
    """Articles that share two terms, rare ones before common ones; else one. Of very many the latest added."""
    found = BitMap()
    pairs = sorted(combinations(range(len(rarest)), 2), key=sum)
    shared_by_two = (rarest[one] & rarest[other] for one, other in pairs)
    for ids in chain(shared_by_two, rarest):
        found |= BitMap(ids[-CANDIDATES:]) if len(ids) > CANDIDATES else ids
        found.discard(article)
        if len(found) >= CANDIDATES:
            break
    return found
