"""An article before readers see it, for who was given a link by the desk and has no account."""

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from articles import previews, revisions
from articles.models import Article
from articles.views.articles import detail_context
from articles.workflow import last_decision


@require_safe
def preview(request: HttpRequest, token: str) -> HttpResponse:
    """The waiting draft, else the article whatever its state; readers' own page once that says the same."""
    try:
        pk, decision, until = previews.opened(token)
    except signing.SignatureExpired:
        return _gone(request, expired=True)
    except signing.BadSignature:
        return _gone(request)
    article = Article.objects.select_related("source").filter(pk=pk).first()
    if article is None or not previews.may_be_shown(article):
        return _gone(request)
    draft = revisions.draft(article) if last_decision(article) == decision else None
    if draft is None and article.is_public:
        return previews.private(redirect(article))
    bar = {"words": previews.words(article, draft), "until": until}
    context = detail_context(previews.of(article, draft), alone=True) | {"preview": True, "bar": bar}
    return previews.private(render(request, "article_detail.html", context))


def _gone(request: HttpRequest, *, expired: bool = False) -> HttpResponse:
    status = 410 if expired else 404
    return previews.private(render(request, "preview_gone.html", {"expired": expired}, status=status))
