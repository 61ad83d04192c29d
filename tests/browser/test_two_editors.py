"""Two editors in two browsers save the same entry: what was typed is saved onto what the other has saved."""

import pytest
from playwright.sync_api import Page, expect

from articles import editing
from articles.models import Article
from tests.browser.looking import Enter, look
from tests.factories import make_article, make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

POINTS = [("发布", "屿光发布芯片。"), ("规格", "集成420亿个晶体管。"), ("评价", "业内看好。")]


@pytest.fixture
def article() -> Article:
    return make_article("芯片发布", intro="旧导语", points=POINTS, keywords=["芯片"])


def editor(enter: Enter, article: Article, **options) -> Page:
    page = enter(make_user(is_staff=True, is_superuser=True).username, english=True, **options)
    page.goto(f"/admin/articles/article/{article.pk}/change/")
    return page


@pytest.mark.parametrize("scripts", [True, False])
def test_the_second_loses_nothing_and_chooses_only_what_both_changed(
    enter: Enter, article: Article, scripts: bool
):
    first = editor(enter, article)
    second = editor(enter, article, java_script_enabled=scripts)
    second.fill("#id_title", "二号的标题")
    second.fill("#id_points-0-body", "二号改的第一点。")
    second.fill("#id_conclusion", "二号的结语")
    first.fill("#id_title", "一号的标题")
    first.fill("#id_points-2-body", "一号改的第三点。")
    first.click("[name=_continue]")
    expect(first.locator(".messagelist .success")).to_be_visible()
    second.click("[name=_continue]")
    panel = second.locator(".desk-stale")
    expect(panel.locator("legend")).to_have_text(["Title"])
    expect(second.locator("#id_conclusion")).to_have_value("二号的结语")
    panel.get_by_label("Mine", exact=True).check()
    second.click("[name=onto]")
    expect(second.locator(".messagelist .success")).to_be_visible()
    said = editing.text(Article.objects.get())
    assert (said["title"], said["conclusion"]) == ("二号的标题", "二号的结语")
    assert [point["body"] for point in said["points"]] == [
        "二号改的第一点。",
        POINTS[1][1],
        "一号改的第三点。",
    ]


def test_axe_finds_nothing_and_nothing_scrolls_sideways(window: Enter, article: Article):
    page = editor(window, article)
    page.fill("#id_title", "我的标题" * 20)
    page.fill("#id_points-0-body", "我改的要点。")
    other = make_user("李四", is_superuser=True)
    changes = {"title": "别人的标题", "intro": "别人的导语", "points": []}
    editing.save(Article.objects.get(), changes, by=other, note="核对过原文")
    page.click("[name=_continue]")
    expect(page.locator(".desk-stale")).to_be_visible()
    look(page, "a stale form")


def test_a_part_of_many_points_is_edited_by_its_numbers(enter: Enter):
    article = make_article("很多", points=[("", f"第{n}点") for n in range(1, 251)])
    page = editor(enter, article)
    page.click(".points-ways a")
    rows = page.locator(".points-list > .point")
    expect(rows).to_have_count(50)
    expect(page.locator("#id_points-0-place")).to_have_value("201")
    rows.nth(1).locator("[data-act=up]").click()
    expect(page.locator(".points-said")).to_have_text("Point 202 is now point 201.")
    page.fill("#id_points-2-body", "改过的第203点")
    page.click("[data-act=add]")
    page.keyboard.type("最后一点")
    page.click("[name=_continue]")
    expect(page.locator(".messagelist .success")).to_be_visible()
    expect(page.locator("#id_points-0-place")).to_have_value("201")
    texts = [point.heading + point.body for point in article.points.all()]
    assert texts[199:204] == ["第200点", "第202点", "第201点", "改过的第203点", "第204点"]
    assert (texts[-1], len(texts)) == ("最后一点", 251)
