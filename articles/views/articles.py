"""The list of articles and the page of one."""

from typing import Any

from django.db.models import F, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import http_date
from django.views.decorators.http import require_safe

from articles import story
from articles.facets import Facets
from articles.filters import ArticleFilter
from articles.found import search
from articles.listing import brief, short
from articles.models import Revision, RevisionKind, Status
from articles.paging import page
from articles.related import related
from articles.search.reader import reader
from articles.story import Story
from articles.views.moved import moved


@require_safe
def article_list(request: HttpRequest) -> HttpResponse:
    selection = ArticleFilter(request.GET)
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
    """That the article was withdrawn, and why. Raises Http404 for one that readers never could see."""
    now_withdrawn = Q(article__status=Status.WITHDRAWN, snapshot__status=Status.WITHDRAWN)
    # Its time has come, and nobody has written that down yet.
    due = Q(article__status=Status.PUBLISHED, article__withdraw_at__lte=timezone.now())
    due &= Q(snapshot__withdraw_at__isnull=False) & ~Q(snapshot__withdraw_at=None)
    withdrawals = Revision.objects.filter(
        now_withdrawn & Q(at__gte=F("article__published_at"))
        | due,  # one withdrawn before its time was never public
        article=pk,
        kind=RevisionKind.WORKFLOW,
    )
    last = withdrawals.order_by("-number").values("snapshot__title", "snapshot__withdraw_at", "note").first()
    if last is None:
        raise Http404
    if last["snapshot__withdraw_at"]:  # set for a time, by the first revision that has it
        planned = withdrawals.filter(snapshot__withdraw_at=last["snapshot__withdraw_at"])
        last |= planned.order_by("number").values("note").first()
    # The title that readers knew: the desk may have given it another since.
    context = {"section": "articles", "title": short(last["snapshot__title"]), "reason": last["note"]}
    response = render(request, "410.html", context, status=410)
    response["X-Robots-Tag"] = "noindex"
    response["Cache-Control"] = "no-cache"  # it may be published again
    return response


def detail_context(article: Story) -> dict[str, Any]:
    """What the template needs, for the page and for the desk's preview."""
    told = story.page(article)
    terms = [*article.technologies, *article.industries, *article.keywords]
    index = reader()
    return {
        "section": "articles",
        "preview": False,
        "article": article,
        "shown": told.shown,
        "story": told.html,
        "brief": brief(article),
        "related": related(article.pk, terms, index.sets) if index else [],
    }
