"""Writes the mails that an action causes into the outbox, in the action's own transaction; nothing here
commits or sends. One mail an event, recipient and purpose, however often it is asked for."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from ticketing.organisation.models import Municipality, Person
from ticketing.vocabulary import Channel, PersonId
from ticketing.work import links
from ticketing.work.letters import BODIES, HOLDERS, SUBJECTS
from ticketing.work.models import Event, OutboxMessage, WorkItem
from ticketing.work.queries import LOCAL_ZONE
from ticketing.work.receivers import next_at_work
from ticketing.work.rules import is_urgent, shown_number
from ticketing.work.writing import insert_rows

#: The thread keeps its first Message-ID and the newest of the rest.
THREAD_LENGTH = 20
SUBJECT_LENGTH = 250
#: An identifier longer than this is not a sender's honest one and would not fit a header line.
MESSAGE_ID_LENGTH = 250


def receipt(
    session: Session, item: WorkItem, event: Event, now: datetime, *, queue: str, status_url: str | None = None
) -> OutboxMessage | None:
    """Tells the requester the number and who has it, by role and unit (`queue`). Returns None and writes
    nothing without a known address, and to a mail's sender who is not verified: a forged one must not be
    written to. Whoever fills the public form asked for the link in it."""
    if not item.sender_verified and item.channel is Channel.MAIL:
        return None
    return _to_requester(session, item, event, now, "receipt", "", status_url, queue)


def answer(
    session: Session, item: WorkItem, event: Event, now: datetime, text: str, status_url: str | None = None
) -> OutboxMessage | None:
    """Sends the requester an answer; of a confidential item only the link."""
    return _to_requester(session, item, event, now, "answer", text, status_url)


def question(
    session: Session, item: WorkItem, event: Event, now: datetime, text: str, status_url: str | None = None
) -> OutboxMessage | None:
    """Asks the requester for what is missing; of a confidential item only the link."""
    return _to_requester(session, item, event, now, "question", text, status_url)


def solved(
    session: Session, item: WorkItem, event: Event, now: datetime, text: str, status_url: str | None = None
) -> OutboxMessage | None:
    """Tells the requester how it was solved and that a reply opens it again; `text` is the solution."""
    return _to_requester(session, item, event, now, "solved", text, status_url)


@dataclass(frozen=True)
class Told:
    """That a colleague is told, in Danish, `what` happened to `item` at `event`."""

    item: WorkItem
    event: Event
    person_id: PersonId
    what: str


def staff_notices(session: Session, told: Sequence[Told], now: datetime) -> None:
    """Writes notices, one an entry of `told`: the number and a link, and no word of the ticket. Each is sent
    when its receiver is at work, an urgent one at once; someone who has left gets none. A handful of
    statements, however many notices. The events must have their ids."""
    if not told:
        return
    ids = {one.person_id for one in told}
    people = {person.id: person for person in session.scalars(select(Person).where(Person.id.in_(ids)))}
    at_work = next_at_work(
        session, {one.person_id for one in told if not is_urgent(one.item.priority, one.item.lane)}, now
    )
    of = {key: session.get_one(Municipality, key) for key in {one.item.municipality_id for one in told}}
    told_none = {
        person.id
        for person in people.values()
        if has_left(person, now) or links.is_our_mailbox(of[person.municipality_id], person.email)
    }
    rows = []
    for one in told:
        if one.person_id in told_none:
            continue
        person, municipality = people[one.person_id], of[one.item.municipality_id]
        urgent = is_urgent(one.item.priority, one.item.lane)
        not_before = now if urgent else at_work[person.id]
        rows.append(_notice(municipality, one, person.email, now, not_before, urgent=urgent))
    insert_rows(session, OutboxMessage, rows)


def has_left(person: Person, now: datetime) -> bool:
    """Whether the person works here no more."""
    return person.left_on is not None and person.left_on <= now.astimezone(LOCAL_ZONE).date()


def _notice(
    municipality: Municipality, told: Told, recipient: str, now: datetime, not_before: datetime, *, urgent: bool
) -> dict[str, object]:
    item, event, texts = told.item, told.event, BODIES["da"]
    values = {
        "what": told.what,
        "number": shown_number(item.kind, item.number),
        "item_url": links.item_url(item),
    }
    sign_off = texts["sign_off"].format(municipality=municipality.name)
    return {
        "municipality_id": item.municipality_id,
        "item_id": item.id,
        "event_id": event.id,
        "unique_key": _unique_key(item, event, recipient, "notice"),
        "purpose": "notice",
        "recipient": recipient,
        "subject": _one_line(SUBJECTS["da"]["notice"].format(**values))[:SUBJECT_LENGTH],
        "body": f"{texts['notice'].format(**values)}\n{sign_off}\n",
        "mail_message_id": links.message_id(municipality, "notice", item.number, event.seq, recipient),
        "created_at": now,
        "not_before": not_before,
        "next_try_at": not_before,
        "urgent": urgent,
        "attempts": 0,
    }


def staff_letter(
    session: Session,
    municipality: Municipality,
    person_id: PersonId,
    now: datetime,
    *,
    purpose: str,
    key: str,
    subject: str,
    lines: Sequence[str],
    parts: list[dict[str, str]] | None = None,
    not_before: datetime | None = None,
) -> OutboxMessage | None:
    """A mail to a colleague that is about no single item: paragraphs in Danish, `{base}` being our address.
    `key` names it for ever: asked for again, it is the same mail. It is sent when its receiver is at work, or
    at `not_before`. Someone who has left gets none."""
    person = session.get_one(Person, person_id)
    if has_left(person, now):
        return None
    same = select(OutboxMessage).where(
        OutboxMessage.municipality_id == municipality.id, OutboxMessage.unique_key == key
    )
    existing = session.scalar(same)
    if existing is not None:
        return existing
    when = not_before or next_at_work(session, [person_id], now)[person_id]
    proof = links.signature("letter", municipality.id, key)
    body = "\n\n".join(lines).replace("{base}", links.settings().base_url)
    sign_off = BODIES["da"]["sign_off"].format(municipality=municipality.name)
    row = OutboxMessage(
        municipality_id=municipality.id,
        unique_key=key,
        purpose=purpose,
        recipient=person.email,
        subject=_one_line(subject)[:SUBJECT_LENGTH],
        body=f"{body}\n\n{sign_off}\n",
        mail_message_id=f"<{purpose}.{proof}@{links.mail_domain(municipality)}>",
        created_at=now,
        not_before=when,
        next_try_at=when,
    )
    if parts:
        row.parts = parts
    session.add(row)
    session.flush()
    return row


def join_thread(item: WorkItem, message_ids: Sequence[str]) -> None:
    """Remembers the Message-IDs of a mail from the requester, its own last, so that what is sent from now
    on answers it."""
    item.thread_ids = _extended(item.thread_ids, message_ids)


def _to_requester(
    session: Session,
    item: WorkItem,
    event: Event,
    now: datetime,
    purpose: str,
    text: str,
    status_url: str | None,
    queue: str | None = None,
) -> OutboxMessage | None:
    address = _requester_address(session, item)
    if address is None:
        return None
    language = item.language if item.language in BODIES else "da"
    link = status_url or links.status_url(item)
    if item.confidential:
        text = BODIES[language]["link_only"].format(status_url=link)
    values = {
        "number": shown_number(item.kind, item.number),
        "name": f" {item.requester_name}" if item.requester_name else "",
        "holder": HOLDERS[language][item.rung].format(unit=queue),
        "status_url": link,
        "text": text.strip(),
    }
    return _write(session, item, event, now, purpose, address, language, values)


def _requester_address(session: Session, item: WorkItem) -> str | None:
    if item.requester_email:
        return item.requester_email
    person = session.get(Person, item.requester_id) if item.requester_id is not None else None
    return person.email if person is not None else None


def _write(
    session: Session,
    item: WorkItem,
    event: Event,
    now: datetime,
    purpose: str,
    recipient: str,
    language: str,
    values: dict[str, str],
) -> OutboxMessage | None:
    municipality = session.get_one(Municipality, item.municipality_id)
    if links.is_our_mailbox(municipality, recipient):
        return None
    key = _unique_key(item, event, recipient, purpose)
    existing = _asked_for_before(session, item, event, key)
    if existing is not None:
        return existing
    texts = BODIES[language]
    sign_off = texts["sign_off"].format(municipality=municipality.name)
    row = OutboxMessage(
        municipality_id=item.municipality_id,
        item=item,
        unique_key=key,
        purpose=purpose,
        recipient=recipient,
        subject=_one_line(SUBJECTS[language][purpose].format(**values))[:SUBJECT_LENGTH],
        body=f"{texts[purpose].format(**values)}\n{sign_off}\n",
        mail_message_id=links.message_id(municipality, purpose, item.number, event.seq, recipient),
        created_at=now,
        next_try_at=now,
    )
    if event in session.new:
        row.event = event
    else:
        row.event_id = event.id
    _put_in_thread(item, row)
    item.thread_ids = _extended(item.thread_ids, [row.mail_message_id])
    session.add(row)
    return row


def _asked_for_before(session: Session, item: WorkItem, event: Event, key: str) -> OutboxMessage | None:
    """The mail with that key; of an event that isn't written yet, one that isn't either."""
    if event in session.new:
        waiting = (row for row in session.new if isinstance(row, OutboxMessage))
        return next((row for row in waiting if row.unique_key == key), None)
    same = select(OutboxMessage).where(
        OutboxMessage.municipality_id == item.municipality_id, OutboxMessage.unique_key == key
    )
    return session.scalar(same)


def _put_in_thread(item: WorkItem, row: OutboxMessage) -> None:
    """RFC 5322 §3.6.4: answers the requester's newest mail; the references are the thread before us."""
    known = [one for one in (item.thread_ids or "").split() if one != row.mail_message_id]
    theirs = [one for one in known if links.read_message_id(item.municipality_id, one) is None]
    row.in_reply_to = theirs[-1] if theirs else None
    row.references = " ".join(known) or None


def _extended(thread: str | None, more: Sequence[str]) -> str:
    ids = (thread or "").split()
    for one in more:
        if one.isascii() and len(one) <= MESSAGE_ID_LENGTH and not any(c.isspace() for c in one):
            ids = [known for known in ids if known != one] + [one]
    if len(ids) > THREAD_LENGTH:
        ids = ids[:1] + ids[1 - THREAD_LENGTH :]
    return " ".join(ids)


def _unique_key(item: WorkItem, event: Event, recipient: str, purpose: str) -> str:
    of_event = f"{item.number}.{event.seq}"
    key = f"{of_event}:{recipient.lower()}:{purpose}"
    return key if len(key) <= 200 else f"{of_event}:{hashlib.sha256(key.encode()).hexdigest()}:{purpose}"


def _one_line(text: str) -> str:
    return " ".join(text.split())
