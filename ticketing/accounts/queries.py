"""Who is looking, and may they see this item?"""

from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy import ColumnElement, and_, or_, select

from ticketing.accounts.rules import Access, Seat, Viewer, access
from ticketing.accounts.visibility import item_facts
from ticketing.database import db
from ticketing.ladder.config import LadderConfig
from ticketing.organisation.models import Absence, Municipality, Person, Post, Unit
from ticketing.vocabulary import PersonId, Role, Sector, UnitId
from ticketing.work.models import Watcher, WorkItem

#: Posts begin and end at midnight here.
ZONE = ZoneInfo("Europe/Copenhagen")


class NotFound(Exception):
    """There is no such item, or none that this viewer may know of: the answer is the same."""


def load_viewer(
    person_id: PersonId, now: datetime, steps: Mapping[str, frozenset[Role]] | None = None
) -> Viewer:
    """The person as a viewer at `now`, in two statements: own posts, and those they are deputy for.

    `steps` (the roles that hold each step) is the municipality's own ladder when not given. Raises
    `NotFound` for a person who isn't there or has left.
    """
    row = db.session.execute(
        select(Person.municipality_id, Person.left_on, Municipality.ladder)
        .join(Municipality, Municipality.id == Person.municipality_id)
        .where(Person.id == person_id)
    ).one_or_none()
    today = now.astimezone(ZONE).date()
    if row is None or (row.left_on is not None and row.left_on <= today):
        raise NotFound
    seats = _seats(person_id, now, today)
    return Viewer(
        person_id=person_id,
        municipality_id=row.municipality_id,
        seats=seats,
        steps=_steps_of_ladder(row.ladder) if steps is None else steps,
    )


def find_item(viewer: Viewer, number: int) -> WorkItem:
    """The viewer's municipality's item with that number. Raises `NotFound` where they may not even read
    its title, so that nobody learns by the address that it exists.

    How much of it may be shown is `item_access`'s answer.
    """
    item = db.session.scalars(
        select(WorkItem).where(WorkItem.municipality_id == viewer.municipality_id, WorkItem.number == number)
    ).one_or_none()
    if item is None or item_access(viewer, item) < Access.TITLE:
        raise NotFound
    return item


def item_access(viewer: Viewer, item: WorkItem) -> Access:
    """How much of a loaded item the viewer may know; one statement, for whether they watch it."""
    watched = db.session.get(Watcher, (item.id, viewer.person_id)) is not None
    return access(viewer, item_facts(item, is_watched=watched))


def is_valid_on(day: date) -> ColumnElement[bool]:
    """A condition on `Post`: in force on `day`."""
    return and_(Post.valid_from <= day, or_(Post.valid_to.is_(None), Post.valid_to > day))


def is_away_at(now: datetime) -> ColumnElement[bool]:
    """A condition on `Absence`: going on at `now`."""
    return and_(Absence.starts_at <= now, or_(Absence.ends_at.is_(None), Absence.ends_at > now))


def _seats(person_id: PersonId, now: datetime, today: date) -> tuple[Seat, ...]:
    stood_in_for = select(Absence.person_id).where(Absence.deputy_id == person_id, is_away_at(now))
    rows = db.session.execute(
        select(Post.person_id, Post.role, Post.unit_id, Unit.path, Unit.sector)
        .join(Unit, Unit.id == Post.unit_id)
        .join(Person, Person.id == Post.person_id)
        .where(
            or_(Post.person_id == person_id, Post.person_id.in_(stood_in_for)),
            is_valid_on(today),
            or_(Person.left_on.is_(None), Person.left_on > today),
        )
        .order_by(Post.id)
    )
    return tuple(
        Seat(
            role=Role(row.role),
            unit_id=UnitId(row.unit_id),
            unit_path=row.path,
            sector=Sector(row.sector) if row.sector else None,
            as_deputy=row.person_id != person_id,
        )
        for row in rows
    )


def _steps_of_ladder(name: str) -> Mapping[str, frozenset[Role]]:
    config: LadderConfig = current_app.extensions["ladder"]
    return config.ladders[name].roles_by_step()
