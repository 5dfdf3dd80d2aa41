"""Questions about the organisation. Each runs a bounded number of statements over an index."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, joinedload

from ticketing.database import path_range
from ticketing.organisation.models import Municipality, Person, Post, Unit
from ticketing.organisation.rules import unit_ids
from ticketing.vocabulary import MunicipalityId, PersonId, Role, UnitId


def municipality_by_key(session: Session, key: str) -> Municipality | None:
    """The municipality called `key`."""
    return session.scalars(select(Municipality).where(Municipality.key == key)).one_or_none()


def municipality_ids(session: Session) -> Sequence[MunicipalityId]:
    """Every municipality, the oldest first."""
    return session.scalars(select(Municipality.id).order_by(Municipality.id)).all()


def unit_by_key(session: Session, municipality_id: MunicipalityId, key: str) -> Unit | None:
    """The unit that the import calls `key`."""
    at = and_(Unit.municipality_id == municipality_id, Unit.key == key)
    return session.scalars(select(Unit).where(at)).one_or_none()


def root_unit(session: Session, municipality_id: MunicipalityId) -> Unit:
    """The municipality's own node, above all others."""
    at = and_(Unit.municipality_id == municipality_id, Unit.parent_id.is_(None))
    return session.scalars(select(Unit).where(at)).one()


def ancestors(session: Session, unit: Unit) -> Sequence[Unit]:
    """The units above `unit`, the municipality first, and `unit` itself last."""
    return session.scalars(select(Unit).where(Unit.id.in_(unit_ids(unit.path))).order_by(Unit.path)).all()


def subtree(session: Session, unit: Unit, limit: int = 500) -> Sequence[Unit]:
    """`unit` and everything inside it, at most `limit` units, each parent before its children."""
    inside = and_(Unit.municipality_id == unit.municipality_id, *_within(unit))
    return session.scalars(select(Unit).where(inside).order_by(Unit.path).limit(limit)).all()


def posts_of(session: Session, person_id: PersonId, on: date) -> Sequence[Post]:
    """The posts that a person holds on the day `on`, with their units."""
    held = and_(Post.person_id == person_id, valid_on(on))
    return session.scalars(select(Post).where(held).options(joinedload(Post.unit)).order_by(Post.id)).all()


def holders(session: Session, unit_id: UnitId, role: Role, on: date) -> Sequence[Person]:
    """Who holds `role` in just this unit on the day `on`, by name."""
    held = and_(Post.unit_id == unit_id, Post.role == role, valid_on(on))
    return session.scalars(select(Person).join(Post).where(held).order_by(Person.name)).unique().all()


def person_by_email(session: Session, municipality_id: MunicipalityId, email: str) -> Person | None:
    """The person with this address, whatever its case."""
    at = and_(Person.municipality_id == municipality_id, Person.email == email.lower())
    return session.scalars(select(Person).where(at)).one_or_none()


def find_people(
    session: Session, municipality_id: MunicipalityId, words: str, limit: int = 20
) -> Sequence[Person]:
    """People still here whose name or address holds all of `words`, by name, at most `limit`."""
    statement = select(Person).where(Person.municipality_id == municipality_id, Person.left_on.is_(None))
    for word in words.lower().split()[:5]:
        # SQLite's lower() leaves Æ, Ø and Å alone, so the word is tried as it stands too.
        statement = statement.where(
            or_(
                func.lower(Person.name).contains(word, autoescape=True),
                Person.name.contains(word.capitalize(), autoescape=True),
                Person.email.contains(word, autoescape=True),
            )
        )
    return session.scalars(statement.order_by(Person.name).limit(limit)).all()


def valid_on(day: date) -> ColumnElement[bool]:
    """The condition that a post is held on `day`: from its first day to before its last."""
    return and_(Post.valid_from <= day, or_(Post.valid_to.is_(None), Post.valid_to > day))


def _within(unit: Unit) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    low, high = path_range(unit.path)
    return Unit.path >= low, Unit.path < high
