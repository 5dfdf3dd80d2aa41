"""What must be true of the tables whatever died and when. Each function returns what is wrong, as sentences."""

from collections import Counter, defaultdict

from sqlalchemy import select
from sqlalchemy.orm import Session

from ticketing.organisation.models import Municipality
from ticketing.vocabulary import EventKind
from ticketing.work.change import refresh_clocks
from ticketing.work.models import Event, Message, OutboxMessage, WorkItem

#: A kind of event that is half an action without the words that came with it.
WITH_WORDS = {EventKind.OPENED, EventKind.ANSWERED, EventKind.NOTED, EventKind.REQUESTER_WROTE}


def broken_promises(session: Session) -> list[str]:
    """Everything that is wrong in the tables of work; empty when every action is whole."""
    items = list(session.scalars(select(WorkItem)))
    events: dict[int, list[Event]] = defaultdict(list)
    for event in session.scalars(select(Event).order_by(Event.item_id, Event.seq)):
        events[event.item_id].append(event)
    wrong = [sentence for item in items for sentence in _item(item, events[item.id])]
    wrong += _messages(session, events)
    wrong += _outbox(session, events)
    wrong += _numbers(session, items)
    wrong += _clocks(session, items, events)
    return wrong


def _item(item: WorkItem, events: list[Event]) -> list[str]:
    name = f"item {item.number}"
    if not events:
        return [f"{name} has no events"]
    wrong = []
    if [event.seq for event in events] != list(range(1, len(events) + 1)):
        wrong.append(f"{name}: the events are not 1, 2, 3 …")
    if events[-1].data["state"] != item.state.value:
        wrong.append(f"{name} is {item.state}, its last event says {events[-1].data['state']}")
    moves = [event.data for event in events if "to_step" in event.data]
    if not moves:
        wrong.append(f"{name} was never put into a queue")
    elif (moves[-1]["to_step"], moves[-1]["to_unit"]) != (item.step, item.queue_unit_id):
        wrong.append(f"{name} stands in another queue than its last move says")
    return wrong


def _messages(session: Session, events: dict[int, list[Event]]) -> list[str]:
    of_event = Counter(session.scalars(select(Message.event_id)))
    item_of = {event.id: event.item_id for rows in events.values() for event in rows}
    wrong = [
        f"message {message.id} stands on another item than its event"
        for message in session.scalars(select(Message))
        if item_of.get(message.event_id) != message.item_id
    ]
    for rows in events.values():
        for event in rows:
            if event.kind in WITH_WORDS and of_event[event.id] != 1:
                wrong.append(f"event {event.id} ({event.kind}) has {of_event[event.id]} messages")
    return wrong


def _outbox(session: Session, events: dict[int, list[Event]]) -> list[str]:
    item_of = {event.id: event.item_id for rows in events.values() for event in rows}
    rows = list(session.scalars(select(OutboxMessage)))
    wrong = [
        f"mail {row.id} has no event of its item" for row in rows if item_of.get(row.event_id) != row.item_id
    ]
    for what, count in Counter(row.unique_key for row in rows).items():
        if count > 1:
            wrong.append(f"{count} mails for {what}")
    for what, count in Counter(row.mail_message_id for row in rows).items():
        if count > 1:
            wrong.append(f"{count} mails with the Message-ID {what}")
    return wrong


def _numbers(session: Session, items: list[WorkItem]) -> list[str]:
    numbers = sorted(item.number for item in items)
    next_number = session.scalars(select(Municipality.next_number)).one()
    # A number is taken in the transaction that opens the item: none is lost either.
    return [] if numbers == list(range(1001, next_number)) else [f"numbers {numbers}, next {next_number}"]


def _clocks(session: Session, items: list[WorkItem], events: dict[int, list[Event]]) -> list[str]:
    """The cached clocks are what the events say: computing them anew changes nothing."""
    wrong = []
    with session.no_autoflush:
        for item in items:
            refresh_clocks(session, item, events[item.id])
        changed = [*session.new, *(row for row in session.dirty if session.is_modified(row))]
        wrong += [f"{type(row).__name__} of the clocks differs from the events" for row in changed]
    session.rollback()
    return wrong
