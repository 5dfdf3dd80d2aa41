"""A unit's closing days change, or its hypercare begins or ends: for what is under way as well.

1. `change_days` writes the edit and its days and gives the unit its new revision, all in one transaction.
   Items that are opened or moved from then on count by the new days. `ask_for_pass` is an edit without days.
2. `spread` goes through the open items below the unit and writes one event on each whose clocks follow
   another policy now. Used time stays used, and what has fired stays fired.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ticketing.clocks.closing import days_of
from ticketing.clocks.days import LocalDays, parse_reference
from ticketing.clocks.hypercare import relax, tighten
from ticketing.clocks.models import CalendarDays, CalendarEdit
from ticketing.database import path_range, transaction
from ticketing.organisation.models import Unit
from ticketing.vocabulary import EventKind, ItemId, UnitId
from ticketing.work.change import SYSTEM, Actor, Change, changing
from ticketing.work.errors import UnknownTarget
from ticketing.work.models import WorkItem
from ticketing.work.queries import clock_config

BATCH = 100
#: An action that began before the edit was committed may still place an item by the old days: every item is
#: looked at once more when such an action must be over.
SECOND_LOOK = timedelta(minutes=1)
PASSES = 2


@dataclass(frozen=True)
class DaysChanged:
    """What an edit did: periods added, known already, and taken away. `touched`: open items below the unit."""

    added: int
    known: int
    removed: int
    touched: int


def change_days(
    unit_id: UnitId,
    actor: Actor,
    now: datetime,
    *,
    source: str,
    add: Sequence[LocalDays] = (),
    remove: Sequence[int] = (),
    reason: str | None = None,
) -> DaysChanged:
    """Adds `add` to the unit's local days and ends those with the ids in `remove`. A period that stands there
    already is not added again, so a file may be imported twice. Raises `UnknownTarget` for a unit, or for
    days that are not the unit's."""
    with transaction() as session:
        unit = session.get(Unit, unit_id, with_for_update=True, populate_existing=True)
        if unit is None:
            raise UnknownTarget
        rows = days_of(session, [unit_id])
        if set(remove) - {row.id for row in rows}:
            raise UnknownTarget
        gone = [row for row in rows if row.id in remove]
        standing = {_same(row.value()) for row in rows if row.id not in remove}
        fresh = list({_same(one): one for one in add if _same(one) not in standing}.values())
        outcome = DaysChanged(len(fresh), len(add) - len(fresh), len(gone), _open_below(session, unit))
        if not fresh and not gone:
            return outcome
        edit = ask_for_pass(session, unit, actor, now, source, reason)
        for row in gone:
            row.removed_in = edit.id
        session.add_all(
            CalendarDays(
                municipality_id=unit.municipality_id,
                unit_id=unit_id,
                kind=one.kind,
                first=one.first,
                last=one.last,
                name=one.name,
                hours=[list(hours) for hours in one.hours],
                added_in=edit.id,
            )
            for one in fresh
        )
        unit.calendar_revision = edit.id
        session.flush()
        return outcome


def ask_for_pass(
    session: Session, unit: Unit, actor: Actor, now: datetime, source: str, reason: str | None = None
) -> CalendarEdit:
    """Lets `spread` go through the open items below `unit`, in the caller's transaction."""
    edit = CalendarEdit(
        municipality_id=unit.municipality_id,
        unit_id=unit.id,
        made_at=now,
        made_by_id=actor.person_id,
        source=source[:200],
        reason=reason.strip()[:500] if reason and reason.strip() else None,
        again_at=now,
    )
    session.add(edit)
    session.flush()
    return edit


def spread(now: datetime, limit: int = 2_000) -> int:
    """Lets running items follow the edits that are due, at most `limit` items; how many got an event.

    Each item is a transaction of its own, and one whose clocks follow already is left alone: after a crash
    the rest is done, and nothing twice.
    """
    events = looked_at = 0
    while looked_at < limit:
        found = _next_batch(now)
        if found is None:
            break
        edit_id, items = found
        for item_id in items:
            events += _follow(item_id, edit_id, now)
        _advance(edit_id, items, now)
        looked_at += max(len(items), 1)
    return events


def _same(days: LocalDays) -> tuple[object, ...]:
    return (days.kind, days.first, days.last, days.hours)


def _open_below(session: Session, unit: Unit) -> int:
    low, high = path_range(unit.path)
    below = select(func.count()).where(
        WorkItem.municipality_id == unit.municipality_id,
        WorkItem.is_open,
        WorkItem.unit_path >= low,
        WorkItem.unit_path < high,
    )
    return session.scalar(below) or 0


def _next_batch(now: datetime) -> tuple[int, list[ItemId]] | None:
    with transaction() as session:
        due = select(CalendarEdit).where(CalendarEdit.again_at <= now).order_by(CalendarEdit.again_at).limit(1)
        edit = session.scalar(due)
        if edit is None:
            return None
        low, high = path_range(session.get_one(Unit, edit.unit_id).path)
        below = (
            select(WorkItem.id)
            .where(
                WorkItem.municipality_id == edit.municipality_id,
                WorkItem.is_open,
                WorkItem.unit_path >= low,
                WorkItem.unit_path < high,
                WorkItem.id > edit.spread_after,
            )
            .order_by(WorkItem.id)
            .limit(BATCH)
        )
        return edit.id, [ItemId(item_id) for item_id in session.scalars(below)]


def _follow(item_id: ItemId, edit_id: int, now: datetime) -> bool:
    with changing(item_id, SYSTEM, now, None) as change:
        followed = _followed(change) if change.item.is_open else None
        if followed is not None:
            kind, policy = followed
            change.record(kind, policy=policy, edit=edit_id)
        return followed is not None


def _followed(change: Change) -> tuple[EventKind, dict[str, Any]] | None:
    """The item's policy with the local days of now, in hypercare or out of it as the day says, and what to
    call the change; None where its clocks follow that already. Its targets stay those it was promised."""
    last, kind = change.last_policy(), EventKind.CALENDAR_CHANGED
    if last is None:
        return None
    fresh = change.policy(same_visit=True)
    policy = dict(last)
    for name in ("rung_calendar", "total_calendar"):
        if parse_reference(fresh[name]).base == parse_reference(last[name]).base:
            policy[name] = fresh[name]
            if name == "rung_calendar" and "until" in last and "until" in fresh:
                policy["until"] = fresh["until"]
    care = clock_config().hypercare
    if care is not None and fresh.get("hypercare") and not last.get("hypercare"):
        kind, policy = EventKind.HYPERCARE_BEGUN, tighten(policy, care, change.used())
    elif last.get("hypercare") and not fresh.get("hypercare"):
        kind, policy = EventKind.HYPERCARE_ENDED, relax(policy)
    return (kind, policy) if policy != last else None


def _advance(edit_id: int, items: Sequence[ItemId], now: datetime) -> None:
    """Remembers how far the pass has come; an empty batch ends it."""
    with transaction() as session:
        edit = session.get_one(CalendarEdit, edit_id, with_for_update=True, populate_existing=True)
        if items:
            edit.spread_after = max(items[-1], edit.spread_after)
            return
        edit.passes += 1
        edit.spread_after = ItemId(0)
        edit.again_at = now + SECOND_LOOK if edit.passes < PASSES else None
