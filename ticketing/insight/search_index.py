"""The search index: made by triggers of the database in the transaction of the rows themselves, so no way of
writing a ticket, a message or a person can forget it. Here it is made anew, and compared with the rows.

The views `search_source` and `search_person_source` say what the index should hold; the triggers read them too.
"""

# ruff: noqa: S608 - the names in the statements are those of `PARTS`, nothing is typed by anybody

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, event, text
from sqlalchemy.orm import Session

from ticketing.database import db, transaction
from ticketing.insight.words import index_words, plain_words

#: Rows that one transaction of `rebuild` writes.
BATCH = 2_000


@dataclass(frozen=True)
class Part:
    """A table of the index with its key, the view that says what it holds, and the columns they share."""

    table: str
    source: str
    key: str
    sqlite_key: str
    sqlite_columns: tuple[str, ...]
    rows: str


PARTS = (
    Part("search_index", "search_source", "item_id", "rowid", ("title", "body", "names"), "work_item"),
    Part("search_person", "search_person_source", "person_id", "rowid", ("name",), "person"),
)


@event.listens_for(Engine, "connect")
def _teach_sqlite(connection: Any, _record: Any) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.create_function("index_words", 1, index_words, deterministic=True)
        connection.create_function("plain_words", 1, plain_words, deterministic=True)


def rebuild() -> int:
    """Makes the whole index anew, `BATCH` rows a transaction, while the service runs. Returns how many rows.
    Broken off half-way it can be run again."""
    return sum(_rebuilt(part) for part in PARTS)


def differences() -> int:
    """How many tickets and people the index has wrong, lacks or has too many of; nothing is changed."""
    return sum(_differing(part) for part in PARTS)


@contextmanager
def in_bulk(session: Session) -> Iterator[None]:
    """New items that are written inside, with their messages, are indexed once at the end, not anew with each
    of their messages. For a load alone: on PostgreSQL all other writers of tickets wait. Older items must not
    be written inside."""
    last = session.scalar(text("SELECT coalesce(max(id), 0) FROM work_item"))
    put_off = _without_triggers(session)
    yield
    session.flush()
    for statement in put_off:
        session.execute(text(statement))
    part = PARTS[0]
    key, columns = _shape(part)
    session.execute(
        text(
            f"INSERT INTO {part.table} ({', '.join((key, *columns))}) SELECT {', '.join((part.key, *columns))}"
            f" FROM {part.source} WHERE {part.key} > :last"
        ),
        {"last": last},
    )


def _without_triggers(session: Session) -> list[str]:
    """Takes the triggers of tickets and messages away; returns the statements that bring them back."""
    tables = ("work_item", "message")
    if db.engine.dialect.name != "sqlite":
        for table in tables:
            session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER {table}_is_searched"))
        return [f"ALTER TABLE {table} ENABLE TRIGGER {table}_is_searched" for table in tables]
    found = session.execute(
        text(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name IN"
            " ('work_item_insert_is_searched', 'message_insert_is_searched')"
        )
    ).all()
    for name, _sql in found:
        session.execute(text(f"DROP TRIGGER {name}"))
    return [sql for _name, sql in found]


def _rebuilt(part: Part) -> int:
    last = db.session.scalar(text(f"SELECT coalesce(max(id), 0) FROM {part.rows}")) or 0
    key, columns = _shape(part)
    names = ", ".join((key, *columns))
    done = 0
    for start in range(0, last + 1, BATCH):
        span = {"low": start, "high": start + BATCH}
        with transaction() as session:
            session.execute(text(f"DELETE FROM {part.table} WHERE {key} >= :low AND {key} < :high"), span)
            found = session.execute(
                text(
                    f"INSERT INTO {part.table} ({names}) SELECT {', '.join((part.key, *columns))}"
                    f" FROM {part.source} WHERE {part.key} >= :low AND {part.key} < :high"
                ),
                span,
            )
            done += found.rowcount  # type: ignore[attr-defined]  # an INSERT has a cursor's result
    with transaction() as session:
        session.execute(text(f"DELETE FROM {part.table} WHERE {key} > :last"), {"last": last})
    return done


def _differing(part: Part) -> int:
    key, columns = _shape(part)
    same = " AND ".join(f"i.{name} IS NOT DISTINCT FROM s.{name}" for name in columns)
    if db.engine.dialect.name == "sqlite":
        same = " AND ".join(f"i.{name} IS s.{name}" for name in columns)
    wrong = db.session.scalar(
        text(
            f"SELECT count(*) FROM {part.source} s LEFT JOIN {part.table} i ON i.{key} = s.{part.key}"
            f" WHERE i.{key} IS NULL OR NOT ({same})"
        )
    )
    without = db.session.scalar(
        text(f"SELECT count(*) FROM {part.table} WHERE {key} NOT IN (SELECT id FROM {part.rows})")
    )
    return int(wrong or 0) + int(without or 0)


def _shape(part: Part) -> tuple[str, tuple[str, ...]]:
    if db.engine.dialect.name == "sqlite":
        return part.sqlite_key, part.sqlite_columns
    return part.key, ("words",)
