"""Alembic's entry: runs the migrations on the application's own engine, in one transaction each."""

from alembic import context
from flask import current_app

from ticketing.database import Base


def _has_model(name: str | None, kind: str, _parents: object) -> bool:
    """The tables of the search index differ by engine, so no model describes them."""
    return kind != "table" or not str(name).startswith("search_")


def run_migrations() -> None:
    """Migrate the database that the current application is bound to."""
    migrate = current_app.extensions["migrate"]
    with migrate.db.engine.connect().execution_options(writes=True) as connection:
        # SQLite can undo DDL too, and BEGIN IMMEDIATE keeps two starting processes apart.
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            transactional_ddl=True,
            include_name=_has_model,
            **migrate.configure_args,
        )
        with context.begin_transaction():
            context.run_migrations()


run_migrations()
