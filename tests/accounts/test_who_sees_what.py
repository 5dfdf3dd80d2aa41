"""Who sees what (domain §2): the SQL, the pure rule and a plain reading of the table agree on everything."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.factories import (
    NOW,
    AbsenceFactory,
    MunicipalityFactory,
    PersonFactory,
    PostFactory,
    UnitFactory,
    WorkItemFactory,
)
from ticketing.accounts.queries import item_access, load_viewer
from ticketing.accounts.rules import Access
from ticketing.accounts.visibility import readable, titled, visible
from ticketing.database import db
from ticketing.organisation.models import Person, Unit
from ticketing.vocabulary import ItemKind, Lane, RequesterRole, Role, Sector, State, UnitKind
from ticketing.work.models import Watcher, WorkItem

STEPS = {
    "employee": frozenset({Role.EMPLOYEE, Role.DIGITAL_CHILDMINDER, Role.SCHOOL_ADMIN_STAFF}),
    "superuser": frozenset({Role.SUPERUSER}),
    "institution_admin": frozenset({Role.INSTITUTION_ADMIN}),
    "admin_superuser": frozenset({Role.ADMIN_SUPERUSER}),
    "municipal_admin": frozenset({Role.MUNICIPAL_ADMIN}),
    "servicedesk": frozenset({Role.IT_SERVICEDESK}),
    "leader": frozenset({Role.LEADER}),
    "project_group": frozenset({Role.PROJECT_GROUP}),
}


@dataclass
class World:
    """A random organisation as plain values: what the oracle reads."""

    units: list[Unit]
    people: list[Person]
    #: (person, role, unit) of the posts in force today.
    posts: list[tuple[Person, Role, Unit]]
    #: (absent person, deputy) of the absences going on now.
    deputies: list[tuple[Person, Person]]
    watching: set[tuple[int, int]]


def in_random_organisations(
    app: Flask, start_over: Callable[[], None], compare: Callable[[Random], None], *, examples: int
) -> None:
    """Calls `compare` with `examples` seeds, the same in each run, and empty tables each time."""

    @settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        database=None,
    )
    @given(st.integers(0, 2**32))
    def agree(seed: int) -> None:
        start_over()
        with app.app_context():
            compare(Random(seed))
            db.session.rollback()

    agree()


def test_sql_rule_and_table_agree(app: Flask, start_over: Callable[[], None]) -> None:
    """Random organisations with random posts, deputies and items, in two municipalities."""

    in_random_organisations(app, start_over, compare_everyone, examples=25)


def compare_everyone(random: Random) -> None:
    world = random_world(random)
    items = list(db.session.scalars(select(WorkItem)))
    for person in world.people[:4]:
        viewer = load_viewer(person.id, NOW, STEPS)
        expected = {item.id: expected_access(world, person, item) for item in items}
        assert {item.id: item_access(viewer, item) for item in items} == expected
        for condition, level in ((visible, 1), (titled, 2), (readable, 3)):
            wanted = {item.id for item in items if expected[item.id] >= level}
            assert set(db.session.scalars(select(WorkItem.id).where(condition(viewer)))) == wanted
            still_open = {item.id for item in items if item.is_open} & wanted
            among_open = select(WorkItem.id).where(condition(viewer, among_open=True), WorkItem.is_open)
            assert set(db.session.scalars(among_open)) == still_open


def expected_access(world: World, me: Person, item: WorkItem) -> Access:
    """The table of domain §2, role by role, as a person would read it."""
    if item.municipality_id != me.municipality_id:
        return Access.NONE
    asked = me.id in (item.logged_by_id, item.requester_id)
    if item.about_person_id == me.id and not asked:
        return Access.NONE
    if asked or item.holder_id == me.id:
        return Access.CONTENT
    mine = [(role, unit) for person, role, unit in world.posts if person is me]
    for absent, deputy in world.deputies:
        if deputy is me:
            mine += [(role, unit) for person, role, unit in world.posts if person is absent]
    levels = [role_level(role, unit, item) for role, unit in mine]
    if (item.id, me.id) in world.watching:
        in_it = any(role == Role.IT_SERVICEDESK for role, _ in mine)
        levels.append(Access.MINIMISED if in_it else Access.CONTENT)
    return max(levels, default=Access.NONE)


def role_level(role: Role, unit: Unit, item: WorkItem) -> Access:
    if role in STEPS[item.step] and unit.path.startswith(item.queue_path):
        return Access.MINIMISED if role == Role.IT_SERVICEDESK else Access.CONTENT
    secret, inside = item.confidential, item.unit_path.startswith(unit.path)
    level = Access.NONE
    if role in (Role.EMPLOYEE, Role.DIGITAL_CHILDMINDER, Role.SCHOOL_ADMIN_STAFF):
        family = item.requester_role in ("parent", "pupil") and item.kind == "ticket"
        level = Access.CONTENT if inside and family and not secret else Access.NONE
    elif role == Role.SUPERUSER:
        level = Access.CONTENT if inside and not secret else Access.NONE
    elif role == Role.MUNICIPAL_ADMIN or (role == Role.ADMIN_SUPERUSER and unit.sector == "dagpleje"):
        level = (Access.COUNT if secret else Access.CONTENT) if inside else Access.NONE
    elif role == Role.ADMIN_SUPERUSER:
        office = item.requester_role == "school_admin_staff" or item.step == "admin_superuser"
        level = Access.CONTENT if inside and office and not secret else Access.NONE
    elif role == Role.IT_SERVICEDESK:
        technical = item.reached_servicedesk or item.lane == "teknik"
        level = Access.MINIMISED if technical and not secret else Access.NONE
    elif role == Role.DATA_PROTECTION:
        level = Access.CONTENT if item.lane == "brud" else Access.NONE
    elif inside:
        level = Access.COUNT if secret else Access.TITLE
    return level


def random_world(random: Random) -> World:
    home, other = MunicipalityFactory(), MunicipalityFactory()
    units = [unit for owner in (home, other) for unit in random_tree(random, owner)]
    at_home = [unit for unit in units if unit.municipality_id == home.id]
    people = [PersonFactory(municipality=home) for _ in range(5)] + [PersonFactory(municipality=other)]
    world = World(units, people, [], [], set())
    for person in people[:5]:
        for _ in range(random.choice((0, 1, 1, 2))):
            give_post(random, world, person, random.choice(at_home))
    for absent in random.sample(people[:5], 2):
        deputy = random.choice([person for person in people[:5] if person is not absent])
        going_on = random.random() < 0.7
        ends = None if going_on and random.random() < 0.5 else NOW + timedelta(days=1 if going_on else -1)
        AbsenceFactory(person=absent, deputy=deputy, starts_at=NOW - timedelta(days=3), ends_at=ends)
        if going_on:
            world.deputies.append((absent, deputy))
    for _ in range(20):
        random_item(random, world)
    db.session.flush()
    return world


def give_post(random: Random, world: World, person: Person, unit: Unit) -> None:
    role = random.choice(list(Role))
    if any(post[:2] == (person, role) for post in world.posts):
        return
    over = random.random() < 0.15
    PostFactory(person=person, unit=unit, role=role, valid_to=date(2026, 9, 15) if over else None)
    if not over:
        world.posts.append((person, role, unit))


def random_tree(random: Random, owner: object) -> list[Unit]:
    root = UnitFactory(municipality=owner)
    made = [root]
    for sector in (Sector.SKOLE, Sector.DAGPLEJE):
        top = UnitFactory(parent=root, kind=UnitKind.SECTOR, sector=sector)
        made.append(top)
        for _ in range(random.randint(1, 2)):
            house = UnitFactory(parent=top, kind=UnitKind.INSTITUTION)
            made += [house, UnitFactory(parent=house, kind=UnitKind.DEPARTMENT)]
    return made


def random_item(random: Random, world: World) -> None:
    unit = random.choice(world.units)
    own = [u for u in world.units if u.municipality_id == unit.municipality_id]
    above = [u for u in own if unit.path.startswith(u.path)]
    staff = [p for p in world.people if p.municipality_id == unit.municipality_id]

    def somebody(chance: float) -> int | None:
        return random.choice(staff).id if random.random() < chance else None

    item = WorkItemFactory(
        unit=unit,
        queue_unit=random.choice(above if random.random() < 0.8 else own),
        step=random.choice(list(STEPS)),
        lane=random.choice(list(Lane)),
        kind=random.choice((ItemKind.TICKET, ItemKind.TICKET, ItemKind.TASK)),
        requester_role=random.choice(list(RequesterRole)),
        state=random.choice((State.NEW, State.TAKEN, State.SOLVED)),
        confidential=random.random() < 0.3,
        reached_servicedesk=random.random() < 0.2,
        holder_id=somebody(0.15),
        logged_by_id=somebody(0.15),
        requester_id=somebody(0.15),
        about_person_id=somebody(0.3),
    )
    watcher = somebody(0.2)
    if watcher is not None:
        db.session.add(Watcher(item_id=item.id, person_id=watcher, municipality_id=unit.municipality_id))
        world.watching.add((item.id, watcher))
