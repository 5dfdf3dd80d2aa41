"""Finds what is due and fires it: warnings, breaches, wake-ups, reminders, closing."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import select, update
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from ticketing.database import again_after_deadlock, db, transaction
from ticketing.ladder.rules import Ladder
from ticketing.vocabulary import ItemId, MunicipalityId
from ticketing.work.change import SYSTEM, Change, finish_all
from ticketing.work.firing import look_after
from ticketing.work.models import Clock, Event, WorkItem
from ticketing.work.moves import escalate
from ticketing.work.queries import Around, ladder_of, surroundings
from ticketing.work.writing import write_changes

log = logging.getLogger(__name__)

BATCH = 200
#: Due for so long, an item is part of a backlog.
BEHIND = timedelta(minutes=2)
#: An item that can't be looked after is left alone for so long, and the others go on.
TRIED_AGAIN_AFTER = timedelta(minutes=10)


@dataclass(frozen=True)
class SweepResult:
    """How many items were looked after, how many events that made, and how many items failed."""

    items: int
    events: int
    failed: int = 0

    def __add__(self, more: "SweepResult") -> "SweepResult":
        return SweepResult(self.items + more.items, self.events + more.events, self.failed + more.failed)


def sweep(now: datetime, limit: int = 5_000) -> SweepResult:
    """Fires everything that is due at `now`, oldest first, at most `limit` items.

    1. Due items are claimed in batches (`FOR UPDATE SKIP LOCKED` on PostgreSQL, one writer on SQLite), so
       any number of workers may run.
    2. Per item: warnings, then breaches, then what waits (`firing.look_after`).
    3. The batch's events, notices and clocks are written together, in its one transaction. A crash leaves the
       whole batch due, and nothing fired.
    4. A batch with an item that can't be looked after is done again item by item; that one is put off.
    """
    seen, result = _Seen(now), SweepResult(0, 0)
    while result.items + result.failed < limit:
        size = min(BATCH, limit - result.items - result.failed)
        try:
            done = again_after_deadlock(partial(_fire_batch, seen, size))
        except (OperationalError, InterfaceError):
            raise  # the database, and not an item
        except Exception:  # whatever one item's data can cause must not stop the clocks of the others
            log.exception("A batch of due items failed; each is tried by itself")
            done = _fire_one_by_one(seen, size)
        result += done
        if done.items + done.failed < size:
            break
    return result


def is_behind(now: datetime) -> bool:
    """Whether something that is due has been so for a while: a backlog is there or being worked off."""
    due = select(WorkItem.id).where(WorkItem.next_at <= now - BEHIND).limit(1)
    return db.session.scalar(due) is not None


@dataclass
class _Seen:
    """What many items have in common, read once a sweep: everything as of `now`."""

    now: datetime
    _around: dict[tuple[MunicipalityId, str], Around] = field(default_factory=dict)
    _ladders: dict[MunicipalityId, Ladder] = field(default_factory=dict)

    def around(self, session: Session, item: WorkItem) -> Around:
        key = (item.municipality_id, item.unit_path)
        if key not in self._around:
            self._around[key] = surroundings(session, *key, self.now)
        return self._around[key]

    def ladder(self, session: Session, item: WorkItem) -> Ladder:
        if item.municipality_id not in self._ladders:
            self._ladders[item.municipality_id] = ladder_of(session, item.municipality_id)
        return self._ladders[item.municipality_id]


def _fire_batch(seen: _Seen, size: int) -> SweepResult:
    with transaction() as session:
        due = select(WorkItem).where(WorkItem.next_at <= seen.now).order_by(WorkItem.next_at).limit(size)
        items = session.scalars(
            due.with_for_update(skip_locked=True).execution_options(populate_existing=True)
        ).all()
        return _fire(session, seen, items)


def _fire(session: Session, seen: _Seen, items: Sequence[WorkItem]) -> SweepResult:
    changes = _changes(session, seen, items)
    before = sum(len(change.events) for change in changes)
    with session.no_autoflush:  # all that changes is written together, below
        reasons = {ItemId(change.item.id): look_after(change) for change in changes}
        finish_all(session, changes, seen.now)
        write_changes(session, [clock for change in changes for clock in change.clocks])
        write_changes(session, items)
    for item_id, reason in reasons.items():
        if reason is not None:
            escalate(item_id, SYSTEM, seen.now, reason=reason)
    return SweepResult(len(items), sum(len(change.events) for change in changes) - before)


def _changes(session: Session, seen: _Seen, items: Sequence[WorkItem]) -> list[Change]:
    """The items as changes under way, all that they will ask for loaded together."""
    changes = {item.id: Change(session, item, SYSTEM, seen.now) for item in items}
    for change in changes.values():
        change.in_batch = True
        change.events, change.clocks = [], []
        change.ladder = seen.ladder(session, change.item)
        change.around = seen.around(session, change.item)
    for event in session.scalars(select(Event).where(Event.item_id.in_(changes)).order_by(Event.seq)):
        changes[event.item_id].events.append(event)
    for clock in session.scalars(select(Clock).where(Clock.item_id.in_(changes))):
        changes[clock.item_id].clocks.append(clock)
    return list(changes.values())


def _fire_one_by_one(seen: _Seen, size: int) -> SweepResult:
    with transaction() as session:
        due = select(WorkItem.id).where(WorkItem.next_at <= seen.now).order_by(WorkItem.next_at).limit(size)
        ids = session.scalars(due).all()
    result = SweepResult(0, 0)
    for item_id in ids:
        try:
            result += again_after_deadlock(partial(_fire_one, seen, item_id))
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:  # the same: one item's data
            log.error("Item %s can't be looked after (%s)", item_id, type(error).__name__)
            _put_off(item_id, seen.now)
            result += SweepResult(0, 0, failed=1)
    return result


def _fire_one(seen: _Seen, item_id: ItemId) -> SweepResult:
    with transaction() as session:
        due = select(WorkItem).where(WorkItem.id == item_id, WorkItem.next_at <= seen.now)
        items = session.scalars(
            due.with_for_update(skip_locked=True).execution_options(populate_existing=True)
        ).all()
        return _fire(session, seen, items)


def _put_off(item_id: ItemId, now: datetime) -> None:
    with transaction() as session:
        later = update(WorkItem).where(WorkItem.id == item_id).values(next_at=now + TRIED_AGAIN_AFTER)
        session.execute(later.execution_options(synchronize_session=False))
