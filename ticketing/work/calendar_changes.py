"""A unit's closing days change, or its hypercare begins or ends: for what is under way as well.

1. `change_days` writes the edit and its days and gives the unit its new revision, all in one transaction.
   Items that are opened or moved from then on count by the new days. `ask_for_pass` is an edit without days.
2. `work.spreading` goes through the open items below the unit, and `follow_edit` writes one event on each
   whose clocks follow another policy now. Used time stays used, and what has fired stays fired.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ticketing.clocks.closing import days_of
from ticketing.clocks.days import LocalDays, parse_reference
from ticketing.clocks.hypercare import relax, tighten
from ticketing.clocks.models import CalendarDays, CalendarEdit
from ticketing.database import path_range, transaction
from ticketing.organisation.models import Unit
from ticketing.vocabulary import EventKind, UnitId
from ticketing.work.change import Actor, Change
from ticketing.work.errors import UnknownTarget
from ticketing.work.models import WorkItem


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


def follow_edit(change: Change, edit_id: int) -> bool:
    """Lets an open item follow its units' local days as they are now, in hypercare or out of it as the day
    says; whether it got an event. Its targets stay those it was promised."""
    last, kind = change.last_policy(), EventKind.CALENDAR_CHANGED
    if last is None:
        return False
    fresh = change.policy(same_visit=True)
    policy = dict(last)
    for name in ("rung_calendar", "total_calendar"):
        policy[name] = _with_days_of(fresh[name], last[name])
    if policy["rung_calendar"] == fresh["rung_calendar"] and "until" in last and "until" in fresh:
        policy["until"] = fresh["until"]
    care = change.clock_config.hypercare
    if care is not None and fresh.get("hypercare") and not last.get("hypercare"):
        kind, policy = EventKind.HYPERCARE_BEGUN, tighten(policy, care, change.used())
    elif last.get("hypercare") and not fresh.get("hypercare"):
        kind, policy = EventKind.HYPERCARE_ENDED, relax(policy)
    if policy == last:
        return False
    change.record(kind, policy=policy, edit=edit_id)
    return True


def _with_days_of(fresh: str, name: str) -> str:
    """The calendar `name` with the local days of `fresh`, where that is the same one. Which edition the item
    goes by is not for a closing day to change."""
    then, now = parse_reference(name), parse_reference(fresh)
    return str(replace(then, revisions=now.revisions)) if then.base == now.base else name


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
