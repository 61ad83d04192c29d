"""The front page."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from articles.filters import carried
from articles.listing import days, entries
from articles.models import Article, EventPoint
from articles.paging import page
from articles.views.terms import counted

RECENT = 200  # newest public articles that the front page's rail looks at
RAIL = 8  # terms of a vocabulary, and event points, in that rail


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


def first_points(article_ids: list[int]) -> list[EventPoint]:
    """The first event point of each of the newest articles that have any."""
    points = EventPoint.objects.filter(article__in=article_ids[: RAIL * 4], position=1)
    newest_first = points.select_related("article").order_by("-article__published_at", "-article_id")
    return list(newest_first.only("position", "heading", "body", "article__title")[:RAIL])
