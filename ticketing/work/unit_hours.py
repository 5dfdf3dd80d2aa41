"""When a unit is open, and when it goes live: from what it and the units above it say of themselves."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ticketing.clocks.config import ClockConfig
from ticketing.clocks.days import Revisions
from ticketing.organisation.models import Unit
from ticketing.organisation.rules import unit_ids
from ticketing.vocabulary import Lane, MunicipalityId, Priority, Rung, Sector, UnitId, UnitKind

#: The columns that `OwnHours` is made of.
COLUMNS = (Unit.id, Unit.kind, Unit.sector, Unit.calendar, Unit.calendar_revision, Unit.go_live_on)


@dataclass(frozen=True)
class OwnHours:
    """What a unit says itself: its calendar's key, the last edit of its local days, the day it goes live."""

    unit_id: UnitId
    kind: UnitKind
    sector: Sector | None
    calendar: str | None
    revision: int | None
    go_live_on: date | None


@dataclass(frozen=True)
class GoLive:
    """The day that counts for a unit, and the name of the calendar whose open days count around it."""

    on: date
    calendar: str


@dataclass(frozen=True)
class UnitHours:
    """A unit and those above it, from the municipality down."""

    chain: tuple[OwnHours, ...]

    @property
    def calendar(self) -> str | None:
        """The key of the nearest calendar; None: the sector's."""
        return next((own.calendar for own in reversed(self.chain) if own.calendar), None)

    @property
    def near(self) -> Revisions:
        """The local days around the unit."""
        return tuple((own.unit_id, own.revision) for own in self.chain if own.revision)

    @property
    def wide(self) -> Revisions:
        """The local days of the whole municipality."""
        town = (own for own in self.chain if own.kind is UnitKind.MUNICIPALITY)
        return tuple((own.unit_id, own.revision) for own in town if own.revision)

    def policy(
        self, config: ClockConfig, sector: Sector | None, rung: Rung, lane: Lane, priority: Priority
    ) -> dict[str, Any]:
        """The targets that `config` has at `rung` for an item of this unit, as an event keeps them."""
        found = config.policy(sector, rung, lane, priority, self.calendar, near=self.near, wide=self.wide)
        return found.as_data()

    def go_live(self, config: ClockConfig) -> GoLive | None:
        """The nearest go-live: a unit's own, or that of `config` for a sector. Whoever has the date lends its
        calendar too, so that all below it enter and leave hypercare on the same days."""
        care = config.hypercare
        for depth in range(len(self.chain), 0, -1):
            own = self.chain[depth - 1]
            on = own.go_live_on
            if on is None and care is not None and own.kind is UnitKind.SECTOR and own.sector is not None:
                on = care.go_live.get(own.sector)
            if on is not None:
                above = UnitHours(self.chain[:depth])
                key = above.calendar or config.unit_calendar(own.sector)
                return GoLive(on, config.named(key, above.near))
        return None


def from_rows(rows: Iterable[Any]) -> dict[UnitId, OwnHours]:
    """Rows that hold at least `COLUMNS`, by unit."""
    return {
        row.id: OwnHours(
            row.id, UnitKind(row.kind), row.sector, row.calendar, row.calendar_revision, row.go_live_on
        )
        for row in rows
    }


def hours_at(unit_path: str, units: Mapping[UnitId, OwnHours]) -> UnitHours:
    """The hours of the unit with that path; `units` holds at least those on the way down to it."""
    return UnitHours(tuple(units[key] for key in unit_ids(unit_path) if key in units))


def hours_of(session: Session, municipality_id: MunicipalityId, unit_path: str) -> UnitHours:
    """The hours of the unit with that path; one statement."""
    on_the_way = Unit.municipality_id == municipality_id, Unit.id.in_(unit_ids(unit_path))
    return hours_at(unit_path, from_rows(session.execute(select(*COLUMNS).where(*on_the_way))))
