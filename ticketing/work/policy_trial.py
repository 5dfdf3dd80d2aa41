"""What an edition would do, before it is saved: to the items under way, and to those of the last quarter.

Reads only, in batches, each in one snapshot: however many items there are, one batch's events are in memory.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ticketing.clocks.config import ALWAYS_KEY, ClockConfig
from ticketing.clocks.days import parse_reference
from ticketing.clocks.editions import PROPOSED, edition
from ticketing.clocks.effects import effect_of
from ticketing.clocks.hypercare import keep_promises, tighten
from ticketing.clocks.replay import Situation, outcomes
from ticketing.clocks.running import Calendars, ClockEvent
from ticketing.database import snapshot
from ticketing.organisation.models import Unit
from ticketing.vocabulary import EventKind, ItemId, ItemKind, MunicipalityId, Reach, Rung, UnitId, UnitKind
from ticketing.work.models import Event, WorkItem
from ticketing.work.policy_changes import concerns
from ticketing.work.queries import calendars, clock_config
from ticketing.work.unit_hours import COLUMNS, OwnHours, UnitHours, from_rows, hours_at

BATCH = 200
SHOWN = 200
QUARTER = timedelta(days=92)


@dataclass(frozen=True)
class TouchedItem:
    """An open item that would go by other targets or hours. Due times are those of its next clock (UTC)."""

    item_id: ItemId
    due_before: datetime | None
    due_after: datetime | None
    is_late_at_once: bool


@dataclass(frozen=True)
class Preview:
    """`touched` of the `open_items` would get an event; `earlier`, `later`: their next due time moves.
    `first` holds those that would be late at once, then those that are due first, at most `SHOWN`."""

    open_items: int
    touched: int
    earlier: int
    later: int
    late_at_once: int
    first: tuple[TouchedItem, ...]


@dataclass(frozen=True)
class Missed:
    """How many clocks ran, how many were missed, and how many would have been."""

    clocks: int
    then: int
    would: int


@dataclass(frozen=True)
class Replay:
    """By (unit, rung); rung None is the whole way. Units are institutions, administrations or larger."""

    since: datetime
    items: int
    cells: Mapping[tuple[UnitId, Rung | None], Missed]

    def by_rung(self) -> dict[Rung | None, Missed]:
        """The sums over all units."""
        return {rung: _sum(m for (_, r), m in self.cells.items() if r == rung) for rung in (*Rung, None)}

    def by_unit(self) -> dict[UnitId, Missed]:
        """The sums over all rungs."""
        units = dict.fromkeys(unit for unit, _ in self.cells)
        return {unit: _sum(m for (u, _), m in self.cells.items() if u == unit) for unit in units}


def preview(municipality_id: MunicipalityId, proposed: ClockConfig, reach: Reach, now: datetime) -> Preview:
    """What `proposed` would do to the open items if it came into force at `now`."""
    counts: Counter[str] = Counter()
    touched: list[TouchedItem] = []
    config = replace(proposed, edition=PROPOSED)
    for batch in _open(municipality_id):
        find = batch.calendars(config)
        for item in batch.items:
            counts["open"] += 1
            found = _touched(item, batch, config, reach, now, find)
            if found is None:
                continue
            counts["touched"] += 1
            counts["late"] += found.is_late_at_once
            if found.due_before and found.due_after:
                counts["earlier"] += found.due_after < found.due_before
                counts["later"] += found.due_after > found.due_before
            touched.append(found)
        touched = sorted(touched, key=_urgency)[:SHOWN]
    return Preview(
        counts["open"], counts["touched"], counts["earlier"], counts["later"], counts["late"], tuple(touched)
    )


def replay(
    municipality_id: MunicipalityId, proposed: ClockConfig, now: datetime, length: timedelta = QUARTER
) -> Replay:
    """What was missed on the tickets opened in the last quarter (`length`), and what would have been missed
    had `proposed` held all the time."""
    cells: dict[tuple[UnitId, Rung | None], Counter[str]] = {}
    items = 0
    config = replace(proposed, edition=PROPOSED)
    for batch in _opened(municipality_id, now - length, now):
        find = batch.calendars(config)
        for item in batch.items:
            items += 1
            house = batch.house_of(item.unit_path)
            policies = _Policies(config, batch)
            for one in outcomes(batch.events[item.id], item.unit_id, policies.at, find, now):
                cell = cells.setdefault((house, one.rung), Counter())
                cell.update(clocks=1, then=int(one.was_missed), would=int(one.would_be_missed))
    found = {key: Missed(c["clocks"], c["then"], c["would"]) for key, c in cells.items()}
    return Replay(now - length, items, found)


class _Policies:
    """What the proposed rules promise an item where it stood, as its history says."""

    def __init__(self, config: ClockConfig, batch: "_Batch") -> None:
        self.config, self.batch = config, batch

    def at(self, then: Situation) -> Mapping[str, Any]:
        """The policy at that moment. A task of the plan keeps its own; hypercare tightens as it did."""
        if then.recorded["total"] is None or then.unit_id not in self.batch.paths:
            return then.recorded
        hours = self.batch.hours(self.batch.paths[then.unit_id])
        sector = hours.chain[-1].sector
        near = parse_reference(then.recorded["total_calendar"]).revisions
        town = {own.unit_id for own in hours.chain if own.kind is UnitKind.MUNICIPALITY}
        fresh = self.config.policy(
            sector,
            then.rung,
            then.lane,
            then.priority,
            self._calendar(then, hours),
            near=near,
            wide=tuple(pair for pair in near if pair[0] in town),
        ).as_data()
        recorded, normal = then.recorded, then.recorded.get("normal", {})
        return fresh | {n: round(fresh[n] * recorded[n] / normal[n]) for n in normal if normal[n]}

    def _calendar(self, then: Situation, hours: UnitHours) -> str | None:
        """The key of the unit's own calendar at that time; None where it had the sector's."""
        used = parse_reference(then.recorded["total_calendar"])
        if used.base == ALWAYS_KEY:
            return hours.calendar
        usual = self.batch.edition(used.edition).unit_calendar(hours.chain[-1].sector)
        return used.base if used.base != usual or hours.calendar == used.base else None


@dataclass(frozen=True)
class _Batch:
    """Items with their events, and the municipality's units, as one snapshot has them."""

    session: Session
    units: Mapping[UnitId, OwnHours]
    paths: Mapping[UnitId, str]
    items: Sequence[Any]
    events: Mapping[ItemId, list[ClockEvent]]

    def calendars(self, proposed: ClockConfig) -> Calendars:
        return calendars(self.session, proposed)

    def edition(self, edition_id: int | None) -> ClockConfig:
        return clock_config() if edition_id is None else edition(self.session, edition_id)

    def hours(self, unit_path: str) -> UnitHours:
        return hours_at(unit_path, self.units)

    def house_of(self, unit_path: str) -> UnitId:
        """The institution or administration that a unit lies in; a larger unit is its own."""
        chain = self.hours(unit_path).chain
        houses = (UnitKind.INSTITUTION, UnitKind.ADMINISTRATION)
        return next((own.unit_id for own in chain if own.kind in houses), chain[-1].unit_id)


_COLUMNS = (
    WorkItem.id,
    WorkItem.unit_id,
    WorkItem.unit_path,
    WorkItem.sector,
    WorkItem.rung,
    WorkItem.lane,
    WorkItem.priority,
    WorkItem.activity_id,
)


def _touched(
    item: Any, batch: _Batch, config: ClockConfig, reach: Reach, now: datetime, find: Calendars
) -> TouchedItem | None:
    if item.activity_id is not None:
        return None  # the plan says when its tasks are due
    events = batch.events[item.id]
    policy = batch.hours(item.unit_path).policy(config, item.sector, item.rung, item.lane, item.priority)
    last = next((e.data["policy"] for e in reversed(events) if "policy" in e.data), None)
    if last and last.get("hypercare") and config.hypercare:
        policy = keep_promises(tighten(policy, config.hypercare), last, same_visit=True)
    if not concerns(events, policy, PROPOSED, reach, now, find):
        return None
    effect = effect_of(events, policy, reach, now, find)
    return TouchedItem(item.id, effect.due_before, effect.due_after, effect.is_late_at_once)


def _urgency(one: TouchedItem) -> tuple[bool, bool, datetime, int]:
    due = one.due_after or one.due_before
    return (not one.is_late_at_once, due is None, due or datetime.max.replace(tzinfo=UTC), one.item_id)


def _open(municipality_id: MunicipalityId) -> Iterator[_Batch]:
    after = 0
    while True:
        rows = select(*_COLUMNS).where(
            WorkItem.municipality_id == municipality_id, WorkItem.is_open, WorkItem.id > after
        )
        with snapshot() as session:
            items = session.execute(rows.order_by(WorkItem.id).limit(BATCH)).all()
            if not items:
                return
            yield _batch(session, municipality_id, items)
            after = items[-1].id


def _opened(municipality_id: MunicipalityId, since: datetime, until: datetime) -> Iterator[_Batch]:
    """Tickets by the time of their first event, along the index over a municipality's events."""
    at, after = since, 0
    while True:
        opened = (
            select(*_COLUMNS, Event.at, Event.id.label("event_id"))
            .join(Event, Event.item_id == WorkItem.id)
            .where(
                Event.municipality_id == municipality_id,
                Event.kind == EventKind.OPENED,
                Event.at <= until,
                (Event.at > at) | ((Event.at == at) & (Event.id > after)),
                WorkItem.kind == ItemKind.TICKET,
            )
            .order_by(Event.at, Event.id)
            .limit(BATCH)
        )
        with snapshot() as session:
            items = session.execute(opened).all()
            if not items:
                return
            yield _batch(session, municipality_id, items)
            at, after = items[-1].at, items[-1].event_id


def _batch(session: Session, municipality_id: MunicipalityId, items: Sequence[Any]) -> _Batch:
    columns = (Event.item_id, Event.seq, Event.at, Event.kind, Event.data, Event.actor_kind)
    ids = [item.id for item in items]
    rows = session.execute(select(*columns).where(Event.item_id.in_(ids)).order_by(Event.item_id, Event.seq))
    events = {
        item_id: [ClockEvent(e.seq, e.at, EventKind(e.kind), e.data, e.actor_kind) for e in of_item]
        for item_id, of_item in groupby(rows, lambda row: row.item_id)
    }
    units = session.execute(select(*COLUMNS, Unit.path).where(Unit.municipality_id == municipality_id)).all()
    return _Batch(session, from_rows(units), {row.id: row.path for row in units}, items, events)


def _sum(parts: Iterator[Missed]) -> Missed:
    whole = list(parts)
    return Missed(*(sum(getattr(part, name) for part in whole) for name in ("clocks", "then", "would")))
