"""Reads that the actions need: the units and posts around an item, and where a person stands towards it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy.engine import Row
from sqlalchemy.orm import Session

from ticketing.clocks import editions
from ticketing.clocks.closing import calendar_name
from ticketing.clocks.closing import calendars as known_calendars
from ticketing.clocks.config import ClockConfig
from ticketing.clocks.running import Calendars
from ticketing.ladder.config import LadderConfig
from ticketing.ladder.rules import Facts, Ladder, Place, Server, Surroundings, next_target
from ticketing.organisation.models import Municipality
from ticketing.organisation.snapshot import PostRow, Snapshot, UnitRow, organisation_now
from ticketing.vocabulary import EventKind, MunicipalityId, PersonId, Role
from ticketing.work.models import Event, WorkItem
from ticketing.work.rules import ItemFacts, Standing
from ticketing.work.unit_hours import UnitHours, from_rows, hours_at

LOCAL_ZONE = ZoneInfo("Europe/Copenhagen")
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
    present at `now`. One statement while the organisation stays as it is (`organisation.snapshot`)."""
    return around_in(organisation_now(session, municipality_id), unit_path, now)


def around_in(organisation: Snapshot, unit_path: str, now: datetime) -> Around:
    """`surroundings` in an organisation that was asked for."""
    chain = organisation.chain(unit_path)
    return Around(
        Surroundings(
            chain=tuple(_place(unit) for unit in chain),
            it_unit=next((_place(unit) for unit in organisation.it_units()), None),
            servers=_servers(organisation, unit_path, now),
        ),
        hours_at(unit_path, from_rows(chain)),
    )


def _place(unit: UnitRow) -> Place:
    return Place(unit.id, unit.path, unit.kind, unit.sector, unit.name)


def _servers(organisation: Snapshot, unit_path: str, now: datetime) -> tuple[Server, ...]:
    today = now.astimezone(LOCAL_ZONE).date()
    away = _away(organisation, now)
    posts = organisation.posts_around(unit_path)
    return tuple(server_of(post, away, today) for post in posts if post.holds_on(today))


def server_of(
    post: PostRow | Row[*tuple[Any, ...]],
    away: Mapping[PersonId, tuple[PersonId | None, str | None]],
    today: date,
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
    return _away(organisation_now(session, municipality_id), now)


def _away(organisation: Snapshot, now: datetime) -> dict[PersonId, tuple[PersonId | None, str | None]]:
    today = now.astimezone(LOCAL_ZONE).date()
    return {
        one.person_id: (None, None)
        if one.deputy_left_on is not None and one.deputy_left_on <= today
        else (one.deputy_id, one.deputy_name)
        for one in organisation.absences(now)
        if one.starts_at <= now and (one.ends_at is None or one.ends_at > now)
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
