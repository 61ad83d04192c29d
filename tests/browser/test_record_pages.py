"""A quarantined record is left out and taken back by click; light and dark, wide and narrow."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from articles import importer
from articles.models import ImportBatch, ImportRow
from tests.browser.looking import Enter, look
from tests.delivering import deliver
from tests.factories import make_user
from tests.test_repair import BROKEN
from tests.test_uploads import other

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_record_is_left_out_and_taken_back(window: Enter, chief: str, tmp_path):
    (tmp_path / "in").mkdir()
    deliver(tmp_path / "in", other(1), BROKEN)
    importer.run([str(tmp_path / "in")])
    ImportBatch.objects.create(by=make_user("李四"), finished_at=timezone.now(), counts={"created": 3})
    first, second = ImportRow.objects.filter(outcome="quarantined").order_by("id")
    page = window(chief, english=True)
    look(page, "front page")
    page.get_by_role("link", name="quarantined records").click()
    page.locator("#result_list tbody a").first.click()
    page.get_by_role("link", name="Repair …").click()
    look(page, "repair")
    page.get_by_role("button", name="Leave the record out").click()
    expect(page.get_by_text("Left out, and so it will be")).to_be_visible()
    look(page, "left out")
    page.get_by_role("link", name="Take it back …").click()
    look(page, "take back")
    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_text("It waits again.")).to_be_visible()
    page.goto(f"/admin/articles/importrow/{second.pk}/change/")
    look(page, "waits elsewhere")
    page.locator(".import-note a").click()
    expect(page).to_have_url(f"{page.url.split('/admin')[0]}/admin/articles/importrow/{first.pk}/change/")
