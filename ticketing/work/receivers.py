"""When those who are told are at work: a notice waits for its receiver's own opening hours."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from ticketing.clocks.config import FOLLOWS_SECTOR, ClockConfig
from ticketing.ladder.rules import Ladder
from ticketing.organisation.models import Post, Unit
from ticketing.vocabulary import RUNG_HEIGHT, PersonId, Role, Rung, Sector, UnitId, UnitKind
from ticketing.work.queries import LOCAL_ZONE, calendars, clock_config, clocks_of, ladder_of


def next_at_work(session: Session, person_ids: Iterable[PersonId], now: datetime) -> dict[PersonId, datetime]:
    """When each of the people is next at work (UTC); `now` for one who is.

    A post's hours are those of its rung: the post's own unit's where the rung follows
    the sector, local days included. Of several posts the first to open counts; whoever holds none keeps the
    hours for those without a sector. Two statements, and one a municipality, however many people.
    """
    wanted = set(person_ids)
    if not wanted:
        return {}
    today = now.astimezone(LOCAL_ZONE).date()
    posts = session.execute(
        select(Post.person_id, Post.municipality_id, Post.role, Unit.path, Unit.sector)
        .join(Unit, Unit.id == Post.unit_id)
        .where(
            Post.person_id.in_(wanted),
            Post.valid_from <= today,
            or_(Post.valid_to.is_(None), Post.valid_to > today),
        )
    ).all()
    towns = {post.municipality_id for post in posts}
    configs = {municipality_id: clocks_of(session, municipality_id) for municipality_id in towns}
    units = _units(session, {unit_id for post in posts for unit_id in _chain(post.path)})
    named: dict[PersonId, set[str]] = {}
    for post in posts:
        rung = _rung_of(ladder_of(session, post.municipality_id), post.role)
        named.setdefault(post.person_id, set()).add(
            _calendar_name(configs[post.municipality_id], rung, post.sector, post.path, units)
        )
    calendar = calendars(session)
    opens: dict[str, datetime] = {}
    for name in {name for names in named.values() for name in names} | {clock_config().otherwise}:
        opens[name] = max(calendar(name).next_opening(now), now)
    otherwise = {clock_config().otherwise}
    return {person: min(opens[name] for name in named.get(person, otherwise)) for person in wanted}


def _chain(path: str) -> list[UnitId]:
    return [UnitId(int(part)) for part in path.strip("/").split("/")]


def _units(session: Session, ids: set[UnitId]) -> Mapping[UnitId, Unit]:
    return {unit.id: unit for unit in session.scalars(select(Unit).where(Unit.id.in_(ids)))}


def _rung_of(ladder: Ladder, role: Role) -> Rung | None:
    """The lowest rung that the role serves; None for a role that stands beside the ladder."""
    rungs = {step.rung for step in ladder.steps.values() if role in step.roles}
    return min(rungs, key=lambda rung: RUNG_HEIGHT[rung], default=None)


def _calendar_name(
    config: ClockConfig, rung: Rung | None, sector: Sector | None, path: str, units: Mapping[UnitId, Unit]
) -> str:
    chain = [units[unit_id] for unit_id in _chain(path) if unit_id in units]
    edited = [unit for unit in chain if unit.calendar_revision]
    if rung is not None and config.rung_calendars[rung] == FOLLOWS_SECTOR:
        own = next((unit.calendar for unit in reversed(chain) if unit.calendar), None)
        key = own or config.unit_calendar(sector)
    else:
        key = config.rung_calendars[rung] if rung is not None else config.otherwise
        edited = [unit for unit in edited if unit.kind is UnitKind.MUNICIPALITY]
    return config.named(key, tuple((unit.id, unit.calendar_revision or 0) for unit in edited))
