"""The public site: fetch or 404, narrow, render."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseServerError
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.text import Truncator
from django.views.decorators.http import require_safe

from articles.filters import FIELDS, LINKS, ArticleFilter, carried, carrying
from articles.models import Article, EventPoint
from articles.paging import page
from articles.rights import cut, shown
from taxonomy import names
from taxonomy.models import VOCABULARIES, Term

RECENT = 200  # newest public articles that the front page's rail looks at
RAIL = 8  # terms of a vocabulary, and event points, in that rail
MAX_TERMS = 500  # of an index
MAX_POINT = 60  # characters of a point's body in a list
MAX_TITLE = 200  # characters of a title or heading in a list; an article's own page shows all


@dataclass(frozen=True, slots=True)
class Entry:
    """An article as a list shows it."""

    article: Article
    title: str
    text: str
    points: list[tuple[str, str]]  # heading and body, cut short
    terms: list[Term]


@dataclass(frozen=True, slots=True)
class Day:
    date: date
    entries: list[Entry]


# --- pages ------------------------------------------------------------------------------------------


@require_safe
def front(request: HttpRequest) -> HttpResponse:
    recent = list(Article.objects.published().newest_first().values_list("pk", flat=True)[:RECENT])
    newest = page(Article.objects.published(), {})
    today = timezone.localdate()
    context = {
        "section": "front",
        "days": days(entries(newest.articles, carried(newest.articles))),
        "older": newest.older,
        "today": today,
        "yesterday": today - timedelta(days=1),
        "technologies": counted("technology", recent, RAIL),
        "industries": counted("industry", recent, RAIL),
        "points": first_points(recent[len(newest.articles) :] or recent),
    }
    return render(request, "front.html", context)


@require_safe
def article_list(request: HttpRequest) -> HttpResponse:
    selection = ArticleFilter(request.GET)
    found = page(selection.articles, request.GET)
    terms = carried(found.articles)
    context = {
        "section": "articles",
        "selection": selection,
        "page": found,
        "entries": entries(found.articles, terms),
        "narrower": selection.narrower(found.articles, terms),
    }
    return render(request, "article_list.html", context)


@require_safe
def article_detail(request: HttpRequest, pk: int, slug: str = "") -> HttpResponse:
    article = get_object_or_404(Article.objects.published().whole(), pk=pk)
    if slug != article.slug:
        return redirect(article, permanent=True)
    return render(request, "article_detail.html", detail_context(article))


def detail_context(article: Article) -> dict[str, Any]:
    """What the template needs, for the page and for the desk's preview. The article comes from `whole()`."""
    return {"section": "articles", "article": article, "shown": shown(article), "brief": brief(article)}


@require_safe
def term_detail(request: HttpRequest, vocabulary: str, slug: str) -> HttpResponse:
    term = find_term(vocabulary, slug)
    if slug != term.slug:
        return redirect(term, permanent=True)
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


# --- errors: without the request where it may be what is wrong --------------------------------------


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return HttpResponse(render_to_string("400.html"), status=400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "403.html", status=403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    return HttpResponseServerError(render_to_string("500.html"))


# --- what the pages show ----------------------------------------------------------------------------


def entries(articles: Iterable[Article], terms: dict[int, dict[str, list[Term]]]) -> list[Entry]:
    return [
        Entry(
            article,
            title=short(article.title),
            text=brief(article),
            points=[(short(point.heading), clip(point.body)) for point in article.points.all()[:3]],
            terms=few(terms[article.pk]),
        )
        for article in articles
    ]


def brief(article: Article) -> str:
    """A few sentences on the article: the desk's own, else what its source allows."""
    summary = getattr(article, "event_summary", None)
    return cut(summary.intro) if summary and summary.intro else shown(article, brief=True).text


def short(text: str) -> str:
    return Truncator(text).chars(MAX_TITLE)


def clip(text: str) -> str:
    """So much of a point's body that it is worth reading in a list."""
    return Truncator(" ".join(text.split())).chars(MAX_POINT, truncate="……")


def few(terms: dict[str, list[Term]]) -> list[Term]:
    """Some of each vocabulary: every link costs rendering time, and a reader takes in no more."""
    return [*terms["technology"][:4], *terms["industry"][:2], *terms["keyword"]][:7]


def days(of: Iterable[Entry]) -> list[Day]:
    by_day = groupby(of, key=lambda entry: timezone.localdate(entry.article.published_at))
    return [Day(day, list(group)) for day, group in by_day]


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
    terms = VOCABULARIES[vocabulary].objects.only("name", "slug").in_bulk(counts)
    for pk, term in terms.items():
        term.articles = counts[pk]
    return [terms[pk] for pk in counts]


def first_points(article_ids: list[int]) -> list[EventPoint]:
    """The first event point of each of the newest articles that have any."""
    points = EventPoint.objects.filter(article__in=article_ids[: RAIL * 4], position=1)
    newest_first = points.select_related("article").order_by("-article__published_at", "-article")
    return list(newest_first.only("position", "heading", "body", "article__title")[:RAIL])
