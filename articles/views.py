"""The public site: fetch or 404, narrow, render."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import groupby
from typing import Any

from django.db.models import Count, F, Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseServerError
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import Truncator
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from articles.filters import FIELDS, LINKS, ArticleFilter, carried, carrying
from articles.models import Article, DateOrigin, EventPoint, Revision, RevisionKind, Source, Status
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
    """An article as a list shows it, every text made once: a line here costs less than a template's node."""

    address: str
    title: str
    source: Source | None
    published_at: datetime  # the desk's own time
    published: str
    original: str  # when the original appeared
    origin: str  # who stands behind the event summary, and in words
    label: str
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
        "points": first_points(recent[len(newest.articles) :]) or first_points(recent),
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
    article = Article.objects.published().whole().filter(pk=pk).first()
    if article is None:
        return gone(request, pk)
    if slug != article.slug:
        return moved(article)
    return render(request, "article_detail.html", detail_context(article))


def gone(request: HttpRequest, pk: int) -> HttpResponse:
    """That the article was withdrawn, and why. Raises Http404 for one that readers never could see."""
    withdrawals = Revision.objects.filter(
        article=pk,
        article__status=Status.WITHDRAWN,
        kind=RevisionKind.WORKFLOW,
        snapshot__status=Status.WITHDRAWN,
        at__gte=F("article__published_at"),  # one withdrawn before its time was never public
    )
    last = withdrawals.order_by("-number").values("article__title", "note").first()
    if last is None:
        raise Http404
    context = {"section": "articles", "title": short(last["article__title"]), "reason": last["note"]}
    response = render(request, "410.html", context, status=410)
    response["X-Robots-Tag"] = "noindex"
    response["Cache-Control"] = "no-cache"  # it may be published again
    return response


def detail_context(article: Article) -> dict[str, Any]:
    """What the template needs, for the page and for the desk's preview. The article comes from `whole()`."""
    return {
        "section": "articles",
        "article": article,
        "shown": shown(article),
        "brief": brief(article),
        "original": original(article),
    }


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


def moved(to: Model) -> HttpResponse:
    """For good, as search engines see it. But a title or name may change back: no cache may keep it for good."""
    response = redirect(to, permanent=True)
    response["Cache-Control"] = "no-cache"
    return response


def entries(articles: Iterable[Article], terms: dict[int, dict[str, list[Term]]]) -> list[Entry]:
    return [entry(article, few(terms[article.pk])) for article in articles]


def entry(article: Article, terms: list[Term]) -> Entry:
    published_at = timezone.localtime(article.published_at)
    summary = getattr(article, "event_summary", None)
    return Entry(
        address=article.get_absolute_url(),
        title=short(article.title),
        source=article.source,
        published_at=published_at,
        published=written(published_at.date(), get_language()),
        original=original(article),
        origin=summary.origin if summary else "",
        label=summary.get_origin_display() if summary else "",
        text=brief(article),
        points=[(short(point.heading), clip(point.body)) for point in article.points.all()],
        terms=terms,
    )


def original(article: Article) -> str:
    """When the original appeared, and how that is known unless it was given."""
    if not article.source_date:
        return ""
    date = written(article.source_date, get_language())
    if article.source_date_origin == DateOrigin.GIVEN:
        return _("original of %(date)s") % {"date": date}
    origin = article.get_source_date_origin_display()
    return _("original of %(date)s (%(origin)s)") % {"date": date, "origin": origin}


@lru_cache(maxsize=1000)
def written(day: date, language: str) -> str:
    """The day in words. A list has dozens of them, most of them the same."""
    return date_format(day, "DATE_FORMAT")


def brief(article: Article) -> str:
    """A few sentences on the article: the desk's own, else what its source allows."""
    summary = getattr(article, "event_summary", None)
    return cut(summary.intro) if summary and summary.intro else shown(article, brief=True).text


def short(text: str) -> str:
    return text if len(text) <= MAX_TITLE else Truncator(text).chars(MAX_TITLE)


def clip(text: str) -> str:
    """So much of a point's body that it is worth reading in a list."""
    text = " ".join(text.split())
    return text if len(text) <= MAX_POINT else Truncator(text).chars(MAX_POINT, truncate="……")


def few(terms: dict[str, list[Term]]) -> list[Term]:
    """Some of each vocabulary: every link costs rendering time, and a reader takes in no more."""
    return [*terms["technology"][:4], *terms["industry"][:2], *terms["keyword"]][:7]


def days(of: Iterable[Entry]) -> list[Day]:
    by_day = groupby(of, key=lambda entry: entry.published_at.date())
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
    terms = VOCABULARIES[vocabulary].objects.only("name", "slug").order_by().in_bulk(counts)
    for pk, term in terms.items():
        term.articles = counts[pk]
    return [terms[pk] for pk in counts]


def first_points(article_ids: list[int]) -> list[EventPoint]:
    """The first event point of each of the newest articles that have any."""
    points = EventPoint.objects.filter(article__in=article_ids[: RAIL * 4], position=1)
    newest_first = points.select_related("article").order_by("-article__published_at", "-article_id")
    return list(newest_first.only("position", "heading", "body", "article__title")[:RAIL])
