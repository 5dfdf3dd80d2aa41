"""The organisation: municipalities, the tree of units, people, posts (a role held in a unit), absence."""

from datetime import date, datetime

from sqlalchemy import Boolean, Date, ForeignKey, Index, Integer, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ticketing.database import Base, BigKey, PathString, Word
from ticketing.vocabulary import MunicipalityId, PersonId, Role, Sector, UnitId, UnitKind


class Municipality(Base):
    """One customer. `next_number` counts its tickets; `ladder` names its ladder file in config/."""

    __tablename__ = "municipality"

    id: Mapped[MunicipalityId] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    ladder: Mapped[str] = mapped_column(String(40), default="ladder")
    mail_domain: Mapped[str] = mapped_column(String(120), default="")
    next_number: Mapped[int] = mapped_column(Integer, default=1001)
    #: The edition of calendars and targets in force (`clocks.models.ClockEdition`); null: no item has had
    #: any use for one yet.
    clock_edition: Mapped[int | None] = mapped_column(BigKey)


class OrganisationVersion(Base):
    """A token that the database changes with everything that is written of the organisation (`snapshot`)."""

    __tablename__ = "organisation_version"

    municipality_id: Mapped[MunicipalityId] = mapped_column(ForeignKey("municipality.id"), primary_key=True)
    token: Mapped[str] = mapped_column(String(36))


class Unit(Base):
    """A node of the tree. `path` is "/1/7/42/": the ids from the municipality's root down to itself."""

    __tablename__ = "unit"
    __table_args__ = (
        UniqueConstraint("municipality_id", "key"),
        Index("ix_unit_path", "municipality_id", "path"),
        Index("ix_unit_mail", "municipality_id", "mail_key"),
        Index(
            "ix_unit_go_live",
            "go_live_on",
            sqlite_where=text("go_live_on IS NOT NULL"),
            postgresql_where=text("go_live_on IS NOT NULL"),
        ),
    )

    id: Mapped[UnitId] = mapped_column(primary_key=True)
    municipality_id: Mapped[MunicipalityId] = mapped_column(ForeignKey("municipality.id"))
    parent_id: Mapped[UnitId | None] = mapped_column(ForeignKey("unit.id"), index=True)
    path: Mapped[str] = mapped_column(PathString)
    kind: Mapped[UnitKind] = mapped_column(Word(UnitKind, 20))
    sector: Mapped[Sector | None] = mapped_column(Word(Sector, 20))
    key: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(120))
    mail_key: Mapped[str | None] = mapped_column(String(60))
    phone: Mapped[str | None] = mapped_column(String(40))
    calendar: Mapped[str | None] = mapped_column(String(40))
    #: The last edit of the unit's own closing days (`clocks.models.CalendarEdit`); null: it has none.
    calendar_revision: Mapped[int | None] = mapped_column(BigKey)
    #: The day its users begin; null: that of the nearest unit above that has one.
    go_live_on: Mapped[date | None] = mapped_column(Date)
    #: Whether its open items have been sent into hypercare (`work.hypercare`).
    in_hypercare: Mapped[bool] = mapped_column(Boolean, default=False)


class Person(Base):
    """Somebody who works here. `key` is the organisation import's own; it never shows on a page."""

    __tablename__ = "person"
    __table_args__ = (
        UniqueConstraint("municipality_id", "key"),
        UniqueConstraint("municipality_id", "email"),
    )

    id: Mapped[PersonId] = mapped_column(primary_key=True)
    municipality_id: Mapped[MunicipalityId] = mapped_column(ForeignKey("municipality.id"))
    key: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(120))
    email: Mapped[str] = mapped_column(String(254), index=True)
    phone: Mapped[str | None] = mapped_column(String(40))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    left_on: Mapped[date | None] = mapped_column(Date)

    posts: Mapped[list["Post"]] = relationship(back_populates="person", lazy="raise")


class Post(Base):
    """A role that a person holds in a unit from `valid_from` to before `valid_to` (null: until further)."""

    __tablename__ = "post"
    __table_args__ = (
        UniqueConstraint("municipality_id", "person_id", "role", "unit_id", "valid_from"),
        Index("ix_post_unit_role", "municipality_id", "unit_id", "role"),
        Index("ix_post_role", "municipality_id", "role"),
        Index("ix_post_person", "person_id"),
        Index(
            "ix_post_ending",
            "valid_to",
            sqlite_where=text("valid_to IS NOT NULL AND rerouted_at IS NULL"),
            postgresql_where=text("valid_to IS NOT NULL AND rerouted_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    municipality_id: Mapped[MunicipalityId] = mapped_column(ForeignKey("municipality.id"))
    person_id: Mapped[PersonId] = mapped_column(ForeignKey("person.id"))
    unit_id: Mapped[UnitId] = mapped_column(ForeignKey("unit.id"))
    role: Mapped[Role] = mapped_column(Word(Role, 30))
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    trained_on: Mapped[date | None] = mapped_column(Date)
    tentative: Mapped[bool] = mapped_column(Boolean, default=False)
    #: Who stands in whenever the holder is away and has named nobody else.
    deputy_id: Mapped[PersonId | None] = mapped_column(BigKey)
    #: Set when the queues that the end of this post left without anybody have been handed on.
    rerouted_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(back_populates="posts", lazy="raise")
    unit: Mapped[Unit] = relationship(lazy="raise")


class Absence(Base):
    """A person is away from `starts_at` to before `ends_at` (UTC; null: until further notice)."""

    __tablename__ = "absence"
    __table_args__ = (
        Index("ix_absence_person", "person_id", "ends_at"),
        Index("ix_absence_deputy", "deputy_id", "ends_at"),
        Index("ix_absence_municipality", "municipality_id", "ends_at"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    municipality_id: Mapped[MunicipalityId] = mapped_column(ForeignKey("municipality.id"))
    person_id: Mapped[PersonId] = mapped_column(ForeignKey("person.id"))
    deputy_id: Mapped[PersonId | None] = mapped_column(ForeignKey("person.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    note: Mapped[str | None] = mapped_column(String(200))
    #: Set when the queues that this absence left without anybody have been handed on.
    rerouted_at: Mapped[datetime | None]
