"""Triage in a browser: a queue worked through by keys, and on a telephone by hand."""

import pytest
from playwright.sync_api import Page, expect

from articles.models import Article, Status
from tests.browser.looking import Enter, look_at
from tests.factories import make_article, make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TRIAGE = "/admin/articles/article/triage/"


@pytest.fixture
def entries() -> list[Article]:
    """Four of them, in the order of the queue."""
    return [
        make_article(
            title, technologies=["大模型"], points=[("要点", "正文")], url=f"https://example.com/{number}"
        )
        for number, title in enumerate(("第四条", "第三条", "第二条", "第一条"))
    ][::-1]


def title(page: Page):
    return page.locator("#triage-title")


def test_a_queue_is_worked_through_by_keys(desk: Page, entries: list[Article]):
    first, second, third, fourth = entries
    desk.goto(TRIAGE)
    expect(title(desk)).to_have_text("第一条")
    desk.keyboard.press("j")
    expect(title(desk)).to_have_text("第二条")
    desk.keyboard.press("ArrowDown")
    expect(title(desk)).to_have_text("第三条")
    desk.keyboard.press("k")
    expect(title(desk)).to_have_text("第二条")
    desk.keyboard.press("ArrowUp")
    expect(title(desk)).to_have_text("第一条")

    desk.keyboard.press("t")
    expect(desk.locator(".messagelist .success")).to_contain_text("第一条")
    expect(title(desk)).to_have_text("第一条")
    assert Article.objects.get(pk=first.pk).assigned_to.username == "chief"

    desk.keyboard.press("e")
    desk.keyboard.type("jkt、")  # letters that are keys elsewhere
    expect(desk.locator("#id_keywords + .select2 .select2-selection__choice")).to_have_text(["×jkt"])
    desk.keyboard.press("Escape")
    desk.locator(".triage-terms button").click()
    expect(desk.locator(".messagelist .success")).to_be_visible()
    assert [term.name for term in first.keywords.all()] == ["jkt"]

    desk.locator("#triage-title").click()
    desk.keyboard.press("s")
    expect(title(desk)).to_have_text("第二条")
    desk.keyboard.press("d")
    expect(desk.locator("#triage-reason")).to_be_focused()
    desk.keyboard.type("just old")
    desk.keyboard.press("Enter")
    expect(title(desk)).to_have_text("第三条")
    desk.keyboard.press("d")
    desk.locator(".triage-suggestions button").first.click()
    assert desk.input_value("#triage-reason") == desk.locator(".triage-suggestions button").first.inner_text()
    desk.keyboard.press("Escape")
    desk.keyboard.press("?")
    expect(desk.locator("#triage-keys")).to_be_visible()
    desk.keyboard.press("j")  # not behind the dialog
    desk.locator("#triage-keys-on").uncheck()
    desk.keyboard.press("Escape")
    expect(desk.locator("#triage-keys")).not_to_be_visible()
    desk.keyboard.press("j")
    desk.reload()
    desk.keyboard.press("j")
    expect(title(desk)).to_have_text("第三条")
    assert [Article.objects.get(pk=entry.pk).status for entry in entries] == [
        Status.IN_REVIEW,
        Status.DECLINED,
        Status.DRAFT,
        Status.DRAFT,
    ]
    assert Article.objects.get(pk=second.pk).revisions.first().note == "just old"


def test_on_a_telephone_the_list_leads_to_the_entry_and_back(desk: Page, entries: list[Article]):
    desk.set_viewport_size({"width": 390, "height": 800})
    desk.goto(TRIAGE)
    expect(desk.locator(".triage-list")).to_be_visible()
    expect(title(desk)).not_to_be_visible()
    desk.get_by_role("link", name="第二条").click()
    expect(title(desk)).to_have_text("第二条")
    expect(desk.locator(".triage-list")).not_to_be_visible()
    desk.locator("#triage-reason").fill("过时")
    desk.locator(".triage-decline button[type=submit]").click()
    expect(title(desk)).to_have_text("第三条")
    desk.locator(".triage-back").click()
    expect(desk.locator(".triage-list li")).to_have_count(3)
    desk.locator(".triage-list [name=pick]").nth(0).check()
    desk.locator(".triage-list [name=pick]").nth(2).check()
    desk.locator(".triage-several [value=submit]").click()
    expect(desk.locator(".messagelist .success")).to_contain_text("第四条")
    expect(desk.locator(".triage-list li")).to_have_count(1)
    assert set(Article.objects.values_list("title", "status")) == {
        ("第一条", Status.IN_REVIEW),
        ("第二条", Status.DECLINED),
        ("第三条", Status.DRAFT),
        ("第四条", Status.IN_REVIEW),
    }


def test_axe_finds_nothing_to_complain_about_and_nothing_scrolls_sideways(
    window: Enter, chief: str, entries: list[Article]
):
    make_article("很" * 300 + "x" * 300, source=None, url="", url_key=None, summary="https://" + "y" * 500)
    pages = ("/admin/", TRIAGE, f"{TRIAGE}?id={entries[0].pk}", f"{TRIAGE}?reason=link")
    look_at(window(chief), *pages)


def test_without_scripts_an_entry_is_taken_on_and_declined(enter: Enter, chief: str, entries: list[Article]):
    page = enter(chief, java_script_enabled=False)
    page.goto(TRIAGE)
    page.locator("#triage-take").click()
    expect(title(page)).to_have_text("第一条")
    page.locator("#triage-reason").fill("过时")
    page.keyboard.press("Enter")
    expect(title(page)).to_have_text("第二条")
    expect(page.locator("#triage-help")).not_to_be_visible()
    assert Article.objects.get(pk=entries[0].pk).status == Status.DECLINED


def test_who_has_an_article_open_hears_that_somebody_else_has_and_has_saved(
    desk: Page, enter: Enter, entries: list[Article]
):
    address = f"/admin/articles/article/{entries[0].pk}/change/"
    other = enter(make_user("zhang", is_staff=True, is_superuser=True).username)
    desk.clock.install()
    desk.goto(address)
    expect(desk.locator("#desk-presence")).to_have_text("")
    other.goto(address)
    expect(other.locator("#desk-presence")).to_contain_text("chief")
    desk.fill("#id_title", "我正在写的")
    desk.clock.run_for(21_000)
    expect(desk.locator("#desk-presence")).to_contain_text("zhang")
    expect(desk.locator("#desk-presence a")).to_have_count(0)
    other.fill("#id_title", "先存的")
    other.click("[name=_continue]")
    expect(other.locator(".messagelist .success")).to_be_visible()
    desk.clock.run_for(21_000)
    expect(desk.locator("#desk-presence a")).to_be_visible()
    assert desk.input_value("#id_title") == "我正在写的"
