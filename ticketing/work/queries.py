"""Reads that the actions need: the units and posts around an item, and where a person stands towards it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import and_, or_, select
from sqlalchemy.engine import Row
from sqlalchemy.orm import Session, aliased

from ticketing.clocks import editions
from ticketing.clocks.closing import calendar_name
from ticketing.clocks.closing import calendars as known_calendars
from ticketing.clocks.config import ClockConfig
from ticketing.clocks.running import Calendars
from ticketing.database import path_range
from ticketing.ladder.config import LadderConfig
from ticketing.ladder.rules import Facts, Ladder, Place, Server, Surroundings, next_target
from ticketing.organisation.models import Absence, Municipality, Person, Post, Unit
from ticketing.vocabulary import EventKind, MunicipalityId, PersonId, Role, UnitId, UnitKind
from ticketing.work.models import Event, WorkItem
from ticketing.work.rules import ItemFacts, Standing
from ticketing.work.unit_hours import COLUMNS, UnitHours, from_rows, hours_at

LOCAL_ZONE = ZoneInfo("Europe/Copenhagen")
#: Roles that serve a whole sector or municipality, wherever their unit stands.
WIDE_ROLES = (
    Role.MUNICIPAL_ADMIN,
    Role.ADMIN_SUPERUSER,
    Role.IT_SERVICEDESK,
    Role.PROJECT_GROUP,
    Role.COMM_GROUP,
    Role.DATA_PROTECTION,
)
MOVES = (EventKind.ESCALATED, EventKind.REFERRED, EventKind.MOVED_SIDEWAYS)


@dataclass(frozen=True)
class Around:
    """The surroundings of an item, and when its unit is open."""

    places: Surroundings
    hours: UnitHours


def ladder_config() -> LadderConfig:
    """The ladders, categories and vendors that the running application was started with."""
    config: LadderConfig = current_app.extensions["ladder"]
    return config


def clock_config() -> ClockConfig:
    """The calendars and targets that the running application was started with: what a municipality begins
    with. What it goes by now, `clocks_of` knows."""
    config: ClockConfig = current_app.extensions["clocks"]
    return config


def clocks_of(session: Session, municipality_id: MunicipalityId) -> ClockConfig:
    """The municipality's calendars and targets in force."""
    return editions.in_force(session, municipality_id, clock_config())


def calendars(session: Session, proposed: ClockConfig | None = None) -> Calendars:
    """Calendars by the names that clocks keep, local days included; `proposed` is the edition that is tried
    out."""
    return known_calendars(session, clock_config(), proposed)


def name_of_calendar(session: Session, name: str) -> str:
    """What people call a calendar, by the name that clocks keep."""
    return calendar_name(session, clock_config(), name)


def ladder_of(session: Session, municipality_id: MunicipalityId) -> Ladder:
    """The ladder of a municipality; the default shape where its own is not (or no longer) in config/."""
    ladders = ladder_config().ladders
    municipality = session.get_one(Municipality, municipality_id)
    return ladders.get(municipality.ladder) or ladders["ladder"]


def facts_of(item: WorkItem) -> Facts:
    return Facts(item.sector, item.lane, item.category, item.requester_role, item.priority)


def surroundings(session: Session, municipality_id: MunicipalityId, unit_path: str, now: datetime) -> Around:
    """The units above `unit_path`, the IT unit, and every post that may serve an item there, with who is
    present at `now`. Three statements, however large the organisation."""
    chain_ids = [UnitId(int(part)) for part in unit_path.strip("/").split("/")]
    rows = session.execute(
        select(*COLUMNS, Unit.path, Unit.name)
        .where(
            or_(Unit.id.in_(chain_ids), and_(Unit.municipality_id == municipality_id, Unit.kind == UnitKind.IT))
        )
        .order_by(Unit.path)
    ).all()
    by_id = {row.id: Place(row.id, row.path, UnitKind(row.kind), row.sector, row.name) for row in rows}
    chain = tuple(by_id[key] for key in chain_ids if key in by_id)
    return Around(
        Surroundings(
            chain=chain,
            it_unit=next((place for place in by_id.values() if place.kind is UnitKind.IT), None),
            servers=_servers(session, municipality_id, chain, now),
        ),
        hours_at(unit_path, from_rows(rows)),
    )


def _servers(
    session: Session, municipality_id: MunicipalityId, chain: tuple[Place, ...], now: datetime
) -> tuple[Server, ...]:
    house = next((p for p in chain if p.kind in (UnitKind.INSTITUTION, UnitKind.ADMINISTRATION)), chain[-1])
    low, high = path_range(house.path)
    in_house = and_(Unit.path >= low, Unit.path < high)
    if house.kind in (UnitKind.MUNICIPALITY, UnitKind.SECTOR, UnitKind.AREA):
        in_house = and_(in_house, Post.role != Role.EMPLOYEE)
    today = now.astimezone(LOCAL_ZONE).date()
    posts = session.execute(
        select(Post.person_id, Person.name, Person.phone, Post.role, Unit.path, Post.trained_on)
        .join(Person, Person.id == Post.person_id)
        .join(Unit, Unit.id == Post.unit_id)
        .where(
            Post.municipality_id == municipality_id,
            Post.valid_from <= today,
            or_(Post.valid_to.is_(None), Post.valid_to > today),
            or_(Person.left_on.is_(None), Person.left_on > today),
            or_(in_house, Post.unit_id.in_([place.id for place in chain]), Post.role.in_(WIDE_ROLES)),
        )
        .order_by(Post.id)
    ).all()
    away = absences_now(session, municipality_id, now)
    return tuple(server_of(post, away, today) for post in posts)


def server_of(
    post: Row[*tuple[Any, ...]], away: Mapping[PersonId, tuple[PersonId | None, str | None]], today: date
) -> Server:
    """A row of a post (`person_id`, `name`, `phone`, `role`, `path`, `trained_on`) as the rules see it."""
    deputy = away.get(post.person_id, (None, None))
    return Server(
        person_id=post.person_id,
        name=post.name,
        role=Role(post.role),
        unit_path=post.path,
        present=post.person_id not in away,
        trained=post.trained_on is not None and post.trained_on <= today,
        phone=post.phone,
        deputy_id=deputy[0],
        deputy_name=deputy[1],
        deputy_present=deputy[0] is not None and deputy[0] not in away,
    )


def absences_now(
    session: Session, municipality_id: MunicipalityId, now: datetime
) -> dict[PersonId, tuple[PersonId | None, str | None]]:
    """Who is away at `now`, with the deputy's id and name; a deputy who has left is none."""
    deputy = aliased(Person)
    today = now.astimezone(LOCAL_ZONE).date()
    rows = session.execute(
        select(Absence.person_id, deputy.id, deputy.name, deputy.left_on)
        .outerjoin(deputy, deputy.id == Absence.deputy_id)
        .where(
            Absence.municipality_id == municipality_id,
            Absence.starts_at <= now,
            or_(Absence.ends_at.is_(None), Absence.ends_at > now),
        )
        .order_by(Absence.id)
    ).all()
    return {
        person: (None, None) if left is not None and left <= today else (deputy_id, name)
        for person, deputy_id, name, left in rows
    }


def standing_of(
    item: WorkItem, person_id: PersonId | None, ladder: Ladder, servers: Iterable[Server]
) -> Standing:
    """OWNER: holds the item or serves its queue (in person or as deputy). OVERSEER: an administrator of the
    item's sector. FOLLOWER: everyone else who may know of it."""
    if person_id is None or item.holder_id == person_id:
        return Standing.OWNER
    step = ladder.steps[item.step]
    standing = Standing.FOLLOWER
    for server in servers:
        if person_id not in (server.person_id, server.deputy_id):
            continue
        if server.role in step.roles and server.unit_path.startswith(item.queue_path):
            return Standing.OWNER
        if server.role in (Role.MUNICIPAL_ADMIN, Role.PROJECT_GROUP) and item.unit_path.startswith(
            server.unit_path
        ):
            standing = Standing.OVERSEER
    return standing


def last_sender(events: Iterable[Event]) -> Event | None:
    """The newest move by a person that has not been sent back: where "send tilbage" goes (R7)."""
    open_moves: list[Event] = []
    for event in events:
        if event.kind in MOVES and event.actor_id is not None:
            open_moves.append(event)
        elif event.kind == EventKind.RETURNED and open_moves:
            open_moves.pop()
    return open_moves[-1] if open_moves else None


def item_facts(
    item: WorkItem, events: Iterable[Event], person_id: PersonId | None, ladder: Ladder, around: Around
) -> ItemFacts:
    """What decides the possible actions of `person_id` (None: the system) on `item` now."""
    return ItemFacts(
        state=item.state,
        kind=item.kind,
        lane=item.lane,
        step=ladder.steps[item.step],
        standing=standing_of(item, person_id, ladder, around.places.servers),
        held_by_me=item.holder_id is not None and item.holder_id == person_id,
        has_sender=last_sender(events) is not None,
        has_requester_address=bool(item.requester_email or item.requester_id),
        is_known_fault=item.is_known_fault,
        hangs_on_fault=item.known_fault_id is not None,
        can_climb=next_target(ladder, facts_of(item), item.step, around.places) is not None,
    )
