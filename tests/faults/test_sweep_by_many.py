"""Several workers sweep at once and one is killed: every clock fires exactly once, with one notice each."""

import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from tests.factories import small_municipality
from tests.faults.invariants import broken_promises
from tests.faults.service import Command
from ticketing.database import db
from ticketing.vocabulary import Channel, EventKind, RequesterRole
from ticketing.work import actions
from ticketing.work.actions import Draft
from ticketing.work.models import Event, OutboxMessage, WorkItem

pytestmark = pytest.mark.fault

ITEMS = 120
WORKERS = 3


def test_every_clock_fires_once_however_many_sweep_and_whoever_dies(app, session, database, tmp_path) -> None:
    town = small_municipality()
    session.commit()
    asked = datetime.now(UTC) - timedelta(days=20)
    for number in range(ITEMS):
        draft = Draft(
            municipality_id=town.municipality.id,
            unit_id=town.school_indskoling.id,
            title=f"Spørgsmål {number}",
            body="Tekst",
            category="LOGIN",
            channel=Channel.FORM,
            requester_role=RequesterRole.EMPLOYEE,
            requester_id=town.teacher.id,
        )
        actions.open_ticket(draft, actions.REQUESTER, asked)
    db.session.remove()

    sweepers = [Command(database, tmp_path, "clocks", "sweep") for _ in range(WORKERS)]
    _wait_for_the_first_event()
    sweepers[0].kill()
    assert [sweeper.process.wait(timeout=60) for sweeper in sweepers[1:]] == [0, 0]
    assert Command(database, tmp_path, "clocks", "sweep").process.wait(timeout=60) == 0

    db.session.remove()
    due = select(func.count()).select_from(WorkItem).where(WorkItem.next_at <= datetime.now(UTC))
    assert db.session.scalar(due) == 0
    fired = Counter(
        (event.item_id, event.data["clock"]["kind"], event.data["clock"]["visit"])
        for event in db.session.scalars(select(Event).where(Event.kind == EventKind.CLOCK_BREACHED))
    )
    assert len({item for item, _, _ in fired}) == ITEMS
    assert set(fired.values()) == {1}
    sent = Counter(map(tuple, db.session.execute(select(OutboxMessage.event_id, OutboxMessage.recipient))))
    assert set(sent.values()) == {1}
    assert broken_promises(db.session()) == []


def _wait_for_the_first_event() -> None:
    """Until a sweep has committed something, so that the kill comes in the middle of the work."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        fired = select(func.count()).select_from(Event).where(Event.kind == EventKind.CLOCK_BREACHED)
        if db.session.scalar(fired):
            return
        db.session.rollback()
        time.sleep(0.02)
    raise AssertionError("no sweep fired anything within 30 seconds")
