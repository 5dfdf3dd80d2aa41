"""A served municipality, a browser and a post office: all real, all on 127.0.0.1, stopped at the end."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from argon2 import PasswordHasher
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import update

from tests.engines import settings_for, sqlite_database
from tests.factories import SmallMunicipality, small_municipality
from ticketing.app import create_app
from ticketing.database import db
from ticketing.organisation.models import Person

PASSWORD = "en-god-adgangskode"
CHROMIUM = "/usr/bin/chromium"


@dataclass
class PostOffice:
    """What the SMTP server was handed."""

    letters: list[EmailMessage] = field(default_factory=list)

    async def handle_DATA(self, _server, _session, envelope) -> str:  # noqa: N802 - aiosmtpd calls it so
        self.letters.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"

    def wait_for(self, recipient: str, subject_has: str, seconds: int = 30) -> EmailMessage:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for letter in self.letters:
                if recipient in letter["To"] and subject_has in letter["Subject"]:
                    return letter
            time.sleep(0.1)
        raise AssertionError(
            f"no mail to {recipient} about {subject_has!r}: {[str(x['Subject']) for x in self.letters]}"
        )


@dataclass
class Served:
    """The address, the people, and the environment in which the commands run."""

    url: str
    town: SmallMunicipality
    environment: dict[str, str]
    post: PostOffice

    def command(self, *words: str, stdin: bytes | None = None) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "ticketing", *words],
            input=stdin,
            env=self.environment,
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with sqlite_database(tmp_path) as url:
        settings = replace(settings_for(url, tmp_path), secret_key="browser")
        app = create_app(settings)
        with app.app_context():
            town = small_municipality()
            db.session.execute(update(Person).values(password_hash=PasswordHasher().hash(PASSWORD)))
            db.session.commit()
            db.session.expunge_all()
            db.engine.dispose()
        post = PostOffice()
        smtp = Controller(post, hostname="127.0.0.1", port=_free_port())
        smtp.start()
        port = _free_port()
        environment = os.environ | {
            "TICKETING_DATABASE": url,
            "TICKETING_DATA": str(tmp_path),
            "TICKETING_SECRET_KEY": "browser",
            "TICKETING_BASE_URL": f"http://127.0.0.1:{port}",
            "TICKETING_SMTP_HOST": "127.0.0.1",
            "TICKETING_SMTP_PORT": str(smtp.port),
        }
        server = subprocess.Popen(
            [sys.executable, "-m", "ticketing", "serve", "--port", str(port)], env=environment
        )
        try:
            _wait_until_it_answers(f"http://127.0.0.1:{port}/healthz", server)
            yield Served(f"http://127.0.0.1:{port}", town, environment, post)
        finally:
            server.terminate()
            server.wait(timeout=20)
            smtp.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; a root user's needs --no-sandbox."""
    arguments = ["--no-sandbox"] if os.getuid() == 0 else []
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[*arguments, "--disable-background-networking", "--disable-component-update"],
        )
        yield started
        started.close()


def sign_in(browser: Browser, served: Served, person: Person, width: int = 1280) -> Page:
    """A browser of its own for one person, signed in through the page."""
    context = browser.new_context(viewport={"width": width, "height": 900}, base_url=served.url, locale="da-DK")
    context.set_default_timeout(10_000)
    page = context.new_page()
    page.goto("/")
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Adgangskode").fill(PASSWORD)
    page.get_by_role("button", name="Log ind").click()
    page.wait_for_load_state()
    return page


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_it_answers(url: str, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        assert server.poll() is None, "the server ended at once"
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server did not answer within 30 seconds")
