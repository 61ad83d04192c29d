"""Terms of many articles changed from the list, followed while the worker does it, and undone; in a browser."""

import pytest
from playwright.sync_api import Page, expect

from articles import retagging
from articles.models import Article, ArticleTechnology, Status
from taxonomy.models import Technology
from tests.browser.looking import Enter, look, look_at
from tests.factories import make_article, make_term, staff

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def archive() -> None:
    make_term("视频生成", aliases=["文生视频"])
    for number in range(3):
        make_article(f"第{number}篇待处理", technologies=["Sora"])
    make_article("已发布的一篇", technologies=["Sora", "视频生成"], publish=True)
    make_article("撤回的一篇", status=Status.WITHDRAWN)


def test_a_term_is_replaced_on_all_that_match_and_put_back(desk: Page):
    archive()
    desk.goto("/admin/articles/article/?technologies=sora")
    desk.click(".retag-all button")
    expect(desk.locator("[name=remove]")).to_have_value("Sora")
    expect(desk.locator("[name=add]")).to_have_attribute("list", "retag-add-names")
    desk.fill("[name=add]", "文生")
    expect(desk.locator("#retag-add-names option")).to_have_attribute("value", "视频生成")
    desk.fill("[name=add]", "视频生成")
    desk.click("[name=look]")
    assert ArticleTechnology.objects.filter(tag__name="Sora").count() == 4
    expect(desk.locator(".retag-total td")).to_have_text(["4", "4", "1", "4"])
    desk.click("[name=do]")
    expect(desk.locator(".messagelist .success")).to_be_visible()
    assert not ArticleTechnology.objects.filter(tag__name="Sora").exists()
    desk.click(".desk-answer .default")
    desk.click("button.default")
    expect(desk.locator(".messagelist .success")).to_be_visible()
    assert ArticleTechnology.objects.filter(tag__name="Sora").count() == 4


def test_the_record_follows_what_the_worker_does(desk: Page, monkeypatch):
    archive()
    monkeypatch.setattr(retagging, "AT_ONCE", 1)
    monkeypatch.setattr(retagging, "CHUNK", 2)
    desk.goto("/admin/articles/article/")
    for box in desk.locator("input.action-select").all():
        box.check()
    desk.select_option("[name=action]", "retag_selected")
    desk.click("button[name=index]")
    desk.fill("[name=add]", "视频生成")
    desk.click("[name=look]")
    desk.click("[name=do]")
    expect(desk.locator("progress")).to_have_attribute("value", "0")
    retagging.run_next()
    expect(desk.locator("progress")).to_have_attribute("value", "2")
    while retagging.run_next():
        pass
    expect(desk.locator("progress")).to_have_count(0)
    expect(desk.locator(".desk-answer .default")).to_be_visible()


def test_the_pages_fit_and_are_accessible(window: Enter, chief: str):
    archive()
    make_article("很长的标题" * 40, technologies=["Sora"], publish=True)
    everything = Article.objects.all()
    editor = staff("change_article")
    done, begun = (
        retagging.start(
            retagging.prepare(everything, by=editor),
            add=Technology.objects.get(name=name),
            by=editor,
            note="统一叫法",
        )
        for name in ("Sora", "视频生成")
    )
    retagging.run_now(done)
    page = window(chief)
    look_at(page, "/admin/articles/article/?technologies=sora")
    page.click(".retag-all button")
    look(page, "retag")
    page.fill("[name=add]", "视频生成")
    page.click("[name=look]")
    look(page, "retag-preview")
    records = (f"retag/{done.pk}/change/", f"retag/{done.pk}/undo/", f"retag/{begun.pk}/change/", "retag/")
    look_at(page, *(f"/admin/articles/{address}" for address in (*records, "article/triage/")))
