"""The database: typed base class, UTC times, and the one way to write (`transaction`).

Both engines run from the same models: SQLite embedded, PostgreSQL for more than one host.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import BigInteger, DateTime, Dialect, Engine, Integer, MetaData, String, TypeDecorator, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, Session, registry

from ticketing.vocabulary import ItemId, MunicipalityId, PersonId, UnitId

BUSY_TIMEOUT_MS = 10_000
MOST_RUNS = 4
#: PostgreSQL's `deadlock_detected` and `serialization_failure`.
DEADLOCK_STATES = ("40P01", "40001")

T = TypeVar("T")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime in UTC, on every engine. A naive value is a programming error and raises."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone can't be stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Word(TypeDecorator[StrEnum]):
    """One of the domain's words, kept as its text: what is read is the enum again, so `is` holds."""

    impl = String
    cache_ok = True

    def __init__(self, words: type[StrEnum], length: int) -> None:
        super().__init__(length)
        self.words = words

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        return None if value is None else str(self.words(value))

    def process_result_value(self, value: str | None, _dialect: Dialect) -> StrEnum | None:
        return None if value is None else self.words(value)


#: SQLite only counts up an INTEGER primary key; PostgreSQL wants a BIGINT for years of events.
BigKey = BigInteger().with_variant(Integer(), "sqlite")
#: Materialised paths compare byte by byte, so that a range over an index is a subtree.
PathString = String(255).with_variant(String(255, collation="C"), "postgresql")


class Base(DeclarativeBase):
    #: Not `metadata` and `type_annotation_map`: Flask-SQLAlchemy copies this class, and SQLAlchemy 2.1
    #: refuses a copy that has both a map and the registry it was made into.
    registry = registry(
        metadata=MetaData(
            naming_convention={
                "ix": "ix_%(table_name)s_%(column_0_N_name)s",
                "uq": "uq_%(table_name)s_%(column_0_N_name)s",
                "ck": "ck_%(table_name)s_%(constraint_name)s",
                "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
                "pk": "pk_%(table_name)s",
            }
        ),
        type_annotation_map={
            datetime: UtcDateTime,
            MunicipalityId: BigKey,
            UnitId: BigKey,
            PersonId: BigKey,
            ItemId: BigKey,
        },
    )


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: Any, _record: Any) -> None:
    if not isinstance(connection, sqlite3.Connection):
        return
    connection.isolation_level = None  # the begin event below says BEGIN, pysqlite must not
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "synchronous=NORMAL",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Any) -> None:
    if connection.dialect.name == "sqlite":
        # A deferred transaction that turns into a write fails with "database is locked", whatever
        # the timeout; so a writer takes its place in the queue from its first statement.
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def transaction() -> Iterator[Session]:
    """The one way to write: everything inside is committed together, or nothing is.

    Inside another `transaction` it joins that one, so an action may call an action. What the
    session had read before is ended first, so that a writer on SQLite starts with BEGIN IMMEDIATE.
    """
    session = db.session()
    if session.info.get("writing"):
        yield session
        return
    session.commit()
    session.info["writing"] = True
    try:
        session.connection(execution_options={"writes": True})
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info["writing"] = False


@contextmanager
def snapshot() -> Iterator[Session]:
    """Reads, in a session of their own, that see one state of the database and lock nothing. Nothing is ever
    written: what is changed on the rows is thrown away at the end."""
    with Session(db.engine, autoflush=False) as session:
        if db.engine.dialect.name == "postgresql":
            options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
            session.connection(execution_options=options)
        yield session


def again_after_deadlock(run: Callable[[], T]) -> T:
    """What `run`, a whole transaction, returns. Where the database ended it for the sake of another (two
    that wait for each other), it is run again, at most `MOST_RUNS` times. Inside another transaction it runs
    once: only the whole can be run again."""
    if db.session().info.get("writing"):
        return run()
    for _ in range(MOST_RUNS - 1):
        try:
            return run()
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) not in DEADLOCK_STATES:
                raise
    return run()


def path_range(path: str) -> tuple[str, str]:
    """Bounds (low, high) such that low <= p < high holds for just the paths inside `path`, itself
    included. Paths end in "/", and "0" is the character after "/"."""
    return path, path[:-1] + "0"
