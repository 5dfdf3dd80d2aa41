"""The server is killed while people act: no half action, and nothing that it had answered for is gone."""

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from tests.factories import small_municipality
from tests.faults.invariants import broken_promises
from tests.faults.service import CONNECTION_LOST, Browser, Refused, Service
from ticketing.accounts.actions import set_password
from ticketing.database import db
from ticketing.work.models import Message

pytestmark = pytest.mark.fault

KILLS = {"sqlite": 20, "postgresql": 10}
PASSWORD = "en lang adgangskode"
#: Chance decides when the server dies; the seed makes a bad run repeatable.
SEED = 20_260_915
PATIENCE_SECONDS = 30


@dataclass
class Diary:
    """What the people wrote, and which of it the server had answered for before it died."""

    tried: list[str] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


class Colleagues:
    """A teacher who logs questions and a superuser who takes, answers and solves them, over and over."""

    def __init__(self, name: str, teacher_email: str, superuser_email: str) -> None:
        self._name, self._emails = name, (teacher_email, superuser_email)
        self._teacher, self._superuser = Browser(), Browser()
        self._numbers = count()
        self.diary = Diary()

    def sign_in(self, address: str) -> None:
        for browser, email in zip((self._teacher, self._superuser), self._emails, strict=True):
            browser.sign_in(address, email, PASSWORD)

    def work_until_it_dies(self, address: str) -> None:
        self._teacher.address = self._superuser.address = address
        try:
            while True:
                self._one_ticket()
        except CONNECTION_LOST:
            return
        except Refused as refused:
            self.diary.refused.append(refused)

    def _one_ticket(self) -> None:
        sent = self._write(self._teacher, "/nyt", "text", category="LOGIN")
        ticket = f"/sager/{sent.rsplit('/', 1)[1]}"
        self._superuser.post(f"{ticket}/tag")
        self._write(self._superuser, f"{ticket}/note", "text")
        self._write(self._superuser, f"{ticket}/svar", "text")
        self._write(self._superuser, f"{ticket}/loest", "text")

    def _write(self, browser: Browser, path: str, name: str, **typed: str) -> str:
        words = f"Login driller, brev {self._name} nummer {next(self._numbers)}."
        self.diary.tried.append(words)
        leads_to = browser.post(path, **{name: words, **typed})
        self.diary.acknowledged.append(words)
        return leads_to


@pytest.fixture
def colleagues(app: Flask) -> list[Colleagues]:
    """Two pairs at one school, so that two actions are often under way at once."""
    with app.app_context():
        made = small_municipality()
        pairs = [(made.teacher, made.superuser), (made.udskoling_teacher, made.udskoling_superuser)]
        for person in (person for pair in pairs for person in pair):
            set_password(person.id, PASSWORD)
        db.session.commit()
        return [Colleagues(f"p{n}", one.email, other.email) for n, (one, other) in enumerate(pairs)]


def test_every_action_is_whole_and_every_answered_one_is_kept(
    app: Flask, database: str, colleagues: list[Colleagues], tmp_path: Path
) -> None:
    chance = random.Random(SEED)
    engine = "sqlite" if database.startswith("sqlite") else "postgresql"
    for kill in range(KILLS[engine]):
        server = Service(database, tmp_path)
        try:
            if kill == 0:
                for pair in colleagues:
                    pair.sign_in(server.address)
            threads = [
                threading.Thread(target=pair.work_until_it_dies, args=[server.address]) for pair in colleagues
            ]
            before = _answers(colleagues)
            for thread in threads:
                thread.start()
            # By progress, not by the clock: on a slow machine too something is under way when it dies.
            _wait_for_answers(colleagues, before + chance.randint(0, 5))
            time.sleep(chance.uniform(0, 0.06))
        finally:
            server.kill()
        for thread in threads:
            thread.join()
    diaries = [pair.diary for pair in colleagues]
    assert [refused for diary in diaries for refused in diary.refused] == []
    acknowledged = [words for diary in diaries for words in diary.acknowledged]
    assert len(acknowledged) >= 2 * KILLS[engine], "the people came to write something between the kills"
    with app.app_context():
        kept = Counter(db.session.scalars(select(Message.body)))
        assert broken_promises(db.session()) == []
    assert [words for words in acknowledged if kept[words] != 1] == []
    assert [words for diary in diaries for words in diary.tried if kept[words] > 1] == []


def _answers(colleagues: list[Colleagues]) -> int:
    return sum(len(pair.diary.acknowledged) for pair in colleagues)


def _wait_for_answers(colleagues: list[Colleagues], wanted: int) -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while _answers(colleagues) < wanted and time.monotonic() < give_up:
        time.sleep(0.002)


@pytest.mark.one_engine
def test_a_stopped_server_ends_in_order(app: Flask, database: str, tmp_path: Path) -> None:
    server = Service(database, tmp_path)
    assert server.stop() == 0
