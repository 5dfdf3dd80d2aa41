"""Counts the statements that run: what a page costs must not grow with what is in the tables."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from ticketing.database import db


@contextmanager
def statements() -> Iterator[list[tuple[str, object]]]:
    """The statements that run inside, with their parameters."""
    seen: list[tuple[str, object]] = []

    def note(_conn: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        if not statement.startswith(("BEGIN", "EXPLAIN")):
            seen.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
