"""Terms merged, looked at and put back in a browser; wide and narrow, light and dark."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from taxonomy.merge import merge
from taxonomy.models import Technology
from tests.factories import make_article, make_term, make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def desk(page: Page) -> Page:
    make_user("chief", is_staff=True, is_superuser=True)
    page.goto("/admin/")
    page.fill("#id_username", "chief")
    page.fill("#id_password", "password")
    page.click("[type=submit]")
    return page


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


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_pages_fit_and_are_accessible(desk, browser: Browser, live_server, scheme, width):
    a, b = make_term("大语言模型"), make_term("LLM" * 30, confirmed=False)
    record = merge([make_term("A")], into=make_term("B"), by=None)
    # Axe puts styles into the page, which the policy forbids; a test above watches the policy.
    context = browser.new_context(
        base_url=live_server.url,
        storage_state=desk.context.storage_state(),
        bypass_csp=True,
        color_scheme=scheme,
        viewport={"width": width, "height": 900},
    )
    page = context.new_page()
    start = "/admin/taxonomy/technology"
    for address in (
        f"{start}/merge/?ids={a.pk},{b.pk}",
        f"{start}/move/?ids={a.pk},{b.pk}&to=keyword",
        f"{start}/{a.pk}/aliases/",
        f"/admin/taxonomy/merge/{record.pk}/undo/",
        "/admin/taxonomy/merge/",
    ):
        assert page.goto(address).ok
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
        report = Axe().run(page)
        assert report.violations_count == 0, f"{address}\n{report.generate_report()}"
    context.close()
