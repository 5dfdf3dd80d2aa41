"""The pages fit a narrow phone, run no foreign script, keep what is typed, and can be walked with keys."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Served, sign_in

pytestmark = pytest.mark.browser

NARROW = 320


def ask(page: Page, text: str) -> None:
    page.goto("/nyt")
    page.get_by_label("mig selv").check()
    page.get_by_label("Spørgsmålet").fill(text)
    page.get_by_role("button", name="Send til superbruger").click()
    page.wait_for_url("**/nyt/sendt/*")


def watched(page: Page) -> list[str]:
    """What the browser complains about: errors of scripts, and what the CSP stopped."""
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    return complaints


TRIED = "/frister/proev?rung=superuser&lane=vejledning&priority=P4&start=2026-12-16T10:00&sector=skole"


def test_no_page_scrolls_sideways_at_320_pixels(browser: Browser, served: Served) -> None:
    town = served.town
    for person, paths in (
        (town.teacher, ("/nyt", "/mine", "/fravaer", "/hjaelp/vesterkaer")),
        (town.superuser, ("/koe", "/sager/A-1001")),
        (town.technicians[0], ("/it",)),
        (town.school_leader, ("/leder",)),
        (
            town.municipal_admin,
            ("/frister", "/frister/kalender/skole", f"/frister/proev?{TRIED}", "/frister/ret"),
        ),
    ):
        page = sign_in(browser, served, person, width=NARROW)
        complaints = watched(page)
        if person is town.teacher:
            ask(page, "Appen bliver ved med at logge mig ud, og vikaren kan heller ikke komme ind i 5.b")
        for path in paths:
            page.goto(path)
            assert page.evaluate("document.documentElement.scrollWidth") <= NARROW, path
        assert complaints == []


def test_three_taps_and_one_line_log_a_question(browser: Browser, served: Served) -> None:
    page = sign_in(browser, served, served.town.teacher, width=390)
    page.get_by_text("Login", exact=True).click()
    page.get_by_label("Spørgsmålet").fill("Far kan ikke logge på")
    expect(page.get_by_text("Forældre logger på med MitID")).to_be_visible()
    page.get_by_role("button", name="Send til superbruger").click()
    expect(page.get_by_role("heading", name="A-1001")).to_be_visible()
    expect(page.get_by_role("link", name="Nyt spørgsmål").last).to_be_focused()


def test_what_is_typed_survives_a_closed_page_and_leaves_when_sent(browser: Browser, served: Served) -> None:
    page = sign_in(browser, served, served.town.teacher, width=390)
    page.goto("/nyt")
    page.get_by_label("Spørgsmålet").fill("Halvt skrevet")
    page.goto("/mine")
    page.goto("/nyt")
    expect(page.get_by_label("Spørgsmålet")).to_have_value("Halvt skrevet")
    page.get_by_role("button", name="Send til superbruger").click()
    page.wait_for_url("**/nyt/sendt/*")
    page.goto("/nyt")
    expect(page.get_by_label("Spørgsmålet")).to_have_value("")


def test_signing_out_leaves_no_words_for_the_next_person_at_the_tablet(
    browser: Browser, served: Served
) -> None:
    page = sign_in(browser, served, served.town.teacher)
    page.goto("/nyt")
    page.get_by_label("Spørgsmålet").fill("Noget om en familie")
    page.get_by_role("button", name="Log ud").click()
    page.wait_for_url("**/log-ind*")
    assert page.evaluate("JSON.stringify(localStorage)") == "{}"


def test_the_list_is_walked_with_j_and_k_and_searched_with_slash(browser: Browser, served: Served) -> None:
    page = sign_in(browser, served, served.town.teacher)
    ask(page, "Det første")
    ask(page, "Det andet")
    page.goto("/mine")
    focused: Callable[[], str] = lambda: page.evaluate("document.activeElement.textContent")  # noqa: E731
    page.keyboard.press("j")
    first = focused()
    page.keyboard.press("j")
    assert {first, focused()} == {"Det første", "Det andet"}
    page.keyboard.press("k")
    assert focused() == first
    page.keyboard.press("Enter")
    page.wait_for_url("**/sager/*")


def test_without_script_a_question_is_logged_all_the_same(browser: Browser, served: Served) -> None:
    context = browser.new_context(java_script_enabled=False, base_url=served.url)
    page = context.new_page()
    page.goto("/hjaelp/vesterkaer/daycare")
    page.get_by_label("Hvad kan vi hjælpe med?").fill("Komme/gå virker ikke")
    page.get_by_label("Din e-mail").fill("mor@privat.example")
    page.wait_for_timeout(2200)
    page.get_by_role("button", name="Send spørgsmålet").click()
    expect(page.get_by_text("Dit spørgsmål er hos personalet i Børnehuset Mælkebøtten")).to_be_visible()
