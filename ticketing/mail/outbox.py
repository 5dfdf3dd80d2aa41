"""Sends what stands in the outbox. A mail is sent at least once: if the process dies between the server's
"250" and our commit it goes again, with the same Message-ID, by which mail programs show it once."""

import re
import smtplib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from flask import current_app
from sqlalchemy import func, not_, or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from ticketing.database import db, transaction
from ticketing.mail.digest import FOLDABLE, Hold, fold, foldable, may_go
from ticketing.mail.gateways import GatewayError, Refused
from ticketing.mail.postoffice import PostOffices
from ticketing.organisation.models import Municipality
from ticketing.vocabulary import MunicipalityId
from ticketing.work import links
from ticketing.work.models import Event, OutboxMessage, WorkItem

TRIES = 12
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=4)
#: How long a sender has for one mail before another may take it over.
LEASE = timedelta(minutes=10)
#: A header line may not be longer than 998 characters (RFC 5322 §2.1.1).
_REFERENCES_LENGTH = 900
#: The library would write a long Message-ID as an encoded word, which no mail program can follow.
_UNFOLDED = SMTP.clone(max_line_length=990)
#: What a machine says by itself (RFC 3834 §5), whoever brought it about.
_AUTOMATIC = frozenset({"receipt", *FOLDABLE, "digest", "known_question"})


@dataclass(frozen=True)
class SendResult:
    """How many mails were sent, will be tried again, and were given up."""

    sent: int = 0
    retried: int = 0
    given_up: int = 0


def send_due(now: datetime, limit: int = 100, hold: Hold = Hold.NOTHING) -> SendResult:
    """Sends up to `limit` mails whose time has come.

    1. Several notices due for one colleague become one digest; those that `hold` names stay due.
    2. Each mail is claimed by one UPDATE whose row count decides, so any number of senders may run.
    3. It is sent outside the transaction, so a slow server holds no lock.
    4. It is marked sent; or its next try is set 1, 2, 4 … minutes on (4 hours at most), up to 12 tries;
       or it is given up at once when the server refuses it for good (5xx).
    Mail leaves through the municipality's own mailbox, else the common SMTP server; with neither it is
    written as files into `outbox/` in the data folder.
    """
    counts = {"sent": 0, "retried": 0, "given_up": 0}
    offices = PostOffices(links.settings(), now)
    left = limit
    try:
        while left > 0:
            found = False
            for row_id, municipality_id, due in _due(now, left, hold, offices.closed):
                found = True
                if municipality_id in offices.closed:
                    continue  # stays due, and holds up nobody else
                left -= 1
                if _claim(row_id, due, now):
                    counts[_send_one(row_id, now, offices)] += 1
            if not found:
                break
    finally:
        offices.close()
    return SendResult(**counts)


def compose(
    row: OutboxMessage, item: WorkItem | None, municipality: Municipality, *, by_machine: bool
) -> EmailMessage:
    """The mail for `row`, as text and as HTML; `by_machine` when no person wrote it (RFC 3834 §5). Raises
    ValueError when its recipient can't stand in a header."""
    message = EmailMessage(policy=SMTP)
    message["Message-ID"] = row.mail_message_id
    message["Date"] = row.created_at
    message["Subject"] = row.subject
    own = links.own_address(municipality)
    message["From"] = Address(f"{municipality.name}, Aula-support", addr_spec=own)
    message["To"] = Address(addr_spec=row.recipient)
    if item is not None:
        reply_to = links.reply_address(municipality, item.number)
        if reply_to is not None:
            message["Reply-To"] = Address(addr_spec=reply_to)
    if row.in_reply_to:
        message["In-Reply-To"] = row.in_reply_to
    if row.references:
        message["References"] = _shortened(row.references)
    if by_machine:
        message["Auto-Submitted"] = "auto-generated"
        message["X-Auto-Response-Suppress"] = "All"
    message.set_content(row.body, cte="quoted-printable")
    english = item is not None and item.language == "en" and row.purpose != "notice"  # staff read Danish
    page = _page(row, "en" if english else "da")
    message.add_alternative(page, subtype="html", cte="quoted-printable")
    for part in row.parts or ():
        _add_part(message, part)
    return message


def _add_part(message: EmailMessage, part: Mapping[str, str]) -> None:
    """A part with a `method` (RFC 6047 §2.4: an invitation) is one more way to read the mail, so that a mail
    program asks "Kommer du?"; any other is a file that goes along."""
    main, _, sub = part["media_type"].partition("/")
    if "method" in part:
        message.add_alternative(
            part["text"], subtype=sub, cte="base64", params={"method": part["method"], "name": part["name"]}
        )
    else:
        content = part["text"].encode()
        message.add_attachment(content, maintype=main, subtype=sub, filename=part["name"])


def _page(row: OutboxMessage, language: str) -> str:
    """The same words as the text part, escaped, with paragraphs and links a screen reader can follow."""
    paragraphs = [part for part in re.split(r"\n\s*\n", row.body.strip()) if part]
    # The environment itself: what the web adds to its pages needs a request, and there is none here.
    template = current_app.jinja_env.get_template("mail/letter.html")
    return template.render(language=language, subject=row.subject, paragraphs=paragraphs)


def _due(
    now: datetime, limit: int, hold: Hold, closed: set[MunicipalityId]
) -> Iterator[tuple[int, MunicipalityId, datetime]]:
    """Mails to send with their due times; a colleague's several notices as the one digest they became. What
    is single and what is several is decided by one look at the table."""
    row = OutboxMessage
    may_fold = foldable(hold)
    whose = (row.municipality_id, row.recipient, may_fold)
    due = (
        select(
            row.id,
            row.next_try_at,
            row.municipality_id,
            row.recipient,
            may_fold.label("may_fold"),
            func.count().over(partition_by=whose).label("together"),
            func.row_number().over(partition_by=whose, order_by=(row.next_try_at, row.id)).label("place"),
        )
        .where(row.sent_at.is_(None), row.next_try_at <= now, row.municipality_id.not_in(closed), may_go(hold))
        .subquery()
    )
    first_of_each = select(due).where(or_(not_(due.c.may_fold), due.c.place == 1))
    for found in db.session.execute(first_of_each.order_by(due.c.next_try_at, due.c.id).limit(limit)).all():
        if not found.may_fold or found.together == 1:
            yield found.id, found.municipality_id, found.next_try_at
        else:
            digest = fold(found.municipality_id, found.recipient, now, hold)
            if digest is not None:
                yield digest[0], found.municipality_id, digest[1]


def _claim(row_id: int, due: datetime, now: datetime) -> bool:
    with transaction() as session:
        result = session.execute(
            update(OutboxMessage)
            .where(
                OutboxMessage.id == row_id,
                OutboxMessage.next_try_at == due,
                OutboxMessage.sent_at.is_(None),
            )
            .values(next_try_at=now + LEASE, attempts=OutboxMessage.attempts + 1)
        )
        assert isinstance(result, CursorResult)
        return result.rowcount == 1


def _send_one(row_id: int, now: datetime, offices: PostOffices) -> str:
    session = db.session()
    row = session.get_one(OutboxMessage, row_id, populate_existing=True)
    municipality = session.get_one(Municipality, row.municipality_id)
    try:
        message = _composed(session, row, municipality)
        session.commit()  # nothing stays open while the server takes its time
        sender = message["From"].addresses[0].addr_spec
        content = message.as_bytes(policy=_UNFOLDED)
        offices.deliver(municipality, sender, row.recipient, row.mail_message_id, content)
    except (OSError, ValueError, IndexError, MessageError, GatewayError) as error:
        return _record_failure(row_id, now, error)
    with transaction() as writing:
        sent = writing.get_one(OutboxMessage, row_id)
        sent.sent_at, sent.next_try_at, sent.error = now, None, None
    return "sent"


def _composed(session: Session, row: OutboxMessage, municipality: Municipality) -> EmailMessage:
    item = session.get(WorkItem, row.item_id) if row.item_id is not None else None
    return compose(row, item, municipality, by_machine=_is_by_machine(session, row))


def _is_by_machine(session: Session, row: OutboxMessage) -> bool:
    """A reminder asks as a person did, and a clock sends it: the event says who."""
    if row.purpose in _AUTOMATIC:
        return True
    event = session.get(Event, row.event_id) if row.event_id is not None else None
    return event is not None and event.actor_kind == "system"


def _record_failure(row_id: int, now: datetime, error: Exception) -> str:
    with transaction() as session:
        row = session.get_one(OutboxMessage, row_id)
        row.error = f"{type(error).__name__}: {error}"[:1000].replace("\x00", "")
        if _is_final(error) or row.attempts >= TRIES:
            row.next_try_at = None
            return "given_up"
        asked_for = error.wait if isinstance(error, GatewayError) else None
        row.next_try_at = now + max(wait_after(row.attempts), asked_for or timedelta())
        return "retried"


def wait_after(attempts: int) -> timedelta:
    """How long to wait after the try number `attempts` (1 …) failed: 1, 2, 4 … minutes."""
    doublings: int = 2 ** max(attempts - 1, 0)
    return min(FIRST_WAIT * doublings, LONGEST_WAIT)


def _is_final(error: Exception) -> bool:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(500 <= code < 600 for code, _ in error.recipients.values())
    if isinstance(error, smtplib.SMTPAuthenticationError | smtplib.SMTPConnectError | smtplib.SMTPHeloError):
        return False  # ours to put right, not the mail's fault
    if isinstance(error, smtplib.SMTPResponseException):
        return 500 <= error.smtp_code < 600
    return isinstance(error, ValueError | IndexError | MessageError | Refused)


def _shortened(references: str) -> str:
    """The first and as many of the newest as fit on a line."""
    first, *rest = references.split()
    kept: list[str] = []
    room = _REFERENCES_LENGTH - len(first)
    for one in reversed(rest):
        room -= len(one) + 1
        if room < 0:
            break
        kept.insert(0, one)
    return " ".join([first, *kept])
