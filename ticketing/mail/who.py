"""Who wrote a mail and which unit it belongs to (R2), and which ticket it continues."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, literal, or_, select
from sqlalchemy.engine import Row
from sqlalchemy.orm import Session

from ticketing.mail import headers
from ticketing.mail.message import ParsedMessage
from ticketing.mail.models import InboundMail
from ticketing.mail.parse import header_of
from ticketing.organisation.models import Municipality, Person, Post, Unit
from ticketing.organisation.snapshot import Snapshot, UnitRow, organisation_now
from ticketing.vocabulary import ItemId, MunicipalityId, PersonId, RequesterRole, Role, UnitId
from ticketing.work import links
from ticketing.work.models import Event, OutboxMessage, Watcher, WorkItem
from ticketing.work.queries import LOCAL_ZONE
from ticketing.work.rules import parse_number

_REQUESTER_ROLES = {
    Role.SCHOOL_ADMIN_STAFF: RequesterRole.SCHOOL_ADMIN_STAFF,
    Role.SUPERUSER: RequesterRole.SUPERUSER,
    Role.DIGITAL_CHILDMINDER: RequesterRole.SUPERUSER,
    Role.ADMIN_SUPERUSER: RequesterRole.ADMINISTRATOR,
    Role.INSTITUTION_ADMIN: RequesterRole.ADMINISTRATOR,
    Role.MUNICIPAL_ADMIN: RequesterRole.ADMINISTRATOR,
}
_KNOWN = (
    select(OutboxMessage.mail_message_id, OutboxMessage.item_id, literal(True))
    .where(
        OutboxMessage.municipality_id == bindparam("municipality_id"),
        OutboxMessage.mail_message_id.in_(bindparam("named", expanding=True)),
    )
    .union_all(
        select(InboundMail.message_id, InboundMail.item_id, literal(False)).where(
            InboundMail.municipality_id == bindparam("municipality_id"),
            InboundMail.message_id.in_(bindparam("named", expanding=True)),
            InboundMail.item_id.is_not(None),
        )
    )
)
_PERSON = select(Person).where(
    Person.municipality_id == bindparam("municipality_id"), Person.email == bindparam("email")
)
_EARLIER = (
    select(WorkItem.unit_id, WorkItem.requester_role, WorkItem.requester_name)
    .where(
        WorkItem.municipality_id == bindparam("municipality_id"),
        WorkItem.requester_email == bindparam("email"),
    )
    .order_by(WorkItem.opened_at.desc())
    .limit(1)
)
#: How many mails of a ticket are read again to see who was in copy.
_MAILS_OF_A_TICKET = 20


@dataclass(frozen=True)
class Asker:
    """Who asks, in what role, and the unit that the question belongs to."""

    unit_id: UnitId
    role: RequesterRole
    person_id: PersonId | None
    name: str | None


@dataclass(frozen=True)
class KnownMessages:
    """The Message-IDs that a mail names and we know, with the item each belongs to: those that we sent
    (`ours`; an id of no item is None) and those that came in (`theirs`)."""

    ours: Mapping[str, ItemId | None]
    theirs: Mapping[str, ItemId]

    def item_of(self, message_id: str) -> ItemId | None:
        return self.ours.get(message_id) or self.theirs.get(message_id)


def known_messages(session: Session, municipality: Municipality, mail: ParsedMessage) -> KnownMessages:
    """What we know of the messages that `mail` names: its own id, what it answers, what it refers to, what it
    says did not arrive. One statement over two indexes, however many are named."""
    reported = mail.delivery.original_message_id if mail.delivery else None
    named = {mail.message_id, reported, *mail.in_reply_to, *mail.references} - {None}
    if not named:
        return KnownMessages({}, {})
    values = {"municipality_id": municipality.id, "named": sorted(str(one) for one in named)}
    ours: dict[str, ItemId | None] = {}
    theirs: dict[str, ItemId] = {}
    for message_id, item_id, is_ours in session.execute(_KNOWN, values):
        if is_ours:
            ours[message_id] = item_id
        elif item_id is not None:
            theirs.setdefault(message_id, item_id)
    return KnownMessages(ours, theirs)


def asker(
    session: Session,
    municipality: Municipality,
    mail: ParsedMessage,
    person: Person | None,
    now: datetime,
    mailbox_unit: str | None = None,
    *,
    passed_on_by: Person | None = None,
) -> Asker:
    """R2: a known employee's (`person`) institution and role; else that of the address's earlier question;
    else the institution in the recipient address; else the one with the mail key `mailbox_unit`, whose own
    mailbox the mail came by; else the unit of the colleague who passed it on; else the municipality itself.
    Nobody acts as another: a sender who failed authentication is neither the employee nor the one who asked
    before."""
    organisation = organisation_now(session, municipality.id)
    addressed = _addressed_unit(organisation, municipality, mail, mailbox_unit)
    verified = not mail.auth.failed
    if person is not None and verified:
        post = _post(session, person, addressed, now)
        if post is not None:
            role = _REQUESTER_ROLES.get(post.role, RequesterRole.EMPLOYEE)
            return Asker(post.unit_id, role, person.id, person.name)
    name = mail.sender.name or None if mail.sender else None
    earlier = _earlier_question(session, municipality.id, mail) if verified else None
    if earlier is not None:
        unit_id = addressed.id if addressed is not None else earlier.unit_id
        return Asker(unit_id, earlier.requester_role, None, earlier.requester_name or name)
    post = _post(session, passed_on_by, None, now) if passed_on_by is not None and addressed is None else None
    unit_id = post.unit_id if post is not None else (addressed or organisation.root()).id
    return Asker(unit_id, RequesterRole.UNKNOWN, None, name)


def person_with_address(
    session: Session, municipality_id: MunicipalityId, mail: ParsedMessage, now: datetime
) -> Person | None:
    """The employee who has the sender's address and hasn't left by `now`."""
    if mail.sender is None:
        return None
    values = {"municipality_id": municipality_id, "email": mail.sender.email}
    person = session.scalar(_PERSON, values)
    today = now.astimezone(LOCAL_ZONE).date()
    gone = person is not None and person.left_on is not None and person.left_on <= today
    return None if gone else person


def continued_item(
    session: Session, municipality: Municipality, mail: ParsedMessage, known: KnownMessages
) -> WorkItem | None:
    """The ticket that `mail` says it continues: by a Message-ID of its thread, newest first; else by the
    signed reply address; else by the number in the subject. Whether the sender may is another question."""
    for message_id in [*reversed(mail.in_reply_to), *reversed(mail.references)]:
        item_id = known.item_of(message_id)
        if item_id is not None:
            return session.get(WorkItem, item_id)
        number = links.read_message_id(municipality.id, message_id)
        if number is not None:
            return _item_by_number(session, municipality.id, number)
    for tag in _tags(municipality, mail):
        number = links.read_reply_token(municipality.id, tag)
        if number is not None:
            return _item_by_number(session, municipality.id, number)
    start, _, rest = mail.subject.partition("[")
    number = parse_number(rest.partition("]")[0]) if start is not mail.subject else None
    return _item_by_number(session, municipality.id, number) if number is not None else None


def is_talk_of_others(municipality: Municipality, mail: ParsedMessage, mailbox_unit: str | None) -> bool:
    """Whether `mail` goes on with a talk that we know nothing of, written to others, with one of ours in copy
    alone. A first mail with us in copy is a question, and so is one that names us nowhere, as a list does."""
    if not (mail.in_reply_to or mail.references) or mailbox_unit is not None:
        return False
    to_us = any(links.is_our_mailbox(municipality, one.email) for one in mail.to)
    in_copy = any(links.is_our_mailbox(municipality, one.email) for one in mail.cc)
    return bool(mail.to) and in_copy and not to_us


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
    organisation: Snapshot, municipality: Municipality, mail: ParsedMessage, mailbox_unit: str | None
) -> UnitRow | None:
    tags: Sequence[str] = _tags(municipality, mail)
    for tag in [*tags[:10], *([mailbox_unit] if mailbox_unit else [])]:
        unit = organisation.unit_with_mail_key(tag)
        if unit is not None:
            return unit
    return None


def _post(session: Session, person: Person, addressed: UnitRow | None, now: datetime) -> Post | None:
    """The post that the question is about: one at the addressed unit, else the oldest held now."""
    today = now.astimezone(LOCAL_ZONE).date()
    posts = session.execute(
        select(Post, Unit.path)
        .join(Unit, Post.unit_id == Unit.id)
        .where(
            Post.person_id == person.id,
            Post.valid_from <= today,
            or_(Post.valid_to.is_(None), Post.valid_to > today),
        )
        .order_by(Post.valid_from, Post.id)
    ).all()
    for post, path in posts:
        if addressed is not None and path.startswith(addressed.path):
            return post
    return posts[0][0] if posts else None


def _earlier_question(
    session: Session, municipality_id: MunicipalityId, mail: ParsedMessage
) -> Row[UnitId, RequesterRole, str | None] | None:
    if mail.sender is None:
        return None
    values = {"municipality_id": municipality_id, "email": mail.sender.email}
    return session.execute(_EARLIER, values).first()
