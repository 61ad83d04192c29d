"""Possible duplicates and downloads in a real browser: joined by click, without findings of axe, light, dark, narrow."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from articles import duplicates
from articles.models import Article, DuplicatePair, Status
from tests.browser.looking import Enter, look, look_at
from tests.factories import make_article

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LIST = "/admin/articles/duplicatepair/"
TEXT = (
    "一家城市书店从春天开始试用选书助手，读者在手机上说出想读的内容，助手从库存里挑出三本并说明理由。"
    "店员说，前两周读者多半是好奇，第三周起开始有人专门为它而来；也有读者抱怨它总是推荐畅销书。"
    "书店把试用期延长到年底，并请助手的开发者把本地作者的书排在前面。"
) * 4


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


def test_the_pages_have_no_findings_light_and_dark_wide_and_narrow(window: Enter, chief: str, articles):
    page = window(chief, english=True)
    look_at(page, LIST, f"{LIST}{DuplicatePair.objects.waiting().first().pk}/")
    page.goto("/admin/articles/article/")
    page.click(".downloads summary")
    look(page, "downloads")


def test_two_articles_are_compared_joined_and_separated_by_click(enter: Enter, chief: str, articles):
    page = enter(chief, english=True)
    first, second = articles[3:]
    page.goto(LIST)
    page.locator("li", has_text=f"#{second.pk} ").get_by_role("link", name="Compare").click()
    page.get_by_label("Note (optional)").fill("同一条")
    page.get_by_role("button", name=f"Keep #{second.pk}").click()
    expect(page.locator(".messagelist")).to_contain_text(f"Joined with #{second.pk}.")
    assert [Article.objects.get(pk=article.pk).status for article in (first, second)] == [
        Status.DECLINED,
        Status.DRAFT,
    ]
    page.get_by_role("link", name="Look at the two again").click()
    look(page, "joined")
    page.get_by_role("button", name="Separate them").click()
    expect(page.locator(".messagelist")).to_contain_text("Separated.")
    assert Article.objects.get(pk=first.pk).status == Status.DRAFT


def test_what_the_list_shows_is_downloaded_by_click(enter: Enter, chief: str, articles):
    page = enter(chief, english=True)
    page.goto("/admin/articles/article/?status__exact=published")
    page.click(".downloads summary")
    with page.expect_download() as download:
        page.get_by_role("link", name="JSON Lines").click()
    lines = Path(download.value.path()).read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1
    assert articles[1].title in lines[0]
