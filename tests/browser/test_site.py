"""The public site in a browser: by mouse and keyboard, on a phone, in the dark, on paper, with scripts off."""

from datetime import timedelta
from urllib.parse import unquote

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from articles.models import Article
from articles.search.index import rebuild
from tests.browser.looking import Enter, fits, look, look_at
from tests.factories import make_article, make_source, make_term

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TITLE = "今日影评|郭帆:面对AI,我选择希望跟乐观的方向"


@pytest.fixture
def article(no_index: None) -> Article:
    """One among many, all of them in a search index of this test's own."""
    article = make_site()
    rebuild()
    return article


def make_site() -> Article:
    make_source("1905.com", name="电影网")
    make_term("Midjourney", aliases=["MJ"], description="图像生成工具。")
    now = timezone.now()
    for number in range(22):
        make_article(
            f"新的视频模型把一分钟镜头的成本压到原来的二十分之一（{number}）",
            publish=True,
            published_at=now - timedelta(hours=5 * number**2 + 1),
            technologies=["Sora", f"技术{number}"],
            industries=["影视制作"],
            keywords=["成本"],
            origin=["machine", "edited", "verified"][number % 3],
            points=[("公布了方法与评测", "研究团队公开了方法。"), ("两家公司开始试用", "")],
        )
    return make_article(
        TITLE,
        publish=True,
        source="1905.com",
        url="https://www.1905.com/news/20240318/1666576.shtml",
        also_at=["https://m.1905.com/" + "a" * 200, "javascript:alert(1)"],
        summary="人类历史的车轮不断向前。" * 40,
        intro="一次关于电影工业与人工智能的访谈。",
        conclusion="应当通过实践与尝试去发现它真正的优势。",
        points=[
            ("工具的迭代速度", "以天为单位。"),
            ("版权问题", "确权变得复杂。"),
            ("", "没有标题的一点。" + "W" * 120),
        ],
        technologies=["Sora", "Midjourney"],
        industries=["电影", "版权"],
        keywords=["郭帆"],
        source_date="2024-03-18",
        source_date_origin="url",
    )


def addresses(article: Article) -> list[str]:
    """One of every kind of public page, and of every state that a list can be in."""
    return [
        "/",
        "/articles/",
        "/articles/?q=电影",
        "/articles/?q=mj&sort=newest",
        "/articles/?q=电影 没有的词",
        "/articles/?q=没有的词",
        "/articles/?technology=sora&technology=midjourney&industry=电影",
        "/articles/?technology=nothing",
        "/articles/?keyword=郭帆&industry=影视制作",
        article.get_absolute_url(),
        "/technologies/midjourney/",
        "/technologies/",
        "/industries/",
        "/keywords/",
        "/events/",
        "/atlas/",
        f"/days/{timezone.localdate(article.published_at)}/",
    ]


def test_a_reader_gets_from_the_front_page_by_a_list_to_an_article(page: Page, article: Article):
    page.goto("/")
    page.locator(".masthead nav a", has_text="全部文章").click()
    expect(page.locator(".entry")).to_have_count(20)
    page.locator(".facets a", has_text="Midjourney").click()
    expect(page.locator(".chips li")).to_have_count(1)
    expect(page.locator(".entry h3")).to_have_text([TITLE])
    page.locator(".entry h3 a").click()
    expect(page.locator("h1")).to_have_text(TITLE)
    expect(page.locator(".original a")).to_have_attribute("href", article.url)
    page.locator(".anchor").nth(1).click()
    assert page.url.endswith("#p2")


def test_a_search_marks_what_it_found_and_its_facets_count_what_they_open(page: Page, article: Article):
    page.goto("/")
    page.fill(".masthead [name=q]", "访谈")
    page.keyboard.press("Enter")
    expect(page.locator(".entry h3")).to_have_text([TITLE])
    expect(page.locator("mark").first).to_have_text("访谈")
    expect(page.locator(".masthead [name=q]")).to_have_value("访谈")
    page.goto("/articles/")
    facet = page.locator(".facets a", has_text="影视制作")
    number = int(facet.locator("data").inner_text())
    facet.click()
    expect(page.locator(".facets a[aria-current]")).to_have_text(f"影视制作 {number}")
    expect(page.locator(".result-line .count")).to_contain_text(str(number))
    page.locator(".facets a[aria-current]").click()
    assert unquote(page.url).endswith("/articles/?")


def test_a_search_without_a_hit_says_what_to_leave_out(page: Page, article: Article):
    page.goto("/articles/?q=访谈 没有的词")
    page.locator(".nothing a", has_text="没有的词").click()
    expect(page.locator(".entry h3")).to_have_text([TITLE])


def test_everything_works_with_scripts_off(enter: Enter, article: Article):
    page = enter(width=390, java_script_enabled=False)
    page.goto("/")
    page.fill(".masthead [name=q]", "sora")
    page.locator(".masthead .search button").click()
    page.locator(".facets summary").click()
    page.locator(".facets a", has_text="Midjourney").click()
    page.locator(".entry h3 a").click()
    expect(page.locator("h1")).to_have_text(TITLE)


def test_an_error_page_offers_a_search(enter: Enter, article: Article, complaints: list[str]):
    page = enter()
    assert page.goto("/nothing/").status == 404
    look(page, "nothing")
    assert "404" in complaints.pop(0)
    page.fill(".error [name=q]", "访谈")
    page.keyboard.press("Enter")
    expect(page.locator(".entry h3")).to_have_text([TITLE])


def test_a_page_is_small_stands_still_and_asks_nobody_else(page: Page, live_server, article: Article):
    shifts = """() => new Promise((done) => {
        let sum = 0;
        const add = (list) => list.getEntries().forEach((entry) => { sum += entry.value; });
        new PerformanceObserver(add).observe({type: 'layout-shift', buffered: true});
        requestAnimationFrame(() => setTimeout(() => done(sum), 100));
    })"""
    sizes: dict[str, int] = {}
    page.on("response", lambda response: sizes.update({response.url: len(response.body())}))
    for address in addresses(article):
        sizes.clear()
        page.goto(address, wait_until="networkidle")
        assert page.evaluate(shifts) == 0, address
        assert [url for url in sizes if not url.startswith(live_server.url)] == []
        assert 0 < sum(sizes.values()) < 100_000, address


def test_a_chip_takes_its_filter_away_and_paging_leads_on_and_back(page: Page, article: Article):
    page.goto("/articles/?technology=midjourney")
    page.locator(".chips a").first.click()
    expect(page.locator(".chips")).to_have_count(0)
    page.locator(".paging .older").click()
    expect(page.locator(".entry")).to_have_count(3)
    page.locator(".paging .newer").click()
    expect(page.locator(".entry h3").first).to_have_text(TITLE)


def test_the_keyboard_reaches_the_content_at_once(page: Page, article: Article):
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    expect(page.locator(".skip")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_the_language_switch_stays_on_the_page(page: Page, article: Article):
    page.goto("/technologies/midjourney/?x=1")
    page.locator("footer a", has_text="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert page.url.endswith("/technologies/midjourney/?x=1")


def test_nothing_scrolls_sideways_on_a_phone_and_filters_unfold(enter: Enter, article: Article):
    page = enter(width=390)
    for address in addresses(article):
        page.goto(address)
        fits(page)
    page.goto("/articles/")
    expect(page.locator(".facets a").first).not_to_be_visible()
    page.locator(".facets summary").click()
    expect(page.locator(".facets a").first).to_be_visible()


def test_axe_finds_nothing_to_complain_about(window: Enter, article: Article):
    look_at(window(), *addresses(article))


def test_dark_is_dark_and_print_leaves_the_navigation_out(page: Page, article: Article):
    page.goto(article.get_absolute_url())
    background = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(background) == "rgb(251, 249, 245)"
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(background) == "rgb(20, 19, 16)"
    page.emulate_media(media="print")
    expect(page.locator(".masthead nav")).not_to_be_visible()
    expect(page.locator(".search")).not_to_be_visible()
    expect(page.locator(".points")).to_be_visible()
