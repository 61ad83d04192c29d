"""The page of a term."""

from typing import Any

from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from articles import charts
from articles.filters import carrying
from articles.models import FIELDS, LINKS, Article
from articles.paging import page
from articles.search.sets import Sets
from articles.views.counting import list_address, live_sets, named
from articles.views.moved import moved
from taxonomy import names
from taxonomy.models import VOCABULARIES, Term

MAX_ALIASES = 500
MONTHS = 36  # of a term's chart
RELATED = 8  # terms of a vocabulary


@require_safe
def term_detail(request: HttpRequest, vocabulary: str, slug: str) -> HttpResponse:
    term = find_term(vocabulary, slug)
    if (vocabulary, slug) != (term.vocabulary, term.slug):
        return moved(term)
    found = page(carrying(Article.objects.published(), [term]), request.GET)
    context = {
        "section": FIELDS[vocabulary],
        "term": term,
        "kind": term._meta.verbose_name,
        "aliases": term.aliases.all()[:MAX_ALIASES],
        "page": found,
        "rows": found.rows,
    }
    sets = live_sets()
    return render(request, "term_detail.html", context | (figures(term, sets) if sets else {}))


def find_term(vocabulary: str, slug: str) -> Term:
    """The surviving term of an address that is, or once was, a term's. Raises Http404."""
    if len(slug) > names.MAX_SLUG or "\0" in slug:
        raise Http404
    terms = VOCABULARIES[vocabulary].objects
    found = terms.by_slug([slug]) or terms.moved_by_slug([slug])
    if slug not in found:
        raise Http404
    return found[slug]


def figures(term: Term, sets: Sets) -> dict[str, Any]:
    """What a term's page counts: its articles, by month, and the terms that come with it."""
    articles = sets.of(term.vocabulary, term.pk)
    months = charts.filled(sets.months(articles), until=timezone.localdate(), limit=MONTHS)
    worth_drawing = len(months) > 1 and any(number for _month, number in months)
    return {
        "counted": True,
        "number": len(articles),
        "chart": charts.columns(months) if worth_drawing else None,
        "narrowed": list_address(**{term.vocabulary: term.slug}),
        "related": [
            (VOCABULARIES[vocabulary]._meta.verbose_name_plural, related(term, vocabulary, sets))
            for vocabulary in FIELDS
        ],
    }


def related(term: Term, vocabulary: str, sets: Sets) -> list[Term]:
    """The terms most often carried together with this one, each with the `address` of the list of these articles."""
    counts = sets.counts(vocabulary, sets.of(term.vocabulary, term.pk), RELATED + 1)
    same = vocabulary == term.vocabulary
    others = named(
        vocabulary, [(pk, number) for pk, number in counts if not (same and pk == term.pk)][:RELATED]
    )
    for other in others:
        both = {"match": "all", vocabulary: [term.slug, other.slug]}
        other.address = list_address(**both if same else {term.vocabulary: term.slug, vocabulary: other.slug})
    return others


def counted(vocabulary: str, articles: QuerySet | list[int], limit: int) -> list[Term]:
    """The terms that these articles carry most, each with the number of `articles`, most frequent first."""
    links = LINKS[vocabulary].objects.filter(content_object__in=articles)
    counts = links.values_list("tag").annotate(count=Count("tag")).order_by("-count", "tag")[:limit]
    return named(vocabulary, counts)
