"""Other articles on the same matter: those that share the rarest terms, and why."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import chain, combinations
from math import log

from django.utils import timezone
from django.utils.formats import date_format
from pyroaring import BitMap

from articles.listing import ListedTerm, short
from articles.models import Article, Source
from articles.search.sets import Sets

SHOWN = 5
CANDIDATES = 200
MAX_TERMS = 20  # of the article: one with hundreds must not cost more

Term = tuple[str, int]  # vocabulary, id


@dataclass(frozen=True, slots=True)
class Related:
    row_title: str
    address: str
    source: Source | None
    published: str
    reasons: list[str]  # names of the shared terms, the rarest first


def related(article: int, terms: Collection[ListedTerm], sets: Sets) -> list[Related]:
    """For the article's page, with what of it is public now. One statement."""
    found = nearest(article, [(term.vocabulary, term.pk) for term in terms], sets)
    names = {(term.vocabulary, term.pk): term.name for term in terms}
    others = Article.objects.published().select_related("source").only("title", "published_at", "source")
    others = others.in_bulk(found)
    return [
        Related(
            row_title=short(other.title),
            address=other.get_absolute_url(),
            source=other.source,
            published=date_format(timezone.localtime(other.published_at), "DATE_FORMAT"),
            reasons=[names[term] for term in found[pk]],
        )
        for pk in found
        if (other := others.get(pk))
    ]


def nearest(article: int, terms: Iterable[Term], sets: Sets, limit: int = SHOWN) -> dict[int, list[Term]]:
    """The articles that share most with this one, nearest first, each with the shared terms, rarest first; a term counts the more, the fewer articles carry it.

    A term's weight is its inverse document frequency, log(all / carrying): Spärck Jones 1972.
    """
    carrying = {term: sets.of(*term) for term in terms}
    carrying = {term: ids for term, ids in carrying.items() if len(ids) > 1}
    everything = max(len(sets.all), 1)
    weights = {term: log(1 + everything / len(ids)) for term, ids in carrying.items()}
    rarest = sorted(carrying, key=lambda term: (-weights[term], term))[:MAX_TERMS]
    scored = []
    for pk in _candidates([carrying[term] for term in rarest], article):
        shared = [term for term in rarest if pk in carrying[term]]
        scored.append((sum(weights[term] for term in shared), pk, shared))
    scored.sort(key=lambda found: found[:2], reverse=True)
    return {pk: shared for _score, pk, shared in scored[:limit]}


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
