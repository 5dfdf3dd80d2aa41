"""The frame of every action: load the item, check that the action is possible, record what happens, bring
the clocks up to date, all in one transaction."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Self

from sqlalchemy import select
from sqlalchemy.orm import Session

from ticketing.clocks.config import ClockConfig
from ticketing.clocks.derive import ClockEvent, derive, used_at
from ticketing.clocks.editions import in_force_for_writing
from ticketing.clocks.hypercare import keep_promises, tighten
from ticketing.clocks.targets import for_task
from ticketing.database import transaction
from ticketing.ladder.rules import Ladder, Place, Server, Target, servers_of
from ticketing.privacy.cpr import mask
from ticketing.vocabulary import OPEN_STATES, ClockKind, ClockState, EventKind, ItemId, PersonId, State
from ticketing.work import notices
from ticketing.work.errors import Conflict, IllegalMove, UnknownItem
from ticketing.work.models import Clock, Event, Message, Watcher, WorkItem
from ticketing.work.notices import Told
from ticketing.work.queries import Around, calendars, clock_config, item_facts, ladder_of, surroundings
from ticketing.work.rules import Action, possible_actions
from ticketing.work.writing import insert_rows

#: A notice to a whole staff room helps nobody: teams larger than this see their queue instead.
LARGEST_NOTIFIED_TEAM = 12
#: What a clock's row keeps of the value that its events give.
_CACHED = (
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
_OF_EVENTS = ("municipality_id", "item_id", "seq", "at", "kind", "actor_id", "actor_kind", "reason", "data")


@dataclass(frozen=True)
class Actor:
    """Who does it: "person" (with an id), "requester" (by mail or status page) or "system" (a clock)."""

    kind: str
    person_id: PersonId | None = None


SYSTEM = Actor("system")
REQUESTER = Actor("requester")


@contextmanager
def changing(
    item_id: ItemId, actor: Actor, now: datetime, action: Action | None, version: int | None = None
) -> Iterator["Change"]:
    """One action on one item: loads and locks it, raises `Conflict` when it is no longer at `version` and
    `IllegalMove` when `action` is not possible (None: not asked), then commits what the block recorded."""
    with transaction() as session:
        item = session.get(WorkItem, item_id, with_for_update=True, populate_existing=True)
        if item is None:
            raise UnknownItem
        if version is not None and item.version != version:
            raise Conflict(item_id, version, item.version)
        change = Change(session, item, actor, now)
        if action is not None:
            change.require(action)
        yield change
        change.finish()


class Change:
    """An action under way on one item. Reads what it needs once; `record` writes the events, `finish` the
    notices and the clocks."""

    def __init__(self, session: Session, item: WorkItem, actor: Actor, now: datetime) -> None:
        self.session, self.item, self.actor, self.now = session, item, actor, now
        self.told: list[Told] = []
        #: Mails to the requester, written once their event has its id.
        self.letters: list[Callable[[], object]] = []
        #: One of many whose events are written together, by `finish_all`: until then they have no ids.
        self.in_batch = False
        self.unwritten: list[Event] = []

    def arriving(self, ladder: Ladder, around: Around) -> Self:
        """The change that makes its item: nothing has happened to it yet, and what placed it is known."""
        self.ladder, self.around, self.events, self.clocks = ladder, around, [], []
        return self

    @cached_property
    def ladder(self) -> Ladder:
        return ladder_of(self.session, self.item.municipality_id)

    @cached_property
    def around(self) -> Around:
        return surroundings(self.session, self.item.municipality_id, self.item.unit_path, self.now)

    @cached_property
    def clock_config(self) -> ClockConfig:
        """The municipality's calendars and targets in force."""
        return in_force_for_writing(self.session, self.item.municipality_id, clock_config(), self.now)

    @cached_property
    def events(self) -> list[Event]:
        rows = select(Event).where(Event.item_id == self.item.id).order_by(Event.seq)
        return list(self.session.scalars(rows))

    @cached_property
    def clocks(self) -> list[Clock]:
        return list(self.session.scalars(select(Clock).where(Clock.item_id == self.item.id)))

    def require(self, action: Action) -> None:
        """Raises `IllegalMove` unless the actor may do `action` to the item as it stands."""
        facts = item_facts(self.item, self.events, self.actor.person_id, self.ladder, self.around)
        possible = possible_actions(facts)
        if action not in possible:
            raise IllegalMove(action.value, self.item.state, [a.value for a in possible])

    def record(self, kind: EventKind, reason: str | None = None, **data: Any) -> Event:
        """Appends an event with the item's state after it; a reason's CPR numbers are masked."""
        event = Event(
            municipality_id=self.item.municipality_id,
            item_id=self.item.id,
            seq=len(self.events) + 1,
            at=self.now,
            kind=kind,
            actor_id=self.actor.person_id,
            actor_kind=self.actor.kind,
            reason=mask(reason.strip())[0] if reason and reason.strip() else None,
            data={"state": self.item.state.value, **data},
        )
        if self.in_batch:
            self.unwritten.append(event)
        else:
            event.item = self.item
            self.session.add(event)
        self.events.append(event)
        return event

    def write(self, event: Event, text: str, *, public: bool, folded: str | None = None) -> Message:
        """Adds what was written with `event`; CPR numbers are masked before anything is stored."""
        message = Message(
            municipality_id=self.item.municipality_id,
            item=self.item,
            event=event,
            at=self.now,
            author_id=self.actor.person_id,
            author_kind=self.actor.kind,
            is_public=public,
            body=mask(text.strip())[0],
            folded=mask(folded)[0] if folded else None,
        )
        self.session.add(message)
        return message

    def set_state(self, state: State) -> None:
        """R12: the item's state, with what follows from it."""
        self.item.state = state
        self.item.is_open = state in OPEN_STATES
        self.item.state_changed_at = self.now
        self.item.wake_at = None

    def place(
        self, target: Target, holder_id: PersonId | None = None, *, same_visit: bool = False
    ) -> dict[str, Any]:
        """Puts the item into `target`'s queue (R10: just one) and returns the event data that say so.
        `same_visit`: the same rung goes on, and its clock keeps the time used."""
        item = self.item
        moved: dict[str, Any] = {
            "from_step": item.step,
            "to_step": target.step.key,
            "from_unit": item.queue_unit_id,
            "to_unit": target.unit.id,
            "from_holder": item.holder_id,
            "to_holder": holder_id,
            "skipped": [{"step": step, "why": why} for step, why in target.skipped],
            "tag": "dækning mangler" if target.without_cover else None,
        }
        if not same_visit:
            moved["visit"] = {"rung": target.step.rung.value}
        self.enter(target, holder_id)
        return {**moved, "policy": self.policy(same_visit=same_visit)}

    def enter(self, target: Target, holder_id: PersonId | None = None) -> None:
        item = self.item
        item.step, item.rung = target.step.key, target.step.rung
        item.queue_unit_id, item.queue_path = target.unit.id, target.unit.path
        item.holder_id = holder_id
        item.rung_entered_at = self.now
        item.without_cover = target.without_cover
        item.reached_servicedesk = item.reached_servicedesk or target.step.sees_minimised

    def policy(self, config: ClockConfig | None = None, *, same_visit: bool = False) -> dict[str, Any]:
        """The targets for the item where it stands now, as an event keeps them: those in force, or those of
        another edition; tightened where its unit is in hypercare. `same_visit`: the event begins no new visit
        at a rung."""
        item, hours, config = self.item, self.around.hours, config or self.clock_config
        policy = hours.policy(config, item.sector, item.rung, item.lane, item.priority)
        if item.activity_id is not None:
            calendar = calendars(self.session)(policy["rung_calendar"])
            until = calendar.last_closing(item.planned_on) if item.planned_on is not None else None
            return for_task(policy, until, self.now)
        live, care = hours.go_live(config), config.hypercare
        if care is None or live is None:
            return policy
        if not care.covers(live.on, calendars(self.session)(live.calendar), self.now):
            return policy
        return keep_promises(tighten(policy, care), self.last_policy(), same_visit=same_visit)

    def last_policy(self) -> Mapping[str, Any] | None:
        """The policy that the item's clocks follow by its events."""
        return next((e.data["policy"] for e in reversed(self.events) if "policy" in e.data), None)

    def used(self) -> dict[ClockKind, int]:
        """The seconds used until now of each kind of clock that counts; of a rung's, the newest visit."""
        found = derive(clock_events(self.events), calendars(self.session))
        return {c.kind: used_at(c, calendars(self.session), self.now) for c in found if c.is_counting}

    def watch(self, person_id: PersonId | None) -> None:
        """Lets a person follow the item; again is no error."""
        self.session.flush()  # a new item has its id
        if person_id is not None and self.session.get(Watcher, (self.item.id, person_id)) is None:
            self.session.add(
                Watcher(item_id=self.item.id, person_id=person_id, municipality_id=self.item.municipality_id)
            )
            self.session.flush()

    def tell(self, event: Event, person_ids: Sequence[PersonId | None], what: str) -> None:
        """Notices to colleagues (never to the one who acts): a number and a link, no text. They are written
        by `finish`, one an event and person."""
        known = {(id(told.event), told.person_id) for told in self.told}
        for person_id in dict.fromkeys(person_ids):
            if person_id in (None, self.actor.person_id):
                continue
            if (id(event), person_id) not in known:
                self.told.append(Told(self.item, event, person_id, what))

    def tell_queue(self, event: Event, servers: Sequence[Server], what: str) -> None:
        """Notices to those who serve the queue now; a large team looks at its queue instead."""
        reachable = {s.person_id if s.present else s.deputy_id for s in servers if s.is_reachable}
        if len(reachable) <= LARGEST_NOTIFIED_TEAM:
            self.tell(event, list(reachable), what)

    def tell_own_queue(self, event: Event, what: str) -> None:
        """Notices to those who serve the queue that the item stands in."""
        step, unit = self.ladder.steps[self.item.step], self.place_of_queue()
        if unit is not None and step.height > 1:
            self.tell_queue(event, servers_of(step, unit, self.around.places.servers), what)

    def place_of_queue(self) -> Place | None:
        """The item's queue unit as the rules see it, if it is one of the item's own or the IT unit."""
        places = (*self.around.places.chain, self.around.places.it_unit)
        return next((p for p in places if p is not None and p.id == self.item.queue_unit_id), None)

    def finish(self) -> None:
        """1. The cached clocks follow the events. 2. All that changed is written, each row once. 3. The notices
        follow, now that the events have their ids."""
        for letter in self.letters:
            letter()
        with self.session.no_autoflush:
            refresh_clocks(self.session, self.item, self.events, self.clocks)
        self.session.flush()
        notices.staff_notices(self.session, self.told, self.now)
        self.letters.clear()
        self.told.clear()


def finish_all(session: Session, changes: Sequence[Change], now: datetime) -> None:
    """Ends actions of a batch, with as many statements as one of them takes: 1. their events get
    their ids, 2. the notices are written, 3. the clocks follow the events (the caller writes those)."""
    _insert_events(session, [event for change in changes for event in change.unwritten])
    for letter in (letter for change in changes for letter in change.letters):
        letter()
    notices.staff_notices(session, [told for change in changes for told in change.told], now)
    for change in changes:
        change.unwritten.clear()
        change.letters.clear()
        change.told.clear()
        refresh_clocks(session, change.item, change.events, change.clocks)


def _insert_events(session: Session, events: Sequence[Event]) -> None:
    rows = [{name: getattr(event, name) for name in _OF_EVENTS} for event in events]
    ids = insert_rows(session, Event, rows, key=("item_id", "seq"))
    for event in events:
        event.id = ids[event.item_id, event.seq]


def clock_events(events: Sequence[Event]) -> list[ClockEvent]:
    """What the clocks read of an item's events."""
    return [ClockEvent(e.seq, e.at, EventKind(e.kind), e.data, e.actor_kind) for e in events]


def refresh_clocks(
    session: Session, item: WorkItem, events: Sequence[Event], clocks: list[Clock] | None = None
) -> None:
    """Recomputes the item's clock rows (`clocks`, or read here) and cached due times from its events; the
    events are the truth."""
    if clocks is None:
        clocks = list(session.scalars(select(Clock).where(Clock.item_id == item.id)))
    values = derive(clock_events(events), calendars(session))
    rows = {(row.kind, row.visit): row for row in clocks}
    last_visit = max((value.visit for value in values), default=0)
    live: list[datetime] = []
    firing: list[datetime] = [item.wake_at] if item.wake_at else []
    warnings: list[datetime] = []
    for value in values:
        row = rows.get((value.kind, value.visit))
        if row is None:
            row = Clock(municipality_id=item.municipality_id, item=item, kind=value.kind, visit=value.visit)
            session.add(row)
            clocks.append(row)
        _store(row, {name: getattr(value, name) for name in _CACHED})
        if value.state is ClockState.RUNNING and value.due_at is not None:
            live.append(value.due_at)
            firing.append(value.due_at if value.warn_at is None else min(value.warn_at, value.due_at))
            if value.warn_at is not None:
                warnings.append(value.warn_at)
        elif value.state is ClockState.MISSED and value.ended_at and item.is_open:
            still = value.kind in (ClockKind.END_TO_END, ClockKind.BREACH_NOTICE) or (
                value.kind is ClockKind.RUNG and value.visit == last_visit
            )
            if still:
                live.append(value.ended_at)
    for key in rows.keys() - {(value.kind, value.visit) for value in values}:
        session.delete(rows[key])
        clocks.remove(rows[key])
    earliest = {"due_at": live, "warn_at": warnings, "next_at": firing}
    _store(item, {name: min(times, default=None) for name, times in earliest.items()})


def _store(row: WorkItem | Clock, values: Mapping[str, object]) -> None:
    """Sets what differs, so that a row that stays the same is not written."""
    for name, value in values.items():
        if getattr(row, name) != value:
            setattr(row, name, value)
