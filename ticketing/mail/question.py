"""What a mail asks, whose question that is, and the ticket that it becomes."""

from dataclasses import dataclass, replace
from datetime import datetime

from flask import current_app
from sqlalchemy.orm import Session

from ticketing.mail import who
from ticketing.mail.forwarded import Forwarded, forwarded
from ticketing.mail.message import ParsedMessage
from ticketing.organisation.models import Municipality, Person
from ticketing.vocabulary import Channel, ItemId
from ticketing.work import actions, links
from ticketing.work.actions import Draft, NewFile
from ticketing.work.models import WorkItem

_TITLE_LENGTH = 200
#: Stands for the words of a mail that has none.
NO_TEXT = "(Mailen er uden tekst.)"
_WHY_LEFT_OUT = {
    "too large": "filen er for stor",
    "too many": "der er for mange filer",
    "too much": "filerne fylder for meget tilsammen",
}


@dataclass(frozen=True)
class Question:
    """`mail` as its asker wrote it and the colleague who that is, if any. Where a colleague passed it on:
    who, and their own words beside it."""

    mail: ParsedMessage
    person: Person | None
    passed_on_by: Person | None = None
    note: str | None = None


def whose_question(
    session: Session, municipality: Municipality, mail: ParsedMessage, person: Person | None, now: datetime
) -> Question:
    """The sender's question, or that of whoever wrote first what a colleague passes on. `person` is the
    colleague whose address the mail came from."""
    passed_on = _passed_on(municipality, mail, person)
    if passed_on is None:
        return Question(mail, person)
    mail = _as_first_written(mail, passed_on)
    asker = who.person_with_address(session, municipality.id, mail, now)
    return Question(mail, asker, passed_on_by=person, note=passed_on.note)


def open_question(
    session: Session, municipality: Municipality, question: Question, now: datetime, mailbox_unit: str | None
) -> WorkItem:
    """The ticket, with its files and a note of those that were left out. `mailbox_unit` is the mail key of the
    institution whose mailbox it came by. Raises `WorkError` for what can't be a ticket."""
    mail, forwarder = question.mail, question.passed_on_by
    found = who.asker(session, municipality, mail, question.person, now, mailbox_unit, passed_on_by=forwarder)
    ladder = current_app.extensions["ladder"]
    title = mail.subject or next((line.strip() for line in mail.reply.split("\n") if line.strip()), "")
    draft = Draft(
        municipality_id=municipality.id,
        unit_id=found.unit_id,
        title=title[:_TITLE_LENGTH] or "(uden emne)",
        body=mail.reply or NO_TEXT,
        category=ladder.category_for_text(f"{mail.subject} {mail.reply}").key,
        channel=Channel.MAIL,
        requester_role=found.role,
        requester_id=found.person_id,
        requester_name=found.name,
        requester_email=mail.sender.email if mail.sender else None,
        sender_verified=not mail.auth.failed,
        folded=mail.folded,
        thread=(*mail.references, mail.message_id) if mail.message_id else mail.references,
        logged_by_id=forwarder.id if forwarder is not None else None,
    )
    actor = actions.REQUESTER if forwarder is None else actions.Actor("person", forwarder.id)
    opened = actions.open_ticket(draft, actor, now, files=files_of(mail))
    say_what_was_left_out(opened.id, mail, now)
    return opened


def say_what_was_left_out(item_id: ItemId, mail: ParsedMessage, now: datetime) -> None:
    """Files that are not kept beside the text are named with the reason; the mail itself still has them."""
    if mail.left_out:
        named = "\n".join(f"- {one.name}: {_WHY_LEFT_OUT[one.why]}" for one in mail.left_out)
        text = f"Disse filer er ikke gemt ved sagen. De ligger i mailen, som den kom:\n{named}"
        actions.note(item_id, actions.SYSTEM, now, text=text)


def files_of(mail: ParsedMessage) -> list[NewFile]:
    """The mail's files as a ticket takes them."""
    return [NewFile(one.name, one.media_type, one.content) for one in mail.attachments]


def _passed_on(municipality: Municipality, mail: ParsedMessage, person: Person | None) -> Forwarded | None:
    """What a colleague passes on; None from anyone else and from one who is not confirmed: they could put words
    into anybody's mouth. Our own mail passed on to us is nobody's question."""
    if person is None or mail.auth.failed:
        return None
    found = forwarded(mail, links.settings().attachments)
    return None if found is None or links.is_our_mailbox(municipality, found.sender.email) else found


def _as_first_written(mail: ParsedMessage, passed_on: Forwarded) -> ParsedMessage:
    """`mail` as if its first sender had written to us: what we send then answers the mail that they know."""
    inside = passed_on.inside
    more = inside.attachments if inside is not None else ()
    return replace(
        mail,
        sender=passed_on.sender,
        subject=passed_on.subject,
        reply=passed_on.body,
        folded=passed_on.folded,
        message_id=inside.message_id if inside is not None else None,
        attachments=(*mail.attachments, *more)[: links.settings().attachments.files],
    )
