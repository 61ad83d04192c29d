"""What browsers and proxies may keep of a page, and when they are told that it still holds."""

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.http import http_date

from articles import workflow
from articles.models import Article
from taxonomy.models import Technology
from tests.factories import desk, make_article, make_source

pytestmark = pytest.mark.django_db

FUTURE = {"If-Modified-Since": http_date(timezone.now().timestamp() + 1_000_000)}


def article() -> Article:
    return make_article("一篇", publish=True, technologies=["Sora"], summary="原文。", source="a.example")


def test_every_public_page_may_be_kept_but_not_used_without_asking(client: Client):
    page = article().get_absolute_url()
    for address in ["/", "/articles/", "/technologies/", "/technologies/sora/", page, "/nowhere/"]:
        answer = client.get(address)
        assert answer["Cache-Control"] == "no-cache"
        assert answer["Vary"] == "Cookie"


@pytest.mark.parametrize("address", ["/", "/articles/", "/technologies/sora/", None])
def test_a_page_that_is_still_the_same_is_not_sent_again(client: Client, address):
    address = address or article().get_absolute_url()
    make_article(technologies=["Sora"], publish=True)
    known = {"If-None-Match": client.get(address)["ETag"]}
    again = client.get(address, headers=known)
    assert (again.status_code, again.content) == (304, b"")
    assert again["Content-Security-Policy"]
    assert again["Cache-Control"] == "no-cache"
    assert again["Vary"] == "Cookie"
    client.cookies["django_language"] = "en"
    assert client.get(address, headers=known).status_code == 200


def test_head_says_what_get_would(client: Client):
    page = article().get_absolute_url()
    got, head = client.get(page), client.head(page)
    assert (head["ETag"], head["Content-Length"]) == (got["ETag"], str(len(got.content)))
    assert head.content == b""


def test_whatever_changes_what_is_shown_makes_another_page(client: Client):
    page = article().get_absolute_url()
    for change in [
        lambda: Technology.objects.update(name="Sora 2"),
        lambda: make_source("a.example").__class__.objects.update(reuse="link"),
        lambda: Article.objects.update(summary="另一个原文。", reuse="full"),
    ]:
        for address in [page, "/articles/"]:
            known = {"If-None-Match": client.get(address)["ETag"]}
            assert client.get(address, headers=known).status_code == 304
        known = {"If-None-Match": client.get(page)["ETag"]} | FUTURE
        change()
        assert client.get(page, headers=known).status_code == 200


def test_no_date_answers_for_a_page(client: Client):
    """A term was renamed, an article withdrawn: nothing that has a date of its own has changed."""
    page = article()
    withdrawn = article_to_withdraw()
    answer = client.get(page.get_absolute_url())
    assert answer["Last-Modified"] == http_date(page.published_at.timestamp())
    Technology.objects.update(name="Sora 2")
    workflow.withdraw(withdrawn, by=None, reason="来源更正")
    for address in [page.get_absolute_url(), "/articles/", "/"]:
        for since in [FUTURE, {"If-Modified-Since": answer["Last-Modified"]}]:
            assert client.get(address, headers=since).status_code == 200


def article_to_withdraw() -> Article:
    return make_article("撤下的一篇", publish=True)


def test_a_withdrawn_article_vanishes_at_once(client: Client):
    article = article_to_withdraw()
    known = {"If-None-Match": client.get(article.get_absolute_url())["ETag"]} | FUTURE
    workflow.withdraw(article, by=None, reason="来源更正")
    assert client.get(article.get_absolute_url(), headers=known).status_code == 410


def test_the_desk_and_the_probes_are_kept_by_nobody(client: Client):
    editor = desk()
    preview = f"/admin/articles/article/{article().pk}/preview/"
    for answer in [
        editor.get("/admin/"),
        editor.get(preview),
        client.get("/readyz"),
        client.get("/healthz"),
    ]:
        assert "no-store" in answer["Cache-Control"]
        assert "ETag" not in answer
