"""New batch, preview, import, repair and undo by click in a real browser; light and dark, wide and narrow."""

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from articles import uploads
from articles.models import Article, ImportBatch, ImportRow
from tests.browser.test_undo_pages import address, log_in
from tests.test_uploads import other

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SHOTS = os.environ.get("SCREENSHOTS")  # a folder to look at them


@pytest.fixture
def pages(browser: Browser, live_server) -> Iterator[Page]:
    """The same site with axe allowed to put itself into it."""
    context = browser.new_context(base_url=live_server.url, bypass_csp=True)
    yield context.new_page()
    context.close()


@pytest.fixture
def delivery(tmp_path: Path) -> list[Path]:
    """As ugly as they come: good ones, the same again, a title alone, glued encodings, a picture, a bomb, a GBK name."""
    (tmp_path / "好的.txt").write_text(f"{other(1)}\n---\n{other(2)}", encoding="utf-8")
    (tmp_path / "坏的.txt").write_text("标题: 只有标题\n", encoding="utf-8")
    (tmp_path / "混合.txt").write_bytes(other(3).encode() + other(4).encode("gb18030"))
    (tmp_path / "图.txt").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00")
    with zipfile.ZipFile(tmp_path / "一包.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/五.txt", other(5))
        archive.writestr("a/重复.txt", other(1).replace("第1条", "第1条改"))
        archive.writestr("bomb.txt", b"0" * 20_000_000)
        archive.writestr("../../逃.txt", other(6).encode("gb18030"))
    return sorted(tmp_path.iterdir())


def test_a_batch_goes_from_the_files_to_the_desk_and_back(page, live_server, delivery):
    log_in(page, live_server.url)
    page.goto("/admin/articles/importbatch/")
    page.get_by_role("link", name="New batch").click()
    page.get_by_label("Seed files").set_input_files(delivery)
    page.get_by_label("Or paste").fill(other(7))
    page.get_by_role("button", name="Hand over").click()
    expect(page.locator("#import-work")).to_be_visible()
    uploads.run_next()
    expect(page.get_by_text("Nothing of it is written yet")).to_be_visible()  # the page has asked by itself
    assert Article.objects.count() == 0
    expect(page.locator(".rec-tabs")).to_contain_text("created 5")
    expect(page.locator(".rec-tabs")).to_contain_text("quarantined 4")
    expect(page.get_by_text("一包.zip/bomb.txt")).to_be_visible()
    page.get_by_role("link", name="quarantined 4").click()
    page.locator(".rec-title a").first.click()
    expect(page.locator(".rec-marked")).to_have_count(1)
    page.go_back()
    page.get_by_role("button", name="Import 9 records").click()
    uploads.run_next()
    expect(page.locator(".rec-tabs")).to_contain_text("created 5")
    mend(page)
    undo(page)


def mend(page: Page) -> None:
    row = ImportRow.objects.get(file_name="坏的.txt")
    page.locator(".rec-tabs").get_by_role("link", name="quarantined 4").click()
    page.get_by_role("link", name="坏的.txt").click()
    page.get_by_role("link", name="Repair …").click()
    expect(page.get_by_text("Add link and text")).to_be_visible()
    page.get_by_label("Mend it here").fill(other(9))
    page.get_by_role("button", name="Read it again").click()
    expect(page.locator(".rec-foreseen")).to_contain_text("https://e.example/9")
    page.get_by_role("button", name="Import it into this batch").click()
    expect(page.locator(".messagelist")).to_contain_text("1 record is in the batch now.")
    assert row.repaired_by.get().article.title == "第9条"


def undo(page: Page) -> None:
    batch = ImportBatch.objects.get()
    page.goto(address("undo", batch))
    page.get_by_role("button", name="Undo it").click()
    expect(page.locator(".messagelist")).to_contain_text("6 articles removed.")
    assert Article.objects.count() == 0


def test_the_pages_have_no_findings_light_and_dark_wide_and_narrow(pages, live_server, delivery):
    log_in(pages, live_server.url)
    pages.goto("/admin/articles/importbatch/new/")
    pages.get_by_label("Seed files").set_input_files(delivery)
    pages.get_by_role("button", name="Hand over").click()
    working = pages.url
    look(pages, "working", working)
    uploads.run_next()
    look(pages, "preview", working)
    look(pages, "quarantined", f"{working}?tab=quarantined")
    pages.goto(working)
    look(pages, "record", pages.locator(".rec-title a").first.get_attribute("href"))
    pages.goto(working)
    pages.get_by_role("button", name="Import 8").click()
    uploads.run_next()
    look(pages, "batch", address("change", ImportBatch.objects.get()))
    row = ImportRow.objects.get(file_name="混合.txt")
    look(pages, "row", f"/admin/articles/importrow/{row.pk}/change/")
    look(pages, "repair", f"/admin/articles/importrow/{row.pk}/repair/")
    look(pages, "new", "/admin/articles/importbatch/new/")


def look(page: Page, name: str, where: str) -> None:
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(where)
            assert Axe().run(page).response["violations"] == [], (name, scheme, width)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (name, width)
            if SHOTS:
                page.screenshot(path=f"{SHOTS}/{name}-{scheme}-{width}.png", full_page=True)
