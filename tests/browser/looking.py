"""How a page is looked at: it fits its window, axe finds nothing in the light or the dark, and there are pictures for who
asks for some."""

import os
import re
from collections.abc import Callable, Iterable

from axe_playwright_python.base import AxeResults
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

Enter = Callable[..., Page]
AXE = Axe()
SCHEMES = ("dark", "light")  # after a look a page is as light as it came

# Axe copies the styles of a page into a new one, which the policy forbids, for a rule that is off. So it does not.
OPTIONS = {"resultTypes": ["violations"], "preload": {"assets": ["media"]}}


def fits(page: Page) -> None:
    """Nothing on this page scrolls sideways."""
    page.wait_for_load_state("load")
    wide, window = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert wide <= window, page.url


def look(page: Page, name: str, schemes: Iterable[str] = SCHEMES) -> None:
    """The page fits its window and axe finds nothing; the folder SHOTS, if the environment names one, gets pictures."""
    page.wait_for_load_state("load")
    page.evaluate(AXE.axe_script)
    for scheme in schemes:
        turn(page, scheme)
        fits(page)
        if folder := os.environ.get("SHOTS"):
            keep_picture(page, folder, name, scheme)
        report = AxeResults(page.evaluate("options => axe.run(options)", OPTIONS))
        width = page.viewport_size["width"]
        assert report.violations_count == 0, f"{name}, {width} wide, {scheme}\n{report.generate_report()}"


def turn(page: Page, scheme: str) -> None:
    """To the dark or the light, at once: colours on their way would be none of either."""
    page.emulate_media(color_scheme=scheme)
    page.evaluate("document.getAnimations().forEach((one) => one instanceof CSSTransition && one.finish())")


def look_at(page: Page, *addresses: str, schemes: Iterable[str] = SCHEMES) -> None:
    for address in addresses:
        assert page.goto(address).ok, address
        look(page, address, schemes)


def keep_picture(page: Page, folder: str, name: str, scheme: str) -> None:
    slug = re.sub(r"\W+", "-", name).strip("-")[:60] or "front-page"
    page.screenshot(path=f"{folder}/{slug}-{page.viewport_size['width']}-{scheme}.png", full_page=True)
