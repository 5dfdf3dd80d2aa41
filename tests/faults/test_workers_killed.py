"""Eight workers on PostgreSQL, 20,000 clocks due, one worker killed without warning every second for thirty
seconds: every clock fires once, with one event and one notice a receiver. Counted in the tables."""

import random
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.factories import SmallMunicipality, small_municipality
from tests.faults.service import Command
from ticketing.database import db
from ticketing.demo.clone import clone_items
from ticketing.jobs.models import WorkerProcess
from ticketing.mail.outbox import send_due
from ticketing.vocabulary import Channel, ClockState, EventKind, RequesterRole
from ticketing.work import actions
from ticketing.work.clockcheck import verify
from ticketing.work.models import Clock, Event, OutboxMessage, WorkItem

pytestmark = [pytest.mark.fault, pytest.mark.postgresql]

WORKERS = 8
CLOCKS = 20_000
CLOCKS_AN_ITEM = 3
KILLS = 30
SEED = 20_261_124
PATIENCE_SECONDS = 120


@pytest.fixture
def town(app: Flask, session) -> SmallMunicipality:
    """One ticket in a superusers' queue, all three clocks of which ran out long ago, again and again. (Ninety
    days: longer than any school holiday.)"""
    made = small_municipality()
    session.commit()
    draft = actions.Draft(
        municipality_id=made.municipality.id,
        unit_id=made.school_indskoling.id,
        title="Kan ikke logge på",
        body="Tekst",
        category="LOGIN",
        channel=Channel.FORM,
        requester_role=RequesterRole.EMPLOYEE,
        requester_id=made.teacher.id,
    )
    actions.open_ticket(draft, actions.REQUESTER, datetime.now(UTC) - timedelta(days=90))
    session.query(OutboxMessage).delete()
    clone_items(session(), made.municipality.id, -(-CLOCKS // CLOCKS_AN_ITEM))
    session.commit()
    return made


def test_every_clock_fires_once_and_each_receiver_is_told_once(
    app: Flask, session, town: SmallMunicipality, database: str, tmp_path: Path
) -> None:
    chance = random.Random(SEED)
    crew = [Command(database, tmp_path, "worker") for _ in range(WORKERS)]
    try:
        still_due = []
        for _ in range(KILLS):
            time.sleep(1)
            still_due.append(_due())
            crew.pop(chance.randrange(WORKERS)).kill()
            crew.append(Command(database, tmp_path, "worker"))
        _wait_until_nothing_is_due()
        assert [worker.stop() for worker in crew] == [0] * WORKERS
    finally:
        for worker in crew:
            if worker.process.poll() is None:
                worker.kill()
    assert sum(count > 0 for count in still_due) >= 5, f"the kills came while there was work: {still_due}"
    _each_clock_fired_once()
    _each_receiver_is_told_once(town)
    _one_digest_a_person(town)
    assert list(verify(repair=False)) == []
    assert session.scalars(select(WorkerProcess)).all() == [], "who was killed is known to be gone"


def _each_clock_fired_once() -> None:
    clocks = {(row.item_id, row.kind, row.visit): row for row in db.session.scalars(select(Clock))}
    assert len(clocks) >= CLOCKS
    assert {row.state for row in clocks.values()} == {ClockState.MISSED}
    fired = Counter(
        (event.item_id, event.data["clock"]["kind"], event.data["clock"]["visit"])
        for event in db.session.scalars(select(Event).where(Event.kind == EventKind.CLOCK_BREACHED))
    )
    assert fired == Counter(clocks.keys())
    warned = select(func.count()).select_from(Event).where(Event.kind == EventKind.CLOCK_WARNED)
    assert db.session.scalar(warned) == 0, "what has run out needs no warning"


def _each_receiver_is_told_once(town: SmallMunicipality) -> None:
    """The two superusers of the queue, and the administrator on the rung above."""
    told: dict[int, list[str]] = {}
    for event_id, recipient in db.session.execute(select(OutboxMessage.event_id, OutboxMessage.recipient)):
        told.setdefault(event_id, []).append(recipient)
    breaches = db.session.scalars(select(Event.id).where(Event.kind == EventKind.CLOCK_BREACHED)).all()
    assert told.keys() == set(breaches)
    receivers = sorted(person.email for person in (town.superuser, town.second_superuser, town.municipal_admin))
    assert [event_id for event_id, who in told.items() if sorted(who) != receivers] == []


def _one_digest_a_person(town: SmallMunicipality) -> None:
    """What they are told of it all is one mail each, when they are at work next."""
    later = datetime.now(UTC) + timedelta(days=90)
    while send_due(later).sent:  # the workers may have sent theirs already
        pass
    unsent = select(func.count()).where(OutboxMessage.sent_at.is_(None), OutboxMessage.digest_id.is_(None))
    assert db.session.scalar(unsent) == 0
    per_person = db.session.execute(
        select(OutboxMessage.recipient, func.count())
        .where(OutboxMessage.purpose == "digest")
        .group_by(OutboxMessage.recipient)
    )
    receivers = (town.superuser, town.second_superuser, town.municipal_admin)
    assert dict(map(tuple, per_person)) == {person.email: 1 for person in receivers}


def _due() -> int:
    db.session.rollback()
    due = select(func.count()).select_from(WorkItem).where(WorkItem.next_at <= datetime.now(UTC))
    found = db.session.scalar(due) or 0
    db.session.rollback()
    return found


def _wait_until_nothing_is_due() -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while _due():
        assert time.monotonic() < give_up, f"{_due()} items are still due"
        time.sleep(0.2)
