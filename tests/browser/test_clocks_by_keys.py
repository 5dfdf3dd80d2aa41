"""The reckoning of the clocks is opened with the keyboard alone and fits a narrow phone."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Served, sign_in
from tests.browser.test_small_screens_and_keys import NARROW, ask, watched

pytestmark = pytest.mark.browser


def test_the_reckoning_is_opened_by_keys_and_fits_a_narrow_phone(browser: Browser, served: Served) -> None:
    ask(sign_in(browser, served, served.town.teacher), "Far kan ikke logge på")
    page = sign_in(browser, served, served.town.superuser, width=NARROW)
    complaints = watched(page)
    page.goto("/sager/A-1001")
    for _ in range(60):
        page.keyboard.press("Tab")
        if "Regn selv efter" in page.evaluate("document.activeElement.textContent"):
            break
    page.keyboard.press("Enter")
    table = page.locator("table.reckoning")
    expect(table).to_be_visible()
    expect(table).to_contain_text("Hele vejen i alt")
    expect(page.get_by_role("img", name="Tidslinje.")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW
    assert complaints == []
