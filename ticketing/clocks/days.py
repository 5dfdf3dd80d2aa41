"""Local days on top of a calendar: closing days, school holidays, one-off openings. Pure.

A clock's calendar has a name of its own, such as "skole#3@1.4+42.17": the calendar `skole` of edition 3 with
the days of unit 1 as edit 4 left them and those of unit 42 as edit 17 did. Editions are kept, and days are
added and taken away, never changed, so such a name means the same for ever: what a clock counted before an
edit stays counted. Without an edition it is the calendar of the file in config/.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from ticketing.clocks.rules import Calendar, Interval
from ticketing.vocabulary import DayKind, UnitId

#: (unit, its last edit), from the municipality down.
Revisions = tuple[tuple[UnitId, int], ...]


@dataclass(frozen=True)
class LocalDays:
    """Dates of one kind, both ends included; `hours` belong to an opening only (as `rules.Interval`)."""

    kind: DayKind
    first: date
    last: date
    name: str
    hours: tuple[Interval, ...] = ()

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"{self.last} ligger før {self.first}")
        if (self.kind is DayKind.OPENING) != bool(self.hours):
            raise ValueError("en åbning har åbningstid, og kun den")

    def dates(self) -> Iterable[date]:
        """Each date from the first to the last."""
        return (self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1))


@dataclass(frozen=True)
class Reference:
    """The name of an edition's calendar with the local days of some units. `edition` is the id of a
    `ClockEdition`; None: the file in config/."""

    base: str
    revisions: Revisions = ()
    edition: int | None = None

    def __str__(self) -> str:
        units = "+".join(f"{unit}.{revision}" for unit, revision in self.revisions)
        named = self.base if self.edition is None else f"{self.base}#{self.edition}"
        return f"{named}@{units}" if units else named


def parse_reference(text: str) -> Reference:
    """The reference that `text` is the name of. Raises `ValueError`."""
    named, _, units = text.partition("@")
    base, _, edition = named.partition("#")
    pairs = (pair.split(".") for pair in units.split("+")) if units else ()
    revisions = tuple((UnitId(int(unit)), int(revision)) for unit, revision in pairs)
    return Reference(base, revisions, int(edition) if edition else None)


def with_days(calendar: Calendar, days: Iterable[LocalDays], *, follows_school: bool) -> Calendar:
    """`calendar` with `days`; school holidays count only where it `follows_school`. An opening beats a closed
    date, whichever unit each comes from (border rule 4 of `rules`)."""
    closed, openings = set(calendar.closed), dict(calendar.openings)
    for one in days:
        if one.kind is DayKind.OPENING:
            openings |= dict.fromkeys(one.dates(), one.hours)
        elif one.kind is DayKind.CLOSED or follows_school:
            closed |= set(one.dates())
    return Calendar(calendar.zone, calendar.versions, frozenset(closed), openings)
