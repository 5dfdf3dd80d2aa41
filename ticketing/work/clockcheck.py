"""Are the stored clocks what the events say? The rows are a cache; the events are the truth.

Looking locks nothing: a batch is read in one snapshot and compared in memory. A repair writes one item at a
time, in a transaction of its own that reads it anew. An item whose events can't be replayed is told and the
next one is looked at.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ticketing.database import snapshot, transaction
from ticketing.vocabulary import ItemId, MunicipalityId
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


@dataclass(frozen=True)
class Broken:
    """An item whose events can't be replayed, and why."""

    item_id: ItemId
    number: int
    why: str


Finding = Difference | Broken


@dataclass(frozen=True)
class Batch:
    """Items looked at, and what was found on them."""

    looked_at: int
    findings: tuple[Finding, ...]


def verify(
    *, repair: bool = False, everything: bool = False, municipality_id: MunicipalityId | None = None
) -> Iterator[Finding]:
    """Recomputes the clocks and due times of open items (`everything`: closed ones and their verdicts too) and
    yields what the rows have otherwise; with `repair` they are then as the events say."""
    for batch in batches(repair=repair, everything=everything, municipality_id=municipality_id):
        yield from batch.findings


def batches(
    *, repair: bool = False, everything: bool = False, municipality_id: MunicipalityId | None = None
) -> Iterator[Batch]:
    """As `verify`, and how many items were looked at."""
    after = 0
    while True:
        rows = select(WorkItem).where(WorkItem.id > after).order_by(WorkItem.id).limit(BATCH)
        if not everything:
            rows = rows.where(WorkItem.is_open)
        if municipality_id is not None:
            rows = rows.where(WorkItem.municipality_id == municipality_id)
        with snapshot() as session:
            items = session.scalars(rows).all()
            events = _events(session, items)
            found = [one for item in items for one in _compare(session, item, events.get(item.id, []))]
            looked_at, after = len(items), items[-1].id if items else after
        if not looked_at:
            return
        if repair:
            for item_id in dict.fromkeys(one.item_id for one in found if isinstance(one, Difference)):
                _repair(item_id)
        yield Batch(looked_at, tuple(found))


def _events(session: Session, items: Sequence[WorkItem]) -> dict[ItemId, list[Event]]:
    rows = (
        select(Event).where(Event.item_id.in_([item.id for item in items])).order_by(Event.item_id, Event.seq)
    )
    return {item_id: list(of_item) for item_id, of_item in groupby(session.scalars(rows), lambda e: e.item_id)}


def _compare(session: Session, item: WorkItem, events: Sequence[Event]) -> list[Finding]:
    """What computing the item's clocks anew changes on its rows, which are changed by it."""
    rows = list(session.scalars(select(Clock).where(Clock.item_id == item.id)))
    before = _values(item, rows)
    try:
        refresh_clocks(session, item, events, rows)
    except (LookupError, TypeError, ValueError) as error:  # a HistoryError, or a word that means nothing here
        return [Broken(item.id, item.number, f"{type(error).__name__}: {error}")]
    after = _values(item, rows)
    return [
        Difference(item.id, item.number, *key, before.get(key), after.get(key))
        for key in sorted({*before, *after})
        if before.get(key) != after.get(key)
    ]


def _values(item: WorkItem, rows: Sequence[Clock]) -> dict[tuple[str, str], Any]:
    values: dict[tuple[str, str], Any] = {("item", name): getattr(item, name) for name in _ON_ITEM}
    for row in rows:
        values |= {(f"{row.kind} {row.visit}", name): getattr(row, name) for name in _ON_CLOCK}
    return values


def _repair(item_id: ItemId) -> None:
    with transaction() as session:
        item = session.get(WorkItem, item_id, with_for_update=True, populate_existing=True)
        if item is not None:
            refresh_clocks(session, item, _events(session, [item]).get(item_id, []))
