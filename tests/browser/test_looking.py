"""A look at a page finds what it is there to find."""

import pytest
from playwright.sync_api import Browser

from tests.browser.looking import look

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><html lang="en"><title>A page</title><style>
p { color: #000; background: #fff; transition: color 60s }
%s
</style><main><h1>A page</h1><p>Words</p></main></html>"""


def look_at_a_page(browser: Browser, style: str = "") -> None:
    page = browser.new_page(viewport={"width": 390, "height": 800})
    try:
        page.set_content(PAGE % style)
        look(page, "a page")
    finally:
        page.close()


def test_nothing_is_found_where_nothing_is_wrong(browser: Browser):
    look_at_a_page(browser)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_cannot_be_read_is_found_in_the_light_and_in_the_dark(browser: Browser, scheme: str):
    grey = f"@media (prefers-color-scheme: {scheme}) {{ p {{ color: #777; background: #888 }} }}"
    with pytest.raises(AssertionError, match=f"a page, 390 wide, {scheme}"):
        look_at_a_page(browser, grey)


def test_what_is_too_wide_is_found(browser: Browser):
    with pytest.raises(AssertionError, match="about:blank"):
        look_at_a_page(browser, "p { width: 500px }")
