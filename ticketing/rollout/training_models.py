"""Training in the database: when a course is held, who takes part on which seat, and who decides to go live."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ticketing.database import Base, BigKey, Word
from ticketing.organisation.models import Person, Unit
from ticketing.rollout.models import PlanActivity
from ticketing.vocabulary import GoVerdict, MunicipalityId, PersonId, SeatKind, TakingPart, UnitId
from ticketing.work.models import Json


class CourseSession(Base):
    """One time that a training activity is held. Times are UTC. `unit_id`: for that unit's people only (null:
    for all). No `capacity`: as many as there is room for."""

    __tablename__ = "course_session"
    __table_args__ = (Index("ix_course_session_activity", "activity_id", "starts_at"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    municipality_id: Mapped[MunicipalityId] = mapped_column(ForeignKey("municipality.id"))
    activity_id: Mapped[int] = mapped_column(ForeignKey("plan_activity.id"))
    unit_id: Mapped[UnitId | None] = mapped_column(ForeignKey("unit.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    place: Mapped[str] = mapped_column(String(200))
    capacity: Mapped[int | None] = mapped_column(Integer)
    #: Counts the changes that those who are invited hear of (RFC 5545 §3.8.7.4).
    sequence: Mapped[int] = mapped_column(Integer, default=0)
    cancelled_at: Mapped[datetime | None]

    activity: Mapped[PlanActivity] = relationship(lazy="raise")
    unit: Mapped[Unit | None] = relationship(lazy="raise")


class Participation(Base):
    """A person on a course: once for each activity, at one of its sessions. `seat` null: a course that needs
    none. `paid_by_id`: the unit that bought an extra seat. `minutes`: how long it took them."""

    __tablename__ = "participation"
    __table_args__ = (
        UniqueConstraint("activity_id", "person_id"),
        Index("ix_participation_session", "session_id", "status"),
        Index("ix_participation_person", "person_id", "status"),
        Index("ix_participation_municipality", "municipality_id", "activity_id"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    municipality_id: Mapped[MunicipalityId] = mapped_column(ForeignKey("municipality.id"))
    activity_id: Mapped[int] = mapped_column(ForeignKey("plan_activity.id"))
    session_id: Mapped[int] = mapped_column(ForeignKey("course_session.id"))
    person_id: Mapped[PersonId] = mapped_column(ForeignKey("person.id"))
    status: Mapped[TakingPart] = mapped_column(Word(TakingPart, 20))
    seat: Mapped[SeatKind | None] = mapped_column(Word(SeatKind, 10))
    paid_by_id: Mapped[UnitId | None] = mapped_column(ForeignKey("unit.id"))
    trained_by_id: Mapped[PersonId | None] = mapped_column(ForeignKey("person.id"))
    minutes: Mapped[int | None] = mapped_column(Integer)
    invited_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    marked_at: Mapped[datetime | None]
    marked_by_id: Mapped[PersonId | None] = mapped_column(ForeignKey("person.id"))

    activity: Mapped[PlanActivity] = relationship(lazy="raise")
    session: Mapped[CourseSession] = relationship(lazy="raise")
    person: Mapped[Person] = relationship(foreign_keys=[person_id], lazy="raise")
    trained_by: Mapped[Person | None] = relationship(foreign_keys=[trained_by_id], lazy="raise")


class GoDecision(Base):
    """Whether a unit goes live, as somebody decided it; never changed, a new one is added. `facts` are the
    figures that stood on the page then."""

    __tablename__ = "go_decision"
    __table_args__ = (Index("ix_go_decision_unit", "unit_id", "decided_at"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    municipality_id: Mapped[MunicipalityId] = mapped_column(ForeignKey("municipality.id"))
    unit_id: Mapped[UnitId] = mapped_column(ForeignKey("unit.id"))
    verdict: Mapped[GoVerdict] = mapped_column(Word(GoVerdict, 10))
    go_live_on: Mapped[date | None] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(String(500))
    facts: Mapped[dict[str, Any]] = mapped_column(Json)
    decided_at: Mapped[datetime]
    decided_by_id: Mapped[PersonId | None] = mapped_column(ForeignKey("person.id"))

    decided_by: Mapped[Person | None] = relationship(lazy="raise")
