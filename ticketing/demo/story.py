"""A made-up question about Aula with the rung that can answer it."""

from dataclasses import dataclass

from ticketing.vocabulary import Affected, RequesterRole, Rung, Sector

EVERYWHERE = (Sector.SKOLE, Sector.DAGTILBUD, Sector.DAGPLEJE)
SCHOOL = (Sector.SKOLE,)
CARE = (Sector.DAGTILBUD, Sector.DAGPLEJE)
PARENT, EMPLOYEE, PUPIL = RequesterRole.PARENT, RequesterRole.EMPLOYEE, RequesterRole.PUPIL


@dataclass(frozen=True)
class Story:
    """A question, the lowest rung that can answer it, and the answer. `weight` says how common it is."""

    title: str
    body: str
    category: str
    asker: RequesterRole
    ends_at: Rung
    answer: str
    sectors: tuple[Sector, ...] = EVERYWHERE
    affected: Affected = Affected.ONE
    vendor: str | None = None
    weight: int = 3
