"""What insight remembers: how far each leader has been told."""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from ticketing.database import Base
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
