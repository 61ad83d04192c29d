"""Terms merged, looked at and put back in a browser; wide and narrow, light and dark."""

import pytest
from playwright.sync_api import expect

from taxonomy.merge import merge
from taxonomy.models import Technology
from tests.browser.looking import Enter, look_at
from tests.factories import make_article, make_term

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_two_terms_are_merged_from_the_list_and_the_merge_is_undone(desk):
    make_article(technologies=["LLM", "大语言模型"], publish=True)
    make_article(technologies=["LLM"], publish=True)
    desk.goto("/admin/taxonomy/technology/")
    for box in desk.locator("input.action-select").all():
        box.check()
    desk.select_option("[name=action]", "merge_selected")
    desk.click("button[name=index]")
    survivor = Technology.objects.get(name="大语言模型")
    desk.check(f"[name=into][value='{survivor.pk}']")
    desk.click("[name=do]")
    # It told of the other one: first it shows what this choice does.
    expect(desk.locator("[name=seen]")).to_have_value(str(survivor.pk))
    expect(desk.locator(".terms-preview tbody td")).to_have_text(["2", "1", "1"])
    desk.click("[name=do]")
    expect(desk.locator(".messagelist .success")).to_contain_text("LLM → 大语言模型")
    desk.goto("/technologies/llm/")
    assert desk.url.endswith(survivor.get_absolute_url())
    desk.goto("/admin/taxonomy/merge/")
    desk.click(".field-standing a")
    desk.click("button.default")
    expect(desk.locator(".messagelist .success")).to_be_visible()
    desk.goto("/technologies/llm/")
    assert desk.url.endswith("/technologies/llm/")


def test_the_pages_fit_and_are_accessible(window: Enter, chief: str):
    a, b = make_term("大语言模型"), make_term("LLM" * 30, confirmed=False)
    record = merge([make_term("A")], into=make_term("B"), by=None)
    start = "/admin/taxonomy/technology"
    look_at(
        window(chief),
        f"{start}/merge/?ids={a.pk},{b.pk}",
        f"{start}/move/?ids={a.pk},{b.pk}&to=keyword",
        f"{start}/{a.pk}/aliases/",
        f"/admin/taxonomy/merge/{record.pk}/undo/",
        "/admin/taxonomy/merge/",
    )
