"""How a page is looked at: it fits its window, axe finds nothing, and there is a picture for who asks for one."""

import os
import re
from collections.abc import Callable

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

Enter = Callable[..., Page]

# Axe copies the styles of a page into a new one, which the policy forbids, for a rule that is off. So it does not.
OPTIONS = {"resultTypes": ["violations"], "preload": {"assets": ["media"]}}


def fits(page: Page) -> None:
    """Nothing on this page scrolls sideways."""
    page.wait_for_load_state("load")
    wide, window = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert wide <= window, page.url


def look(page: Page, name: str) -> None:
    """The page fits its window and axe finds nothing; the folder SHOTS, if the environment names one, gets a picture."""
    fits(page)
    if folder := os.environ.get("SHOTS"):
        keep_picture(page, folder, name)
    report = Axe().run(page, options=OPTIONS)
    assert report.violations_count == 0, f"{name}\n{report.generate_report()}"


def look_at(page: Page, *addresses: str) -> None:
    for address in addresses:
        assert page.goto(address).ok, address
        look(page, address)


def keep_picture(page: Page, folder: str, name: str) -> None:
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    width, scheme = page.viewport_size["width"], "dark" if dark else "light"
    slug = re.sub(r"\W+", "-", name).strip("-")[:60] or "front-page"
    page.screenshot(path=f"{folder}/{slug}-{width}-{scheme}.png", full_page=True)
