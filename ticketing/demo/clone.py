"""Multiplies the work items that are there, in the database itself, for tests of size."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Table, func, insert, literal, null, select
from sqlalchemy.orm import Session

from ticketing.demo.loading import count_on, first_free_id
from ticketing.insight.search_index import in_bulk
from ticketing.organisation.models import Municipality
from ticketing.vocabulary import MunicipalityId
from ticketing.work.models import Clock, Event, Message, Watcher, WorkItem


def clone_items(session: Session, municipality_id: MunicipalityId, total: int) -> int:
    """Copies the municipality's items with their events, messages, clocks and watchers (not their mails)
    until there are `total`. Returns how many there are. Each round doubles them, all inside the caller's
    transaction. Raises `ValueError` where there is none to copy."""
    items: Any = WorkItem.__table__
    mine = items.c.municipality_id == municipality_id
    present = session.scalar(select(func.count()).select_from(items).where(mine)) or 0
    if not present:
        raise ValueError("there is no item to copy")
    while present < total:
        last = None
        if total < 2 * present:
            last = session.scalar(
                select(items.c.id).where(mine).order_by(items.c.id).offset(total - present - 1)
            )
        with in_bulk(session):
            present += _clone_once(session, municipality_id, last)
    municipality = session.get_one(Municipality, municipality_id)
    highest = session.scalar(select(func.max(items.c.number)).where(mine)) or 0
    municipality.next_number = max(municipality.next_number, highest + 1)
    count_on(session, items, *(_table(model) for model in (Event, Message, Clock)))
    session.flush()
    return present


def _clone_once(session: Session, municipality_id: MunicipalityId, last: int | None) -> int:
    """One copy of each item up to the id `last` (None: of all). What was copied is known by its old id, so
    a round never copies its own copies."""
    items = _table(WorkItem)
    upto = last or first_free_id(session, items) - 1
    by = first_free_id(session, items) - 1
    numbers = session.execute(
        select(func.min(items.c.number), func.max(items.c.number)).where(
            items.c.municipality_id == municipality_id
        )
    ).one()
    chosen = (items.c.municipality_id == municipality_id) & (items.c.id <= upto)
    shift = {"id": by, "number": numbers[1] - numbers[0] + 1}
    count = session.scalar(select(func.count()).select_from(items).where(chosen)) or 0
    _copy(session, items, chosen, shift, empty={"task_key", "known_fault_id"})
    events_by = first_free_id(session, _table(Event)) - 1
    of_copied = {"item_id": by}
    for model, more in (
        (Event, {"id": events_by}),
        (Message, {"id": first_free_id(session, _table(Message)) - 1, "event_id": events_by}),
        (Clock, {"id": first_free_id(session, _table(Clock)) - 1}),
        (Watcher, {}),
    ):
        table = _table(model)
        # By id alone: these rows are the municipality's when their item is.
        mine = (table.c.municipality_id == municipality_id) & (table.c.item_id <= upto)
        _copy(session, table, mine, {**of_copied, **more})
    return count


def _copy(
    session: Session,
    table: Table,
    chosen: Any,
    shift: Mapping[str, int],
    empty: frozenset[str] | set[str] = frozenset(),
) -> None:
    columns = [
        null().label(column.name)
        if column.name in empty
        else (column + literal(shift[column.name])).label(column.name)
        if column.name in shift
        else column
        for column in table.columns
    ]
    session.execute(
        insert(table).from_select([column.name for column in table.columns], select(*columns).where(chosen))
    )


def _table(model: Any) -> Table:
    table: Table = model.__table__
    return table
