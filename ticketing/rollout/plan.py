"""The rollout plan as data: activities, periods, seats and warnings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


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
    """Something to look at, until a person clears it with a reason."""

    kind: str
    line: int | None
    text: str


@dataclass(frozen=True)
class Activity:
    """A row of the plan, with the words and the line of its source."""

    id: str
    category: str
    sector: str
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
    inferred: bool = False
    warnings: tuple[Warning, ...] = ()

    @property
    def period(self) -> Period:
        """The period that counts today: the revised one where there is one."""
        return self.baseline if self.revised is None else self.revised
