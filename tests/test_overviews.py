"""Atlas, events and days: what they count is what their links open, and nothing in an address breaks them."""

import re
from datetime import date, datetime, timedelta
from html import unescape

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from articles.filters import ArticleFilter
from articles.models import Article
from articles.search import drain
from articles.views import overviews
from tests.factories import english_reader, make_article

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_index")]

TODAY = "Nothing has been published today yet."


@pytest.fixture
def client() -> Client:
    return english_reader()


def text(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode().split("<main")[1]


def opened(address: str) -> int:
    """How many articles the list at this address has."""
    selection = ArticleFilter(QueryDict(address.partition("?")[2]))
    assert selection.is_valid() and address.startswith("/articles/?")
    return selection.articles.count()


def at(day: str, hour: int = 12) -> datetime:
    return datetime.combine(
        date.fromisoformat(day), datetime.min.time(), timezone.get_default_timezone()
    ).replace(hour=hour)


def on(day: str, title: str = "", **fields) -> Article:
    return make_article(title, publish=True, published_at=at(day), **fields)


# --- atlas ------------------------------------------------------------------------------------------


def matrix() -> None:
    on("2026-01-10", technologies=["Sora", "智能体"], industries=["电影"])
    on("2026-01-31", technologies=["Sora"], industries=["电影", "法律"])
    on("2026-02-01", technologies=["Sora"], industries=["电影"])
    on("2026-02-02", technologies=["C++"], industries=[])
    make_article(technologies=["Sora"], industries=["电影"])
    drain.rebuild()


def cells(page: str) -> list[tuple[int, str, int]]:
    """(shade, address, number) of every cell that is a link."""
    found = re.findall(r'<td class="shade-(\d)"><a href="([^"]+)"[^>]*>(\d+)</a></td>', page)
    return [(int(shade), unescape(address), int(number)) for shade, address, number in found]


def test_every_cell_of_the_atlas_opens_exactly_the_list_it_counts(client: Client):
    matrix()
    page = text(client, "/atlas/")
    assert [(shade, number) for shade, _address, number in cells(page)] == [(6, 3), (4, 1), (4, 1)]
    assert re.findall(r'<th scope="row"[^>]*><a [^>]*>(.*?)</a>', page) == ["Sora", "智能体", "C++"]
    assert re.findall(r'<th scope="col" lang[^>]*><a [^>]*>(.*?)</a>', page) == ["电影", "法律"]
    assert page.count("<td>·</td>") == 3
    for _shade, address, number in cells(page):
        assert opened(address) == number


def test_the_atlas_of_some_days_counts_and_opens_only_these(client: Client):
    matrix()
    page = text(client, "/atlas/?since=2026-01-31&until=2026-02-01&technology=nothing")
    assert [number for _shade, _address, number in cells(page)] == [2, 1]
    for _shade, address, number in cells(page):
        assert opened(address) == number
    assert page.count('class="cross"') == 2 and 'value="2026-01-31"' in page
    assert "Nothing was published in these days." in text(client, "/atlas/?until=2001-01-01")


def test_the_atlas_is_bounded(client: Client, monkeypatch):
    monkeypatch.setattr(overviews, "ROWS", 1)
    monkeypatch.setattr(overviews, "COLUMNS", 1)
    matrix()
    assert [number for _shade, _address, number in cells(text(client, "/atlas/"))] == [3]


def test_an_atlas_without_index_or_articles_says_so(client: Client):
    assert "counted from the search index, which is being built" in text(client, "/atlas/")
    drain.rebuild()
    assert "Nothing has been published yet." in text(client, "/atlas/")


# --- events -----------------------------------------------------------------------------------------

POINTS = [("甲", "内容" * 100), ("", "乙"), ("丙", ""), ("丁", ""), ("戊", ""), ("己", "")]


def test_the_timeline_goes_from_month_to_day_to_the_points(client: Client):
    on("2026-01-10", "一月", points=POINTS[:1])
    first = on("2026-02-03", "二月", points=POINTS, technologies=["Sora"])
    on("2026-02-03", "同日", points=POINTS[1:2])
    on("2026-02-05", "没有要点")
    make_article("草稿", points=POINTS)
    page = text(client, "/events/")
    assert re.findall(r"<h2>(\w+ \d+)</h2>", page) == ["February 2026", "January 2026"]
    assert re.findall(r'<h3><a href="(/days/[^"]+)"', page) == ["/days/2026-02-03/", "/days/2026-01-10/"]
    assert re.findall(r"<h4[^>]*><a [^>]*>(.*?)</a>", page) == ["同日", "二月", "一月"]
    anchors = re.findall(r'<li value="(\d)"><a href="([^"]+)">(.*?)</a></li>', page)
    assert [(value, content) for value, address, content in anchors if str(first.pk) in address] == [
        ("1", f"<b>甲</b> {('内容' * 100)[:58]}……"),
        ("2", "乙"),
        *((str(n), f"<b>{name}</b> ") for n, name in enumerate("丙丁戊", 3)),
    ]
    assert all(unescape(address).endswith(f"#p{value}") for value, address, _content in anchors)


def test_the_timeline_narrows_by_term_source_and_days_and_says_to_what(client: Client):
    on("2026-01-10", "甲", points=POINTS, technologies=["Sora"], industries=["电影"])
    on("2026-02-10", "乙", points=POINTS, technologies=["Sora"], source="b.example")
    on("2026-03-10", "丙", points=POINTS, keywords=["成本"])
    found = {
        "technology=sora": ["乙", "甲"],
        "technology=sora&industry=电影": ["甲"],
        "keyword=成本": ["丙"],
        "source=b.example": ["乙"],
        "since=2026-02-01&until=2026-02-28": ["乙"],
        "q=丙&technology=sora": ["乙", "甲"],
    }
    for query, titles in found.items():
        page = text(client, f"/events/?{query}")
        assert re.findall(r"<h4[^>]*><a [^>]*>(.*?)</a>", page) == titles, query
        assert page.count('class="cross"') == len(query.replace("q=丙&", "").split("&"))
    page = text(client, "/events/?technology=sora&keyword=成本")
    assert "Drop one of them" in page and "without “Sora”" in page


def test_the_timeline_leads_to_every_month_there_is(client: Client):
    on("2025-12-31", points=POINTS, technologies=["Sora"])
    on("2026-02-10", points=POINTS, technologies=["Sora", "智能体"])
    on("2026-03-10", points=POINTS)
    assert "Without the months and terms to narrow by for now" in text(client, "/events/")
    drain.rebuild()
    page = text(client, "/events/?technology=sora&since=2026-02-01&until=2026-02-28")
    ways = re.findall(r'<a href="([^"]+)" rel="nofollow" aria-label="([^"]+)"( aria-current="true")?>', page)
    assert [(unescape(query), label, bool(chosen)) for query, label, chosen in ways] == [
        ("?technology=sora&since=2026-02-01&until=2026-02-28", "February 2026", True),
        ("?technology=sora&since=2025-12-01&until=2025-12-31", "December 2025", False),
    ]
    narrower = re.findall(r'<a href="([^"]+)" rel="nofollow"><span>智能体</span>', page)
    assert [unescape(query) for query in narrower] == [
        "?technology=sora&technology=%E6%99%BA%E8%83%BD%E4%BD%93&since=2026-02-01&until=2026-02-28&match=all"
    ]


def test_the_timeline_is_paged(client: Client):
    for number in range(21):
        on("2026-02-10", f"第{number}", points=POINTS[:1], technologies=["Sora"])
    page = text(client, "/events/?technology=sora")
    assert page.count("<h4") == 20
    older = unescape(re.search(r'rel="next" href="([^"]+)"', page)[1])
    page = text(client, f"/events/{older}")
    assert re.findall(r"<h4[^>]*><a [^>]*>(.*?)</a>", page) == ["第0"] and 'rel="prev"' in page


def test_a_text_of_which_only_a_link_may_be_shown_stays_out_of_the_timeline(client: Client):
    on("2026-02-10", points=POINTS[2:3], summary="全文" * 100, reuse="link")
    assert "全文" not in text(client, "/events/")


def test_an_empty_timeline_says_so(client: Client):
    assert "Nothing has been published yet." in text(client, "/events/")


# --- days -------------------------------------------------------------------------------------------


def test_a_day_has_its_articles_its_numbers_and_its_neighbours(client: Client):
    on("2026-02-01", "前")
    make_article(
        "早", publish=True, published_at=at("2026-02-03", 0), technologies=["Sora"], industries=["电影"]
    )
    make_article("晚", publish=True, published_at=at("2026-02-03", 23), technologies=["Sora"])
    on("2026-02-07", "后", technologies=["Sora"])
    drain.rebuild()
    page = text(client, "/days/2026-02-03/")
    assert re.findall(r"<h3[^>]*><a [^>]*>(.*?)</a></h3>", page) == ["晚", "早"]
    assert "2 articles" in page
    numbers = re.findall(r'<a href="([^"]+)"[^>]*>[^<]*</a><data value="(\d+)"', page)
    assert [number for _address, number in numbers] == ["2", "1"]
    for address, number in numbers:
        assert opened(unescape(address)) == int(number)
    assert re.findall(r'href="(/days/[^"]+)"', page) == ["/days/2026-02-07/", "/days/2026-02-01/"]


def test_a_day_needs_no_index(client: Client):
    on("2026-02-03", "一篇")
    page = text(client, "/days/2026-02-03/")
    assert "一篇" in page and "Without numbers for now" in page


def test_an_empty_day_says_so_and_leads_on(client: Client):
    on("2026-02-03")
    drain.rebuild()
    page = text(client, "/days/2026-02-05/")
    assert "Nothing was published on this day." in page and "/days/2026-02-03/" in page
    assert TODAY in text(client, f"/days/{timezone.localdate()}/")
    text(client, "/days/0001-01-01/")


def test_what_is_scheduled_does_not_show_in_its_day_nor_as_a_neighbour(client: Client):
    make_article("将来", publish=True, published_at=timezone.now() + timedelta(days=3))
    make_article("稍后", publish=True, published_at=timezone.now() + timedelta(seconds=1))
    drain.rebuild()
    page = text(client, f"/days/{timezone.localdate()}/")
    assert TODAY in page and 'href="/days/' not in page


@pytest.mark.parametrize(
    "day",
    [
        "2026-02-30",
        "2026-2-3",
        "20260203",
        "2026-W06-2",
        "x",
        "9999-12-31",
        "0000-01-01",
        "２０２６-02-03",
        "%00",
        "2" * 5000,
    ],
)
def test_what_is_no_day_or_still_to_come_is_not_found(client: Client, day):
    assert client.get(f"/days/{day}/").status_code == 404


def test_tomorrow_is_not_found(client: Client):
    assert client.get(f"/days/{timezone.localdate() + timedelta(days=1)}/").status_code == 404


def test_a_day_is_paged(client: Client):
    for _article in range(21):
        on("2026-02-03")
    page = text(client, "/days/2026-02-03/")
    older = unescape(re.search(r'rel="next" href="(\?[^"]+)"', page)[1])
    assert text(client, f"/days/2026-02-03/{older}").count("<h3") == 1


# --- all of them ------------------------------------------------------------------------------------

HOSTILE = [
    "since=%00",
    "since=2026-02-30",
    "since=" + "9" * 5000,
    "since=0001-01-01&until=9999-12-31",
    "since=9999-12-31&until=0001-01-01",
    "since=2026-01-01&since=x",
    "technology=%00",
    "technology=" + "a" * 5000,
    "technology=sora&" * 50,
    "match=x",
    "before=%00&after=1-1",
    "before=" + "9" * 400,
    "q=%00&sort=x&page=x",
]


@pytest.mark.parametrize("built", [True, False])
def test_strange_parameters_get_an_explained_page(client: Client, built):
    on("2026-02-03", points=POINTS, technologies=["Sora"], industries=["电影"])
    if built:
        drain.rebuild()
    for address in ["/atlas/", "/events/", "/days/2026-02-03/"]:
        for query in HOSTILE:
            text(client, f"{address}?{query}")
    for query in ["since=%00", "since=2026-02-30", "since=9999-12-31&until=0001-01-01"]:
        assert "This selection cannot be shown:" in text(client, f"/atlas/?{query}"), query
        assert "This selection cannot be shown:" in text(client, f"/events/?{query}"), query


@pytest.mark.parametrize("built", [True, False])
def test_the_number_of_statements_does_not_grow(client: Client, built):
    used: dict[str, list[int]] = {}
    for rows in (1, 3):
        while Article.objects.count() < rows:
            number = Article.objects.count()
            on(
                "2026-02-03",
                points=POINTS[: number + 1],
                technologies=["Sora", f"技术{number}"],
                industries=["电影", f"行业{number}"],
            )
        if built:
            drain.rebuild()
        for address in ["/atlas/", "/events/", "/events/?technology=sora", "/days/2026-02-03/"]:
            with CaptureQueriesContext(connection) as queries:
                text(client, address)
            used.setdefault(address, []).append(len(queries))
    assert all(one == three for one, three in used.values()), used


def test_the_neighbours_of_a_day_cost_one_step_of_the_index_each(client: Client):
    for number in range(300):
        make_article(publish=number % 2 == 0, published_at=at("2026-02-03") - timedelta(hours=number))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE articles_article")
    with CaptureQueriesContext(connection) as queries:
        overviews.neighbours(date(2026, 1, 30))
    assert len(queries) == 2
    for query in queries:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {query['sql']}")
            plan = "\n".join(line for (line,) in cursor.fetchall())
        assert "article_public" in plan and "Sort" not in plan
