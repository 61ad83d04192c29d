"""Import of files, preview, import, repair and undo by click in a real browser; light and dark, wide and narrow."""

import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from articles import undo_jobs, uploads
from articles.files import NamedBytes
from articles.models import Article, ImportBatch, ImportRow, SeedFile
from tests.browser.looking import Enter, look, look_at
from tests.browser.test_undo_pages import address
from tests.test_uploads import again, other

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


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


def test_a_batch_goes_from_the_files_to_the_desk_and_back(enter: Enter, chief: str, delivery):
    page = enter(chief, english=True)
    page.goto("/admin/articles/importbatch/")
    page.get_by_role("link", name="Import files …").click()
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
    page.get_by_role("button", name="Import 5 records, quarantine 4").click()
    uploads.run_next()
    expect(page.locator(".rec-tabs")).to_contain_text("created 5")
    mend(page)
    undo(page)


def mend(page: Page) -> None:
    row = ImportRow.objects.get(file_name="坏的.txt")
    page.locator(".rec-tabs").get_by_role("link", name="quarantined 4").click()
    page.get_by_role("link", name="只有标题").click()
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
    expect(page.locator("#import-work")).to_be_visible()
    undo_jobs.run_next()
    expect(page.locator(".batch-undoing")).to_contain_text("6 articles removed.")
    assert Article.objects.count() == 0


def test_the_lists_keep_all_of_a_row_in_the_window(window: Enter, chief: str):
    uploads.store([NamedBytes("等.txt", other(9).encode)], by=None)
    uploads.run_next()
    batch = uploads.store([NamedBytes("很长的名字" * 12 + ".txt", other(1).encode)], by=None)
    uploads.run_next()
    uploads.queue(again(batch), by=None)
    uploads.run_next()
    ImportRow.objects.update(findings=[{"code": "missing-link", "line": 1, "text": ""}])
    page = window(chief, english=True)
    look_at(page, "/admin/")
    for name in ("importbatch", "importrow", "seedfile"):
        look_at(page, f"/admin/articles/{name}/")
        wide, there = page.locator(".results").evaluate("box => [box.scrollWidth, box.clientWidth]")
        assert wide <= there, name
    file = SeedFile.objects.get()
    look_at(page, address("change", ImportBatch.objects.get()), f"/admin/articles/seedfile/{file.pk}/change/")
    page.goto("/admin/articles/importbatch/new/")
    page.get_by_text("What a record looks like").click()
    look(page, "format")


def test_the_pages_have_no_findings_light_and_dark_wide_and_narrow(window: Enter, chief: str, delivery):
    page = window(chief, english=True)
    page.goto("/admin/articles/importbatch/new/")
    page.get_by_label("Seed files").set_input_files(delivery)
    page.get_by_role("button", name="Hand over").click()
    working = page.url
    look(page, "working")
    uploads.run_next()
    look_at(page, working, f"{working}?tab=quarantined")
    page.goto(working)
    look_at(page, page.locator(".rec-title a").first.get_attribute("href"))
    page.goto(working)
    page.get_by_role("button", name="Import 4").click()
    uploads.run_next()
    row = ImportRow.objects.get(file_name="混合.txt")
    look_at(
        page,
        address("change", ImportBatch.objects.get()),
        f"/admin/articles/importrow/{row.pk}/change/",
        f"/admin/articles/importrow/{row.pk}/repair/",
        "/admin/articles/importbatch/new/",
    )
