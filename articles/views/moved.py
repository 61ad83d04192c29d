"""Where an old address leads."""

from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from articles.filters import ArticleFilter


def moved(to: Model | str) -> HttpResponse:
    """For good, as search engines see it. But a title or name may change back: no cache may keep it for good."""
    response = redirect(to, permanent=True)
    response["Cache-Control"] = "no-cache"
    return response


def elsewhere(request: HttpRequest, selection: ArticleFilter) -> HttpResponse | None:
    """The same page for a selection that names a term where it was before it was moved to another vocabulary."""
    query = selection.moved_query
    return moved(request.path + query) if query else None
