"""Where addresses lead: old and wrong ones, those of what was withdrawn, and the pages of a list."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from articles import revisions, workflow
from articles.models import Article, RevisionKind, Status
from articles.paging import PAGE_SIZE, cursor
from tests.factories import english_reader, make_article, make_term
from tests.test_views import INDEXES, full_article, statements, text, titles

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return english_reader()


def link(page: str, rel: str) -> str | None:
    found = re.search(rf'rel="{rel}" href="([^"]+)"', page)
    return found and found[1].replace("&amp;", "&")


# --- addresses --------------------------------------------------------------------------------------


def test_a_wrong_or_missing_slug_leads_to_the_right_one(client: Client):
    article = make_article("郭帆：面对 AI", publish=True)
    right = article.get_absolute_url()
    for slug in ["", "wrong/", "%00/"]:
        response = client.get(f"/articles/{article.pk}/{slug}")
        assert (response.status_code, response["Location"]) == (301, right)
        assert response["Cache-Control"] == "no-cache"  # a title may change back


@pytest.mark.parametrize("old", ["mj", "midjourneyv5"])
def test_an_alias_or_merged_term_leads_to_the_survivor(client: Client, old):
    term = make_term("Midjourney", aliases=["MJ"])
    make_term("Midjourney V5", merged_into=term)
    response = client.get(f"/technologies/{old}/")
    assert (response.status_code, response["Location"]) == (301, "/technologies/midjourney/")
    assert response["Cache-Control"] == "no-cache"


def withdrawn(reason: str, **fields) -> Article:
    article = full_article("撤下的一篇", **fields)
    workflow.withdraw(article, by=None, reason=reason)
    return article


@pytest.mark.parametrize("slug", ["", "wrong/", "撤下的一篇/"])
def test_the_address_of_a_withdrawn_article_says_so_and_why(client: Client, slug):
    article = withdrawn("来源更正 <b>。\n第二行")
    revisions.record([article.pk], kind=RevisionKind.EDIT, note="后来的话")
    response = client.get(f"/articles/{article.pk}/{slug}")
    page = response.content.decode()
    assert response.status_code == 410
    assert response["X-Robots-Tag"] == "noindex"
    for piece in ["This article was withdrawn", "撤下的一篇", "来源更正 &lt;b&gt;。<br>第二行", "site.css"]:
        assert piece in page
    for text_of_it in ["导语", "内容一", "原文", "结语", "后来的话", article.url]:
        assert text_of_it not in page
    assert page.count("<h1") == 1


def test_the_reason_is_that_of_the_last_withdrawal_and_a_title_is_short(client: Client):
    article = withdrawn("第一次")
    workflow.reopen(article, by=None)
    assert (
        client.get(article.get_absolute_url()).status_code == 410
    )  # readers knew it: it is gone, not unknown
    workflow.publish(article, by=None)
    assert client.get(article.get_absolute_url()).status_code == 200
    workflow.withdraw(article, by=None, reason="第二次")
    Article.objects.filter(pk=article.pk).update(title="长" * 1000)
    page = client.get(article.get_absolute_url(), follow=True).content.decode()
    assert "第二次" in page
    assert "第一次" not in page
    assert "长" * 201 not in page


def test_an_article_withdrawn_before_its_time_was_never_there(client: Client):
    article = withdrawn("不公开", published_at=timezone.now() + timedelta(days=1))
    assert client.get(article.get_absolute_url()).status_code == 404


def test_withdrawn_articles_take_the_same_few_statements(client: Client):
    article = withdrawn("来源更正")
    one = statements(client, article.get_absolute_url(), 410)
    workflow.reopen(article, by=None)
    workflow.publish(article, by=None)
    workflow.withdraw(article, by=None, reason="又一次")
    assert statements(client, article.get_absolute_url(), 410) == one == 3


def test_nothing_that_is_not_public_is_on_any_page(client: Client):
    public = full_article("公开的一篇")
    tomorrow = timezone.now() + timedelta(days=1)
    hidden = [make_article(f"不公开{state}", status=state) for state in Status if state != Status.PUBLISHED]
    hidden.append(make_article("不公开scheduled", publish=True, published_at=tomorrow))
    for article in hidden:
        # What could leak: the same terms and source as a public one, and terms of its own.
        views_of = {"keywords": ["郭帆", "密词"], "technologies": ["Sora"], "industries": ["电影"]}
        copy = make_article(
            f"{article.title}同词", status=article.status, published_at=article.published_at, **views_of
        )
        for leak in (article, copy):
            assert client.get(leak.get_absolute_url()).status_code == 404
    terms = ["/keywords/郭帆/", "/technologies/sora/", "/industries/电影/"]
    lists = ["/articles/?technology=sora&keyword=郭帆", "/articles/?source=example.com", "/articles/"]
    for address in ["/", public.get_absolute_url(), *INDEXES, *terms, *lists]:
        page = text(client, address)
        assert "不公开" not in page
        assert "密词" not in page


# --- paging -----------------------------------------------------------------------------------------


def test_paging_visits_every_article_once_in_order_and_comes_back(client: Client):
    now = timezone.now()
    for number in range(2 * PAGE_SIZE + 5):
        # Every three share a moment: the id decides between them.
        make_article(
            f"第{number}篇",
            publish=True,
            published_at=now - timedelta(hours=number // 3),
            technologies=["Sora"],
        )
    expected = [article.title for article in Article.objects.newest_first().order_by("-published_at", "-id")]
    for address in ["/articles/", "/technologies/sora/", "/articles/?technology=sora"]:
        pages = [text(client, address)]
        while older := link(pages[-1], "next"):
            pages.append(text(client, address.split("?")[0] + older))
        assert [title for page in pages for title in titles(page)] == expected
        assert [len(titles(page)) for page in pages] == [PAGE_SIZE, PAGE_SIZE, 5]
        back = text(client, address.split("?")[0] + link(pages[-1], "prev"))
        assert titles(back) == titles(pages[1])
        first = text(client, address.split("?")[0] + link(back, "prev"))
        assert titles(first) == titles(pages[0])
        assert link(first, "prev") is None


@pytest.mark.parametrize(
    "bad",
    ["", "x", "1-", "-1", "1-2-3", "9" * 18 + "-1", "1-" + "9" * 19, "1-" + "9" * 30, "%00", "１-１", "-5-"],
)
@pytest.mark.parametrize("parameter", ["before", "after"])
def test_a_malformed_cursor_gives_the_first_page(client: Client, parameter, bad):
    make_article("一", publish=True)
    assert titles(text(client, f"/articles/?{parameter}={bad}")) == ["一"]


def test_a_page_beyond_the_end_is_empty_and_leads_back(client: Client):
    article = make_article("一", publish=True)
    page = text(client, f"/articles/?before={cursor((article.published_at, article.pk))}")
    assert titles(page) == []
    assert titles(text(client, "/articles/" + link(page, "prev"))) == ["一"]
