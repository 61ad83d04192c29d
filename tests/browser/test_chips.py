"""Suggested terms below the fields of an article: pressed, they go into the field. And the rules that are learned."""

import pytest
from playwright.sync_api import Page, expect

from articles import editing
from articles.models import Article
from taxonomy.models import Rule
from tests.browser.looking import Enter, look_at
from tests.factories import make_article, make_term
from tests.test_rules_pages import LIST, make_rule, page_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def article() -> Article:
    for name in ("Sora", "视频生成", "扩散模型"):
        make_term(name)
    return make_article("Sora 与视频生成", summary="扩散模型", technologies=["扩散模型"])


def offered(page: Page) -> list[str]:
    return page.locator("#id_technologies ~ .terms-chips label:visible span").all_inner_texts()


def names(page: Page) -> list[str]:
    return page.locator("#id_technologies").evaluate("box => Array.from(box.selectedOptions, (o) => o.value)")


def test_chips_go_into_the_field_by_mouse_and_by_keys_and_come_back(desk: Page, article: Article):
    desk.goto(f"/admin/articles/article/{article.pk}/change/")
    assert offered(desk) == ["Sora", "视频生成"]
    desk.get_by_label("视频生成").focus()
    desk.keyboard.press("Enter")
    assert (names(desk), offered(desk)) == (["扩散模型", "视频生成"], ["Sora"])
    expect(desk.get_by_label("Sora")).to_be_focused()
    desk.get_by_text("Sora", exact=True).last.click()
    assert (names(desk), offered(desk)) == (["扩散模型", "视频生成", "Sora"], [])
    expect(desk.locator("#id_technologies + .select2 .select2-selection__choice")).to_have_count(3)
    desk.locator("#id_technologies + .select2 .select2-selection__choice__remove").nth(1).click()
    desk.keyboard.press("Escape")
    assert (names(desk), offered(desk)) == (["扩散模型", "Sora"], ["视频生成"])
    desk.locator("input[name=_continue]").click()
    expect(desk.locator(".messagelist .success")).to_be_visible()
    assert editing.text(article)["technologies"] == ["扩散模型", "Sora"]
    assert offered(desk) == ["视频生成"]


def test_a_rule_is_looked_at_and_accepted(desk: Page):
    rule = make_rule()
    make_article(technologies=["LLM"])
    desk.goto(LIST)
    desk.locator("#result_list th.field-says a").click()
    desk.locator("button[name=accept]").click()
    expect(desk.locator(".messagelist .success")).to_contain_text("LLM")
    assert Rule.objects.get(pk=rule.pk).decision == "accepted"


def test_the_pages_fit_and_are_accessible(window: Enter, chief: str, article: Article):
    look_at(window(chief), f"/admin/articles/article/{article.pk}/change/", LIST, page_of(make_rule()))
