"""Mail that became no question: an administrator sees it, tries it again, makes it a ticket or refuses it.

Nothing here deletes a message. Each decision is a row of its own, in one transaction with what it changed; who
decides again what is decided already changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select, true
from sqlalchemy.orm import Session

from ticketing.accounts.queries import item_access
from ticketing.accounts.rules import Access, Viewer
from ticketing.accounts.visibility import at_least
from ticketing.database import db, transaction
from ticketing.mail import headers
from ticketing.mail.ingest import Outcome, take_again, understood
from ticketing.mail.message import NotAMessage
from ticketing.mail.models import InboundMail, MailDecision
from ticketing.mail.parse import header_of
from ticketing.organisation.models import Person
from ticketing.privacy.cpr import mask
from ticketing.vocabulary import MunicipalityId, Scan
from ticketing.work.change import Actor
from ticketing.work.errors import MissingReason, UnknownItem, WorkError
from ticketing.work.models import Attachment, Message, WorkItem

#: What an administrator can look at, by what became of it.
QUARANTINE = "quarantine"
REVIEWED = (QUARANTINE, "automatic", "bounce", "refused")
SHOWN = 100
#: Enough of a text to know what it is.
TEXT_SHOWN = 20_000


@dataclass(frozen=True)
class KeptMail:
    """One mail as the list shows it; subject and reason are masked."""

    id: int
    received_at: datetime
    sender: str | None
    subject: str
    outcome: str
    reason: str | None


@dataclass(frozen=True)
class MailDetail:
    """One mail as its page shows it: headers and text, as far as they can be read, CPR numbers masked."""

    mail: KeptMail
    size: int
    headers: tuple[tuple[str, str], ...]
    text: str
    files: tuple[str, ...]
    number: int | None
    decisions: tuple[tuple[MailDecision, str | None], ...]


def kept_mails(
    municipality_id: MunicipalityId, outcome: str = QUARANTINE, viewer: Viewer | None = None
) -> list[KeptMail]:
    """The newest mails with that outcome; for a `viewer` without those about a ticket that they may not read.
    One statement over an index; the raw messages stay where they are."""
    shown: ColumnElement[bool] = true()
    if viewer is not None:
        of_readable = select(WorkItem.id).where(
            WorkItem.id == InboundMail.item_id, at_least(viewer, Access.CONTENT)
        )
        shown = or_(InboundMail.item_id.is_(None), of_readable.exists())
    rows = db.session.execute(
        select(
            InboundMail.id,
            InboundMail.received_at,
            InboundMail.sender,
            InboundMail.subject,
            InboundMail.outcome,
            InboundMail.reason,
        )
        .where(
            InboundMail.municipality_id == municipality_id,
            InboundMail.outcome == outcome,
            shown,
        )
        .order_by(InboundMail.received_at.desc(), InboundMail.id.desc())
        .limit(SHOWN)
    )
    return [_kept(*row) for row in rows]


def waiting(municipality_id: MunicipalityId) -> int:
    """How many mails wait in quarantine. One statement over an index."""
    found = select(func.count()).where(
        InboundMail.municipality_id == municipality_id, InboundMail.outcome == QUARANTINE
    )
    return db.session.scalar(found) or 0


def mail_without_ticket(viewer: Viewer, mail_id: int) -> InboundMail | None:
    """One of the municipality's mails that became no question, or that a decision made one; None for others,
    and for one that belongs to a ticket of which the viewer may not read all: it may have become confidential
    since."""
    row = db.session.get(InboundMail, mail_id)
    if row is None or row.municipality_id != viewer.municipality_id:
        return None
    if row.outcome not in REVIEWED and not _decisions(mail_id):
        return None
    item = db.session.get(WorkItem, row.item_id) if row.item_id is not None else None
    return row if item is None or item_access(viewer, item) >= Access.CONTENT else None


def mail_detail(row: InboundMail) -> MailDetail:
    """A kept mail as its page shows it."""
    decisions = _decisions(row.id)
    mail, _why = understood(row.raw)
    item = db.session.get(WorkItem, row.item_id) if row.item_id is not None else None
    return MailDetail(
        mail=_kept(row.id, row.received_at, row.sender, row.subject, row.outcome, row.reason),
        size=len(row.raw),
        headers=headers_shown(row.raw),
        text=mail.text[:TEXT_SHOWN] if mail else "",
        files=tuple(one.name for one in mail.attachments) if mail else (),
        number=item.number if item else None,
        decisions=tuple(decisions),
    )


def headers_shown(raw: bytes) -> tuple[tuple[str, str], ...]:
    """The header lines of a message that say who, to whom, when and what, CPR numbers masked."""
    wanted = ("From", "To", "Cc", "Date", "Subject", "Message-ID", "Reply-To", "Auto-Submitted", "Return-Path")
    try:
        header = header_of(raw)
    except NotAMessage:
        return ()
    shown = ((name, mask(headers.text_value(header, name))[0][:500]) for name in wanted)
    return tuple((name, value) for name, value in shown if value)


def has_unsafe_files(mail_id: int) -> bool:
    """Whether the virus scanner holds a file of the mail, or has yet to look at one: the raw message would
    hand it out all the same."""
    return (
        db.session.scalar(
            select(Attachment.id)
            .join(Message, Message.id == Attachment.message_id)
            .join(InboundMail, (InboundMail.item_id == Message.item_id) & (InboundMail.id == Message.mail_id))
            .where(InboundMail.id == mail_id, Attachment.scan.in_((Scan.PENDING, Scan.HELD)))
            .limit(1)
        )
        is not None
    )


def retry(mail_id: int, actor: Actor, now: datetime, *, as_question: bool = False) -> Outcome:
    """Takes the mail in again: after a mended program, or (`as_question`) because a person says that it is a
    question though a machine seems to have written it. What became of it before stands where it can't be.

    Raises `UnknownItem` for a mail that became a question already, or is not there.
    """
    with transaction() as session:
        kept = _locked(session, mail_id)
        mail, why_not = understood(kept.raw)
        if mail is None:
            kept.outcome, kept.reason = QUARANTINE, why_not
            outcome = Outcome(QUARANTINE, why_not)
        else:
            try:
                with session.begin_nested():
                    outcome = take_again(session, kept, mail, now, as_question=as_question)
            except WorkError as error:
                kept.outcome, kept.reason = QUARANTINE, str(error)
                outcome = Outcome(QUARANTINE, str(error))
        _decide(session, kept, actor, now, "made ticket" if as_question else "retried", None)
        return outcome


def refuse(mail_id: int, actor: Actor, now: datetime, *, reason: str) -> InboundMail:
    """Puts the mail aside for good, with a reason; it is kept and can still be tried again. Raises
    `MissingReason`, and `UnknownItem` as `retry`."""
    if not reason.strip():
        raise MissingReason
    with transaction() as session:
        kept = _locked(session, mail_id)
        kept.outcome, kept.reason = "refused", mask(reason.strip())[0][:1000]
        _decide(session, kept, actor, now, "refused", kept.reason)
        return kept


def _locked(session: Session, mail_id: int) -> InboundMail:
    kept = session.get(InboundMail, mail_id, with_for_update=True, populate_existing=True)
    if kept is None or kept.outcome not in REVIEWED:
        raise UnknownItem
    return kept


def _decide(
    session: Session, kept: InboundMail, actor: Actor, now: datetime, kind: str, reason: str | None
) -> None:
    session.add(
        MailDecision(
            municipality_id=kept.municipality_id,
            mail_id=kept.id,
            at=now,
            person_id=actor.person_id,
            kind=kind,
            outcome=kept.outcome,
            reason=reason,
        )
    )
    session.flush()


def _decisions(mail_id: int) -> Sequence[tuple[MailDecision, str | None]]:
    rows = db.session.execute(
        select(MailDecision, Person.name)
        .outerjoin(Person, Person.id == MailDecision.person_id)
        .where(MailDecision.mail_id == mail_id)
        .order_by(MailDecision.id)
    )
    return [(row[0], row[1]) for row in rows]


def _kept(
    mail_id: int,
    received_at: datetime,
    sender: str | None,
    subject: str | None,
    outcome: str,
    reason: str | None,
) -> KeptMail:
    return KeptMail(mail_id, received_at, sender, mask(subject or "")[0], outcome, reason)
