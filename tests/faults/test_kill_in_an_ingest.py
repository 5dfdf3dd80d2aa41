"""Intake is killed within messages, and started again on the same folder: each becomes one ticket."""

import random
import time
from collections import Counter
from email.message import EmailMessage
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.factories import small_municipality
from tests.faults.invariants import broken_promises
from tests.faults.service import Command
from ticketing.database import db
from ticketing.mail.models import InboundMail
from ticketing.work.models import WorkItem

pytestmark = pytest.mark.fault

KILLS = {"sqlite": 12, "postgresql": 8}
MESSAGES = 100
SEED = 20_260_916
PATIENCE_SECONDS = 60


@pytest.fixture
def letters(tmp_path: Path) -> list[bytes]:
    """A folder of mails from parents to the school, each its own."""
    folder = tmp_path / "letters"
    folder.mkdir()
    written = []
    for number in range(MESSAGES):
        mail = EmailMessage()
        mail["Message-ID"] = f"<brev-{number}@mail.example>"
        mail["From"] = f"Forælder {number} <forælder{number}@mail.example>".replace("<forælder", "<foraelder")
        mail["To"] = "aula+school@vesterkaer.example"
        mail["Date"] = "Tue, 15 Sep 2026 10:00:00 +0200"
        mail["Subject"] = f"Kan ikke logge på, {number}"
        mail.set_content(f"Hej. Jeg kan ikke logge på Aula. Det er brev nummer {number}.")
        raw = mail.as_bytes()
        (folder / f"{number:03}.eml").write_bytes(raw)
        written.append(raw)
    return written


def test_each_message_is_kept_once_and_makes_one_ticket(
    app: Flask, database: str, letters: list[bytes], tmp_path: Path
) -> None:
    with app.app_context():
        small_municipality()
        db.session.commit()
    engine = "sqlite" if database.startswith("sqlite") else "postgresql"
    chance = random.Random(SEED)
    arguments = (database, tmp_path, "mail", "ingest", str(tmp_path / "letters"))
    killed_at = []
    for _ in range(KILLS[engine]):
        before = _kept(app)
        intake = Command(*arguments)
        _wait_for_more(app, before, intake)
        time.sleep(chance.uniform(0, 0.05))
        intake.kill()
        killed_at.append(_kept(app))
    assert killed_at[-1] < MESSAGES, "the last kill came while there was still mail to take in"
    last = Command(*arguments)
    assert last.process.wait(timeout=PATIENCE_SECONDS) == 0
    with app.app_context():
        kept = Counter(bytes(raw) for raw in db.session.scalars(select(InboundMail.raw)))
        opened_by = Counter(db.session.scalars(select(InboundMail.item_id)))
        items = set(db.session.scalars(select(WorkItem.id)))
        assert broken_promises(db.session()) == []
    assert kept == Counter(letters)
    assert set(opened_by) == items
    assert set(opened_by.values()) == {1}


def _kept(app: Flask) -> int:
    with app.app_context():
        found = db.session.scalar(select(func.count()).select_from(InboundMail))
        db.session.rollback()
    return found or 0


def _wait_for_more(app: Flask, before: int, intake: Command) -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while _kept(app) <= before:
        assert intake.process.poll() is None, "intake ended by itself"
        assert time.monotonic() < give_up, "intake takes nothing in"
        time.sleep(0.005)
