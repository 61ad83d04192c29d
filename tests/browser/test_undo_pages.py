"""Undo, redo and report of a batch in a real browser: by click, without findings of axe, light and dark, narrow."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from articles import editing
from articles.models import Article, ImportBatch
from tests.factories import desk, make_user
from tests.test_import_report import record
from tests.test_importer import deliver

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def address(name: str, batch: object) -> str:
    return reverse(f"admin:articles_importbatch_{name}", args=[batch.pk])


@pytest.fixture
def pages(browser: Browser, live_server) -> Iterator[Page]:
    """The same site with axe allowed to put itself into it."""
    context = browser.new_context(base_url=live_server.url, bypass_csp=True)
    yield context.new_page()
    context.close()


def log_in(page: Page, url: str) -> None:
    session = desk().cookies[settings.SESSION_COOKIE_NAME].value
    cookies = {settings.SESSION_COOKIE_NAME: session, settings.LANGUAGE_COOKIE_NAME: "en"}
    page.context.add_cookies([{"name": name, "value": value, "url": url} for name, value in cookies.items()])


@pytest.fixture
def batches(folder) -> list[ImportBatch]:
    """One with an article that was edited since, and one that changed, brought and left out something."""
    then = deliver(folder, record(1), record(2))
    editing.save(
        Article.objects.get(title="第2条"), {"title": "改过"}, by=make_user("ann", is_superuser=True)
    )
    return [then, deliver(folder, record(1, 标题="新标题"), record(3))]


def test_the_pages_have_no_findings_light_and_dark_wide_and_narrow(pages, live_server, batches):
    log_in(pages, live_server.url)
    then, now = batches
    for scheme in ("light", "dark"):
        pages.emulate_media(color_scheme=scheme)
        for width in (1280, 390):
            pages.set_viewport_size({"width": width, "height": 900})
            for name, one in (
                ("kept", address("undo", then)),
                ("undo", address("undo", now)),
                ("report", f"{address('report', now)}?since={then.pk}"),
                ("batch", address("change", now)),
            ):
                pages.goto(one)
                assert Axe().run(pages).response["violations"] == [], (name, scheme, width)
                assert pages.evaluate("document.documentElement.scrollWidth <= innerWidth"), (name, width)


def test_a_batch_is_taken_back_and_brought_back_by_click(page, live_server, batches):
    log_in(page, live_server.url)
    page.goto(address("change", batches[1]))
    page.get_by_role("link", name="Undo …").click()
    page.get_by_role("button", name="Undo it").click()
    expect(page.locator(".messagelist")).to_contain_text("1 article removed. 1 article as before.")
    page.get_by_role("link", name="Bring back …").click()
    page.get_by_role("button", name="Bring it back").click()
    expect(page.locator(".messagelist")).to_contain_text("1 article is there again.")
    assert Article.objects.count() == 3
