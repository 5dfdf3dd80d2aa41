"""A municipality's own closing days and openings, unit by unit (nothing is changed, only added and ended), and
what the nightly check of the clocks found."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Date, ForeignKey, Index, Integer, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ticketing.clocks.days import LocalDays
from ticketing.database import Base, BigKey, Word
from ticketing.vocabulary import DayKind, ItemId, MunicipalityId, PersonId, UnitId


class CalendarEdit(Base):
    """One change of a unit's local days. `again_at` says when running items are gone through next, from
    `spread_after` on; null when they all follow the edit."""

    __tablename__ = "calendar_edit"
    __table_args__ = (
        Index(
            "ix_calendar_edit_again",
            "again_at",
            sqlite_where=text("again_at IS NOT NULL"),
            postgresql_where=text("again_at IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    municipality_id: Mapped[MunicipalityId] = mapped_column(ForeignKey("municipality.id"))
    unit_id: Mapped[UnitId] = mapped_column(ForeignKey("unit.id"))
    made_at: Mapped[datetime]
    made_by_id: Mapped[PersonId | None] = mapped_column(ForeignKey("person.id"))
    #: Where the days come from: a file's name, or what was typed on the page.
    source: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str | None] = mapped_column(String(500))
    again_at: Mapped[datetime | None]
    passes: Mapped[int] = mapped_column(Integer, default=0)
    spread_after: Mapped[ItemId] = mapped_column(BigKey, default=0)


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
