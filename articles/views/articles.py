"""The list of articles and the page of one."""

from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import http_date
from django.views.decorators.http import require_safe

from articles import story
from articles.duplicates import survivor
from articles.facets import Facets
from articles.filters import ArticleFilter
from articles.hits import search
from articles.listing import brief, short
from articles.models import Revision, Status
from articles.paging import page
from articles.related import related
from articles.search.reader import reader
from articles.story import Story
from articles.views.moved import elsewhere, moved


@require_safe
def article_list(request: HttpRequest) -> HttpResponse:
    selection = ArticleFilter(request.GET)
    if leads_on := elsewhere(request, selection):
        return leads_on
    index = reader()
    hits = None
    if selection.question and selection.is_valid():
        hits, found = search(selection, index, request.GET)
    else:
        found = page(selection.articles, request.GET)
    facets = Facets(selection, index) if index and selection.is_valid() else None
    context = {
        "section": "articles",
        "selection": selection,
        "hits": hits,
        "total": facets.total() if facets and not hits else None,
        "facets": facets.all() if facets else [],
        "drops": facets.drops() if facets and not found.rows else [],
        "page": found,
        "rows": found.rows,
    }
    return render(request, "article_list.html", context)


@require_safe
def article_detail(request: HttpRequest, pk: int, slug: str = "") -> HttpResponse:
    article = story.public(pk)
    if article is None:
        return gone(request, pk)
    if slug != article.slug:
        return moved(article)
    response = render(request, "article_detail.html", detail_context(article))
    # A scheduled article was changed for the last time before it appeared.
    changed = min(max(article.updated_at, article.published_at), timezone.now())
    response["Last-Modified"] = http_date(changed.timestamp())  # for crawlers; the ETag decides
    return response


def gone(request: HttpRequest, pk: int) -> HttpResponse:
    """That the article was withdrawn, and why, until it is published again. Raises Http404 for one that readers never saw."""
    acts = Revision.objects.filter(article=pk, verb="withdraw").order_by("-number")
    last = acts.values(*_WITHDRAWAL).first()
    if last is None or not _was_public(last):
        raise Http404
    if stays := _joined_to(pk):
        return moved(stays)
    # The title that readers knew: the desk may have given it another since.
    live = last["article__status"] == last["snapshot__status"] == Status.PUBLISHED
    title = last["article__title"] if live else last["snapshot__title"]
    context = {"section": "articles", "title": short(title), "reason": last["note"]}
    response = render(request, "410.html", context, status=410)
    response["X-Robots-Tag"] = "noindex"
    response["Cache-Control"] = "no-cache"  # it may be published again
    return response


def _joined_to(pk: int) -> Story | None:
    """What readers find in its place, where the desk has joined it to another article."""
    stays = survivor(pk)
    return story.public(stays) if stays else None


_WITHDRAWAL = ("at", "note", "snapshot__title", "snapshot__status", "snapshot__published_at")
_WITHDRAWAL += ("article__title", "article__status", "article__withdraw_at")


def _was_public(withdrawal: dict[str, Any]) -> bool:
    """Whether it took away what readers saw: not before the time of publication, nor before its own."""
    if (
        withdrawal["snapshot__status"] == Status.PUBLISHED
    ):  # to be withdrawn later: the article says whether it is
        at = withdrawal["article__withdraw_at"]
        return at is not None and at <= timezone.now()
    return withdrawal["at"] >= datetime.fromisoformat(withdrawal["snapshot__published_at"])


def detail_context(article: Story, *, alone: bool = False) -> dict[str, Any]:
    """What the template needs, for the page and for previews; `alone` without related articles."""
    told = story.page(article)
    terms = [*article.technologies, *article.industries, *article.keywords]
    index = None if alone else reader()
    return {
        "section": "articles",
        "preview": False,
        "article": article,
        "shown": told.shown,
        "story": told.html,
        "brief": brief(article),
        "related": related(article.pk, terms, index.sets) if index else [],
    }
