"""What insight remembers: how far each leader has been told, and the views people keep."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from ticketing.database import Base, BigKey
from ticketing.vocabulary import MunicipalityId, PersonId


class LeaderDigest(Base):
    """A leader's daily digest: breaches up to `told_until` have been told of, and the next is written at
    `next_at`, shortly before a working morning."""

    __tablename__ = "leader_digest"
    __table_args__ = (Index("ix_leader_digest_next", "next_at"),)

    person_id: Mapped[PersonId] = mapped_column(ForeignKey("person.id"), primary_key=True)
    municipality_id: Mapped[MunicipalityId] = mapped_column(ForeignKey("municipality.id"))
    told_until: Mapped[datetime]
    #: The clocks told of that ran out shortly before `told_until`: the next digest looks there once more.
    told: Mapped[list[int]] = mapped_column(JSON, default=list)
    next_at: Mapped[datetime]


class SavedView(Base):
    """A search somebody comes back to: the words and filters of its address, never what it found. With a
    `step` it is shared with those who serve that step of the ladder; otherwise it is its owner's alone."""

    __tablename__ = "saved_view"
    __table_args__ = (
        Index("ix_saved_view_owner", "owner_id"),
        Index("ix_saved_view_step", "municipality_id", "step"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    municipality_id: Mapped[MunicipalityId] = mapped_column(ForeignKey("municipality.id"))
    owner_id: Mapped[PersonId] = mapped_column(ForeignKey("person.id"))
    step: Mapped[str | None] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(60))
    address: Mapped[str] = mapped_column(String(500))
    made_at: Mapped[datetime]
