"""A mail comes in: kept raw, understood, and made a ticket or a contribution to one, in one transaction."""

import hashlib
import logging
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select, update
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from ticketing.database import db, transaction
from ticketing.mail import who
from ticketing.mail.message import NotAMessage, ParsedMessage
from ticketing.mail.models import InboundMail
from ticketing.mail.parse import parse
from ticketing.mail.question import NO_TEXT, files_of, open_question, say_what_was_left_out, whose_question
from ticketing.organisation.models import Municipality, Person
from ticketing.vocabulary import Apart, ItemId, MunicipalityId
from ticketing.work import actions, links, notices
from ticketing.work.errors import WorkError
from ticketing.work.linked import link_apart
from ticketing.work.models import Message, OutboxMessage, WorkItem
from ticketing.work.rules import shown_number

log = logging.getLogger(__name__)

_WHY_APART = {
    Apart.STRANGER: "Mailen er et svar på {number}, men afsenderen deltager ikke i den sag.",
    Apart.UNCONFIRMED: "Mailen er et svar på {number}, men afsenderen er ikke bekræftet.",
    Apart.LATE: "Mailen er et svar på {number}, som er lukket for længst.",
}
_KEPT = (
    select(InboundMail.outcome, InboundMail.reason, InboundMail.item_id, WorkItem.number)
    .outerjoin(WorkItem, WorkItem.id == InboundMail.item_id)
    .where(
        InboundMail.municipality_id == bindparam("municipality_id"),
        InboundMail.identity == bindparam("identity"),
    )
)


@dataclass(frozen=True)
class Outcome:
    """What became of a mail. `kind` is "opened", "joined", "automatic", "bounce" or "quarantine", as it is
    kept; `seen_before` when an earlier delivery of the same mail already did that."""

    kind: str
    reason: str | None = None
    item_id: ItemId | None = None
    number: int | None = None
    seen_before: bool = False


def ingest(
    raw: bytes, municipality_id: MunicipalityId, now: datetime, *, mailbox_unit: str | None = None
) -> Outcome:
    """Takes `raw` in for the municipality. Delivered again, by whatever way, it changes nothing.
    `mailbox_unit` is the mail key of the institution whose own mailbox it came by, which is where a new
    question belongs unless its address names another.

    1. What was kept before under the same identity has been handled; of two at once the second fails to keep
       it, and what it did is taken back.
    2. A machine's mail is kept with the reason; a bounce is noted on its ticket.
    3. A reply from one who takes part joins its ticket; any other mail opens one.
    4. What can't be handled is kept in quarantine with the reason.
    The message is kept raw in the transaction of what became of it; only then may the server forget it.
    """
    mail, why_not = understood(raw)
    if mail is None:
        return keep_in_quarantine(raw, None, municipality_id, now, why_not)
    try:
        with transaction() as session:
            seen = _seen_before(session, municipality_id, identity(mail))
            if seen is not None:
                return seen
            return _handle(session, _kept_row(raw, mail, municipality_id, now), mail, now, mailbox_unit)
    except IntegrityError:
        seen = _seen_before(db.session(), municipality_id, identity(mail))
        if seen is None:
            raise
        return seen  # another process was a moment ahead
    except WorkError as error:
        return keep_in_quarantine(raw, mail, municipality_id, now, str(error))


def take_in(
    raw: bytes, municipality_id: MunicipalityId, now: datetime, *, mailbox_unit: str | None = None
) -> Outcome:
    """As `ingest`, but a message that nothing can be made of must not stop those behind it: it is kept as it
    is, with the kind of error as its reason. A database or a disk that is away stops the intake instead
    (`SQLAlchemyError`, `OSError`): the message comes again."""
    try:
        return ingest(raw, municipality_id, now, mailbox_unit=mailbox_unit)
    except (DataError, IntegrityError) as error:
        kind = type(error).__name__
    except (SQLAlchemyError, OSError):
        raise
    except Exception as error:  # whatever a hostile message brings out
        log.exception("A message could not be handled")
        kind = type(error).__name__
    db.session.rollback()
    return keep_in_quarantine(raw, None, municipality_id, now, f"it could not be handled ({kind})")


def keep_in_quarantine(
    raw: bytes, mail: ParsedMessage | None, municipality_id: MunicipalityId, now: datetime, reason: str
) -> Outcome:
    """The message kept whole with the reason, for the administrator to see and to try again. `mail` is what
    is understood of it, None when that is nothing. Kept again, it changes nothing."""
    try:
        with transaction() as session:
            row = _kept_row(raw, mail, municipality_id, now)
            seen = _seen_before(session, municipality_id, row.identity)
            if seen is not None:
                return seen
            row.reason = reason
            session.add(row)
            session.flush()
    except IntegrityError:
        return Outcome("quarantine", reason, seen_before=True)
    return Outcome("quarantine", reason)


def take_again(
    session: Session, kept: InboundMail, mail: ParsedMessage, now: datetime, *, as_question: bool
) -> Outcome:
    """Handles a mail that is kept already, in the caller's transaction. `as_question`: a person has said that
    it is one, whatever made it look like a machine's. What another delivery became stands: the mail is then
    a "duplicate" of it. Raises `WorkError` where it can't be handled, and has changed nothing."""
    key = identity(mail)
    if kept.identity != key:
        seen = _seen_before(session, kept.municipality_id, key)
        if seen is not None:
            kept.outcome, kept.reason, kept.item_id = "duplicate", None, seen.item_id
            session.flush()
            return Outcome("duplicate", None, seen.item_id, seen.number)
        kept.identity, kept.message_id = key, mail.message_id
        kept.sender, kept.subject = mail.sender.email if mail.sender else None, mail.subject
    return _handle(session, kept, mail, now, None, as_question=as_question)


def understood(raw: bytes) -> tuple[ParsedMessage | None, str]:
    """What `raw` says, or None and why it can't be read. Whatever goes wrong in reading, a message is never
    the end of the intake: it waits in quarantine with the kind of error as its reason."""
    try:
        settings = links.settings()
        return parse(raw, settings.attachments, settings.trusted_mail_hosts), ""
    except NotAMessage as error:
        return None, str(error)
    except Exception as error:  # reading is pure, so the same bytes would fail each time they are delivered
        log.exception("A message could not be read")
        return None, f"it could not be read ({type(error).__name__})"


def identity(mail: ParsedMessage) -> str:
    """What makes two deliveries the same mail: its Message-ID and what it says, not the traces of its way.
    The Message-ID alone isn't enough: some programs give every mail the same."""
    digest = hashlib.sha256()
    sender = mail.sender.email if mail.sender else ""
    for part in (mail.message_id or "", sender, str(mail.date), mail.subject, "\n".join(mail.text.split())):
        digest.update(part.encode() + b"\x00")
    for attachment in mail.attachments:
        digest.update(hashlib.sha256(attachment.content).digest())
    return digest.hexdigest()


def _handle(
    session: Session,
    kept: InboundMail,
    mail: ParsedMessage,
    now: datetime,
    mailbox_unit: str | None,
    *,
    as_question: bool = False,
) -> Outcome:
    municipality = session.get_one(Municipality, kept.municipality_id)
    known = who.known_messages(session, municipality, mail)
    if not as_question:
        if mail.delivery is not None or (mail.auto_response and mail.auto_response.kind == "bounce"):
            return _bounce(session, kept, mail, now)
        if _is_our_own(municipality, mail, known):
            return _settle(session, kept, "automatic", "our own mail came back", None)
        if mail.auto_response is not None:
            return _settle(session, kept, "automatic", mail.auto_response.reason, None)
    item = who.continued_item(session, municipality, mail, known)
    if item is None and not as_question and who.is_talk_of_others(municipality, mail, mailbox_unit):
        return _settle(session, kept, "automatic", "we are in copy of a talk of others", None)
    person = who.person_with_address(session, municipality.id, mail, now)
    why_apart: Apart | None = None
    if item is not None:
        if who.takes_part(session, item, mail, person):
            try:
                with session.begin_nested():
                    return _join(session, kept, mail, item, person, now)
            except WorkError:
                why_apart = Apart.LATE
        else:
            why_apart = Apart.UNCONFIRMED if mail.auth.failed else Apart.STRANGER
    question = whose_question(session, municipality, mail, person, now)
    opened = open_question(session, municipality, question, now, mailbox_unit)
    outcome = _settle(session, kept, "opened", None, opened)
    if question.passed_on_by is not None and question.note:
        forwarder = actions.Actor("person", question.passed_on_by.id)
        actions.note(opened.id, forwarder, now, text=question.note)
    if item is not None and why_apart is not None:
        number = shown_number(item.kind, item.number)
        actions.note(opened.id, actions.SYSTEM, now, text=_WHY_APART[why_apart].format(number=number))
        link_apart(session, opened, item, why_apart)
    return outcome


def _join(
    session: Session,
    kept: InboundMail,
    mail: ParsedMessage,
    item: WorkItem,
    person: Person | None,
    now: datetime,
) -> Outcome:
    """The mail becomes part of `item`: a colleague's as an internal note, anyone else's as the requester's."""
    assert mail.sender is not None
    if mail.message_id:
        notices.join_thread(item, [*mail.references, mail.message_id])
    is_requester = mail.sender.email == (item.requester_email or "").lower() or (
        person is not None and person.id == item.requester_id
    )
    text = mail.reply or NO_TEXT
    files = files_of(mail)
    if person is not None and (not is_requester or _answers_a_notice(item, mail)):
        actions.requester_writes(
            item.id, now, text, folded=mail.folded, author_id=person.id, public=False, files=files
        )
    else:
        if not is_requester:
            text = f"Skrevet af {mail.sender.email}, som var sat på kopi:\n\n{text}"
        actions.requester_writes(item.id, now, text, folded=mail.folded, files=files)
    say_what_was_left_out(item.id, mail, now)
    return _settle(session, kept, "joined", None, item)


def _answers_a_notice(item: WorkItem, mail: ParsedMessage) -> bool:
    """What a colleague answers to a notice among colleagues stays so, also when they asked themselves."""
    return any(links.is_notice(item.municipality_id, one) for one in mail.in_reply_to)


def _bounce(session: Session, kept: InboundMail, mail: ParsedMessage, now: datetime) -> Outcome:
    """Noted on the ticket whose mail did not arrive, if the report says which mail that was."""
    report = mail.delivery
    reason = mail.auto_response.reason if mail.auto_response else "a delivery report (RFC 3464)"
    original = report.original_message_id if report else None
    sent = (
        session.scalar(
            select(OutboxMessage).where(
                OutboxMessage.municipality_id == kept.municipality_id,
                OutboxMessage.mail_message_id == original,
            )
        )
        if original
        else None
    )
    if report is None or sent is None or sent.item_id is None:
        return _settle(session, kept, "bounce", reason, None)
    item = session.get_one(WorkItem, sent.item_id)
    if report.action == "failed":
        text = f"Mailen til {sent.recipient} kom ikke frem. {report.status} {report.diagnostic}".strip()
        actions.note(item.id, actions.SYSTEM, now, text=text)
    return _settle(session, kept, "bounce", f"{reason}: {report.action}", item)


def _is_our_own(municipality: Municipality, mail: ParsedMessage, known: who.KnownMessages) -> bool:
    """Whether we wrote the mail: by its sender, or by its Message-ID when it was passed on to us."""
    if mail.sender is not None and links.is_our_mailbox(municipality, mail.sender.email):
        return True
    return mail.message_id is not None and mail.message_id in known.ours


def _kept_row(
    raw: bytes, mail: ParsedMessage | None, municipality_id: MunicipalityId, now: datetime
) -> InboundMail:
    return InboundMail(
        municipality_id=municipality_id,
        identity=identity(mail) if mail else hashlib.sha256(raw).hexdigest(),
        message_id=mail.message_id if mail else None,
        sender=mail.sender.email if mail and mail.sender else None,
        subject=mail.subject if mail else None,
        raw=raw,
        received_at=now,
        outcome="quarantine",
    )


def _settle(
    session: Session, kept: InboundMail, outcome: str, reason: str | None, item: WorkItem | None
) -> Outcome:
    kept.outcome, kept.reason = outcome, reason
    kept.item_id = item.id if item is not None else None
    session.add(kept)
    session.flush()
    if item is not None and outcome in ("opened", "joined"):
        _tie(session, kept, item)
    return Outcome(outcome, reason, kept.item_id, item.number if item is not None else None)


def _tie(session: Session, kept: InboundMail, item: WorkItem) -> None:
    """The message just written knows the mail that it came in, so that the page can show that as it came."""
    newest = (
        select(Message.id)
        .where(Message.item_id == item.id, Message.author_kind != "system")
        .order_by(Message.at.desc(), Message.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    tie = update(Message).where(Message.id == newest, Message.mail_id.is_(None)).values(mail_id=kept.id)
    session.execute(tie, execution_options={"synchronize_session": False})


def _seen_before(session: Session, municipality_id: MunicipalityId, key: str) -> Outcome | None:
    row = session.execute(_KEPT, {"municipality_id": municipality_id, "identity": key}).one_or_none()
    if row is None:
        return None
    return Outcome(row.outcome, row.reason, row.item_id, row.number, seen_before=True)
