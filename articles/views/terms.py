"""The page of a term."""

from typing import Any

from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from articles import charts
from articles.by_term import carrying
from articles.models import LINKS, VOCABULARY_FIELDS, Article
from articles.paging import page
from articles.search.sets import Sets
from articles.views.counting import list_address, live_sets, named
from articles.views.moved import moved
from taxonomy import names, prose
from taxonomy.merge import spellings
from taxonomy.models import VOCABULARIES, Term, is_public
from taxonomy.tree import Tree, trees

MAX_ALIASES = 500
MONTHS = 36  # of a term's chart
MAX_NARROWER = 60  # directly below it
RELATED = 8  # terms of a vocabulary


@require_safe
def term_detail(request: HttpRequest, vocabulary: str, slug: str) -> HttpResponse:
    term = find_term(vocabulary, slug)
    if not term.is_public:
        return gone(request, vocabulary, term)
    if (vocabulary, slug) != (term.vocabulary, term.slug):
        return moved(term)
    known = trees()
    found = page(carrying(Article.objects.published(), [term], known), request.GET)
    context = {
        "section": VOCABULARY_FIELDS[vocabulary],
        "term": term,
        "kind": term._meta.verbose_name,
        "description": prose.html(term.description),
        "opening": prose.opening(term.description),
        "aliases": also_known_as(term),
        "page": found,
        "rows": found.rows,
    }
    tree, sets = known[term.vocabulary], live_sets(known)
    context |= place(term, tree, sets) | (figures(term, tree, sets) if sets else {})
    return render(request, "term_detail.html", context)


def gone(request: HttpRequest, vocabulary: str, term: Term) -> HttpResponse:
    """Raises Http404 for one that readers never met: it waits for an editor, or was declined at once."""
    if not term.shown:
        raise Http404
    context = {"section": VOCABULARY_FIELDS[vocabulary], "kind": term._meta.verbose_name, "title": term.name}
    response = render(request, "410_term.html", context, status=410)
    response["X-Robots-Tag"] = "noindex"
    response["Cache-Control"] = "no-cache"  # it may be confirmed again
    return response


def also_known_as(term: Term) -> list[str]:
    """All other spellings that lead here, those of merged terms too."""
    return list(dict.fromkeys(name for name in spellings(term) if name != term.name))[:MAX_ALIASES]


def place(term: Term, tree: Tree, sets: Sets | None) -> dict[str, Any]:
    """The broader terms, the broadest first, and those that stand directly below, most frequent first."""
    above, below = tree.above(term.pk), tree.children.get(term.pk, [])
    counts = {pk: sets.size(term.vocabulary, pk) if sets else 0 for pk in below}
    shown = sorted(below, key=lambda pk: (-counts[pk], pk))[:MAX_NARROWER]
    found = named(term.vocabulary, [(pk, counts.get(pk, 0)) for pk in [*above, *shown]])
    higher = set(above)
    return {
        "broader": [one for one in found if one.pk in higher],
        "narrower": [one for one in found if one.pk not in higher],
        "more_narrower": len(below) - len(shown),
    }


def find_term(vocabulary: str, slug: str) -> Term:
    """The surviving term of an address that is, or once was, a term's. Raises Http404."""
    if len(slug) > names.MAX_SLUG or "\0" in slug:
        raise Http404
    terms = VOCABULARIES[vocabulary].objects
    found = terms.by_slug([slug]) or terms.moved_by_slug([slug])
    if slug not in found:
        raise Http404
    return found[slug]


def figures(term: Term, tree: Tree, sets: Sets) -> dict[str, Any]:
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
            (VOCABULARIES[vocabulary]._meta.verbose_name_plural, related(term, vocabulary, tree, sets))
            for vocabulary in VOCABULARY_FIELDS
        ],
    }


def related(term: Term, vocabulary: str, tree: Tree, sets: Sets) -> list[Term]:
    """The terms most often carried together with this one, each with the `address` of the list of these articles.

    Not those above and below it in its own tree: they come with it by what they mean.
    """
    same = vocabulary == term.vocabulary
    kin = {*tree.above(term.pk), *tree.below(term.pk)} if same else set()
    counts = sets.counts(vocabulary, sets.of(term.vocabulary, term.pk), RELATED + len(kin))
    others = named(vocabulary, [(pk, number) for pk, number in counts if pk not in kin][:RELATED])
    for other in others:
        both = {"match": "all", vocabulary: [term.slug, other.slug]}
        other.address = list_address(**both if same else {term.vocabulary: term.slug, vocabulary: other.slug})
    return others


def counted(vocabulary: str, articles: QuerySet | list[int], limit: int) -> list[Term]:
    """The terms that these articles carry most, each with the number of `articles`, most frequent first."""
    links = LINKS[vocabulary].objects.filter(is_public("tag__"), content_object__in=articles)
    counts = links.values_list("tag").annotate(count=Count("tag")).order_by("-count", "tag")[:limit]
    return named(vocabulary, counts)
