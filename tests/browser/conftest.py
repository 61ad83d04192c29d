"""A real Chromium, the system's own: nothing is downloaded."""

import os
import shutil
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.looking import Enter
from tests.factories import make_user

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MISSING = "No Chromium found. Install one (Debian: apt install chromium) to run the tests in a browser."


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    executable = next(filter(None, map(shutil.which, NAMES)), None)
    if not executable:
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    with pytest.MonkeyPatch.context() as patch:
        # playwright keeps an event loop running in this thread, which Django would take for asynchronous code.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
            yield browser
            browser.close()


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """What browsers complain about on their consoles, the policy's refusals among it, fails the test."""
    heard: list[str] = []
    yield heard
    assert heard == []


@pytest.fixture
def enter(browser: Browser, live_server, complaints: list[str]) -> Iterator[Enter]:
    """Opens a browser of somebody's own: of a reader or, by name, of somebody who is then at her desk."""

    def enter(name: str = "", width: int = 1280, *, english: bool = False, **options: Any) -> Page:
        window = {"width": width, "height": 900}
        context = browser.new_context(base_url=live_server.url, viewport=window, **options)
        context.on("console", lambda said: said.type in {"error", "warning"} and complaints.append(said.text))
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        if english:
            cookie = {"name": settings.LANGUAGE_COOKIE_NAME, "value": "en", "url": live_server.url}
            context.add_cookies([cookie])
        page = context.new_page()
        if name:
            sign_in(page, name)
        return page

    yield enter
    for context in browser.contexts:
        context.close()


def sign_in(page: Page, name: str) -> None:
    page.goto("/admin/")
    page.fill("#id_username", name)
    page.fill("#id_password", "password")
    page.click("[type=submit]")
    expect(page.locator("#user-tools")).to_contain_text(name)


@pytest.fixture
def page(enter: Enter) -> Page:
    """A page of the running site, as a reader has it."""
    return enter()


@pytest.fixture
def chief() -> str:
    """The name of somebody who may do everything."""
    return make_user("chief", is_staff=True, is_superuser=True).username


@pytest.fixture
def desk(enter: Enter, chief: str) -> Page:
    """Somebody who may do everything, at her desk."""
    return enter(chief)


@pytest.fixture(params=[1280, 390])
def width(request: pytest.FixtureRequest) -> int:
    return request.param


@pytest.fixture
def window(enter: Enter, width: int) -> Enter:
    """Enters like the others, with a wide or a narrow window: both are looked at, light and dark."""
    return partial(enter, width=width)
