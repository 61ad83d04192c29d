import re
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from articles import editing, story, workflow
from articles.models import Article
from articles.paging import PAGE_SIZE
from articles.views import errors
from articles.views.articles import detail_context
from tests.factories import english_reader, make_article, make_source, make_term

pytestmark = pytest.mark.django_db

INDEXES = ["/keywords/", "/technologies/", "/industries/"]


@pytest.fixture
def client() -> Client:
    return english_reader()


def text(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def titles(page: str) -> list[str]:
    return re.findall(r"<h3[^>]*><a [^>]*>(.*?)</a></h3>", page)


def full_article(title: str, **fields) -> Article:
    return make_article(
        title,
        publish=True,
        summary="原文。",
        intro="导语。",
        conclusion="结语。",
        points=[("一点", "内容一"), ("二点", "内容二"), ("三点", "内容三"), ("四点", "内容四")],
        technologies=["Sora"],
        industries=["电影"],
        keywords=["郭帆"],
        **fields,
    )


# --- what readers see -------------------------------------------------------------------------------


def test_empty_pages_answer_and_say_so(client: Client):
    for address in ["/", "/articles/", *INDEXES]:
        assert "Nothing has been published yet." in text(client, address)


def test_the_front_page_groups_the_latest_by_day(client: Client):
    now = timezone.now()
    for title, days in [("今", 0), ("昨", 1), ("前", 2)]:
        make_article(title, publish=True, published_at=now - timedelta(days=days))
    page = text(client, "/")
    assert titles(page) == ["今", "昨", "前"]
    heads = re.findall(r"<h2>(?:<b>(.*?)</b>)?\s*<time datetime=\"(.*?)\"", page)
    today = timezone.localdate()
    assert heads == [
        ("Today", str(today)),
        ("Yesterday", str(today - timedelta(days=1))),
        ("", str(today - timedelta(days=2))),
    ]


def test_the_rail_counts_terms_and_shows_event_points(client: Client):
    for number in range(3):
        make_article(
            publish=True, technologies=["Sora", "智能体"][: 1 + number % 2], points=[(f"事件{number}", "")]
        )
    make_article(technologies=["智能体", "秘密"], points=[("草稿事件", "")])
    rail = text(client, "/").split('<aside class="rail"')[1]
    assert re.findall(r">([^<]+)</a><data value=\"(\d+)\"", rail) == [("Sora", "3"), ("智能体", "1")]
    assert re.findall(r"#p1\">(.*?)</a>", rail) == ["事件2", "事件1", "事件0"]


def test_the_numbers_of_the_rail_are_those_of_the_pages_they_lead_to(client: Client, indexed):
    video, long_ago = make_term("视频生成"), timezone.now() - timedelta(days=400)
    make_term("Sora", parent=video)
    for names in (["Sora"], ["视频生成"], ["视频生成", "Sora"]):
        make_article(publish=True, published_at=long_ago, technologies=names)
    indexed()
    rail = text(client, "/").split('<aside class="rail"')[1]
    shown = re.findall(r"<a href=\"(/technologies/[^\"]+)\">([^<]+)</a><data value=\"(\d+)\"", rail)
    assert [(name, number) for _address, name, number in shown] == [("视频生成", "3"), ("Sora", "2")]
    for address, _name, number in shown:
        assert client.get(address).context["number"] == int(number)


def test_recent_events_are_those_of_the_newest_articles_beyond_the_page(client: Client):
    now = timezone.now()  # the same moment for all: the id decides
    for number in range(PAGE_SIZE + 10):
        make_article(publish=True, published_at=now, points=[(f"事件{number}", ""), ("第二点", "")])
    rail = text(client, "/").split('<aside class="rail"')[1]
    assert re.findall(r"#p1\">(.*?)</a>", rail) == [f"事件{number}" for number in range(9, 1, -1)]


def test_recent_events_are_those_of_the_page_where_nothing_older_has_any(client: Client):
    for number in range(PAGE_SIZE + 1):
        make_article(publish=True, points=[("事件", "")] if number == PAGE_SIZE else [])
    assert '#p1">事件</a>' in text(client, "/")


def test_an_entry_shows_source_date_label_text_points_and_terms(client: Client):
    source = make_source("a.example", name="甲报")
    full_article("一篇", source=source, origin="edited", source_date="2026-03-01", source_date_origin="url")
    page = text(client, "/articles/")
    for piece in [
        "甲报",
        "original of March 1, 2026 (inferred from the address)",
        "edited",
        "导语。",
        "三点",
    ]:
        assert piece in page
    assert "四点" not in page
    assert re.findall(r'<li class="(\w+)">', page) == ["technology", "industry", "keyword"]


def test_an_article_shows_everything_in_order_with_an_anchor_for_each_point(client: Client):
    article = full_article("一篇", also_at=["https://b.example/1", "javascript:alert(1)"])
    page = text(client, article.get_absolute_url()).split("<main")[1]
    places = [
        page.index(piece)
        for piece in ["一篇", article.url, "导语。", 'id="p1"', 'id="p4"', "结语。", "原文。"]
    ]
    assert places == sorted(places)
    assert f'<a href="{article.url}" rel="noopener nofollow">' in page
    assert '<a href="https://b.example/1" rel="noopener nofollow">' in page
    assert "Only an excerpt may be shown here" in page


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "ftp://example.com/a", "没有地址"]
)
def test_only_web_addresses_become_links(client: Client, url):
    article = make_article(publish=True, url=url, url_key=None)
    page = text(client, article.get_absolute_url())
    assert f'href="{url}' not in page
    assert url in page


def test_an_article_without_summary_points_or_source_has_a_page(client: Client):
    article = make_article("只有标题", publish=True, source=None, url="", url_key=None)
    assert "只有标题" in text(client, article.get_absolute_url())
    assert titles(text(client, "/articles/")) == ["只有标题"]


def test_the_preview_of_the_desk_is_the_same_page_with_a_note():
    article = make_article("未发布")
    context = detail_context(story.whatever_its_state(article.pk)) | {"preview": True}
    page = render_to_string("article_detail.html", context, RequestFactory().get("/"))
    assert "未发布" in page
    assert 'class="preview"' in page


def test_a_term_has_a_page_with_aliases_description_and_articles(client: Client):
    make_term("Midjourney", aliases=["MJ"], description="第一段。\n\n<b>第二段</b>。")
    make_article("有它", publish=True, technologies=["Midjourney"])
    make_article("无它", publish=True, technologies=["Sora"])
    page = text(client, "/technologies/midjourney/")
    assert titles(page) == ["有它"]
    for piece in ["MJ", "<p>第一段。</p>", "&lt;b&gt;第二段"]:
        assert piece in page


def test_a_term_without_articles_answers(client: Client):
    make_term("空", "industry")
    assert "No published article carries this term yet." in text(client, "/industries/空/")


# --- what could go wrong ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/articles/99999999999999999999/x/", 404),
        (f"/articles/{'9' * 5000}/x/", 404),
        ("/articles/1/%00/", 404),
        ("/articles/1/", 404),
        ("/technologies/%00/", 404),
        ("/technologies/%FF/", 404),
        (f"/technologies/{'长' * 500}/", 404),
        ("/keywords/none/", 404),
        ("/articles/?technology=%00", 200),
        ("/articles/?technology=%FF%FE", 200),
        ("/articles/?technology=%ED%A0%80", 200),
        ("/articles/?source=%00&since=%00&until=%00&match=%00&before=%00&after=%00", 200),
        ("/articles/?" + "&".join(f"keyword={quote('词' * 200)}{number}" for number in range(40)), 200),
        ("/articles/?" + "a=1&" * 2000, 400),
        (f"/language/en/?next={'/' * 5000}", 302),
        ("/language/en/?next=/%0d%0aSet-Cookie:x", 302),
        ("/language/%00/", 302),
        ("/nowhere/", 404),
    ],
)
def test_no_address_breaks_the_site(client: Client, address, status):
    assert client.get(address).status_code == status


def test_hostile_and_huge_texts_are_shown_as_text(client: Client):
    evil = "<script>alert(1)</script>\u202e\u2067"
    huge = "长" * 100_000
    make_source("e.example", name=evil[:40])
    for title in [evil, huge]:
        article = make_article(
            title,
            publish=True,
            source="e.example",
            summary=evil + huge,
            intro=evil + huge,
            points=[(evil, huge), ("", evil)],
            technologies=[evil],
        )
        for address in ["/", "/articles/", "/technologies/", article.get_absolute_url()]:
            assert "<script>" not in text(client, address)
    assert len(text(client, "/articles/")) < 20_000
    assert len(text(client, "/")) < 20_000


def test_a_full_page_stays_under_100_kilobytes(client: Client):
    for number in range(PAGE_SIZE + 1):
        make_article(
            f"{'题' * 40}{number}",
            publish=True,
            intro="导" * 200,
            points=[("点" * 30, "文")] * 3,
            technologies=[f"{'技' * 10}{number}{letter}" for letter in "abcd"],
            keywords=[f"{'词' * 10}{number}{letter}" for letter in "abcd"],
        )
    for address in ["/", "/articles/", *INDEXES]:
        assert len(client.get(address).content) < 100_000


def test_error_pages_wear_the_style_of_the_site_and_need_no_database(django_db_blocker):
    request = RequestFactory().get("/")
    with django_db_blocker.block():
        answers = [
            errors.bad_request(request, Exception()),
            errors.permission_denied(request, Exception()),
            errors.page_not_found(request, Exception()),
            errors.server_error(request),
        ]
        pages = [answer.content.decode() for answer in answers] + [render_to_string("429.html")]
    assert [answer.status_code for answer in answers] == [400, 403, 404, 500]
    for page in pages:
        assert "site.css" in page
        assert "<h1>" in page


def test_pages_have_no_inline_script_or_style(client: Client):
    article = full_article("一篇")
    for address in [
        "/",
        "/articles/?technology=sora",
        "/technologies/",
        "/technologies/sora/",
        article.get_absolute_url(),
    ]:
        page = text(client, address)
        assert not re.search(r'<script(?! type="application/ld\+json">)|<style|\sstyle=|\son\w+=', page)
        assert page.count("<h1") == 1
        assert re.search(r'<meta name="description" content="[^"]+">', page)
        assert re.search(r"<title>[^<]+</title>", page)


def test_pages_can_only_be_read(client: Client):
    assert client.post("/articles/").status_code == 405
    assert client.head("/").status_code == 200


def test_the_number_of_statements_does_not_grow_with_the_articles(client: Client):
    article = full_article("一")
    addresses = [
        "/",
        "/articles/",
        "/articles/?technology=sora&industry=电影",
        "/technologies/sora/",
        *INDEXES,
    ]
    addresses.append(article.get_absolute_url())
    one = [statements(client, address) for address in addresses]
    for title in ["二", "三"]:
        more = full_article(title, source=f"{len(title)}.example")
        make_term(f"另一个{title}", aliases=[f"又名{title}"])
        more.technologies.through.objects.filter(content_object=more).update(position=5)
    assert [statements(client, address) for address in addresses] == one


def statements(client: Client, address: str, status: int = 200) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == status
    return len(queries)


def test_the_reason_readers_get_is_the_one_given_when_the_time_was_set():
    article = make_article(publish=True, published_at=timezone.now() - timedelta(hours=3))
    workflow.withdraw(article, by=None, reason="合同到期", at=timezone.now() + timedelta(hours=1))
    editing.save(article, {"title": "乙"}, by=None)
    workflow.approve(Article.objects.get(), by=None, note="内部意见")
    Article.objects.update(withdraw_at=timezone.now() - timedelta(minutes=1))
    page = Client().get(f"/articles/{article.pk}/")
    assert (page.status_code, "合同到期" in page.text, "内部意见" in page.text) == (410, True, False)
