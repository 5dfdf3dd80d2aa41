#!/usr/bin/env python3
"""What a search costs on a municipality of many tickets, beside a bare full-text query of the same words.

Usage: scripts/bench_search.py [TICKETS] [--sqlite] (default 100000, on PostgreSQL). Loads the demo of the
whole municipality, multiplies its tickets and prints, for each kind of user and word, the median and the
slowest of `RUNS` in milliseconds.
"""

import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sqlalchemy import func, select, text

from tests.engines import postgresql_database, settings_for, sqlite_database
from ticketing.accounts.queries import load_viewer
from ticketing.app import create_app
from ticketing.database import db, transaction
from ticketing.demo.clone import clone_items
from ticketing.demo.town import load_demo, sign_ins
from ticketing.insight.search import Filters, search
from ticketing.organisation.models import Municipality, Person
from ticketing.work.models import WorkItem

RUNS = 15
#: Two words that many tickets have, two together, and one that hardly any has.
QUESTIONS = ("besked", "kan", "kalender tom", "fødselsdage")
BARE = {
    "postgresql": "SELECT item_id FROM search_index WHERE words @@ plainto_tsquery('danish', :question)"
    " ORDER BY item_id DESC LIMIT 26",
    "sqlite": "SELECT rowid FROM search_index WHERE search_index MATCH :question ORDER BY rowid DESC LIMIT 26",
}


def main() -> None:
    tickets = next((int(one) for one in sys.argv[1:] if one.isdecimal()), 100_000)
    engine = sqlite_database if "--sqlite" in sys.argv else postgresql_database
    with tempfile.TemporaryDirectory() as folder, engine(Path(folder)) as url:
        app = create_app(settings_for(url, Path(folder)))
        with app.app_context():
            fill(tickets)
            measure()
            db.session.remove()
            db.engine.dispose()


def fill(tickets: int) -> None:
    load_demo("municipality", "x", datetime.now(UTC), tickets=60, placed=False)
    start = perf_counter()
    with transaction() as session:
        clone_items(session, session.scalars(select(Municipality.id)).one(), tickets)
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT", writes=False) as connection:
        connection.execute(text("ANALYZE" if db.engine.dialect.name == "sqlite" else "VACUUM ANALYZE"))
    found = db.session.scalar(select(func.count()).select_from(WorkItem))
    print(f"{db.engine.dialect.name}, {found} items; copied and indexed in {perf_counter() - start:.0f} s")


def measure() -> None:
    now = datetime.now(UTC)
    bare = text(BARE[db.engine.dialect.name])
    for question in QUESTIONS:
        took = timed(lambda question=question: db.session.execute(bare, {"question": question}).all())
        print(f"{question:<14} {'bare query':<18} {took}")
        for account in sign_ins():
            person = db.session.scalars(select(Person).where(Person.email == account.email)).first()
            if person is None:
                continue
            viewer = load_viewer(person.id, now)
            hits = len(search(viewer, question, Filters(), now).hits)
            took = timed(lambda q=question, v=viewer: search(v, q, Filters(), now))
            print(f"{question:<14} {account.group:<18} {took}  {hits} shown")


def timed(what: Callable[[], object]) -> str:
    times = []
    for _ in range(RUNS):
        start = perf_counter()
        what()
        times.append(1000 * (perf_counter() - start))
    return f"median {median(times):6.1f} ms  slowest {max(times):6.1f} ms"


if __name__ == "__main__":
    main()
