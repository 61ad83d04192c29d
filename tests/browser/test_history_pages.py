"""The history of an article in a browser: chosen, compared, restored; by keyboard, on a phone, in the dark."""

import pytest
from playwright.sync_api import Page, expect

from articles import editing
from articles.models import Article
from tests.browser.looking import Enter, look_at
from tests.factories import make_article

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TEXT = (
    "导演郭帆在上海电影节上表示，人工智能将改变电影制作的每一个环节。他说，剧组已经在三部影片里用了MID journey。"
    * 4
)
POINTS = [("发布", "公司在北京发布新模型。"), ("价格", "每月二十元。"), ("反响", "用户称赞速度。")]


@pytest.fixture
def article() -> Article:
    article = make_article("旧的标题", summary=TEXT, points=POINTS, keywords=["电影", "版权"], base=SEED)
    for changes in (
        {"title": "新的标题", "keywords": ["版权", "导演"]},
        {
            "summary": TEXT.replace("上海", "北京", 1).replace("三部", "五部", 1),
            "points": [
                {"heading": h, "body": b.replace("北京", "上海")} for h, b in [*POINTS[1:], POINTS[0]]
            ],
            "conclusion": "结语",
        },
    ):
        editing.save(article, changes, by=None, note="核对过")
    return article


SEED = {
    "title": "种子的标题", "url": "https://example.com/seed", "also_at": [], "summary": TEXT, "source_date": None,
    "source_date_origin": "", "extra": {}, "keywords": ["电影"], "technologies": [], "industries": [],
    "intro": "", "points": [], "conclusion": "",
}  # fmt: skip


def addresses(article: Article) -> list[str]:
    start = f"/admin/articles/article/{article.pk}"
    return [
        f"{start}/versions/",
        f"{start}/compare/?from=1&to=3",
        f"{start}/compare/?from=2&to=3&view=side",
        f"{start}/compare/?from=seed&to=live",
        f"{start}/versions/2/",
    ]


def test_two_versions_are_chosen_compared_and_one_restored(desk: Page, article: Article):
    desk.goto(f"/admin/articles/article/{article.pk}/history/")
    desk.check("[name=from][value='2']")
    desk.check("[name=to][value='3']")
    desk.click(".desk-answer [type=submit]")
    assert desk.locator(".desk-change h2").count() == 3
    expect(desk.locator(".desk-text del").first).to_contain_text("上海")
    expect(desk.locator(".desk-text ins").first).to_contain_text("北京")
    desk.locator(".desk-fold summary").first.click()
    desk.locator(".desk-side a").first.click()
    desk.fill("#id_note", "还是这一版")
    desk.click(".desk-answer [type=submit]")
    expect(desk.locator(".messagelist .success")).to_be_visible()
    assert editing.live(article)["conclusion"] == ""
    assert article.revisions.first().note.endswith("还是这一版")


def test_axe_finds_nothing_and_no_page_scrolls_sideways(window: Enter, chief: str, article: Article):
    look_at(window(chief), *addresses(article))


def test_no_page_of_the_history_breaks_the_policy(desk: Page, article: Article):
    """The page fixture fails on any complaint in the console."""
    for address in addresses(article):
        assert desk.goto(address).ok


def test_what_was_removed_or_added_has_another_sign_than_its_colour(desk: Page, article: Article):
    desk.goto(addresses(article)[1])
    for tag, line in (("del", "line-through"), ("ins", "underline")):
        style = f"getComputedStyle(document.querySelector('.desk-text {tag}')).textDecorationLine"
        assert desk.evaluate(style) == line
