"""The pages of the vocabularies: indexes and one page for each term."""

from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from articles.filters import FIELDS, LINKS, carried, carrying
from articles.listing import entries
from articles.models import Article
from articles.paging import page
from articles.views.moved import moved
from taxonomy import names
from taxonomy.models import VOCABULARIES, Term

MAX_TERMS = 500  # of an index


@require_safe
def term_detail(request: HttpRequest, vocabulary: str, slug: str) -> HttpResponse:
    term = find_term(vocabulary, slug)
    if slug != term.slug:
        return moved(term)
    found = page(carrying(Article.objects.published(), [term]), request.GET)
    context = {
        "section": FIELDS[vocabulary],
        "term": term,
        "kind": term._meta.verbose_name,
        "aliases": term.aliases.all()[:MAX_TERMS],
        "page": found,
        "entries": entries(found.articles, carried(found.articles)),
    }
    return render(request, "term_detail.html", context)


@require_safe
def term_index(request: HttpRequest, vocabulary: str) -> HttpResponse:
    terms = counted(vocabulary, Article.objects.published(), MAX_TERMS + 1)
    context = {
        "section": FIELDS[vocabulary],
        "title": VOCABULARIES[vocabulary]._meta.verbose_name_plural,
        "vocabulary": vocabulary,
        "terms": terms[:MAX_TERMS],
        "limit": MAX_TERMS if len(terms) > MAX_TERMS else None,
    }
    return render(request, "term_index.html", context)


def find_term(vocabulary: str, slug: str) -> Term:
    """The surviving term of an address that is, or once was, a term's. Raises Http404."""
    if len(slug) > names.MAX_SLUG or "\0" in slug:
        raise Http404
    try:
        return VOCABULARIES[vocabulary].objects.by_slug([slug])[slug]
    except KeyError:
        raise Http404 from None


def counted(vocabulary: str, articles: QuerySet | list[int], limit: int) -> list[Term]:
    """The terms that these articles carry most, each with the number of `articles`, most frequent first."""
    links = LINKS[vocabulary].objects.filter(content_object__in=articles)
    counts = dict(links.values_list("tag").annotate(count=Count("tag")).order_by("-count", "tag")[:limit])
    terms = VOCABULARIES[vocabulary].objects.only("name", "slug").order_by().in_bulk(counts)
    for pk, term in terms.items():
        term.articles = counts[pk]
    return [terms[pk] for pk in counts]
