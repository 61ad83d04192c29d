"""A vocabulary arranged as a tree in a browser: by typing, by choosing with keys, by dragging; and what readers see of it."""

import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from articles.search import drain
from taxonomy.models import Technology
from tests.factories import make_article, make_term

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TREE = "/admin/taxonomy/technology/tree/"
SHOTS = os.environ.get("SHOTS")  # a folder for pictures to look at


def lines() -> dict[str, str]:
    return dict(Technology.objects.exclude(parent=None).values_list("name", "parent__name"))


@pytest.fixture
def forest() -> None:
    models = make_term(
        "大模型",
        description="**大模型**是参数很多的模型。\n\n- 语言\n- 视频\n\n见[百科](https://example.com/)。",
    )
    video = make_term("视频生成", parent=models, aliases=["文生视频"])
    make_term("Sora", parent=video)
    make_term("语言模型", parent=models)
    make_term("新来的", parent=models, confirmed=False)
    make_term("可灵", aliases=["Kling"])
    make_term("机器人")
    make_term("人形机器人", parent=Technology.objects.get(name="机器人"))
    for name in ("大模型", "视频生成", "Sora", "语言模型"):
        make_article(f"{name}的新闻", technologies=[name], publish=True)


def test_a_term_is_typed_with_suggestions_chosen_with_keys_and_dragged(desk: Page, forest):
    desk.goto(TREE)
    desk.locator("#id_term").press_sequentially("klin")
    expect(desk.locator("#id_term-names option")).to_have_attribute("value", "可灵")
    desk.fill("#id_term", "Kling")
    desk.fill("#id_under", "文生视频")
    desk.press("#id_under", "Enter")
    expect(desk.locator(".messagelist")).to_contain_text("可灵")
    assert lines()["可灵"] == "视频生成"
    desk.goto(TREE)
    desk.locator("[data-term=可灵] > .tree-line .tree-choose").press("Enter")
    desk.locator("[data-term=语言模型] > .tree-line button").press("Enter")
    expect(desk.locator(".messagelist")).to_contain_text("语言模型")
    assert lines()["可灵"] == "语言模型"
    desk.goto(TREE)
    desk.locator("[data-term=视频生成] > .tree-line").drag_to(desk.locator("[data-term=机器人] > .tree-line"))
    expect(desk.locator(".messagelist")).to_contain_text("视频生成")
    assert (lines()["视频生成"], lines()["Sora"]) == ("机器人", "视频生成")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_pages_fit_and_are_accessible(
    desk: Page, browser: Browser, live_server, forest, settings, tmp_path: Path, scheme, width
):
    settings.VAR_DIR = tmp_path
    drain.rebuild()
    context = browser.new_context(
        base_url=live_server.url,
        storage_state=desk.context.storage_state(),
        bypass_csp=True,  # axe puts styles into the page
        color_scheme=scheme,
        viewport={"width": width, "height": 900},
    )
    page = context.new_page()
    sora, video = Technology.objects.get(name="Sora"), Technology.objects.get(name="视频生成")
    for name, address in {
        "tree": TREE,
        "chosen": f"{TREE}?term=可灵",
        "form": f"/admin/taxonomy/technology/{sora.pk}/change/",
        "merge": f"/admin/taxonomy/technology/merge/?ids={video.pk},{sora.pk}&into={sora.pk}",
        "move": f"/admin/taxonomy/technology/move/?ids={video.pk}&to=keyword",
        "term": "/technologies/大模型/",
        "leaf": "/technologies/sora/",
    }.items():
        assert page.goto(address).ok
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
        if SHOTS:
            page.screenshot(path=f"{SHOTS}/{name}-{width}-{scheme}.png", full_page=True)
        report = Axe().run(page)
        assert report.violations_count == 0, f"{address}\n{report.generate_report()}"
    Technology.objects.filter(pk=sora.pk).update(confirmed=False)
    assert page.goto("/technologies/sora/").status == 410
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/gone-{width}-{scheme}.png", full_page=True)
    assert Axe().run(page).violations_count == 0
    context.close()
