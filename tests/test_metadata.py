"""What search engines and other machines read about a page."""

import json
import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone

from articles.models import Article, Reuse
from articles.templatetags.pages import line, script, thousands
from tests.factories import english_reader, make_article, make_source, make_term

pytestmark = pytest.mark.django_db
LONG = "甲乙丙丁戊己庚辛。" * 60


@pytest.fixture
def client() -> Client:
    return english_reader()


def head(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status
    return response.content.decode().split("</head>")[0]


def meta(page: str) -> dict[str, str]:
    """The meta elements, by name or property."""
    found = re.findall(r'<meta (?:name|property)="([^"]+)" content="([^"]*)"(?: media="[^"]*")?>', page)
    return {name: unescape(content) for name, content in found}


def canonical(page: str) -> str | None:
    found = re.search(r'<link rel="canonical" href="([^"]+)">', page)
    return found and unescape(found[1])


def linked_data(page: str) -> list[dict]:
    return [
        json.loads(text) for text in re.findall(r'<script type="application/ld\+json">(.*?)</script>', page)
    ]


def story(**fields) -> Article:
    return make_article(
        **{
            "title": "导演谈人工智能",
            "publish": True,
            "source": make_source("1905.com", name="电影网"),
            "url": "https://www.1905.com/news/1.shtml?a=1&b=2",
            "intro": "一次访谈。",
            "origin": "edited",
            "technologies": ["Sora"],
            "industries": ["电影"],
            "keywords": ["郭帆", "版权"],
        }
        | fields
    )


def test_an_article_is_a_news_article_based_on_its_original(client: Client):
    article = story()
    article.refresh_from_db()
    [data] = linked_data(head(client, article.get_absolute_url()))
    address = f"http://testserver{article.get_absolute_url()}"
    published = timezone.localtime(article.published_at).isoformat(timespec="seconds")
    assert data == {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "@id": address,
        "url": address,
        "mainEntityOfPage": address,
        "headline": "导演谈人工智能",
        "description": "一次访谈。",
        "inLanguage": "zh-Hans",
        "isBasedOn": "https://www.1905.com/news/1.shtml?a=1&b=2",
        "datePublished": published,
        "dateModified": data["dateModified"],
        "publisher": {"@type": "Organization", "name": "Newsroom", "url": "http://testserver/"},
        "provider": {"@type": "Organization", "name": "电影网"},
        "creditText": "edited",
        "about": [
            {"@type": "Thing", "name": "Sora", "url": "http://testserver/technologies/sora/"},
            {
                "@type": "Thing",
                "name": "电影",
                "url": "http://testserver/industries/%E7%94%B5%E5%BD%B1/",
            },
        ],
        "keywords": ["郭帆", "版权"],
    }
    assert data["dateModified"] >= published


def test_a_scheduled_article_was_not_modified_before_it_appeared(client: Client):
    article = story(published_at=timezone.now() - timedelta(seconds=1))
    Article.objects.filter(pk=article.pk).update(updated_at=timezone.now() - timedelta(days=3))
    [data] = linked_data(head(client, article.get_absolute_url()))
    assert data["dateModified"] == data["datePublished"]


def test_a_bare_article_says_only_what_is_known(client: Client):
    article = make_article("只有标题", publish=True, source=None, url="", url_key=None)
    [data] = linked_data(head(client, article.get_absolute_url()))
    assert set(data) == {
        *("@context", "@type", "@id", "url", "mainEntityOfPage", "headline", "inLanguage"),
        *("datePublished", "dateModified", "publisher"),
    }


@pytest.mark.parametrize("url", ["javascript:alert(1)", "ftp://example.com/a", "没有地址"])
def test_only_web_addresses_are_named_as_the_original(client: Client, url):
    article = story(url=url, url_key=None)
    assert "isBasedOn" not in linked_data(head(client, article.get_absolute_url()))[0]


@pytest.mark.parametrize("reuse", list(Reuse))
def test_no_machine_gets_more_of_the_text_than_a_reader(client: Client, reuse):
    article = story(source=make_source(f"{reuse}.example", reuse=reuse), summary=LONG, intro="", origin=None)
    page = head(client, article.get_absolute_url())
    assert LONG[:300] not in page
    assert ("甲乙丙丁" in page) == (reuse != Reuse.LINK)


@pytest.mark.parametrize("evil", ["</script><script>alert(1)</script>", '"><img src=x>', "<!--\u2028&amp;"])
def test_nothing_breaks_out_of_the_metadata(client: Client, evil):
    make_term(evil, "keyword")
    article = story(title=evil, intro=evil, keywords=[evil], source=make_source("e.example", name=evil))
    page = head(client, article.get_absolute_url())
    [data] = linked_data(page)
    assert (data["headline"], data["provider"]["name"], data["keywords"]) == (evil, evil, [evil])
    # A description is one line: white space in it, of whatever kind, is a space.
    assert data["description"] == meta(page)["og:description"] == " ".join(evil.split())
    assert meta(page)["og:title"] == evil
    assert page.count("<script") == page.count("</script>") == 1
    assert "<img" not in page


def test_data_is_escaped_as_django_escapes_it():
    assert script({"a": "<>&\u2028\u2029中"}) == (
        '<script type="application/ld+json">{"a":"\\u003C\\u003E\\u0026\\u2028\\u2029中"}</script>'
    )


def test_an_article_has_a_canonical_address_and_names_itself_for_sharing(client: Client):
    article = story()
    page = head(client, f"{article.get_absolute_url()}?utm_source=x")
    address = f"http://testserver{article.get_absolute_url()}"
    assert canonical(page) == address
    found = meta(page)
    assert {name: found[name] for name in found if name.startswith("og:")} == {
        "og:title": "导演谈人工智能",
        "og:description": "一次访谈。",
        "og:type": "article",
        "og:url": address,
        "og:site_name": "Newsroom",
        "og:locale": "en_US",
    }
    assert found["description"] == "一次访谈。"
    assert found["summary-origin"] == "edited"
    assert found["article:published_time"].startswith(str(timezone.localtime(article.published_at).date()))
    assert "robots" not in found
    assert "<title>导演谈人工智能 · Newsroom</title>" in page


def test_the_desks_preview_is_not_for_machines(admin_client: Client):
    article = story(publish=False)
    page = head(admin_client, f"/admin/articles/article/{article.pk}/preview/")
    assert meta(page)["robots"] == "noindex"
    assert (canonical(page), linked_data(page)) == (None, [])


def test_lists_are_indexed_whole_and_followed_narrowed(client: Client):
    story()
    assert canonical(head(client, "/articles/?before=1-1")) is None  # a page of its own, but none to keep
    whole = head(client, "/articles/?x=1")
    assert canonical(whole) == "http://testserver/articles/"
    assert "robots" not in meta(whole)
    narrowed = head(client, "/articles/?industry=电影&technology=sora&x=1")
    assert canonical(narrowed) == ("http://testserver/articles/?technology=sora&industry=%E7%94%B5%E5%BD%B1")
    assert meta(narrowed)["robots"] == "noindex, follow"
    assert meta(head(client, "/articles/?q=电影"))["robots"] == "noindex, follow"
    assert meta(head(client, "/articles/?technology=nothing"))["robots"] == "noindex, follow"


def test_every_page_has_its_own_address_title_and_description(client: Client):
    story()
    pages = ["/", "/articles/", "/technologies/", "/technologies/sora/", "/events/", "/atlas/"]
    heads = [head(client, address) for address in pages]
    assert [canonical(page) for page in heads] == [f"http://testserver{address}" for address in pages]
    assert len({re.search("<title>(.*?)</title>", page)[1] for page in heads}) == len(pages)
    assert all(meta(page).get("description") for page in heads)


def test_error_pages_are_not_indexed_and_offer_a_search(client: Client):
    page = head(client, "/nothing/", status=404)
    assert (canonical(page), meta(page)["robots"]) == (None, "noindex")
    body = client.get("/nothing/").content.decode()
    assert body.count('role="search"') == 2
    assert body.count('<input type="search" name="q"') == 2


def test_numbers_are_grouped_by_three():
    assert [thousands(number) for number in (0, 999, 10_000, 1_234_567)] == [
        "0",
        "999",
        "10,000",
        "1,234,567",
    ]
    assert thousands(10_000, True) == "10,000+"


def test_a_small_line_stands_inside_its_frame():
    assert line([0, 2, 4]) == "0.0,14.0 30.0,8.0 60.0,2.0"
    assert line([0, 0]) == "0.0,14.0 60.0,14.0"
    assert line([5]) == "0.0,2.0"
