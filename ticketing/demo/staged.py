"""Questions placed where the demo's sign-ins work, so that each of them finds something to do at once."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from ticketing.demo.history import Steps
from ticketing.demo.life import Life
from ticketing.demo.stories import STORIES
from ticketing.demo.story import Story
from ticketing.demo.workdays import days_back
from ticketing.organisation.models import Municipality, Person, Unit
from ticketing.vocabulary import Affected, PersonId, RequesterRole, Rung, UnitKind
from ticketing.work.actions import answer, ask_requester, attach_to_fault, make_known_fault, take

#: Working days back and the hour when a superuser's open questions were asked: over, today, later.
ASKED_SUPERUSER = (
    (6, 9.2), (4, 8.3), (3, 10.5), (2, 8.7), (1, 8.1), (1, 9.6), (1, 11.0), (1, 12.4), (1, 13.6), (1, 14.4),
)  # fmt: skip
ASKED_STAFF = ((3, 9.0), (1, 10.2), (1, 14.0))
DUPLICATES = 12
FAULT = Story(
    "Aula åbner ikke på skolens tablets",
    "Siden i morges kommer der bare en blank side på alle tablets. Telefoner virker.",
    "TEKNIK",
    RequesterRole.EMPLOYEE,
    Rung.SERVICEDESK,
    "Filteret i netværket er rettet. Aula åbner igen på alle tablets.",
    affected=Affected.INSTITUTION,
)


def staged(
    session: Session, municipality: Municipality, chance: random.Random, now: datetime
) -> list[tuple[datetime, Steps]]:
    """When each of the placed questions is asked, and its steps. Those for the sign-in superuser first."""
    return _Scenes(session, municipality, chance, now).all()


class _Scenes:
    def __init__(
        self, session: Session, municipality: Municipality, chance: random.Random, now: datetime
    ) -> None:
        self.session, self.municipality, self.chance, self.now = session, municipality, chance, now
        self.teacher: PersonId = session.scalars(
            select(Person.id).where(Person.municipality_id == municipality.id, Person.key == "laerer-skole01-1")
        ).one()
        self.fault: Life | None = None

    def all(self) -> list[tuple[datetime, Steps]]:
        return [*self._superuser(), *self._staff(), *self._leader(), *self._vacant(), *self._servicedesk()]

    def _superuser(self) -> list[tuple[datetime, Steps]]:
        """Open at the superuser of the first department; one waits for the asker, two are being worked on.
        Two more the sign-in employee has had an answer to."""
        stories = _told(RequesterRole.EMPLOYEE, Rung.SUPERUSER)
        scenes = []
        for n, (days, hour) in enumerate(ASKED_SUPERUSER):
            steps = {1: self._waits_for_asker, 3: self._answered, 5: self._taken}.get(n, self._untouched)
            asker = self.teacher if n % 3 == 1 else None
            scenes.append(self._scene("skole01-indskoling", stories[n], days, hour, steps, asker))
        for story, days in zip(stories[-3:-1], (9, 14), strict=True):
            scenes.append(self._scene("skole01-indskoling", story, days, 8.4, Life.whole, self.teacher))
        return scenes

    def _staff(self) -> list[tuple[datetime, Steps]]:
        stories = _told(RequesterRole.PARENT, Rung.EMPLOYEE)
        return [
            self._scene("skole01-indskoling", stories[n], days, hour, self._untouched)
            for n, (days, hour) in enumerate(ASKED_STAFF)
        ]

    def _leader(self) -> list[tuple[datetime, Steps]]:
        story = next(s for s in STORIES if s.ends_at is Rung.LEADER)
        scene = self._scene("skole01-indskoling", story, 2, 9.4, self._climbs, self.teacher)
        asked = _told(RequesterRole.EMPLOYEE, Rung.SUPERUSER)[-2:]
        second = [self._scene("skole01-mellemtrin", s, 2, 10.1, self._untouched) for s in asked]
        return [scene, *second]

    def _vacant(self) -> list[tuple[datetime, Steps]]:
        """Asked in houses whose superuser stopped: they go past the empty rung."""
        stories = _told(RequesterRole.EMPLOYEE, Rung.SUPERUSER)
        days = (7, 5, 3, 1)
        return [
            self._scene(house, stories[n + shift], day, 9.1 + n, self._untouched)
            for shift, house in enumerate(("hus01-stuer", "hus02-stuer"))
            for n, day in enumerate(days)
        ]

    def _servicedesk(self) -> list[tuple[datetime, Steps]]:
        """Two technical questions and a known fault that many report."""
        technical = [s for s in STORIES if s.category == "TEKNIK" and "skole" in s.sectors]
        scenes = [
            self._scene("skole01-indskoling", technical[0], 2, 12.2, self._climbs, self.teacher),
            self._scene("skole03-indskoling", technical[1], 1, 12.8, self._climbs),
            self._scene("skole02-indskoling", FAULT, 1, 8.1, self._known_fault),
        ]
        schools = self._other_schools()
        for n in range(DUPLICATES):
            scenes.append(self._scene(schools[n % len(schools)], FAULT, 1, 8.9 + n * 0.2, self._duplicate))
        return scenes

    def _scene(
        self,
        unit_key: str,
        story: Story,
        days: int,
        hour: float,
        steps: Callable[[Life], Steps],
        asker: PersonId | None = None,
    ) -> tuple[datetime, Steps]:
        at = days_back(self.now, days, hour)
        unit = self._unit(unit_key)
        return at, steps(Life(self.session, self.municipality, self.chance, story, unit, at, asker_id=asker))

    def _other_schools(self) -> list[str]:
        """The first department of each school but the sign-ins' own."""
        first = and_(Unit.municipality_id == self.municipality.id, Unit.key.endswith("-indskoling"))
        return list(self.session.scalars(select(Unit.key).where(first).order_by(Unit.id)))[1:]

    def _unit(self, key: str) -> Unit:
        mine = and_(Unit.municipality_id == self.municipality.id, Unit.key == key)
        return self.session.scalars(select(Unit).where(mine, Unit.kind == UnitKind.DEPARTMENT)).one()

    def _untouched(self, life: Life) -> Steps:
        life.open()
        yield from ()

    def _taken(self, life: Life) -> Steps:
        life.open()
        yield _soon(life)
        take(life.id, life.actor(), life.at)

    def _answered(self, life: Life) -> Steps:
        yield from self._taken(life)
        yield _soon(life)
        answer(life.id, life.actor(), life.at, text="Jeg ser på det sammen med dig i morgen i frikvarteret.")

    def _waits_for_asker(self, life: Life) -> Steps:
        yield from self._taken(life)
        yield _soon(life)
        question = "Sker det både på computeren og i appen?"
        ask_requester(life.id, life.actor(), life.at, text=question)

    def _climbs(self, life: Life) -> Steps:
        """On until it stands where it can be answered."""
        yield from self._taken(life)
        while life.item.rung is not life.story.ends_at:
            yield _soon(life)
            life.climb()

    def _known_fault(self, life: Life) -> Steps:
        self.fault = life
        yield from self._climbs(life)
        yield _soon(life)
        take(life.id, life.actor(), life.at)
        make_known_fault(life.id, life.actor(), life.at)

    def _duplicate(self, life: Life) -> Steps:
        yield from self._climbs(life)
        yield _soon(life)
        if self.fault is not None:
            attach_to_fault(life.id, life.actor(), life.at, fault_id=self.fault.id)


def _told(asker: RequesterRole, ends_at: Rung) -> list[Story]:
    """Stories that fit anywhere: asked by these, answered there."""
    return [
        s for s in STORIES if s.asker is asker and s.ends_at is ends_at and len(s.sectors) == 3 and not s.vendor
    ]


def _soon(life: Life) -> datetime:
    """Ten minutes later."""
    life.at += timedelta(minutes=10)
    return life.at
