"""One ticket or task as its page shows it to one viewer: read in a fixed number of statements, whatever
the length of its history, and without what this viewer may not read."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import aliased, joinedload

from ticketing.accounts.queries import NotFound
from ticketing.accounts.rules import Access, Viewer, access
from ticketing.accounts.visibility import item_facts, titled
from ticketing.database import db
from ticketing.organisation.models import Person, Unit
from ticketing.vocabulary import (
    Apart,
    ClockKind,
    ClockState,
    EventKind,
    ItemId,
    ItemKind,
    PersonId,
    Scan,
    UnitId,
)
from ticketing.work.models import Attachment, Clock, Event, ItemLink, Message, Watcher, WorkItem

#: Events that say nothing a person wants to read: following is seen in the facts column.
UNTOLD = frozenset({EventKind.WATCHED, EventKind.UNWATCHED, EventKind.HANDOVER_FILLED})
#: Linked items that the page names.
REPLIES = 20
_PERSON_KEYS = ("from_holder", "to_holder")
_UNIT_KEYS = ("from_unit", "to_unit")


@dataclass(frozen=True)
class ShownFile:
    """An attachment, which may be opened unless the virus scanner holds it (`scan`)."""

    id: int
    name: str
    media_type: str
    size: int
    sha256: str
    scan: Scan = Scan.OFF
    scan_note: str | None = None

    @property
    def may_be_opened(self) -> bool:
        """Whether nothing speaks against handing it out."""
        return self.scan in (Scan.OFF, Scan.CLEAN)


@dataclass(frozen=True)
class ShownMessage:
    """Something written. `folded` is the quoted history below it, if this viewer may read it."""

    is_public: bool
    author_kind: str
    author_name: str | None
    body: str
    folded: str | None
    files: tuple[ShownFile, ...]
    #: The mail that it came in, for those who may read all of it.
    mail_id: int | None = None


@dataclass(frozen=True)
class Moment:
    """One event of the timeline with what was written in it."""

    seq: int
    at: datetime
    kind: EventKind
    actor_kind: str
    actor_id: PersonId | None
    actor_name: str | None
    reason: str | None
    data: dict[str, Any]
    messages: tuple[ShownMessage, ...]


@dataclass(frozen=True)
class LinkedItem:
    """Another item that this one hangs on."""

    number: int
    title: str


@dataclass(frozen=True)
class LinkedReply:
    """Another item that this one answers, or that answers this one (`is_answer`) without being part of it."""

    kind: ItemKind
    number: int
    title: str
    why: Apart
    is_answer: bool


@dataclass(frozen=True)
class TicketPage:
    """All that the ticket page shows. `people` and `units` name every id in the moments' data."""

    item: WorkItem
    access: Access
    events: tuple[Event, ...]
    moments: tuple[Moment, ...]
    clocks: tuple[Clock, ...]
    watchers: tuple[str, ...]
    is_watched: bool
    known_fault: LinkedItem | None
    duplicate_count: int
    replies: tuple[LinkedReply, ...]
    people: dict[PersonId, str]
    units: dict[int, str]
    requester_name: str | None
    requester_email: str | None
    #: Who wrote it in, unless that is the requester and the viewer may not know them.
    logged_by_name: str | None

    @property
    def seen(self) -> int:
        """The number of the newest event, so that a form can say what it was made at."""
        return self.events[-1].seq if self.events else 0

    @property
    def shows_text(self) -> bool:
        """Whether the viewer may read what is written."""
        return self.access >= Access.MINIMISED

    @property
    def shows_requester(self) -> bool:
        """Whether the viewer may know who asked."""
        return self.access >= Access.CONTENT

    def file(self, file_id: int) -> ShownFile | None:
        """The attachment with that id, if the viewer may read this item's text."""
        messages = (message for moment in self.moments for message in moment.messages)
        return next((file for one in messages for file in one.files if file.id == file_id), None)

    def clock(self, kind: ClockKind) -> Clock | None:
        """The newest clock of `kind` that still counts."""
        of_kind = [c for c in self.clocks if c.kind == kind and c.state != ClockState.DROPPED]
        return max(of_kind, key=lambda c: c.visit, default=None)


def ticket_page(viewer: Viewer, number: int) -> TicketPage:
    """The item with that number for `viewer`, in seven statements. Raises `NotFound` where they may not
    even read its title."""
    item, fault, duplicates = _load(viewer, number)
    events = _events(item.id)
    people, watchers = _people(item.id, events)
    level = access(viewer, item_facts(item, is_watched=viewer.person_id in watchers))
    if level < Access.TITLE:
        raise NotFound
    shows_requester = level >= Access.CONTENT
    asker, writer = item.requester, item.logged_by
    hidden = None if shows_requester else item.requester_id
    people.pop(hidden or PersonId(0), None)
    return TicketPage(
        item=item,
        access=level,
        events=tuple(events),
        moments=_moments(events, _messages(item.id, level, hidden), people, level, hidden),
        clocks=tuple(db.session.scalars(select(Clock).where(Clock.item_id == item.id).order_by(Clock.id))),
        watchers=tuple(people[one] for one in sorted(watchers) if one in people),
        is_watched=viewer.person_id in watchers,
        known_fault=fault,
        duplicate_count=duplicates,
        replies=_replies(viewer, item.id),
        people=people,
        units=_units(item, events),
        requester_name=(item.requester_name or (asker.name if asker else None)) if shows_requester else None,
        requester_email=(item.requester_email or (asker.email if asker else None)) if shows_requester else None,
        logged_by_name=writer.name if writer and writer.id != hidden else None,
    )


def _load(viewer: Viewer, number: int) -> tuple[WorkItem, LinkedItem | None, int]:
    fault, duplicate = aliased(WorkItem), aliased(WorkItem)
    duplicates = (
        select(func.count())
        .where(duplicate.known_fault_id == WorkItem.id)
        .correlate(WorkItem)
        .scalar_subquery()
    )
    row = db.session.execute(
        select(WorkItem, fault.number, fault.title, duplicates)
        .outerjoin(fault, fault.id == WorkItem.known_fault_id)
        .where(WorkItem.municipality_id == viewer.municipality_id, WorkItem.number == number)
        .options(
            joinedload(WorkItem.unit),
            joinedload(WorkItem.queue_unit),
            joinedload(WorkItem.holder),
            joinedload(WorkItem.logged_by),
            joinedload(WorkItem.requester),
        )
    ).one_or_none()
    if row is None:
        raise NotFound
    item, fault_number, fault_title, count = row
    return item, LinkedItem(fault_number, fault_title) if fault_number is not None else None, int(count)


def _replies(viewer: Viewer, item_id: ItemId) -> tuple[LinkedReply, ...]:
    """The linked items whose title the viewer may read, at most `REPLIES`, the newest first."""
    answers, answered = ItemLink.other_id == item_id, ItemLink.item_id == item_id
    far = or_(and_(answers, WorkItem.id == ItemLink.item_id), and_(answered, WorkItem.id == ItemLink.other_id))
    rows = db.session.execute(
        select(WorkItem.kind, WorkItem.number, WorkItem.title, ItemLink.why, answers)
        .join(WorkItem, far)
        .where(or_(answers, answered), titled(viewer))
        .order_by(WorkItem.number.desc())
        .limit(REPLIES)
    )
    return tuple(LinkedReply(kind, number, title, why, bool(own)) for kind, number, title, why, own in rows)


def _events(item_id: ItemId) -> list[Event]:
    return list(db.session.scalars(select(Event).where(Event.item_id == item_id).order_by(Event.seq)))


def _people(item_id: ItemId, events: Iterable[Event]) -> tuple[dict[PersonId, str], frozenset[PersonId]]:
    """Names of everybody in the history, and who watches."""
    named = {event.actor_id for event in events if event.actor_id is not None}
    for event in events:
        named |= {event.data[key] for key in _PERSON_KEYS if event.data.get(key) is not None}
    watching = select(Watcher.person_id).where(Watcher.item_id == item_id)
    watched_by = Watcher.item_id.is_not(None)
    rows = db.session.execute(
        select(Person.id, Person.name, watched_by)
        .outerjoin(Watcher, (Watcher.person_id == Person.id) & (Watcher.item_id == item_id))
        .where(or_(Person.id.in_(sorted(named)), Person.id.in_(watching)))
    ).all()
    names = {PersonId(row[0]): str(row[1]) for row in rows}
    return names, frozenset(PersonId(row[0]) for row in rows if row[2])


def _messages(item_id: ItemId, level: Access, hidden: PersonId | None) -> dict[int, list[ShownMessage]]:
    """What was written, by the event it was written in; nothing for those who may only read titles."""
    if level < Access.MINIMISED:
        return {}
    rows = db.session.execute(
        select(Message, Person.name, Attachment)
        .outerjoin(Person, Person.id == Message.author_id)
        .outerjoin(Attachment, Attachment.message_id == Message.id)
        .where(Message.item_id == item_id)
        .order_by(Message.id, Attachment.id)
    ).all()
    files: dict[int, list[ShownFile]] = defaultdict(list)
    for message, _name, file in rows:
        if file is not None:
            files[message.id].append(
                ShownFile(
                    file.id, file.name, file.media_type, file.size, file.sha256, file.scan, file.scan_note
                )
            )
    shown: dict[int, list[ShownMessage]] = defaultdict(list)
    done: set[int] = set()
    for message, name, _file in rows:
        if message.id in done:
            continue
        done.add(message.id)
        # A requester's name stands in the signature, which is folded away.
        folded = message.folded if level >= Access.CONTENT else None
        kind = _kind(message.author_kind, message.author_id, hidden)
        known_name = name if level >= Access.CONTENT or kind != "requester" else None
        shown[message.event_id].append(
            ShownMessage(
                message.is_public,
                kind,
                known_name,
                message.body,
                folded,
                tuple(files[message.id]),
                message.mail_id if level >= Access.CONTENT else None,
            )
        )
    return shown


def _moments(
    events: Iterable[Event],
    messages: dict[int, list[ShownMessage]],
    people: dict[PersonId, str],
    level: Access,
    hidden: PersonId | None,
) -> tuple[Moment, ...]:
    return tuple(
        Moment(
            seq=event.seq,
            at=event.at,
            kind=EventKind(event.kind),
            actor_kind=_kind(event.actor_kind, event.actor_id, hidden),
            actor_id=event.actor_id,
            actor_name=_actor_name(event, people, level),
            # A reason is written by hand: it tells as much as a message does.
            reason=event.reason if level >= Access.MINIMISED else None,
            data=event.data,
            messages=tuple(messages.get(event.id, ())),
        )
        for event in events
        if event.kind not in UNTOLD
    )


def _kind(kind: str, person_id: PersonId | None, hidden: PersonId | None) -> str:
    """A colleague who asks for themselves is no more than "the requester" where names are hidden."""
    return "requester" if person_id is not None and person_id == hidden else kind


def _actor_name(event: Event, people: dict[PersonId, str], level: Access) -> str | None:
    if event.actor_id is None or (event.actor_kind == "requester" and level < Access.CONTENT):
        return None
    return people.get(event.actor_id)


def _units(item: WorkItem, events: Iterable[Event]) -> dict[int, str]:
    named = {UnitId(int(part)) for part in item.unit_path.strip("/").split("/") if part}
    for event in events:
        named |= {event.data[key] for key in _UNIT_KEYS if event.data.get(key) is not None}
    rows = db.session.execute(select(Unit.id, Unit.name).where(Unit.id.in_(sorted(named))))
    return {int(unit_id): str(name) for unit_id, name in rows}
