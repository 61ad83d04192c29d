"""Possible duplicates and downloads in a real browser: joined by click, without findings of axe, light, dark, narrow."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from playwright.sync_api import Browser, Page, expect

from articles import duplicates
from articles.models import Article, DuplicatePair, Status
from tests.factories import desk, make_article

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LIST = "/admin/articles/duplicatepair/"
TEXT = (
    "一家城市书店从春天开始试用选书助手，读者在手机上说出想读的内容，助手从库存里挑出三本并说明理由。"
    "店员说，前两周读者多半是好奇，第三周起开始有人专门为它而来；也有读者抱怨它总是推荐畅销书。"
    "书店把试用期延长到年底，并请助手的开发者把本地作者的书排在前面。"
) * 4
SHOTS = os.environ.get("SHOTS")


@pytest.fixture
def pages(browser: Browser, live_server) -> Iterator[Page]:
    """The same site with axe allowed to put itself into it."""
    context = browser.new_context(base_url=live_server.url, bypass_csp=True)
    session = desk().cookies[settings.SESSION_COOKIE_NAME].value
    cookies = {settings.SESSION_COOKIE_NAME: session, settings.LANGUAGE_COOKIE_NAME: "en"}
    context.add_cookies(
        [{"name": name, "value": value, "url": live_server.url} for name, value in cookies.items()]
    )
    yield context.new_page()
    context.close()


@pytest.fixture
def articles() -> list[Article]:
    """Three of one kind and two of another, one of them published."""
    texts = [TEXT, TEXT.replace("三本", "五本"), TEXT.replace("年底", "明年春天"), TEXT[::-1], TEXT[::-1]]
    found = [
        make_article(
            f"书店试用选书助手 {number}", summary=text, text_hash=f"{number:032x}", publish=number == 1, source_date="2026-05-04",
            source_date_origin="given",
            source=f"s{number}.example", technologies=["推荐算法", f"技术{number}"], keywords=["书店"],
            points=[("试用", "从春天开始。"), ("延长", f"到年底，第{number}版。")], intro="书店试用助手。",
        )
        for number, text in enumerate(texts)
    ]  # fmt: skip
    duplicates.find_all()
    return found


def shoot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


def test_the_pages_have_no_findings_light_and_dark_wide_and_narrow(pages, articles):
    pair = DuplicatePair.objects.waiting().first()
    addresses = {"list": LIST, "pair": f"{LIST}{pair.pk}/", "articles": "/admin/articles/article/"}
    for scheme in ("light", "dark"):
        pages.emulate_media(color_scheme=scheme)
        for width in (1280, 390):
            pages.set_viewport_size({"width": width, "height": 900})
            for name, address in addresses.items():
                pages.goto(address)
                if name == "articles":
                    pages.click(".downloads summary")
                shoot(pages, f"{name}-{scheme}-{width}")
                findings = Axe().run(pages)
                assert findings.violations_count == 0, findings.generate_report()
                assert pages.evaluate("document.documentElement.scrollWidth <= innerWidth"), (name, width)


def test_two_articles_are_compared_joined_and_separated_by_click(pages, articles):
    first, second = articles[3:]
    pages.goto(LIST)
    pages.locator("li", has_text=f"#{second.pk} ").get_by_role("link", name="Compare").click()
    pages.get_by_label("Note (optional)").fill("同一条")
    pages.get_by_role("button", name=f"Keep #{second.pk}").click()
    expect(pages.locator(".messagelist")).to_contain_text(f"Joined with #{second.pk}.")
    assert [Article.objects.get(pk=article.pk).status for article in (first, second)] == [
        Status.DECLINED,
        Status.DRAFT,
    ]
    pages.get_by_role("link", name="Look at the two again").click()
    shoot(pages, "joined")
    pages.get_by_role("button", name="Separate them").click()
    expect(pages.locator(".messagelist")).to_contain_text("Separated.")
    assert Article.objects.get(pk=first.pk).status == Status.DRAFT


def test_what_the_list_shows_is_downloaded_by_click(pages, articles):
    pages.goto("/admin/articles/article/?status__exact=published")
    pages.click(".downloads summary")
    with pages.expect_download() as download:
        pages.get_by_role("link", name="JSON Lines").click()
    lines = Path(download.value.path()).read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1
    assert articles[1].title in lines[0]
