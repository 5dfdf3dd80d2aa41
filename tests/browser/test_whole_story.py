"""A raw mail from a parent climbs every rung in a browser, is referred down, solved, and answered by mail."""

import re
import time
from email.message import EmailMessage

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Served, sign_in

pytestmark = pytest.mark.browser

MAIL = """From: Mor Mose <mor@privat.example>
To: aula+school-indskoling@vesterkaer.example
Subject: Hvor er mine beskeder?
Message-ID: <forste@privat.example>
Date: Mon, 23 Nov 2026 08:00:00 +0100
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Jeg kan ikke finde de beskeder, jeg har sendt til læreren. Kan I hjælpe?
""".encode()


def test_the_whole_story(browser: Browser, served: Served) -> None:
    town = served.town
    told = served.command("mail", "ingest", "-", stdin=MAIL)
    number = re.search(r"A-\d+", told)[0]
    receipt = served.post.wait_for("mor@privat.example", number)
    assert receipt["In-Reply-To"] == "<forste@privat.example>"
    assert receipt["Auto-Submitted"] == "auto-generated"

    leader = sign_in(browser, served, town.school_leader)
    assert open_at_school(leader) == 1

    teacher = sign_in(browser, served, town.teacher)
    teacher.goto(f"/sager/{number}")
    expect(teacher.get_by_role("heading", level=1)).to_contain_text("Hvor er mine beskeder?")
    expect(teacher.get_by_text("Jeg kan ikke finde de beskeder")).to_be_visible()
    lift(teacher, since="i dag")

    superuser = sign_in(browser, served, town.superuser)
    superuser.goto("/koe")
    expect(superuser.get_by_text("Hvor er mine beskeder?")).to_be_visible()
    superuser.goto(f"/sager/{number}")
    lift(superuser, tried="Vist hende mappen")

    administrator = sign_in(browser, served, town.municipal_admin)
    administrator.goto(f"/sager/{number}")
    lift(administrator, error_text="Siden er hvid")

    technician = sign_in(browser, served, town.technicians[0])
    technician.goto("/it")
    expect(technician.get_by_text("Hvor er mine beskeder?").first).to_be_visible()
    technician.goto(f"/sager/{number}")
    expect(technician.get_by_text("mor@privat.example")).to_have_count(0)
    technician.get_by_role("link", name="Henvis").first.click()
    fill_if_there(technician, "reason", "Brug af beskeder: superbrugeren kan vise det")
    submit(technician)

    superuser.goto(f"/sager/{number}")
    expect(superuser.get_by_text("Brug af beskeder")).to_be_visible()
    superuser.get_by_role("link", name="Løst").first.click()
    fill_if_there(superuser, "text", "Sendte beskeder ligger i tråden under Beskeder.")
    submit(superuser)
    expect(superuser.get_by_text("Løst").first).to_be_visible()

    answer = solved_mail(served, number)
    assert "Sendte beskeder ligger i tråden" in answer.get_body(("plain",)).get_content()
    assert answer["In-Reply-To"] == "<forste@privat.example>"
    assert "<forste@privat.example>" in answer["References"]
    assert answer["Auto-Submitted"] is None
    leader.reload()
    assert open_at_school(leader) == 0

    steps = superuser.locator(".timeline").inner_text()
    for word in ("løftede", "henviste", "løst"):
        assert word in steps.lower()


def solved_mail(served: Served, number: str) -> EmailMessage:
    for _ in range(300):
        for letter in served.post.letters:
            if number in letter["Subject"] and "tråden" in letter.get_body(("plain",)).get_content():
                return letter
        time.sleep(0.1)
    raise AssertionError("the answer was never sent")


def lift(page: Page, **fields: str) -> None:
    page.get_by_role("link", name="Løft").first.click()
    for name, value in fields.items():
        fill_if_there(page, name, value)
    choice = page.locator("[name=affected]")
    if choice.count():
        if choice.first.evaluate("e => e.tagName") == "SELECT":
            choice.first.select_option("one")
        else:
            page.locator("[name=affected][value=one]").check(force=True)
    submit(page)


def fill_if_there(page: Page, name: str, value: str) -> None:
    field = page.locator(f"form.compose [name={name}]")
    expect(field.first).to_be_visible()
    field.first.fill(value)


def submit(page: Page) -> None:
    page.locator("form.compose button[type=submit]").first.click()
    page.wait_for_load_state()
    assert page.locator(".error-summary, .alert-error").count() == 0, page.locator("main").inner_text()


def open_at_school(page: Page) -> int:
    row = page.locator("tr", has_text="Engskolen").first
    counts = [cell for cell in row.locator("td.num").all_inner_texts()[:-2] if cell.strip().isdigit()]
    return sum(int(cell) for cell in counts)
