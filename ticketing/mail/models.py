"""Mail that came in: kept raw and whole before it is understood."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Integer, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ticketing.database import Base, BigKey
from ticketing.vocabulary import ItemId, MunicipalityId, PersonId


class InboundMail(Base):
    """A received message and what became of it. `identity` is what makes a second delivery the same."""

    __tablename__ = "inbound_mail"
    __table_args__ = (
        UniqueConstraint("municipality_id", "identity"),
        Index("ix_inbound_mail_message_id", "municipality_id", "message_id"),
        Index("ix_inbound_mail_outcome", "municipality_id", "outcome", "received_at"),
        Index("ix_inbound_mail_item", "item_id", "received_at"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    municipality_id: Mapped[MunicipalityId] = mapped_column(ForeignKey("municipality.id"))
    identity: Mapped[str] = mapped_column(String(64))
    message_id: Mapped[str | None] = mapped_column(String(250))
    sender: Mapped[str | None] = mapped_column(String(254))
    subject: Mapped[str | None] = mapped_column(String(250))
    raw: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[datetime]
    #: "opened", "joined", "automatic", "bounce", "quarantine", "refused" (by a person) or "duplicate".
    outcome: Mapped[str] = mapped_column(String(20))
    #: Why, in words, where it did not become a question.
    reason: Mapped[str | None] = mapped_column(Text)
    item_id: Mapped[ItemId | None] = mapped_column(ForeignKey("work_item.id"))


class MailboxState(Base):
    """How far a mailbox of mailboxes.yaml has been read, and who is reading it now.

    `place` is what the cursor belongs to: another server or folder begins anew. `since` is when reading
    began. A reader holds the lease until `leased_until`. Times are UTC.
    """

    __tablename__ = "mailbox_state"

    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    municipality_id: Mapped[MunicipalityId] = mapped_column(ForeignKey("municipality.id"))
    place: Mapped[str] = mapped_column(String(64))
    since: Mapped[datetime]
    cursor: Mapped[str | None] = mapped_column(Text)
    leased_by: Mapped[str | None] = mapped_column(String(120))
    leased_until: Mapped[datetime | None]
    next_poll_at: Mapped[datetime]
    #: When it was last read without trouble.
    read_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(Integer, default=0)
    #: What is wrong now, as "trouble: what the server said".
    error: Mapped[str | None] = mapped_column(Text)
    #: The server asked us not to send before this.
    send_again_at: Mapped[datetime | None]


class MailDecision(Base):
    """What an administrator decided about a mail that had not become a question; never changed afterwards."""

    __tablename__ = "mail_decision"
    __table_args__ = (Index("ix_mail_decision_mail", "mail_id", "id"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    municipality_id: Mapped[MunicipalityId] = mapped_column(ForeignKey("municipality.id"))
    mail_id: Mapped[int] = mapped_column(ForeignKey("inbound_mail.id"))
    at: Mapped[datetime]
    #: None from the command line.
    person_id: Mapped[PersonId | None] = mapped_column(ForeignKey("person.id"))
    #: "retried", "refused" or "made ticket"; `outcome` is the mail's afterwards.
    kind: Mapped[str] = mapped_column(String(20))
    outcome: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(Text)
