"""Undo, redo and report of a batch in a real browser: by click, without findings of axe, light and dark, narrow."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from articles import editing, undo_jobs
from articles.models import Article, ImportBatch
from tests.browser.looking import Enter, look_at
from tests.delivering import deliver
from tests.factories import make_user
from tests.test_import_report import record

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def address(name: str, batch: object) -> str:
    return reverse(f"admin:articles_importbatch_{name}", args=[batch.pk])


@pytest.fixture
def batches(folder) -> list[ImportBatch]:
    """One with an article that was edited since, and one that changed, brought and left out something."""
    then = deliver(folder, record(1), record(2))
    editing.save(
        Article.objects.get(title="第2条"), {"title": "改过"}, by=make_user("ann", is_superuser=True)
    )
    return [then, deliver(folder, record(1, 标题="新标题"), record(3))]


def test_the_pages_have_no_findings_light_and_dark_wide_and_narrow(window: Enter, chief: str, batches):
    then, now = batches
    look_at(
        window(chief, english=True),
        address("undo", then),
        address("undo", now),
        f"{address('report', now)}?since={then.pk}",
        address("change", now),
    )


def test_a_batch_is_taken_back_and_brought_back_by_click(enter: Enter, chief: str, batches):
    page = enter(chief, english=True)
    page.goto(address("change", batches[1]))
    page.get_by_role("link", name="Undo …").click()
    page.get_by_role("button", name="Undo it").click()
    expect(page.locator("#import-work")).to_contain_text("waits for its turn")
    undo_jobs.run_next()
    expect(page.locator(".batch-undoing")).to_contain_text("1 article removed. 1 article as before.")
    page.get_by_role("link", name="Bring back …").click()
    page.get_by_role("button", name="Bring it back").click()
    undo_jobs.run_next()
    expect(page.locator(".batch-undoing")).to_contain_text("1 article is there again.")
    assert Article.objects.count() == 3
