"""Rows for tests: one factory a table, and `small_municipality`, where somebody stands on every rung.

Rows are flushed into the current session; a client's request and an action commit them first.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import factory
from factory.alchemy import SQLAlchemyModelFactory

from ticketing.database import db
from ticketing.organisation.models import Absence, Municipality, Person, Post, Unit
from ticketing.vocabulary import (
    Channel,
    EventKind,
    ItemKind,
    Lane,
    Priority,
    RequesterRole,
    Role,
    Rung,
    Sector,
    State,
    UnitKind,
)
from ticketing.work.models import Event, WorkItem

#: A Tuesday at ten in the morning in Denmark, in term time.
NOW = datetime(2026, 9, 15, 8, 0, tzinfo=UTC)
LONG_AGO = date(2020, 8, 1)


class RowFactory(SQLAlchemyModelFactory):
    class Meta:
        abstract = True
        sqlalchemy_session_factory = lambda: db.session  # noqa: E731
        sqlalchemy_session_persistence = "flush"


class MunicipalityFactory(RowFactory):
    class Meta:
        model = Municipality

    key = factory.Sequence(lambda n: f"kommune{n}")
    name = factory.Sequence(lambda n: f"Kommune {n}")
    ladder = "ladder"
    mail_domain = factory.LazyAttribute(lambda made: f"{made.key}.example")
    next_number = 1001


class UnitFactory(RowFactory):
    """`parent` gives municipality, sector and path; without one it is a municipality's root."""

    class Meta:
        model = Unit
        exclude = ("municipality", "parent")

    class Params:
        municipality = None
        parent = None

    municipality_id = factory.LazyAttribute(
        lambda made: made.parent.municipality_id if made.parent else made.municipality.id
    )
    parent_id = factory.LazyAttribute(lambda made: made.parent.id if made.parent else None)
    kind = UnitKind.MUNICIPALITY
    sector = factory.LazyAttribute(lambda made: made.parent.sector if made.parent else None)
    key = factory.Sequence(lambda n: f"enhed{n}")
    name = factory.Sequence(lambda n: f"Enhed {n}")
    mail_key = None
    path = "/"

    @classmethod
    def _create(cls, model_class: type[Unit], *args: Any, **kwargs: Any) -> Unit:
        unit: Unit = super()._create(model_class, *args, **kwargs)
        parent = db.session.get(Unit, unit.parent_id) if unit.parent_id else None
        unit.path = f"{parent.path if parent else '/'}{unit.id}/"
        db.session.flush()
        return unit


class PersonFactory(RowFactory):
    class Meta:
        model = Person
        exclude = ("municipality",)

    class Params:
        municipality = factory.SubFactory(MunicipalityFactory)

    municipality_id = factory.LazyAttribute(lambda made: made.municipality.id)
    key = factory.Sequence(lambda n: f"person{n}")
    name = factory.Sequence(lambda n: f"Person {n}")
    email = factory.LazyAttribute(lambda made: f"{made.key}@vesterkaer.example")


class PostFactory(RowFactory):
    """`person` and `unit` are rows of the same municipality."""

    class Meta:
        model = Post

    person = None
    unit = None
    municipality_id = factory.LazyAttribute(lambda made: made.unit.municipality_id)
    role = Role.EMPLOYEE
    valid_from = LONG_AGO
    valid_to = None
    trained_on = LONG_AGO
    tentative = False


class AbsenceFactory(RowFactory):
    """`person` is away from `starts_at`; `deputy` (a person) may stand in."""

    class Meta:
        model = Absence
        exclude = ("person", "deputy")

    class Params:
        person = None
        deputy = None

    municipality_id = factory.LazyAttribute(lambda made: made.person.municipality_id)
    person_id = factory.LazyAttribute(lambda made: made.person.id)
    deputy_id = factory.LazyAttribute(lambda made: made.deputy.id if made.deputy else None)
    starts_at = datetime(2026, 9, 14, 22, 0, tzinfo=UTC)
    ends_at = None


class WorkItemFactory(RowFactory):
    """A bare row in the superuser's queue of `unit`, without events: for queries, never for actions."""

    class Meta:
        model = WorkItem

    unit = factory.LazyFunction(lambda: UnitFactory(municipality=MunicipalityFactory()))
    queue_unit = factory.SelfAttribute("unit")
    municipality_id = factory.LazyAttribute(lambda made: made.unit.municipality_id)
    kind = ItemKind.TICKET
    number = factory.Sequence(lambda n: 500_000 + n)
    title = "Kan ikke logge på Aula"
    unit_path = factory.LazyAttribute(lambda made: made.unit.path)
    sector = factory.LazyAttribute(lambda made: made.unit.sector)
    category = "LOGIN"
    lane = Lane.GUIDANCE
    priority = Priority.P3
    channel = Channel.FORM
    state = State.NEW
    is_open = factory.LazyAttribute(lambda made: made.state not in (State.SOLVED, State.CLOSED))
    step = "superuser"
    rung = Rung.SUPERUSER
    queue_path = factory.LazyAttribute(lambda made: made.queue_unit.path)
    requester_role = RequesterRole.EMPLOYEE
    opened_at = NOW
    rung_entered_at = factory.SelfAttribute("opened_at")
    state_changed_at = factory.SelfAttribute("opened_at")


class EventFactory(RowFactory):
    class Meta:
        model = Event
        exclude = ("item",)

    class Params:
        item = factory.SubFactory(WorkItemFactory)

    municipality_id = factory.LazyAttribute(lambda made: made.item.municipality_id)
    item_id = factory.LazyAttribute(lambda made: made.item.id)
    seq = factory.Sequence(lambda n: n + 1)
    at = NOW
    kind = EventKind.OPENED
    actor_kind = "system"
    data = factory.LazyFunction(lambda: {"state": "new"})


@dataclass(frozen=True)
class SmallMunicipality:
    """Everything that `small_municipality` made, by what it is for."""

    municipality: Municipality
    root: Unit
    skole: Unit
    dagtilbud: Unit
    dagpleje: Unit
    it: Unit
    school: Unit
    school_indskoling: Unit
    school_udskoling: Unit
    daycare: Unit
    daycare_room: Unit
    playgroup: Unit
    #: Employees.
    teacher: Person
    udskoling_teacher: Person
    pedagogue: Person
    childminder: Person
    #: Superusers: two in indskoling, one in each of the others.
    superuser: Person
    second_superuser: Person
    udskoling_superuser: Person
    daycare_superuser: Person
    dagpleje_superuser: Person
    digital_childminder: Person
    #: Administrators.
    school_office: Person
    daycare_admin: Person
    admin_superuser: Person
    dagpleje_admin: Person
    municipal_admin: Person
    technicians: tuple[Person, Person, Person, Person]
    #: Leaders, heads and groups. The day-care leader is its institution_admin too.
    school_leader: Person
    daycare_leader: Person
    dagpleje_leader: Person
    school_head: Person
    daycare_head: Person
    project_group: tuple[Person, Person]
    steering: Person
    comm: Person
    data_protection: Person


def small_municipality(key: str = "vesterkaer") -> SmallMunicipality:
    """Vesterkær Kommune in small: three sectors, IT, a school with two departments, a day-care institution
    with one, a playgroup of childminders, and somebody present and trained on every rung."""
    municipality = MunicipalityFactory(key=key, name="Vesterkær Kommune", mail_domain=f"{key}.example")
    units = _units(municipality)
    people = {name: _person(municipality, name, shown) for name, shown in PEOPLE.items()}
    for name, places in POSTS.items():
        for role, unit in places:
            PostFactory(person=people[name], unit=units[unit], role=role)
    technicians = tuple(people.pop(f"technician{n}") for n in range(1, 5))
    project_group = tuple(people.pop(f"project{n}") for n in range(1, 3))
    return SmallMunicipality(
        municipality=municipality,
        **units,
        **people,
        technicians=technicians,
        project_group=project_group,
        daycare_admin=people["daycare_leader"],
    )


def _units(municipality: Municipality) -> dict[str, Unit]:
    made = {"root": UnitFactory(municipality=municipality, key="root", name=municipality.name)}
    for name, parent, kind, sector, shown in UNITS:
        more = {"sector": sector} if sector else {}
        made[name] = UnitFactory(
            parent=made[parent], kind=kind, key=name, name=shown, mail_key=name.replace("_", "-"), **more
        )
    return made


def _person(municipality: Municipality, key: str, shown: str) -> Person:
    person: Person = PersonFactory(
        municipality=municipality, key=key, name=shown, email=f"{key}@{municipality.mail_domain}"
    )
    return person


UNITS = [
    ("skole", "root", UnitKind.SECTOR, Sector.SKOLE, "Skole"),
    ("dagtilbud", "root", UnitKind.SECTOR, Sector.DAGTILBUD, "Dagtilbud"),
    ("dagpleje", "root", UnitKind.SECTOR, Sector.DAGPLEJE, "Dagplejen"),
    ("it", "root", UnitKind.IT, Sector.IT, "IT ServiceDesk"),
    ("school", "skole", UnitKind.INSTITUTION, None, "Engskolen"),
    ("school_indskoling", "school", UnitKind.DEPARTMENT, None, "Engskolen, indskoling"),
    ("school_udskoling", "school", UnitKind.DEPARTMENT, None, "Engskolen, udskoling"),
    ("daycare", "dagtilbud", UnitKind.INSTITUTION, None, "Børnehuset Mælkebøtten"),
    ("daycare_room", "daycare", UnitKind.DEPARTMENT, None, "Mælkebøtten, børnehave"),
    ("playgroup", "dagpleje", UnitKind.INSTITUTION, None, "Legestuegruppe Øst"),
]

PEOPLE = {
    "teacher": "Lærer Lund",
    "udskoling_teacher": "Lærer Udby",
    "pedagogue": "Pædagog Pil",
    "childminder": "Dagplejer Dam",
    "superuser": "Superbruger Sand",
    "second_superuser": "Superbruger Strand",
    "udskoling_superuser": "Superbruger Udsigt",
    "daycare_superuser": "Superbruger Bæk",
    "dagpleje_superuser": "Superbruger Dal",
    "digital_childminder": "Digital Dagplejer Dige",
    "school_office": "Sekretær Skov",
    "admin_superuser": "Administrativ Aa",
    "dagpleje_admin": "Administrator Alm",
    "municipal_admin": "Kommunal Kær",
    "technician1": "Tekniker Et",
    "technician2": "Tekniker To",
    "technician3": "Tekniker Tre",
    "technician4": "Tekniker Fire",
    "school_leader": "Skoleleder Sø",
    "daycare_leader": "Leder Lyng",
    "dagpleje_leader": "Dagplejeleder Dyb",
    "school_head": "Skolechef Hede",
    "daycare_head": "Dagtilbudschef Holm",
    "project1": "Projekt Park",
    "project2": "Projekt Poppel",
    "steering": "Styregruppe Sten",
    "comm": "Kommunikation Kilde",
    "data_protection": "Databeskytter Dybdal",
}

POSTS: dict[str, list[tuple[Role, str]]] = {
    "teacher": [(Role.EMPLOYEE, "school_indskoling")],
    "udskoling_teacher": [(Role.EMPLOYEE, "school_udskoling")],
    "pedagogue": [(Role.EMPLOYEE, "daycare_room")],
    "childminder": [(Role.EMPLOYEE, "playgroup")],
    "superuser": [(Role.SUPERUSER, "school_indskoling")],
    "second_superuser": [(Role.SUPERUSER, "school_indskoling")],
    "udskoling_superuser": [(Role.SUPERUSER, "school_udskoling")],
    "daycare_superuser": [(Role.SUPERUSER, "daycare_room")],
    # The one superuser of dagplejen serves each playgroup, so a post stands in each.
    "dagpleje_superuser": [(Role.SUPERUSER, "dagpleje"), (Role.SUPERUSER, "playgroup")],
    "digital_childminder": [(Role.DIGITAL_CHILDMINDER, "playgroup")],
    "school_office": [(Role.SCHOOL_ADMIN_STAFF, "school")],
    "admin_superuser": [(Role.ADMIN_SUPERUSER, "skole")],
    "dagpleje_admin": [(Role.ADMIN_SUPERUSER, "dagpleje")],
    "municipal_admin": [(Role.MUNICIPAL_ADMIN, unit) for unit in ("skole", "dagtilbud", "dagpleje")],
    **{f"technician{n}": [(Role.IT_SERVICEDESK, "it")] for n in range(1, 5)},
    "school_leader": [(Role.LEADER, "school")],
    "daycare_leader": [(Role.LEADER, "daycare"), (Role.INSTITUTION_ADMIN, "daycare")],
    "dagpleje_leader": [(Role.LEADER, "dagpleje"), (Role.LEADER, "playgroup")],
    "school_head": [(Role.SECTOR_HEAD, "skole")],
    "daycare_head": [(Role.SECTOR_HEAD, "dagtilbud")],
    "project1": [(Role.PROJECT_GROUP, "root")],
    "project2": [(Role.PROJECT_GROUP, "root")],
    "steering": [(Role.STEERING_GROUP, "root")],
    "comm": [(Role.COMM_GROUP, "root")],
    "data_protection": [(Role.DATA_PROTECTION, "root")],
}
