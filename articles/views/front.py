"""The front page."""

from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from articles.listing import days
from articles.models import VOCABULARY_FIELDS, Article, EventPoint
from articles.paging import page
from articles.rising import Rise, rising
from articles.search.sets import Sets
from articles.views.counting import live_sets, named
from articles.views.terms import counted
from taxonomy.models import Term
from taxonomy.tree import trees

RECENT = 200  # newest public articles that the front page's rail looks at
RAIL = 8  # terms of a vocabulary, and event points, in that rail
RISING = 6  # terms of a vocabulary, with a line each


@require_safe
def front(request: HttpRequest) -> HttpResponse:
    recent = list(Article.objects.published().newest_first().values_list("pk", flat=True)[:RECENT])
    newest = page(Article.objects.published(), {})
    today, sets = timezone.localdate(), live_sets(trees())
    context = {
        "section": "front",
        "days": [(day, number_of(day.date, sets)) for day in days(newest.rows)],
        "older": newest.older,
        "today": today,
        "yesterday": today - timedelta(days=1),
        "rail": rail(recent, today, sets),
        "points": first_points(recent[len(newest.rows) :]) or first_points(recent),
    }
    return render(request, "front.html", context)


def number_of(day: date, sets: Sets | None) -> int | None:
    """How many articles the day has in all."""
    return sets.size("day", day.toordinal()) if sets else None


def rail(recent: list[int], today: date, sets: Sets | None) -> list[dict[str, Any]]:
    """What is on the rise; where that is not known, what the newest articles carry most."""
    titles = {
        "technology": (_("Technologies on the rise"), _("AI technologies")),
        "industry": (_("Industries on the rise"), _("Industries")),
    }
    groups = []
    for vocabulary, (rising_title, plain_title) in titles.items():
        risen = on_the_rise(sets, vocabulary, today) if sets else []
        terms = [] if risen else most_carried(vocabulary, recent, sets)
        title = rising_title if risen else plain_title
        groups.append({"title": title, "risen": risen, "terms": terms, "more": VOCABULARY_FIELDS[vocabulary]})
    return groups


def most_carried(vocabulary: str, recent: list[int], sets: Sets | None) -> list[Term]:
    """What the newest articles carry most, each with the number that its own page says, where it is known."""
    terms = counted(vocabulary, recent, RAIL)
    if sets:
        for term in terms:
            term.articles = sets.size(vocabulary, term.pk)
    return sorted(terms, key=lambda term: -term.articles)


def on_the_rise(sets: Sets, vocabulary: str, today: date) -> list[tuple[Term, Rise]]:
    risen = {rise.pk: rise for rise in rising(sets, vocabulary, today, RISING)}
    return [
        (term, risen[term.pk]) for term in named(vocabulary, [(pk, rise.week) for pk, rise in risen.items()])
    ]


def first_points(article_ids: list[int]) -> list[EventPoint]:
    """The first event point of each of the newest articles that have any."""
    points = EventPoint.objects.filter(article__in=article_ids[: RAIL * 4], position=1)
    newest_first = points.select_related("article").order_by("-article__published_at", "-article_id")
    return list(newest_first.only("position", "heading", "body", "article__title")[:RAIL])
