"""What the list and the page of an article could cost at best: one SQL statement by hand, and the site's template.

No middleware, no ORM, no form, no judgement of quotations. The reference that `benchmarks.page_rate` measures against.
"""

import json
from datetime import timedelta
from functools import cache
from typing import Any

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()

from django.db import connection  # noqa: E402
from django.http import HttpRequest, HttpResponse, QueryDict  # noqa: E402
from django.shortcuts import render  # noqa: E402
from django.urls import path  # noqa: E402
from django.utils import timezone  # noqa: E402
from django.utils.formats import date_format  # noqa: E402

from articles import story  # noqa: E402
from articles.facets import Facets  # noqa: E402
from articles.filters import ArticleFilter  # noqa: E402
from articles.listing import ListedTerm, Publisher, clip, original, short  # noqa: E402
from articles.models import Article, Origin  # noqa: E402
from articles.paging import EPOCH, PAGE_SIZE, cursor  # noqa: E402
from articles.related import Related, related  # noqa: E402
from articles.rights import Point, Shown, cut  # noqa: E402
from articles.search.reader import reader  # noqa: E402
from articles.story import Several, Story, Summary  # noqa: E402
from newsroom.urls import urlpatterns as site  # noqa: E402

TERMS = """ARRAY(SELECT ARRAY[t.id::text, t.name, t.slug] FROM articles_article{0} l JOIN taxonomy_{0} t ON t.id = l.tag_id
    WHERE l.content_object_id = a.id ORDER BY l.position LIMIT {1})"""
LIST = f"""
SELECT a.id, a.title, a.published_at, a.source_date, a.source_date_origin, left(a.summary, 400), e.intro, e.origin,
    s.host, s.name, s.reuse,
    ARRAY(SELECT ARRAY[left(heading, 201), left(body, 300)] FROM articles_eventpoint
        WHERE article_id = a.id AND position <= 3 ORDER BY position),
    {TERMS.format("technology", 4)}, {TERMS.format("industry", 2)}, {TERMS.format("keyword", 7)}
FROM (SELECT * FROM articles_article WHERE status = 'published' AND published_at <= now()
    AND (published_at, id) < (%s, %s) ORDER BY published_at DESC, id DESC LIMIT {PAGE_SIZE + 1}) a
LEFT JOIN articles_eventsummary e ON e.article_id = a.id LEFT JOIN articles_source s ON s.id = a.source_id
ORDER BY a.published_at DESC, a.id DESC"""
DETAIL = f"""
SELECT a.id, a.title, a.url, a.also_at, a.source_date, a.source_date_origin, a.published_at, a.updated_at, a.reuse,
    a.excerpt, left(a.summary, 400), e.intro, e.conclusion, e.origin, s.host, s.name, s.reuse,
    ARRAY(SELECT ARRAY[position::text, heading, body] FROM articles_eventpoint
        WHERE article_id = a.id ORDER BY position),
    ARRAY(SELECT ARRAY[id::text, at::text, wrong, "right"] FROM articles_correction
        WHERE article_id = a.id AND retracted_at IS NULL ORDER BY at DESC, id DESC LIMIT 20),
    {TERMS.format("technology", 200)}, {TERMS.format("industry", 200)}, {TERMS.format("keyword", 200)}
FROM articles_article a
LEFT JOIN articles_eventsummary e ON e.article_id = a.id LEFT JOIN articles_source s ON s.id = a.source_id
WHERE a.id = %s AND a.status = 'published' AND a.published_at <= now()"""


def ask(sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as found:
        found.execute(sql, parameters)
        return found.fetchall()


NOTHING = {"clock": False, "lead": False, "title": None, "excerpt": None}  # looked for in vain it costs more


@cache
def frame() -> dict[str, Any]:
    """What stands around the rows, facets too: made once, rendered each time."""
    selection = ArticleFilter(QueryDict())
    index = reader()
    facets = Facets(selection, index) if index else None
    shown = {"total": facets.total(), "facets": facets.all()} if facets else {"total": None, "facets": []}
    return {"section": "articles", "selection": selection} | shown


@cache
def kin() -> list[Related]:
    """Some article's related ones, for all: found once, rendered each time."""
    index = reader()
    newest = story.public(Article.objects.published().newest_first().values_list("pk", flat=True)[0])
    terms = [*newest.technologies, *newest.industries, *newest.keywords]
    return related(newest.pk, terms, index.sets) if index else []


def article_list(request: HttpRequest) -> HttpResponse:
    moment, pk = request.GET["before"].split("-")
    found = ask(LIST, EPOCH + timedelta(microseconds=int(moment)), int(pk))
    rows = [entry(*values) for values in found[:PAGE_SIZE]]
    last = found[PAGE_SIZE - 1] if len(found) > PAGE_SIZE else None
    page = {"newer": cursor(found[0][2::-2]), "older": last and cursor(last[2::-2])}
    return render(request, "article_list.html", frame() | NOTHING | {"rows": rows, "page": page})


def entry(pk, title, at, source_date, date_origin, opening, intro, origin, host, name, reuse, points, *terms):
    at = timezone.localtime(at)
    story = Story._make([pk, title, *[None] * (len(Story._fields) - 2)])
    story = story._replace(source_date=source_date, source_date_origin=date_origin)
    return {
        "address": story.get_absolute_url(),
        "title": short(title),
        "source": Publisher(host, name, reuse) if host else None,
        "published_at": at,
        "published": date_format(at.date(), "DATE_FORMAT"),
        "original": original(story),
        "origin": origin,
        "label": Origin(origin).label if origin else "",
        "text": cut(intro or opening),
        "points": [(short(heading), clip(body)) for heading, body in points],
        "terms": [term for group in carried(terms) for term in group][:7],
    }


def carried(groups) -> list[list[ListedTerm]]:
    vocabularies = zip(("technology", "industry", "keyword"), groups, strict=True)
    return [[ListedTerm(vocabulary, *term) for term in terms] for vocabulary, terms in vocabularies]


def article_detail(request: HttpRequest, pk: int, slug: str) -> HttpResponse:
    (values,) = ask(DETAIL, pk)
    *first, opening, intro, conclusion, origin, host, name, reuse = values[:17]
    points = [Point(*point) for point in values[17]]
    article = Story(
        *first[:3],
        tuple(json.loads(first[3])),
        Publisher(host, name, reuse) if host else None,
        *first[4:],
        summary="",
        event_summary=Summary(intro, conclusion, origin) if origin else None,
        corrections=Several(values[18]),
        points=Several(points),
        **dict(
            zip(("technologies", "industries", "keywords"), map(Several, carried(values[19:])), strict=True)
        ),
        cut=(),
    )
    shown = Shown("excerpt", cut(opening), article.title, intro, points, conclusion)
    context = {
        "section": "articles",
        "article": article,
        "shown": shown,
        "brief": cut(intro),
        "original": original(article),
        "related": kin(),
        "preview": False,
        "beyond": {"points": 0, "technologies": 0, "industries": 0, "keywords": 0},
    }
    return render(request, "article_detail.html", context)


urlpatterns = [
    path("articles/", article_list),
    path("articles/<int:pk>/<str:slug>/", article_detail),
    *site,
]
