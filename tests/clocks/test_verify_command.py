"""`ticketing clocks verify` and `sweep`: the stored clocks are a cache of what the events say."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import func, select, text

from tests.factories import EventFactory, WorkItemFactory, small_municipality
from ticketing import cli
from ticketing.cli import main
from ticketing.clocks.models import ClockCheck
from ticketing.database import db
from ticketing.organisation.models import Post, Unit
from ticketing.vocabulary import Channel, ClockKind, ClockState, EventKind, RequesterRole
from ticketing.work import actions
from ticketing.work.clockcheck import verify
from ticketing.work.models import Clock, Event, WorkItem
from ticketing.work.nightcheck import last_check, nightly

OPENED = datetime(2026, 9, 15, 8, 0, tzinfo=UTC)


@pytest.fixture
def item(app: Flask, session, monkeypatch: pytest.MonkeyPatch) -> WorkItem:
    @contextmanager
    def application() -> Iterator[Flask]:
        yield app

    monkeypatch.setattr(cli, "application", application)
    town = small_municipality()
    return ask(town.school_indskoling)


def ask(unit: Unit) -> WorkItem:
    db.session.commit()
    draft = actions.Draft(
        municipality_id=unit.municipality_id,
        unit_id=unit.id,
        title="Kan ikke se beskeder",
        body="Jeg kan ikke se beskeder.",
        category="BESKED",
        channel=Channel.MAIL,
        requester_role=RequesterRole.PARENT,
        requester_email="mor@example.org",
    )
    return actions.open_ticket(draft, actions.REQUESTER, OPENED)


def run(session, *words: str) -> Result:
    session.commit()
    result = CliRunner().invoke(main, ["clocks", *words])
    session.expire_all()
    return result


def test_untouched_clocks_are_as_the_events_say(session, item) -> None:
    result = run(session, "verify")
    assert (result.exit_code, result.output) == (0, "0 differences.\n")


def test_a_drifted_due_time_is_told_and_left_until_it_is_repaired(session, item) -> None:
    rung = session.scalars(select(Clock).where(Clock.item_id == item.id, Clock.kind == ClockKind.RUNG)).one()
    right, wrong = rung.due_at, rung.due_at + timedelta(days=1)
    rung.due_at, item.next_at = wrong, None
    result = run(session, "verify")
    assert result.exit_code == 1
    assert "rung 1: due_at" in result.output and "item: next_at" in result.output
    assert (rung.due_at, item.next_at) == (wrong, None)
    assert run(session, "verify", "--repair").exit_code == 0
    assert rung.due_at == right and item.next_at is not None
    assert run(session, "verify").exit_code == 0


def test_a_clock_that_is_missing_is_made_again(session, item) -> None:
    session.delete(session.scalars(select(Clock).where(Clock.kind == ClockKind.END_TO_END)).one())
    assert run(session, "verify").exit_code == 1
    assert run(session, "verify", "--repair").exit_code == 0
    assert session.scalars(select(Clock).where(Clock.kind == ClockKind.END_TO_END)).one()


def test_a_sweep_fires_what_is_due_and_again_nothing(session, item) -> None:
    assert run(session, "sweep").exit_code == 0
    fired = session.scalars(select(Event.kind)).all()
    assert EventKind.CLOCK_BREACHED in fired
    assert run(session, "sweep").output == "0 items looked after, 0 events.\n"
    assert session.scalars(select(Event.kind)).all() == fired
    assert run(session, "verify").exit_code == 0


def test_looking_waits_for_nobodys_lock(session, item) -> None:
    """It used to lock every open item, a hundred at a time, only to look."""
    session.commit()
    with db.engine.connect().execution_options(writes=True) as somebody:
        # Locks the row on PostgreSQL, and on SQLite the whole file for writers.
        somebody.execute(text("UPDATE work_item SET title = 'x' WHERE id = :id"), {"id": item.id})
        assert list(verify()) == []
        somebody.rollback()


def test_a_clock_that_no_event_speaks_of_is_told_and_removed(session, item) -> None:
    ghost = Clock(
        municipality_id=item.municipality_id,
        item_id=item.id,
        kind=ClockKind.RUNG,
        visit=7,
        calendar="skole",
        target_seconds=3600,
        used_seconds=0,
        state=ClockState.RUNNING,
        started_at=OPENED,
        due_at=OPENED,
    )
    session.add(ghost)
    result = run(session, "verify")
    assert result.exit_code == 1 and "rung 7: state is running, by the events None" in result.output
    assert session.scalar(select(func.count()).where(Clock.visit == 7)) == 1
    assert run(session, "verify", "--repair").exit_code == 0
    assert session.scalar(select(func.count()).where(Clock.visit == 7)) == 0
    assert run(session, "verify").exit_code == 0


def test_a_history_that_cannot_be_replayed_is_told_and_the_rest_is_looked_at(session, item) -> None:
    broken = WorkItemFactory(unit=session.get_one(Unit, item.unit_id))
    EventFactory(item=broken, seq=1)
    later = ask(session.get_one(Unit, item.unit_id))
    later.next_at = None
    for words in (("verify",), ("verify", "--repair")):
        result = run(session, *words)
        assert result.exit_code == 1
        assert (
            f"{broken.number}: the events can't be replayed: HistoryError: event 1: no policy" in result.output
        )
        assert f"{later.number}: item: next_at" in result.output
        assert "1 items whose events" in result.output
    assert later.next_at is not None


def test_a_closed_items_verdict_is_checked_on_demand(session, item) -> None:
    teacher = session.scalars(select(Post.person_id).where(Post.unit_id == item.unit_id)).first()
    actions.solve(item.id, actions.Actor("person", teacher), OPENED + timedelta(hours=1), text="Sådan gør du.")
    actions.close(item.id, actions.SYSTEM, OPENED + timedelta(hours=2))
    total = session.scalars(select(Clock).where(Clock.kind == ClockKind.END_TO_END)).one()
    assert total.state is ClockState.MET
    total.state = ClockState.MISSED
    assert run(session, "verify").exit_code == 0
    result = run(session, "verify", "--all")
    assert result.exit_code == 1 and "end_to_end 0: state is missed, by the events met" in result.output
    assert run(session, "verify", "--all", "--repair").exit_code == 0
    assert total.state is ClockState.MET


NIGHT = datetime(2026, 9, 16, 0, 30, tzinfo=UTC)


def test_every_night_each_municipality_is_checked_once(session, item) -> None:
    session.commit()
    assert last_check() is None
    assert [nightly(NIGHT), nightly(NIGHT + timedelta(minutes=10))] == [1, 0]
    assert (last_check().night, last_check().looked_at, last_check().differences) == (NIGHT.date(), 1, 0)
    item.next_at = None
    session.commit()
    assert nightly(NIGHT + timedelta(hours=20)) == 0
    assert nightly(NIGHT + timedelta(days=1)) == 1
    assert last_check().differences == 1
    session.expire_all()
    assert item.next_at is None


def test_a_check_whose_worker_died_is_done_again(session, item) -> None:
    unfinished = ClockCheck(municipality_id=item.municipality_id, night=NIGHT.date(), started_at=NIGHT)
    session.add(unfinished)
    session.commit()
    assert nightly(NIGHT + timedelta(hours=1)) == 0
    assert last_check().finished_at is None
    assert nightly(NIGHT + timedelta(hours=4)) == 1
    assert last_check().looked_at == 1
