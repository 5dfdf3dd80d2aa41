"""Several workers and doors at once: one first edition, and one event an item, whoever is first."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from flask import Flask
from sqlalchemy import select

from tests.clocks.test_editions import put, with_target
from tests.clocks.test_local_days import OPENED, ask
from tests.factories import SmallMunicipality, small_municipality
from ticketing.clocks.models import ClockEdition
from ticketing.database import db
from ticketing.vocabulary import EventKind
from ticketing.work.models import Event
from ticketing.work.spreading import SECOND_LOOK, spread

WORKERS = 3


@pytest.fixture
def town(session) -> SmallMunicipality:
    made = small_municipality()
    session.commit()
    return made


def at_once(app: Flask, work: Callable[[], object]) -> None:
    """Runs `work` in several threads that start together; what one of them raises is raised here."""
    ready, broken = Barrier(WORKERS, timeout=20), list[BaseException]()

    def run() -> None:
        with app.app_context():
            try:
                ready.wait()
                work()
            except BaseException as error:
                broken.append(error)
            finally:
                db.session.remove()

    threads = [Thread(target=run) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert broken == []


def test_the_first_questions_at_once_make_one_first_edition(app, session, town) -> None:
    at_once(app, lambda: ask(town, town.school_indskoling))
    assert session.scalars(select(ClockEdition.number)).all() == [1]
    calendars = {event.data["policy"]["rung_calendar"] for event in session.scalars(select(Event))}
    assert len(calendars) == 1


def test_several_workers_take_each_item_along_once_and_look_twice(app, session, town) -> None:
    items = [ask(town, town.school_indskoling).id for _ in range(12)]
    put(town, with_target("4 h"), OPENED)
    session.commit()
    at_once(app, lambda: spread(OPENED))
    session.expire_all()
    found = Counter(session.scalars(select(Event.item_id).where(Event.kind == EventKind.POLICY_CHANGED)))
    assert found == Counter(items)
    made = session.scalars(select(ClockEdition).where(ClockEdition.number == 2)).one()
    assert (made.passes, made.again_at) == (1, OPENED + SECOND_LOOK)
    session.commit()
    at_once(app, lambda: spread(OPENED + SECOND_LOOK + timedelta(seconds=1)))
    session.expire_all()
    assert session.scalars(select(ClockEdition.again_at).where(ClockEdition.number == 2)).all() == [None]
    assert Counter(session.scalars(select(Event.kind)))[EventKind.POLICY_CHANGED] == len(items)
