"""Running items are brought to follow a change of opening hours or targets: closing days, or an edition.

The change itself is made in one transaction, and items opened or moved from then on go by it. Those that are
under way are gone through here, one transaction an item, and each that counts otherwise from now on gets one
event. An item that follows already is left alone: after a crash the rest is done, and nothing twice.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from ticketing.clocks.models import CalendarEdit, ClockEdition
from ticketing.database import path_range, transaction
from ticketing.organisation.models import Unit
from ticketing.vocabulary import ItemId
from ticketing.work.calendar_changes import follow_edit
from ticketing.work.change import SYSTEM, Change, changing
from ticketing.work.models import WorkItem
from ticketing.work.policy_changes import follow_edition

log = logging.getLogger(__name__)

BATCH = 100
#: An action that began before the change was committed may still place an item by the old rules: every item
#: is looked at once more when such an action must be over.
SECOND_LOOK = timedelta(minutes=1)
PASSES = 2
Spread = CalendarEdit | ClockEdition
Made = TypeVar("Made", CalendarEdit, ClockEdition)


def spread(now: datetime, limit: int = 2_000) -> int:
    """Lets running items follow the changes that are due, at most `limit` items; how many got an event."""
    events = looked_at = 0
    while looked_at < limit:
        found = _next_batch(now)
        if found is None:
            break
        made, items = found
        for item_id in items:
            events += _follow(item_id, made, now)
        _advance(made, items, now)
        looked_at += max(len(items), 1)
    return events


def _next_batch(now: datetime) -> tuple[Spread, list[ItemId]] | None:
    with transaction() as session:
        first = (_first_due(session, ClockEdition, now), _first_due(session, CalendarEdit, now))
        due = [made for made in first if made is not None]
        if not due:
            return None
        made = min(due, key=lambda one: one.again_at or now)
        ids = _items(session, made).where(WorkItem.id > made.spread_after).order_by(WorkItem.id).limit(BATCH)
        return made, list(session.scalars(ids))


def _first_due(session: Session, table: type[Made], now: datetime) -> Made | None:
    waiting = select(table).where(table.again_at <= now).order_by(table.again_at, table.id).limit(1)
    return session.scalar(waiting.execution_options(populate_existing=True))


def _items(session: Session, made: Spread) -> Select[ItemId]:
    items = select(WorkItem.id).where(WorkItem.municipality_id == made.municipality_id, WorkItem.is_open)
    if isinstance(made, ClockEdition):
        return items
    low, high = path_range(session.get_one(Unit, made.unit_id).path)
    return items.where(WorkItem.unit_path >= low, WorkItem.unit_path < high)


def _follow(item_id: ItemId, made: Spread, now: datetime) -> bool:
    """Whether the item got an event. One whose history can't be replayed stops no other; `clocks verify`
    names it every night."""
    try:
        with changing(item_id, SYSTEM, now, None) as change:
            return change.item.is_open and _followed(change, made)
    except (LookupError, TypeError, ValueError) as error:
        log.error("Item %s can't follow the change (%s)", item_id, type(error).__name__)
        return False


def _followed(change: Change, made: Spread) -> bool:
    return follow_edition(change, made) if isinstance(made, ClockEdition) else follow_edit(change, made.id)


def _advance(made: Spread, items: Sequence[ItemId], now: datetime) -> None:
    """Remembers how far the pass has come; an empty batch ends it. Of several workers at the same pass the
    first to find it empty ends it."""
    seen = made.passes
    with transaction() as session:
        session.refresh(made, with_for_update=True)
        if made.passes != seen:
            return
        if items:
            made.spread_after = max(items[-1], made.spread_after)
            return
        made.passes += 1
        made.spread_after = ItemId(0)
        made.again_at = now + SECOND_LOOK if made.passes < PASSES else None
