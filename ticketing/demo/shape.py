"""Draws the organisation of a fictitious municipality in the source plan's shape. Pure and seeded."""

import random
from dataclasses import dataclass, field
from datetime import date, timedelta

from ticketing.demo.names import (
    FIRST,
    HOUSES,
    LAST,
    MUNICIPALITY_ENDINGS,
    MUNICIPALITY_STEMS,
    PLAYGROUPS,
    SCHOOL_DEPARTMENTS,
    SCHOOLS,
)
from ticketing.vocabulary import Role, Sector, UnitKind

FIRST_DAY = date(2020, 8, 1)
#: Superusers who are appointed and have not been on the course yet.
UNTRAINED = frozenset({"superbruger-skole02-2", "superbruger-skole03-1", "superbruger-hus03"})


@dataclass(frozen=True)
class Size:
    """How many of each: `superusers` is the schools' (by pupil count), a day-care house has one each."""

    schools: int
    superusers: int
    houses: int
    playgroups: int
    staff: int


SMALL = Size(schools=3, superusers=8, houses=3, playgroups=2, staff=80)
MUNICIPALITY = Size(schools=25, superusers=69, houses=56, playgroups=29, staff=4000)
TOWN = Size(schools=16, superusers=46, houses=25, playgroups=10, staff=1500)


@dataclass(frozen=True)
class UnitDrawn:
    key: str
    parent: str | None
    kind: UnitKind
    sector: Sector | None
    name: str
    phone: str | None = None


@dataclass(frozen=True)
class PersonDrawn:
    key: str
    name: str


@dataclass(frozen=True)
class PostDrawn:
    person: str
    unit: str
    role: Role
    trained_on: date | None = None


@dataclass
class Drawing:
    """A municipality on paper: units with each parent before its children, people, posts."""

    key: str
    name: str
    size: Size
    seed: int
    units: list[UnitDrawn] = field(default_factory=list)
    people: list[PersonDrawn] = field(default_factory=list)
    posts: list[PostDrawn] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(f"{self.seed}:{self.key}")  # noqa: S311 - made-up people, no secret

    def unit(
        self, key: str, parent: str | None, kind: UnitKind, name: str, sector: Sector | None = None
    ) -> str:
        """Adds a unit, by default of its parent's sector; an institution gets a made-up phone number."""
        phone = f"5550 {self.chance.randrange(10_000):04}" if kind is UnitKind.INSTITUTION else None
        sector = sector or next((unit.sector for unit in self.units if unit.key == parent), None)
        self.units.append(UnitDrawn(key, parent, kind, sector, name, phone))
        return key

    def person(self, role: Role, *units: str, key: str | None = None, trained: bool = True) -> str:
        """Adds a made-up person who holds `role` in each of `units`."""
        number = len(self.people) + 1
        key = key or f"m{number:05}"
        name = f"{self.chance.choice(FIRST)} {self.chance.choice(LAST)}"
        self.people.append(PersonDrawn(key, name))
        for unit in units:
            self.post(key, role, unit, trained=trained)
        return key

    def post(self, person: str, role: Role, unit: str, *, trained: bool = True) -> None:
        day = FIRST_DAY + timedelta(days=self.chance.randrange(400)) if trained else None
        self.posts.append(PostDrawn(person, unit, role, day))


def draw(key: str, name: str, size: Size, seed: int) -> Drawing:
    """The municipality `key` of this size: the same for the same seed, to the last name."""
    drawing = Drawing(key, name, size, seed)
    drawing.unit("kommune", None, UnitKind.MUNICIPALITY, name)
    for sector, shown in (
        (Sector.SKOLE, "Skole"),
        (Sector.DAGTILBUD, "Dagtilbud"),
        (Sector.DAGPLEJE, "Dagplejen"),
    ):
        drawing.unit(sector.value, "kommune", UnitKind.SECTOR, shown, sector)
    drawing.unit("it", "kommune", UnitKind.IT, "IT ServiceDesk", Sector.IT)
    drawing.unit("forvaltning", "kommune", UnitKind.ADMINISTRATION, "Børn og Læring, forvaltningen")
    _central_people(drawing)
    places = _schools(drawing) + _houses(drawing) + _playgroups(drawing)
    while len(drawing.people) < size.staff:
        drawing.person(Role.EMPLOYEE, drawing.chance.choice(places), trained=drawing.chance.random() < 0.8)
    return drawing


def municipality_names(count: int) -> list[tuple[str, str]]:
    """(key, name) of `count` fictitious municipalities, Vesterkær first."""
    stems = [(stem + ending) for ending in MUNICIPALITY_ENDINGS for stem in MUNICIPALITY_STEMS]
    return [(_ascii(name.lower()), f"{name} Kommune") for name in stems[:count]]


def shares(total: int, weights: list[int]) -> list[int]:
    """`total` shared out by weight in whole parts, at least one each (largest remainders)."""
    spare, whole = total - len(weights), sum(weights)
    parts = [1 + spare * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda n: (-(spare * weights[n] % whole), n))
    for n in by_remainder[: total - sum(parts)]:
        parts[n] += 1
    return parts


def _central_people(drawing: Drawing) -> None:
    admin = drawing.person(Role.MUNICIPAL_ADMIN, "skole", "dagtilbud", "dagpleje", key="kommunaladm")
    drawing.post(admin, Role.PROJECT_GROUP, "kommune")
    drawing.person(Role.ADMIN_SUPERUSER, "skole", key="admskole")
    drawing.person(Role.ADMIN_SUPERUSER, "dagpleje", key="admdagpleje")
    for n in range(1, 5):
        drawing.person(Role.IT_SERVICEDESK, "it", key=f"tekniker{n}")
    for n in range(1, 4):
        drawing.person(Role.PROJECT_GROUP, "kommune", key=f"projekt{n}")
    for sector in ("skole", "dagtilbud"):
        head = drawing.person(Role.SECTOR_HEAD, sector, key=f"chef{sector}")
        drawing.post(head, Role.STEERING_GROUP, "kommune")
        drawing.post(head, Role.COMM_GROUP, "kommune")
    chair = drawing.person(Role.SECTOR_HEAD, "forvaltning", key="sekretariatschef")
    drawing.post(chair, Role.STEERING_GROUP, "kommune")
    it_head = drawing.person(Role.LEADER, "it", key="chefit")
    drawing.post(it_head, Role.STEERING_GROUP, "kommune")
    drawing.person(Role.DATA_PROTECTION, "kommune", key="dpo")


def _schools(drawing: Drawing) -> list[str]:
    """Schools with departments; the superusers are shared out by pupil count, each department has one."""
    places: list[str] = []
    pupils = [drawing.chance.randrange(120, 900) for _ in range(drawing.size.schools)]
    for number, superusers in enumerate(shares(drawing.size.superusers, pupils)):
        name = SCHOOLS[number]
        school = drawing.unit(f"skole{number + 1:02}", "skole", UnitKind.INSTITUTION, name)
        departments = [
            drawing.unit(f"{school}-{_ascii(part.lower())}", school, UnitKind.DEPARTMENT, f"{name}, {part}")
            for part in SCHOOL_DEPARTMENTS[: min(superusers, len(SCHOOL_DEPARTMENTS))]
        ]
        leader = drawing.person(Role.LEADER, school, key=f"leder-{school}")
        if number == 1:
            drawing.post(leader, Role.STEERING_GROUP, "kommune")
            drawing.post(leader, Role.COMM_GROUP, "kommune")
        drawing.person(Role.SCHOOL_ADMIN_STAFF, school, key=f"kontor-{school}")
        for n in range(superusers):
            key = f"superbruger-{school}-{n + 1}"
            trained = key not in UNTRAINED
            drawing.person(Role.SUPERUSER, departments[n % len(departments)], key=key, trained=trained)
        for n, department in enumerate(departments):
            drawing.person(Role.EMPLOYEE, department, key=f"laerer-{school}-{n + 1}")
        # Teachers teach in departments by weight: a large school has more of everybody.
        places += departments * max(1, pupils[number] // 100)
    return places


def _houses(drawing: Drawing) -> list[str]:
    """Day-care houses, each with a leader who is its administrator and with one superuser."""
    places: list[str] = []
    for number in range(drawing.size.houses):
        name = f"Børnehuset {HOUSES[number]}"
        house = drawing.unit(f"hus{number + 1:02}", "dagtilbud", UnitKind.INSTITUTION, name)
        rooms = drawing.unit(f"{house}-stuer", house, UnitKind.DEPARTMENT, f"{HOUSES[number]}, stuerne")
        leader = drawing.person(Role.LEADER, house, key=f"leder-{house}")
        drawing.post(leader, Role.INSTITUTION_ADMIN, house)
        key = f"superbruger-{house}"
        drawing.person(Role.SUPERUSER, rooms, key=key, trained=key not in UNTRAINED)
        drawing.person(Role.EMPLOYEE, rooms, key=f"paedagog-{house}")
        places += [rooms] * 3
    return places


def _playgroups(drawing: Drawing) -> list[str]:
    """Playgroups of childminders, each with a digital one. The one superuser and the leader serve them all
    from the sector."""
    groups = [
        drawing.unit(f"legestue{n + 1:02}", "dagpleje", UnitKind.INSTITUTION, f"Legestuegruppe {PLAYGROUPS[n]}")
        for n in range(drawing.size.playgroups)
    ]
    drawing.person(Role.SUPERUSER, "dagpleje", key="superbruger-dagpleje")
    drawing.person(Role.LEADER, "dagpleje", key="leder-dagpleje")
    for group in groups:
        drawing.person(Role.DIGITAL_CHILDMINDER, group, key=f"digital-{group}")
        drawing.person(Role.EMPLOYEE, group, key=f"dagplejer-{group}")
    return groups


def _ascii(text: str) -> str:
    return text.replace("æ", "ae").replace("ø", "oe").replace("å", "aa")
