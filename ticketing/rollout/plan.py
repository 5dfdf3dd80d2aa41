"""The rollout plan as data: activities, periods, seats and warnings. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from ticketing.vocabulary import ActivityCategory, Role, Sector, TaskPer


@dataclass(frozen=True)
class Period:
    """Whole days, both included. ``None`` is unknown (start) or open (end), never a guess."""

    start: date | None = None
    end: date | None = None


@dataclass(frozen=True)
class Quota:
    """Seats on a course: ``paid`` by the contract, ``extra`` bought by the unit; ``None`` is unknown, not 0."""

    paid: int | None = None
    extra: int | None = None


@dataclass(frozen=True)
class Warning:
    """Something to look at, until a person clears it with a reason. ``line`` is the source's."""

    kind: str
    line: int | None
    text: str
    #: The number that the project knows it by, such as "W05"; a general check has none.
    code: str | None = None


@dataclass(frozen=True)
class Activity:
    """A row of the plan, with the words and the line of its source."""

    id: str
    category: ActivityCategory
    #: ``None`` concerns every sector; a row that concerns some of them names the rest in ``other_sectors``.
    sector: Sector | None
    audience: str
    trainers: tuple[str, ...] = ()
    baseline: Period = Period()
    revised: Period | None = None
    hours: str | None = None
    quota: Quota = Quota()
    topics: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    section: str | None = None
    raw: str = ""
    line: int | None = None
    #: The values that the source doesn't say in so many words, by name: "start", "end", "sector" …
    inferred_values: tuple[str, ...] = ()
    warnings: tuple[Warning, ...] = ()
    other_sectors: tuple[Sector, ...] = ()
    #: Who sees to it that it happens; a task of this activity stands in that role's queue.
    responsible: Role | None = None
    per: TaskPer = TaskPer.MUNICIPALITY
    note: str | None = None
    #: How many take part; never more than there are seats. ``None`` is unknown.
    participants: int | None = None
    #: Of the participants, how many are the same persons as on an earlier activity (by its id).
    same_people: Mapping[str, int] = field(default_factory=dict)

    @property
    def period(self) -> Period:
        """The period that counts today: the revised one where there is one."""
        return self.baseline if self.revised is None else self.revised

    @property
    def inferred(self) -> bool:
        """Whether anything of it was inferred rather than read."""
        return bool(self.inferred_values)

    @property
    def sectors(self) -> tuple[Sector, ...]:
        """The sectors it concerns; empty: all of them."""
        return () if self.sector is None else (self.sector, *self.other_sectors)


@dataclass(frozen=True)
class Plan:
    """A whole plan; ``warnings`` are those that belong to no single activity."""

    activities: tuple[Activity, ...]
    warnings: tuple[Warning, ...] = ()
    #: Organisations that train, by key.
    organisations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Progress:
    """An activity's tasks: all, done, and open past the plan's day. `last_done_on`: null until all are done."""

    total: int = 0
    done: int = 0
    late: int = 0
    last_done_on: date | None = None

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to do."""
        return self.total > 0 and self.done == self.total


@dataclass(frozen=True)
class SeatCount:
    """Paid seats, counted as seats and as the persons who sit on them."""

    seats: int
    persons: int


def seats_and_persons(activities: Iterable[Activity]) -> SeatCount:
    """Seats paid by the contract. Somebody who sits on several courses takes a seat on each, but is one."""
    rows = list(activities)
    seats = sum(row.quota.paid or 0 for row in rows)
    return SeatCount(seats, seats - sum(sum(row.same_people.values()) for row in rows))
