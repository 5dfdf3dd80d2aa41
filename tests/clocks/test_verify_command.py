"""`ticketing clocks verify` and `sweep`: the stored clocks are a cache of what the events say."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import select

from tests.factories import small_municipality
from ticketing import cli
from ticketing.cli import main
from ticketing.vocabulary import Channel, ClockKind, EventKind, RequesterRole
from ticketing.work import actions
from ticketing.work.models import Clock, Event, WorkItem

OPENED = datetime(2026, 9, 15, 8, 0, tzinfo=UTC)


@pytest.fixture
def item(app: Flask, session, monkeypatch: pytest.MonkeyPatch) -> WorkItem:
    @contextmanager
    def application() -> Iterator[Flask]:
        yield app

    monkeypatch.setattr(cli, "application", application)
    town = small_municipality()
    session.commit()
    draft = actions.Draft(
        municipality_id=town.municipality.id,
        unit_id=town.school_indskoling.id,
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
