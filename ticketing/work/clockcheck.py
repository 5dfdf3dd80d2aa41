"""Are the stored clocks what the events say? The rows are a cache; the events are the truth."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ticketing.database import transaction
from ticketing.vocabulary import ItemId
from ticketing.work.change import refresh_clocks
from ticketing.work.models import Clock, Event, WorkItem

BATCH = 100
_ON_ITEM = ("due_at", "warn_at", "next_at")
_ON_CLOCK = (
    "rung",
    "calendar",
    "target_seconds",
    "used_seconds",
    "state",
    "started_at",
    "ended_at",
    "due_at",
    "warn_at",
)


@dataclass(frozen=True)
class Difference:
    """One stored value of an item (`clock` is "item") or of a clock ("rung 2") that its events contradict.
    None stands for a value, or a whole row, that isn't there."""

    item_id: ItemId
    number: int
    clock: str
    column: str
    stored: object
    computed: object


def verify(*, repair: bool) -> Iterator[Difference]:
    """Recomputes every open item's clocks and due times and yields what differs from the rows.

    Works in batches, each in a transaction that is rolled back unless `repair`. Raises `HistoryError` when
    an item's events can't be replayed.
    """
    after = 0
    while True:
        found, last = _verify_batch(after, repair=repair)
        yield from found
        if last is None:
            return
        after = last


def _verify_batch(after: int, *, repair: bool) -> tuple[list[Difference], int | None]:
    """The next batch's differences, and the last item looked at (None: there was none)."""
    found: list[Difference] = []
    with transaction() as session:
        open_items = (
            select(WorkItem)
            .where(WorkItem.is_open, WorkItem.id > after)
            .order_by(WorkItem.id)
            .limit(BATCH)
            .with_for_update()
        )
        items = session.scalars(open_items.execution_options(populate_existing=True)).all()
        for item in items:
            found += _verify_item(session, item, repair=repair)
    return found, items[-1].id if items else None


def _verify_item(session: Session, item: WorkItem, *, repair: bool) -> list[Difference]:
    before = _stored(session, item)
    with session.begin_nested() as attempt:
        events = session.scalars(select(Event).where(Event.item_id == item.id).order_by(Event.seq)).all()
        refresh_clocks(session, item, events)
        session.flush()
        after = _stored(session, item)
        if not repair:
            attempt.rollback()
    return [
        Difference(ItemId(item.id), item.number, *key, before.get(key), after.get(key))
        for key in sorted({*before, *after})
        if before.get(key) != after.get(key)
    ]


def _stored(session: Session, item: WorkItem) -> dict[tuple[str, str], Any]:
    rows = session.scalars(
        select(Clock).where(Clock.item_id == item.id).execution_options(populate_existing=True)
    )
    values: dict[tuple[str, str], datetime | Any] = {("item", name): getattr(item, name) for name in _ON_ITEM}
    for row in rows:
        values |= {(f"{row.kind} {row.visit}", name): getattr(row, name) for name in _ON_CLOCK}
    return values
