"""The migrations make just what the models say, and can be taken back, on both engines."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from tests.factories import EventFactory
from ticketing.database import Base, db


def of_models(name: str | None, kind: str, _parents: object) -> bool:
    """The search index differs by engine and has no models; a test of its own looks at it."""
    return kind != "table" or not str(name).startswith("search_")


def test_migrated_tables_are_what_the_models_say(app: Flask) -> None:
    with app.app_context(), db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": of_models})
        assert compare_metadata(context, Base.metadata) == []


def test_the_search_index_is_kept_by_triggers(session: Session) -> None:
    EventFactory()
    session.commit()
    assert session.scalar(text("SELECT count(*) FROM search_index")) == 1
    assert session.scalar(text("SELECT count(*) FROM search_source")) == 1
    triggers = {
        "sqlite": "SELECT DISTINCT tbl_name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT DISTINCT event_object_table FROM information_schema.triggers",
    }[session.get_bind().dialect.name]
    assert set(session.scalars(text(triggers))) >= {"work_item", "message", "person"}


def test_partial_indexes_carry_their_condition(app: Flask) -> None:
    with app.app_context():
        indexes = {index["name"]: index for index in inspect(db.engine).get_indexes("work_item")}
        where = f"{db.engine.dialect.name}_where"
        assert "is_open" in str(indexes["ix_work_item_queue"]["dialect_options"][where])


def test_all_tables_can_be_taken_back_and_made_again(app: Flask) -> None:
    with app.app_context():
        db.engine.dispose()
        downgrade(revision="base")
        assert set(inspect(db.engine).get_table_names()) == {"alembic_version"}
        upgrade()
        assert set(inspect(db.engine).get_table_names()) > set(Base.metadata.tables)


@pytest.mark.parametrize("statement", ["UPDATE event SET reason = 'x'", "DELETE FROM event"])
def test_an_event_is_never_changed(session: Session, statement: str) -> None:
    EventFactory()
    session.commit()
    with pytest.raises(DBAPIError, match="an event is never changed"):
        session.execute(text(statement))
    session.rollback()
