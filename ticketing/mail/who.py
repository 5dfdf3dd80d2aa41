"""Who wrote a mail and which unit it belongs to (R2), and which ticket it continues."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from ticketing.mail import headers
from ticketing.mail.message import ParsedMessage
from ticketing.mail.models import InboundMail
from ticketing.mail.parse import header_of
from ticketing.organisation.models import Municipality, Person, Post, Unit
from ticketing.vocabulary import MunicipalityId, PersonId, RequesterRole, Role, UnitId
from ticketing.work import links
from ticketing.work.models import Event, OutboxMessage, Watcher, WorkItem
from ticketing.work.rules import parse_number

_REQUESTER_ROLES = {
    Role.SCHOOL_ADMIN_STAFF: RequesterRole.SCHOOL_ADMIN_STAFF,
    Role.SUPERUSER: RequesterRole.SUPERUSER,
    Role.DIGITAL_CHILDMINDER: RequesterRole.SUPERUSER,
    Role.ADMIN_SUPERUSER: RequesterRole.ADMINISTRATOR,
    Role.INSTITUTION_ADMIN: RequesterRole.ADMINISTRATOR,
    Role.MUNICIPAL_ADMIN: RequesterRole.ADMINISTRATOR,
}
#: How many mails of a ticket are read again to see who was in copy.
_MAILS_OF_A_TICKET = 20


@dataclass(frozen=True)
class Asker:
    """Who asks, in what role, and the unit that the question belongs to."""

    unit_id: UnitId
    role: RequesterRole
    person_id: PersonId | None
    name: str | None


def asker(
    session: Session,
    municipality: Municipality,
    mail: ParsedMessage,
    now: datetime,
    mailbox_unit: str | None = None,
) -> Asker:
    """R2: a known employee's institution and role; else that of the address's earlier question; else the
    institution in the recipient address; else the one with the mail key `mailbox_unit`, whose own mailbox
    the mail came by; else the municipality itself."""
    addressed = _addressed_unit(session, municipality, mail, mailbox_unit)
    person = None if mail.auth.failed else person_with_address(session, municipality.id, mail, now)
    if person is not None:
        post = _post(session, person, addressed, now)
        if post is not None:
            role = _REQUESTER_ROLES.get(post.role, RequesterRole.EMPLOYEE)
            return Asker(post.unit_id, role, person.id, person.name)
    name = mail.sender.name or None if mail.sender else None
    earlier = None if mail.auth.failed else _earlier_question(session, municipality.id, mail)
    if earlier is not None:
        unit_id = addressed.id if addressed is not None else earlier.unit_id
        return Asker(unit_id, earlier.requester_role, None, earlier.requester_name or name)
    unit = (
        addressed
        or session.scalars(
            select(Unit).where(Unit.municipality_id == municipality.id, Unit.parent_id.is_(None)).limit(1)
        ).one()
    )
    return Asker(unit.id, RequesterRole.UNKNOWN, None, name)


def person_with_address(
    session: Session, municipality_id: MunicipalityId, mail: ParsedMessage, now: datetime
) -> Person | None:
    """The employee who has the sender's address and hasn't left by `now`."""
    if mail.sender is None:
        return None
    return session.scalar(
        select(Person).where(
            Person.municipality_id == municipality_id,
            Person.email == mail.sender.email,
            or_(Person.left_on.is_(None), Person.left_on > now.date()),
        )
    )


def continued_item(session: Session, municipality: Municipality, mail: ParsedMessage) -> WorkItem | None:
    """The ticket that `mail` says it continues: by a Message-ID of its thread, newest first; else by the
    signed reply address; else by the number in the subject. Whether the sender may is another question."""
    for message_id in [*reversed(mail.in_reply_to), *reversed(mail.references)]:
        found = _item_of_message(session, municipality.id, message_id)
        if found is not None:
            return found
    for tag in _tags(municipality, mail):
        number = links.read_reply_token(municipality.id, tag)
        if number is not None:
            return _item_by_number(session, municipality.id, number)
    start, _, rest = mail.subject.partition("[")
    number = parse_number(rest.partition("]")[0]) if start is not mail.subject else None
    return _item_by_number(session, municipality.id, number) if number is not None else None


def takes_part(session: Session, item: WorkItem, mail: ParsedMessage, person: Person | None) -> bool:
    """Whether the sender belongs to the conversation: the requester, a colleague who has had a hand in it
    or follows it, or somebody who stood in copy on an earlier mail. Never one who failed authentication."""
    if mail.sender is None or mail.auth.failed:
        return False
    if mail.sender.email == (item.requester_email or "").lower():
        return True
    if person is not None and is_colleague_of(session, item, person):
        return True
    raws = session.scalars(
        select(InboundMail.raw)
        .where(InboundMail.item_id == item.id, InboundMail.outcome.in_(("opened", "joined")))
        .order_by(InboundMail.received_at)
        .limit(_MAILS_OF_A_TICKET)
    )
    for raw in raws:
        header = header_of(raw)
        in_copy = [*headers.addresses(header, "To"), *headers.addresses(header, "Cc")]
        if mail.sender.email in {one.email for one in in_copy}:
            return True
    return False


def is_colleague_of(session: Session, item: WorkItem, person: Person) -> bool:
    """Whether `person` asked, holds, logged or follows `item`, or has acted on it."""
    if person.id in (item.requester_id, item.holder_id, item.logged_by_id):
        return True
    follows = select(Watcher.item_id).where(Watcher.item_id == item.id, Watcher.person_id == person.id)
    acted = select(Event.id).where(Event.item_id == item.id, Event.actor_id == person.id)
    told = select(OutboxMessage.id).where(
        OutboxMessage.item_id == item.id, OutboxMessage.recipient == person.email
    )
    return any(session.execute(question.limit(1)).first() for question in (follows, acted, told))


def _item_of_message(session: Session, municipality_id: MunicipalityId, message_id: str) -> WorkItem | None:
    ours = select(OutboxMessage.item_id).where(
        OutboxMessage.municipality_id == municipality_id, OutboxMessage.mail_message_id == message_id
    )
    theirs = select(InboundMail.item_id).where(
        InboundMail.municipality_id == municipality_id, InboundMail.message_id == message_id
    )
    for question in (ours, theirs):
        item_id = session.scalars(question).first()
        if item_id is not None:
            return session.get(WorkItem, item_id)
    return None


def _item_by_number(session: Session, municipality_id: MunicipalityId, number: int) -> WorkItem | None:
    return session.scalar(
        select(WorkItem).where(WorkItem.municipality_id == municipality_id, WorkItem.number == number)
    )


def _tags(municipality: Municipality, mail: ParsedMessage) -> list[str]:
    """What stands after the plus in the addresses of ours that the mail went to."""
    ours = [
        a.email for a in (*mail.to, *mail.cc, *mail.delivered_to) if links.is_our_mailbox(municipality, a.email)
    ]
    tags = [one.rpartition("@")[0].partition("+")[2] for one in ours]
    return [tag for tag in dict.fromkeys(tags) if tag]


def _addressed_unit(
    session: Session, municipality: Municipality, mail: ParsedMessage, mailbox_unit: str | None
) -> Unit | None:
    tags: Sequence[str] = _tags(municipality, mail)
    for tag in [*tags[:10], *([mailbox_unit] if mailbox_unit else [])]:
        unit = session.scalars(
            select(Unit).where(Unit.municipality_id == municipality.id, Unit.mail_key == tag)
        ).first()
        if unit is not None:
            return unit
    return None


def _post(session: Session, person: Person, addressed: Unit | None, now: datetime) -> Post | None:
    """The post that the question is about: one at the addressed unit, else the oldest held now."""
    posts = session.execute(
        select(Post, Unit.path)
        .join(Unit, Post.unit_id == Unit.id)
        .where(
            Post.person_id == person.id,
            Post.valid_from <= now.date(),
            or_(Post.valid_to.is_(None), Post.valid_to > now.date()),
        )
        .order_by(Post.valid_from, Post.id)
    ).all()
    for post, path in posts:
        if addressed is not None and path.startswith(addressed.path):
            return post
    return posts[0][0] if posts else None


def _earlier_question(
    session: Session, municipality_id: MunicipalityId, mail: ParsedMessage
) -> WorkItem | None:
    if mail.sender is None:
        return None
    return session.scalars(
        select(WorkItem)
        .where(WorkItem.municipality_id == municipality_id, WorkItem.requester_email == mail.sender.email)
        .order_by(WorkItem.opened_at.desc())
        .limit(1)
    ).first()
