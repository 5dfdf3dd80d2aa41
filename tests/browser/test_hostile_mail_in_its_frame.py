"""HTML mail that would run, load or cover something, opened in a real browser: nothing of it does."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import Served, sign_in
from tests.mail.letterbox import letter
from tests.mail.test_mail_as_it_came import HOSTILE

pytestmark = pytest.mark.browser


def test_nothing_runs_loads_or_covers_the_page(browser: Browser, served: Served, tmp_path: Path) -> None:
    folder = tmp_path / "mails"
    folder.mkdir()
    for number, html in enumerate(HOSTILE, 1):
        raw = letter(
            f"<p>før</p>{html}<p>efter</p>",
            From=f"mor{number}@privat.example",
            To="aula+school-indskoling@vesterkaer.example",
            Subject=f"Nr. {number}",
            Message_ID=f"<{number}@privat.example>",
            Content_Type="text/html; charset=utf-8",
        )
        (folder / f"{number:02}.eml").write_bytes(raw)
    assert f"{len(HOSTILE)} opened" in served.command("mail", "ingest", str(folder))

    page = sign_in(browser, served, served.town.superuser)
    ran: list[str] = []
    asked: list[str] = []
    page.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: asked.append(request.url))
    for number in range(1, len(HOSTILE) + 1):
        look_at(page, number)
    assert ran == []
    assert [url for url in asked if not url.startswith(served.url)] == []


def look_at(page: Page, number: int) -> None:
    """Opens the mail from its ticket: its words stand in the frame, and the page around it is as it was."""
    address = f"/sager/A-{1000 + number}/mail/{number}"
    page.goto(address)
    frame = page.frame_locator("iframe.mail-frame")
    frame.get_by_text("før", exact=True).wait_for()
    assert page.url.endswith(address)
    inside = next(one for one in page.frames if one != page.main_frame)
    assert inside.url.endswith(f"{address}/ramme")
    # An opaque origin: what is in the frame reaches neither our cookies nor the page around it.
    assert inside.evaluate("window.origin") == "null"
    top = page.locator("h1").bounding_box()
    assert top is not None
    seen = page.evaluate(
        "([x, y]) => document.elementFromPoint(x, y).tagName", [top["x"] + 5, top["y"] + top["height"] / 2]
    )
    assert seen == "H1"
