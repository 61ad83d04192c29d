"""Term pages, indexes, atlas, events and days as a reader with a phone, a keyboard or a dark screen meets them."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from articles.search import drain
from tests.browser.looking import Enter, look_at
from tests.factories import make_article, make_term

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TECHNOLOGIES = ["Sora", "视频生成", "智能体", "Stable Diffusion", "多智能体协作框架"]
INDUSTRIES = ["电影", "医疗", "法律", "Getty Images 素材库", "汽车", "教育", "农业", "能源", "零售"]


@pytest.fixture(autouse=True)
def library(no_index: None) -> None:
    make_term("Sora", aliases=["索拉"], description="文字生成视频的模型。")
    now = timezone.now()
    for number in range(24):
        make_article(
            f"新的视频模型把一分钟镜头的成本压到原来的二十分之一（{number}）",
            publish=True,
            published_at=now - timedelta(days=21 * number),
            technologies=TECHNOLOGIES[: 1 + number % 5],
            industries=INDUSTRIES[: 1 + number % 9],
            keywords=["成本", f"词{number}"],
            origin="edited",
            points=[("公布了方法与评测", "研究团队公开了方法。"), ("", "两家公司开始试用" * 12)],
        )
    drain.rebuild()


def addresses() -> list[str]:
    return [
        "/technologies/sora/",
        "/keywords/",
        "/industries/?sort=pinyin",
        "/keywords/?sort=pinyin&letter=C",
        "/atlas/",
        "/atlas/?since=x",
        "/events/",
        "/events/?technology=sora&industry=电影",
        "/events/?technology=nothing",
        f"/days/{timezone.localdate()}/",
        "/days/2001-01-01/",
    ]


@pytest.mark.parametrize("width", [1280, 768, 390])
def test_axe_finds_nothing_to_complain_about_and_nothing_scrolls_sideways(window: Enter):
    look_at(window(), *addresses())


def test_a_cell_of_the_atlas_opens_the_list_it_counts(page: Page):
    page.goto("/atlas/")
    cell = page.locator(".atlas tbody tr", has_text="智能体").locator("td a").first
    number = int(cell.inner_text())
    cell.click()
    expect(page.locator(".entry")).to_have_count(number)
    expect(page.locator(".chips li:not(.all)")).to_have_count(2)


def test_the_atlas_scrolls_in_its_own_frame_and_its_first_column_stays(enter: Enter):
    page = enter(width=390)
    page.goto("/atlas/")
    frame, head = page.locator(".atlas"), page.locator(".atlas tbody th").first
    before = head.bounding_box()["x"]
    frame.focus()
    for _step in range(10):
        page.keyboard.press("ArrowRight")
    expect(page.locator(".atlas tbody td").first).not_to_be_in_viewport(ratio=0.9)
    assert head.bounding_box()["x"] == pytest.approx(before, abs=3)  # the gap between the cells


def test_the_labels_of_a_chart_can_be_read_on_a_phone_and_its_figures_unfold(enter: Enter):
    page = enter(width=390)
    page.goto("/technologies/sora/")
    heights = page.eval_on_selector_all(
        ".chart text",
        "texts => texts.map(text => parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().d)",
    )
    assert heights and min(heights) >= 12
    expect(page.locator(".chart table")).not_to_be_visible()
    page.locator(".chart summary").click()
    row = page.locator(".chart tbody tr").first
    number = int(row.locator("td").inner_text())
    row.locator("a").click()
    expect(page.locator(".entry")).to_have_count(number)


def test_a_point_of_the_timeline_opens_its_place_in_the_article(page: Page):
    page.goto("/events/")
    page.locator(".timeline li a").nth(1).click()
    assert page.url.endswith("#p2")
    expect(page.locator("#p2")).to_be_in_viewport()


def test_the_timeline_narrows_to_a_month_and_back(page: Page):
    page.goto("/events/")
    page.locator(".months a").first.click()
    expect(page.locator(".months [aria-current]")).to_have_count(1)
    expect(page.locator(".timeline .month")).to_have_count(1)
    page.locator(".chips a").first.click()
    expect(page.locator(".months [aria-current]")).to_have_count(0)


def test_a_letter_leads_to_its_terms_and_a_term_to_its_page(page: Page):
    page.goto("/industries/")
    page.locator(".order a").nth(1).click()
    page.locator(".letters a", has_text="N").click()
    expect(page.locator("#letter-N")).to_be_in_viewport()
    page.locator("#letter-N a").first.click()
    expect(page.locator("h1")).to_have_text("能源")


def test_a_day_leads_to_the_day_before(page: Page):
    page.goto(f"/days/{timezone.localdate()}/")
    expect(page.locator(".entry")).to_have_count(1)
    page.locator(".paging.days .older").click()
    expect(page.locator(".entry h3")).to_have_text("新的视频模型把一分钟镜头的成本压到原来的二十分之一（1）")
