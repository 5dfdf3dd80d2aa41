"""What became of mails, read back for the tests."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import NOW, SmallMunicipality
from tests.mail.letterbox import letter
from ticketing.work import actions
from ticketing.work.models import Message, OutboxMessage, WorkItem


def items(session: Session) -> list[WorkItem]:
    return list(session.scalars(select(WorkItem).order_by(WorkItem.number)))


def mails_to(session: Session, address: str) -> list[OutboxMessage]:
    return list(
        session.scalars(
            select(OutboxMessage).where(OutboxMessage.recipient == address).order_by(OutboxMessage.id)
        )
    )


def texts(session: Session, item_id: int) -> list[str]:
    return list(session.scalars(select(Message.body).where(Message.item_id == item_id).order_by(Message.id)))


def reply_to(mail: OutboxMessage, body: str = "Tak, men det virker stadig ikke.", **changes) -> bytes:
    given = {
        "Message_ID": "<reply@privat.example>",
        "In_Reply_To": mail.mail_message_id,
        "References": f"<m1@privat.example> {mail.mail_message_id}",
        "Subject": f"SV: {mail.subject}",
    }
    return letter(body, **{**given, **changes})


def solve(item_id: int, place: SmallMunicipality) -> None:
    actions.solve(item_id, actions.Actor("person", place.pedagogue.id), NOW + timedelta(hours=1), text="Løst")
