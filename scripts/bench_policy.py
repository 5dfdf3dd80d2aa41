#!/usr/bin/env python3
"""What it costs to try a change of targets on a municipality's items, and to let them follow it.

Usage: scripts/bench_policy.py [TICKETS …] (default 2000 8000), on SQLite with the demo of the whole
municipality, its tickets multiplied. Prints the seconds of a preview over the open items, of the last
quarter's replay and of the pass that follows, and the most memory that the trials held at once.
"""

import sys
import tempfile
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sqlalchemy import func, select

from tests.engines import empty_tables, settings_for, sqlite_database
from ticketing.app import create_app
from ticketing.clocks.config import ClockConfig, ClockTexts, load_clock_texts
from ticketing.database import db, transaction
from ticketing.demo.clone import clone_items
from ticketing.demo.town import load_demo
from ticketing.organisation.models import Municipality
from ticketing.vocabulary import MunicipalityId, Reach
from ticketing.work.actions import SYSTEM
from ticketing.work.models import Event, WorkItem
from ticketing.work.policy_changes import apply_edition
from ticketing.work.policy_trial import preview, replay
from ticketing.work.queries import clock_config
from ticketing.work.spreading import spread

OLD = "{for: {rung: superuser, priority: P3}, first_response: 1 d, rung: 2 d}"
NEW = "{for: {rung: superuser, priority: P3}, first_response: 4 h, rung: 1 d}"


def main() -> None:
    sizes = [int(size) for size in sys.argv[1:]] or [2_000, 8_000]
    with tempfile.TemporaryDirectory() as folder, sqlite_database(Path(folder)) as url:
        app = create_app(settings_for(url, Path(folder)))
        with app.app_context():
            for size in sizes:
                measure(size)
            db.session.remove()
            db.engine.dispose()


def measure(tickets: int) -> None:
    empty_tables()
    now = datetime.now(UTC)
    load_demo("municipality", "x", now)
    town = MunicipalityId(db.session.scalars(select(Municipality.id)).one())
    with transaction() as session:
        clone_items(session, town, tickets)
    texts = clock_config().texts
    proposed = load_clock_texts(ClockTexts(texts.calendars, texts.targets.replace(OLD, NEW)))
    items = db.session.scalar(select(func.count()).select_from(WorkItem))
    events = db.session.scalar(select(func.count()).select_from(Event))
    db.session.rollback()
    print(f"{items} tickets, {events} events")
    took, found = timed(lambda: preview(town, proposed, Reach.FROM_START, now))
    print(f"  preview, {found.open_items} open items, {found.touched} touched: {took:.2f} s")
    took, told = timed(lambda: replay(town, proposed, now))
    print(f"  replay, {told.items} tickets of the quarter: {took:.2f} s")
    print(f"  most memory at once while trying: {memory(town, proposed, now):.1f} MB")
    apply_edition(town, SYSTEM, now, proposed.texts, reach=Reach.FROM_START, reason="Maaling")
    took, moved = timed(lambda: spread(now, limit=1_000_000))
    print(f"  the pass, {found.open_items} open items, {moved} events: {took:.2f} s")


T = TypeVar("T")


def timed(what: Callable[[], T]) -> tuple[float, T]:
    start = perf_counter()
    found = what()
    return perf_counter() - start, found


def memory(town: MunicipalityId, proposed: ClockConfig, now: datetime) -> float:
    tracemalloc.start()
    preview(town, proposed, Reach.FROM_START, now)
    replay(town, proposed, now)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most / 1_000_000


if __name__ == "__main__":
    main()
