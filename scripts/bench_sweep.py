#!/usr/bin/env python3
"""How many clocks a second one worker fires, beside what the database can do at all.

Usage: scripts/bench_sweep.py [CLOCKS …] (default 10000 100000 1000000 clock rows), PostgreSQL as in the
tests. Of the rows 10,000 (at most a third) are due, each on an item of its own: a first response that nobody
gave, so that each firing writes an event, the notices to its receivers, the clocks and the item. In the same
run on the same rows, as the yardstick: `SELECT … FOR UPDATE SKIP LOCKED; UPDATE` in batches as large as the
sweep's, and one row at a time, as queues in a database are usually worked off.
"""

import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from psycopg import Connection
from sqlalchemy import func, select, text

from tests.engines import empty_tables, postgresql_database, settings_for
from tests.factories import SmallMunicipality, small_municipality
from ticketing.app import create_app
from ticketing.database import db
from ticketing.demo.clone import clone_items
from ticketing.demo.loading import count_on
from ticketing.vocabulary import Channel, RequesterRole
from ticketing.work import actions
from ticketing.work.models import Clock, Event, OutboxMessage, WorkItem
from ticketing.work.sweep import BATCH, sweep

MOST_DUE = 10_000
CLOCKS_AN_ITEM = 3
#: Tuesday to Wednesday in term time: a school day and a little, so that the first response is overdue and
#: nothing else is.
ASKED = datetime(2026, 9, 15, 8, 0, tzinfo=UTC)
NOW = ASKED + timedelta(hours=24, minutes=30)
CLAIM = "SELECT id FROM work_item WHERE next_at <= %s ORDER BY next_at LIMIT %s FOR UPDATE SKIP LOCKED"
MOVE = "UPDATE work_item SET next_at = next_at + interval '1 year', version = version + 1 WHERE id = ANY(%s)"


def main() -> None:
    sizes = [int(size) for size in sys.argv[1:]] or [10_000, 100_000, 1_000_000]
    with tempfile.TemporaryDirectory() as folder, postgresql_database(Path(folder)) as url:
        app = create_app(settings_for(url, Path(folder)))
        with app.app_context():
            for size in sizes:
                measure(size)
            db.session.remove()
            db.engine.dispose()


def measure(size: int) -> None:
    """Fills the tables with `size` clock rows and prints the three rates."""
    db.session.remove()
    empty_tables()
    fill(size)
    one_by_one = rate(lambda connection: claim_and_move(connection, 1), 2_000)
    batched = rate(lambda connection: claim_and_move(connection, BATCH), MOST_DUE)
    began = perf_counter()
    while sweep(NOW).items:
        pass
    seconds = perf_counter() - began
    fired = db.session.scalar(select(func.count()).select_from(Event).where(Event.kind == "clock_breached"))
    told = db.session.scalar(select(func.count()).select_from(OutboxMessage))
    ours = fired / seconds
    print(
        f"{size:>9,} clock rows, {fired:,} due: {ours:7,.0f} clocks/s fired with {told:,} notices"
        f" | bare, one row a transaction: {one_by_one:7,.0f}/s ({ours / one_by_one:.0%})"
        f" | bare, {BATCH} rows a transaction: {batched:7,.0f}/s ({ours / batched:.0%})",
        flush=True,
    )


def rate(step: Callable[[Connection], int], most: int) -> float:
    """Rows a second of `step` until nothing is due (or `most` are done), on the driver's own connection; puts
    the rows back."""
    done = 0
    with db.engine.connect() as pooled:
        connection = pooled.connection.driver_connection
        began = perf_counter()
        while done < most and (moved := step(connection)):
            done += moved
        seconds = perf_counter() - began
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        back = "UPDATE work_item SET next_at = next_at - interval '1 year' WHERE version > 2"
        connection.execute(text(back))
        connection.execute(text("UPDATE work_item SET version = 2 WHERE version > 2"))
        connection.execute(text("VACUUM ANALYZE work_item"))
    return done / seconds


def claim_and_move(connection: Connection, size: int) -> int:
    ids = [row[0] for row in connection.execute(CLAIM, [NOW, size]).fetchall()]
    connection.execute(MOVE, [ids])
    connection.commit()
    return len(ids)


def fill(size: int) -> None:
    """10,000 items with an overdue first response in four units, the rest of the rows due later."""
    town = small_municipality()
    db.session.commit()
    for number in range(40):
        ask(town, number)
    session = db.session
    due = min(MOST_DUE, size // CLOCKS_AN_ITEM)
    clone_items(session(), town.municipality.id, due)
    session.commit()
    template = session.scalars(select(WorkItem.id).order_by(WorkItem.id)).first()
    more = size // CLOCKS_AN_ITEM - due
    if more:
        later = {"next_at": "timestamptz '2027-01-01' + g * interval '1 second'"}
        shifts = {"item_id": f"{highest('work_item')} + g"}
        copy("event", "item_id", template, more, shifts)
        copy("clock", "item_id", template, more, shifts | {"due_at": later["next_at"], "warn_at": "NULL"})
        own = {"id": f"{highest('work_item')} + g", "number": f"{highest('work_item', 'number')} + g"}
        copy("work_item", "id", template, more, own | later)
    count_on(session(), *(model.__table__ for model in (WorkItem, Event, Clock)))
    session.commit()
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("UPDATE work_item SET version = 2"))
        connection.execute(text("VACUUM ANALYZE"))


def ask(town: SmallMunicipality, number: int) -> None:
    units = (town.school_indskoling, town.school_udskoling, town.daycare_room, town.school)
    draft = actions.Draft(
        municipality_id=town.municipality.id,
        unit_id=units[number % len(units)].id,
        title=f"Spørgsmål {number}",
        body="Tekst",
        category="LOGIN",
        channel=Channel.FORM,
        requester_role=RequesterRole.EMPLOYEE,
        requester_id=town.teacher.id,
    )
    actions.open_ticket(draft, actions.REQUESTER, ASKED)
    db.session.execute(text("DELETE FROM outbox_message"))
    db.session.commit()


def highest(table: str, column: str = "id") -> int:
    return int(db.session.scalar(text(f"SELECT max({column}) FROM {table}")))


def copy(table: str, of: str, template: int, count: int, changed: dict[str, str]) -> None:
    """`count` copies of the template item's rows in a table, in the database itself."""
    names = [column.name for column in db.metadata.tables[table].columns]
    given = {"id": f"{highest(table)} + row_number() OVER ()"} | changed
    values = ", ".join(given.get(name, f't."{name}"') for name in names)
    columns = ", ".join(f'"{name}"' for name in names)
    db.session.execute(text("SET LOCAL session_replication_role = replica"))  # items come after their rows
    db.session.execute(
        text(
            f"INSERT INTO {table} ({columns}) SELECT {values} FROM {table} t, generate_series(1, {count}) g"
            f" WHERE t.{of} = :template"
        ),
        {"template": template},
    )


if __name__ == "__main__":
    main()
