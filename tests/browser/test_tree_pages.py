"""A vocabulary arranged as a tree in a browser: by typing, by choosing with keys, by dragging; and what readers see of it."""

import pytest
from playwright.sync_api import Page, expect

from articles.search import drain
from taxonomy.models import Technology
from tests.browser.looking import Enter, look, look_at
from tests.factories import make_article, make_term

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TREE = "/admin/taxonomy/technology/tree/"


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


def test_the_pages_fit_and_are_accessible(window: Enter, chief: str, forest, no_index, complaints: list[str]):
    drain.rebuild()
    sora, video = Technology.objects.get(name="Sora"), Technology.objects.get(name="视频生成")
    start, page = "/admin/taxonomy/technology", window(chief)
    look_at(
        page,
        TREE,
        f"{TREE}?term=可灵",
        f"{start}/{sora.pk}/change/",
        f"{start}/merge/?ids={video.pk},{sora.pk}&into={sora.pk}",
        f"{start}/move/?ids={video.pk}&to=keyword",
        "/technologies/大模型/",
        "/technologies/sora/",
    )
    Technology.objects.filter(pk=sora.pk).update(confirmed=False)
    assert page.goto("/technologies/sora/").status == 410
    look(page, "gone")
    assert "410" in complaints.pop(0)
