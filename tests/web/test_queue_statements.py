"""The hot pages ask the database the same number of questions at ten items and at a thousand, and none of
them reads a whole table of tickets."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, insert, select, text

from tests.factories import SmallMunicipality, WorkItemFactory, small_municipality
from tests.web.test_sign_in import sign_in
from tests.web.test_ticket_actions import Desk
from ticketing.accounts.throttle import throttle
from ticketing.database import db
from ticketing.vocabulary import Lane, Rung, State
from ticketing.work import actions
from ticketing.work.models import WorkItem

#: Signing in a request's person with posts takes four; the rest is the page's own.
QUEUE_STATEMENTS = 6
PAGE_STATEMENTS = 14
MANY = 20_000


@pytest.fixture
def town(session) -> SmallMunicipality:
    throttle.__init__()
    return small_municipality()


@contextmanager
def statements() -> Iterator[list[tuple[str, Any]]]:
    """Every SELECT that runs meanwhile, with its parameters."""
    seen: list[tuple[str, Any]] = []

    def note(_connection, _cursor, statement, parameters, _context, _many) -> None:
        if statement.lstrip().upper().startswith("SELECT"):
            seen.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def fill(town: SmallMunicipality, count: int, **more: Any) -> None:
    """`count` items like one that a factory makes, one in ten of them open."""
    like = WorkItemFactory(unit=town.school_indskoling, version=1, **more)
    start = max(1_000_000, db.session.scalars(select(func.max(WorkItem.number))).one() + 1)
    columns = [c.key for c in WorkItem.__table__.columns if c.key != "id"]
    row = {name: getattr(like, name) for name in columns}
    now = datetime.now(UTC)
    rows = []
    for n in range(count):
        is_open = n % 10 == 0
        state = State.NEW if is_open else State.CLOSED
        due = now + timedelta(minutes=n) if is_open else None
        rows.append({**row, "number": start + n, "is_open": is_open, "state": state, "due_at": due})
    db.session.execute(insert(WorkItem), rows)
    db.session.commit()


def asked(client, address: str) -> list[tuple[str, Any]]:
    client.get(address)
    with statements() as seen:
        assert client.get(address).status_code == 200
    return seen


def test_the_queue_asks_as_much_at_ten_as_at_a_thousand(client, town) -> None:
    sign_in(client, town.superuser)
    fill(town, 100)
    few = asked(client, "/koe")
    fill(town, 10_000)
    many = asked(client, "/koe")
    assert len(many) == len(few) <= QUEUE_STATEMENTS


def test_it_asks_as_much_at_ten_as_at_a_thousand(client, town) -> None:
    sign_in(client, town.technicians[0])
    at_it = {"step": "servicedesk", "rung": Rung.SERVICEDESK, "queue_unit": town.it, "lane": Lane.TECHNICAL}
    fill(town, 100, **at_it)
    few = asked(client, "/it")
    fill(town, 10_000, **at_it)
    assert len(asked(client, "/it")) == len(few)


def test_the_ticket_page_asks_as_much_with_a_long_history(client, town) -> None:
    desk = Desk(client, town)
    sign_in(client, town.superuser)
    few = asked(client, desk.address)
    for n in range(60):
        who = town.superuser if n % 2 else town.second_superuser
        actions.note(desk.item.id, desk.actor(who), desk.now, text=f"Note {n}")
    many = asked(client, desk.address)
    assert len(many) == len(few) <= PAGE_STATEMENTS


@pytest.mark.parametrize("address", ["/koe", "/it", "/sager/{number}"])
def test_no_question_of_a_page_reads_the_whole_table(client, town, address: str) -> None:
    desk = Desk(client, town)
    fill(town, MANY)
    db.session.execute(text("ANALYZE"))
    db.session.commit()
    sign_in(client, town.technicians[0] if address == "/it" else town.superuser)
    seen = asked(client, address.format(number=desk.item.number))
    about_items = [(sql, values) for sql, values in seen if "work_item" in sql]
    assert about_items
    for sql, values in about_items:
        plan = explained(sql, values)
        assert not scans_items(plan), f"{sql}\n{plan}"


def explained(sql: str, values: Any) -> str:
    word = "EXPLAIN QUERY PLAN" if db.engine.dialect.name == "sqlite" else "EXPLAIN"
    with db.engine.connect() as connection:
        rows = connection.exec_driver_sql(f"{word} {sql}", values).all()
    return "\n".join(" ".join(str(part) for part in row) for row in rows)


def scans_items(plan: str) -> bool:
    """Reads work_item row by row: "SCAN work_item" on SQLite, "Seq Scan on work_item" on PostgreSQL."""
    return bool(re.search(r"\bSCAN (?:TABLE )?work_item\b|Seq Scan on work_item\b", plan))
