"""The list of articles and the page of one."""

from typing import Any

from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from articles.filters import ArticleFilter, carried
from articles.listing import brief, entries, original, short
from articles.models import Article, Revision, RevisionKind, Status
from articles.paging import page
from articles.rights import shown
from articles.views.moved import moved


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
