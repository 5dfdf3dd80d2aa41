"""A municipality's own rules of time: editions of its calendars and targets, and closing days unit by unit
(nothing is changed, only added and ended), and what the nightly check of the clocks found."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Date, ForeignKey, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ticketing.clocks.days import LocalDays
from ticketing.database import Base, BigKey, Word
from ticketing.vocabulary import DayKind, ItemId, MunicipalityId, PersonId, Reach, UnitId


class Spreading:
    """A change that running items are brought to follow. `again_at` says when they are gone through next,
    from `spread_after` on; null when they all follow."""

    again_at: Mapped[datetime | None]
    passes: Mapped[int] = mapped_column(Integer, default=0)
    spread_after: Mapped[ItemId] = mapped_column(BigKey, default=0)


def _to_spread(table: str) -> Index:
    waiting = text("again_at IS NOT NULL")
    return Index(f"ix_{table}_again", "again_at", sqlite_where=waiting, postgresql_where=waiting)


class ClockEdition(Spreading, Base):
    """A municipality's calendars and targets as two YAML texts, in force from `in_force_from` until the next
    edition's. `number` counts 1, 2, 3 … within the municipality; the first is what stood in config/."""

    __tablename__ = "clock_edition"
    __table_args__ = (UniqueConstraint("municipality_id", "number"), _to_spread("clock_edition"))

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    municipality_id: Mapped[MunicipalityId] = mapped_column(ForeignKey("municipality.id"))
    number: Mapped[int] = mapped_column(Integer)
    calendars: Mapped[str] = mapped_column(Text)
    targets: Mapped[str] = mapped_column(Text)
    reach: Mapped[Reach] = mapped_column(Word(Reach, 20))
    in_force_from: Mapped[datetime]
    made_at: Mapped[datetime]
    made_by_id: Mapped[PersonId | None] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(String(500))


class CalendarEdit(Spreading, Base):
    """One change of a unit's local days."""

    __tablename__ = "calendar_edit"
    __table_args__ = (_to_spread("calendar_edit"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    municipality_id: Mapped[MunicipalityId] = mapped_column(ForeignKey("municipality.id"))
    unit_id: Mapped[UnitId] = mapped_column(ForeignKey("unit.id"))
    made_at: Mapped[datetime]
    made_by_id: Mapped[PersonId | None] = mapped_column(ForeignKey("person.id"))
    #: Where the days come from: a file's name, or what was typed on the page.
    source: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str | None] = mapped_column(String(500))


class ClockCheck(Base):
    """What `clocks verify` found in one night (local date) at a municipality; unfinished while it runs.
    `differences` counts stored values that the events contradict, `broken` items that can't be replayed."""

    __tablename__ = "clock_check"
    __table_args__ = (UniqueConstraint("municipality_id", "night"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    municipality_id: Mapped[MunicipalityId] = mapped_column(ForeignKey("municipality.id"))
    night: Mapped[date] = mapped_column(Date)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    looked_at: Mapped[int] = mapped_column(Integer, default=0)
    differences: Mapped[int] = mapped_column(Integer, default=0)
    broken: Mapped[int] = mapped_column(Integer, default=0)


class CalendarDays(Base):
    """Dates of one kind at a unit, in force from edit `added_in` until edit `removed_in`."""

    __tablename__ = "calendar_days"
    __table_args__ = (Index("ix_calendar_days_unit", "unit_id", "first"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    municipality_id: Mapped[MunicipalityId] = mapped_column(ForeignKey("municipality.id"))
    unit_id: Mapped[UnitId] = mapped_column(ForeignKey("unit.id"))
    kind: Mapped[DayKind] = mapped_column(Word(DayKind, 20))
    first: Mapped[date] = mapped_column(Date)
    last: Mapped[date] = mapped_column(Date)
    name: Mapped[str] = mapped_column(String(120))
    #: Openings as pairs of seconds from midnight; empty for a closed day.
    hours: Mapped[list[Any]] = mapped_column(JSON, default=list)
    added_in: Mapped[int] = mapped_column(BigKey, ForeignKey("calendar_edit.id"))
    removed_in: Mapped[int | None] = mapped_column(BigKey, ForeignKey("calendar_edit.id"))

    def value(self) -> LocalDays:
        """The row as the rules read it."""
        hours = tuple((int(opens), int(closes)) for opens, closes in self.hours)
        return LocalDays(self.kind, self.first, self.last, self.name, hours)
