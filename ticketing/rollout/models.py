"""The rollout plan in the database: its activities, the warnings on them, and what an import proposes."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ticketing.database import Base, BigKey, Word
from ticketing.organisation.models import Person
from ticketing.rollout.plan import Activity, Period, Quota, Warning
from ticketing.vocabulary import (
    ActivityCategory,
    MunicipalityId,
    PersonId,
    Role,
    Sector,
    TaskPer,
    Verdict,
)
from ticketing.work.models import Json


class PlanActivity(Base):
    """One row of a municipality's plan. Days are whole days, both included.

    No `sector` concerns all of them. The baseline is what was planned first and is never rewritten; the
    revised period counts where either of its days is set. `extra_seats` null is unknown, not 0.
    """

    __tablename__ = "plan_activity"
    __table_args__ = (UniqueConstraint("municipality_id", "key"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    municipality_id: Mapped[MunicipalityId] = mapped_column(ForeignKey("municipality.id"))
    version: Mapped[int] = mapped_column(Integer)
    key: Mapped[str] = mapped_column(String(20))
    #: Where it stands in the plan, counted from 1.
    position: Mapped[int] = mapped_column(Integer)
    category: Mapped[ActivityCategory] = mapped_column(Word(ActivityCategory, 20))
    sector: Mapped[Sector | None] = mapped_column(Word(Sector, 20))
    other_sectors: Mapped[list[str]] = mapped_column(Json, default=list)
    audience: Mapped[str] = mapped_column(String(300))
    #: Who sees to it that it happens: a task of this activity stands in that role's queue.
    responsible: Mapped[Role | None] = mapped_column(Word(Role, 30))
    #: Roles and organisations, by their keys.
    trainers: Mapped[list[str]] = mapped_column(Json, default=list)
    per: Mapped[TaskPer] = mapped_column(Word(TaskPer, 20), default=TaskPer.MUNICIPALITY)
    baseline_start: Mapped[date | None] = mapped_column(Date)
    baseline_end: Mapped[date | None] = mapped_column(Date)
    revised_start: Mapped[date | None] = mapped_column(Date)
    revised_end: Mapped[date | None] = mapped_column(Date)
    hours: Mapped[str | None] = mapped_column(String(80))
    note: Mapped[str | None] = mapped_column(String(500))
    paid_seats: Mapped[int | None] = mapped_column(Integer)
    extra_seats: Mapped[int | None] = mapped_column(Integer)
    participants: Mapped[int | None] = mapped_column(Integer)
    #: Activity key → how many of the participants are the same persons as there.
    same_people: Mapped[dict[str, int]] = mapped_column(Json, default=dict)
    topics: Mapped[list[str]] = mapped_column(Json, default=list)
    depends_on: Mapped[list[str]] = mapped_column(Json, default=list)
    section: Mapped[str | None] = mapped_column(String(60))
    line: Mapped[int | None] = mapped_column(Integer)
    raw: Mapped[str] = mapped_column(Text, default="")
    #: The values that the source doesn't say in so many words, by name.
    inferred_values: Mapped[list[str]] = mapped_column(Json, default=list)
    done_on: Mapped[date | None] = mapped_column(Date)

    warnings: Mapped[list["PlanWarning"]] = relationship(
        back_populates="activity", lazy="raise", order_by="PlanWarning.id", cascade="all, delete-orphan"
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own name

    def value(self, warnings: tuple[Warning, ...] = ()) -> Activity:
        """The row as the rules read it, with `warnings` on it."""
        revised = Period(self.revised_start, self.revised_end)
        return Activity(
            id=self.key,
            category=self.category,
            sector=self.sector,
            audience=self.audience,
            trainers=tuple(self.trainers),
            baseline=Period(self.baseline_start, self.baseline_end),
            revised=None if revised == Period() else revised,
            hours=self.hours,
            quota=Quota(self.paid_seats, self.extra_seats),
            topics=tuple(self.topics),
            depends_on=tuple(self.depends_on),
            section=self.section,
            raw=self.raw,
            line=self.line,
            inferred_values=tuple(self.inferred_values),
            warnings=warnings,
            other_sectors=tuple(Sector(sector) for sector in self.other_sectors),
            responsible=self.responsible,
            per=self.per,
            note=self.note,
            participants=self.participants,
            same_people=dict(self.same_people),
        )


class PlanWarning(Base):
    """Something to look at in the plan, on one activity or on the whole; cleared by a person with a reason."""

    __tablename__ = "plan_warning"
    __table_args__ = (
        Index("ix_plan_warning_municipality", "municipality_id", "activity_id"),
        Index("ix_plan_warning_activity", "activity_id"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    municipality_id: Mapped[MunicipalityId] = mapped_column(ForeignKey("municipality.id"))
    activity_id: Mapped[int | None] = mapped_column(ForeignKey("plan_activity.id"))
    kind: Mapped[str] = mapped_column(String(40))
    code: Mapped[str | None] = mapped_column(String(10))
    line: Mapped[int | None] = mapped_column(Integer)
    text: Mapped[str] = mapped_column(Text)
    found_at: Mapped[datetime]
    cleared_at: Mapped[datetime | None]
    cleared_by_id: Mapped[PersonId | None] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str | None] = mapped_column(String(500))

    activity: Mapped[PlanActivity | None] = relationship(back_populates="warnings", lazy="raise")
    cleared_by: Mapped[Person | None] = relationship(lazy="raise")

    def value(self) -> Warning:
        """The row as the rules read it."""
        return Warning(self.kind, self.line, self.text, self.code)


class PlanImport(Base):
    """One file that proposes rows. The same content (`sha256`) is not proposed a second time."""

    __tablename__ = "plan_import"
    __table_args__ = (UniqueConstraint("municipality_id", "sha256"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    municipality_id: Mapped[MunicipalityId] = mapped_column(ForeignKey("municipality.id"))
    source: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime]
    made_by_id: Mapped[PersonId | None] = mapped_column(ForeignKey("person.id"))
    #: What the file says of seats: [{"role", "count", "hours", "line"}].
    quotas: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    #: What is to be looked at in the file as a whole: [{"kind", "line", "text"}].
    warnings: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)

    made_by: Mapped[Person | None] = relationship(lazy="raise")


class PlanProposal(Base):
    """A row that an import proposes, as it was read; nothing of it counts before a person accepts it.

    `verdict` is null until then. `activity_id` is the row it became.
    """

    __tablename__ = "plan_proposal"
    __table_args__ = (
        Index("ix_plan_proposal_import", "import_id", "position"),
        Index("ix_plan_proposal_municipality", "municipality_id", "verdict"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    municipality_id: Mapped[MunicipalityId] = mapped_column(ForeignKey("municipality.id"))
    version: Mapped[int] = mapped_column(Integer)
    import_id: Mapped[int] = mapped_column(ForeignKey("plan_import.id"))
    position: Mapped[int] = mapped_column(Integer)
    #: The row in the form that `plan show --json` prints.
    row: Mapped[dict[str, Any]] = mapped_column(Json)
    raw: Mapped[str] = mapped_column(Text)
    line: Mapped[int | None] = mapped_column(Integer)
    warnings: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    verdict: Mapped[Verdict | None] = mapped_column(Word(Verdict, 10))
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[PersonId | None] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str | None] = mapped_column(String(500))
    activity_id: Mapped[int | None] = mapped_column(ForeignKey("plan_activity.id"))

    plan_import: Mapped[PlanImport] = relationship(lazy="raise")
    decided_by: Mapped[Person | None] = relationship(lazy="raise")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own name
