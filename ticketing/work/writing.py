"""Writes many rows in one statement, where a flush would send one a row.

On PostgreSQL the rows travel as one JSON value. On SQLite, where a statement is no trip to a server, the
ordinary ways do.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BindParameter,
    ColumnElement,
    Dialect,
    FromClause,
    Table,
    Text,
    TypeDecorator,
    bindparam,
    cast,
    column,
    func,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy.orm import Session

from ticketing.database import Base

VERSION = "version"


def write_changes(session: Session, rows: Sequence[Base]) -> None:
    """Writes what has changed of `rows`, all of one table and locked by this transaction; they are read anew
    when they are next looked at. A table's `version` counts up by one."""
    if not _on_postgresql(session) or any(inspect(row).pending for row in rows):
        session.flush()
        return
    changed = {row: own for row in rows if (own := _changed(row))}
    if not changed:
        return
    table, names = _table(type(rows[0])), sorted(set().union(*changed.values()))
    new = _sent(table, [{name: getattr(row, name) for name in ("id", *names)} for row in changed])
    sets: dict[str, object] = {name: new.c[name] for name in names}
    if VERSION in table.c:
        sets[VERSION] = table.c[VERSION] + 1
    session.execute(update(table).values(sets).where(table.c.id == new.c.id))
    for row in changed:
        session.expire(row)


def insert_rows(
    session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]], key: Sequence[str] = ()
) -> dict[tuple[Any, ...], int]:
    """Writes new rows, each with the same columns. With `key`, columns that tell the rows apart, returns the
    ids by them."""
    if not rows:
        return {}
    table = _table(model)
    returned = [table.c[name] for name in ("id", *key)]
    if not _on_postgresql(session):
        statement = insert(table).returning(*returned) if key else insert(table)
        found = session.execute(statement, list(rows))
    else:
        names = list(rows[0])
        new = _sent(table, rows)
        statement = insert(table).from_select(names, select(*(new.c[name] for name in names)))
        found = session.execute(statement.returning(*returned) if key else statement)
    return {tuple(row[1:]): row[0] for row in found.all()} if key else {}


def _on_postgresql(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"


def _table(model: type[Base]) -> Table:
    table = inspect(model).local_table
    assert isinstance(table, Table)
    return table


def _changed(row: Base) -> set[str]:
    state = inspect(row)
    return set(state.mapper.column_attrs.keys()) - state.unmodified


def _sent(table: Table, rows: Sequence[Mapping[str, Any]]) -> FromClause:
    """The rows as a table that a statement can read, with `table`'s names and types."""
    typed = [column(name, table.c[name].type) for name in rows[0]]
    sent = func.json_to_recordset(bindparam("rows", list(rows), type_=_Rows))
    return sent.table_valued(*typed, name="new").render_derived(with_types=True)


class _Rows(TypeDecorator[Sequence[Mapping[str, Any]]]):
    """Rows as JSON; a time is written as ISO 8601 says."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Sequence[Mapping[str, Any]] | None, _dialect: Dialect) -> str | None:
        return json.dumps(value, default=datetime.isoformat)

    def bind_expression(self, bindvalue: BindParameter[Any]) -> ColumnElement[Any]:
        return cast(bindvalue, JSON)
