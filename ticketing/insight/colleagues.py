"""The people around the viewer: who could stand in for them, who is trained, and their own absences."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.orm import aliased

from ticketing.accounts.queries import ZONE, is_away_at, is_valid_on
from ticketing.accounts.rules import Viewer, unit_ids
from ticketing.database import db, path_range
from ticketing.organisation.models import Absence, Person, Post, Unit
from ticketing.vocabulary import PersonId, Role, UnitId, UnitKind

#: The roles whose training the municipality pays for and counts (domain §2, "Vacancy").
TRAINED_ROLES = (
    Role.SUPERUSER,
    Role.DIGITAL_CHILDMINDER,
    Role.ADMIN_SUPERUSER,
    Role.INSTITUTION_ADMIN,
    Role.MUNICIPAL_ADMIN,
    Role.IT_SERVICEDESK,
)
HOUSES = (UnitKind.INSTITUTION, UnitKind.ADMINISTRATION, UnitKind.IT)


@dataclass(frozen=True)
class OwnAbsence:
    """An absence of the viewer that is going on or planned. UTC; `ends_at` None: until further notice."""

    id: int
    starts_at: datetime
    ends_at: datetime | None
    deputy_name: str | None
    note: str | None


@dataclass(frozen=True)
class Colleague:
    """Somebody of the same house. `trained_on` is None for one who is appointed and not trained."""

    person_id: PersonId
    name: str
    role: Role
    unit_name: str
    trained_on: date | None
    is_away: bool


def own_absences(viewer: Viewer, now: datetime) -> tuple[OwnAbsence, ...]:
    """The viewer's absences that have not ended, the nearest first."""
    deputy = aliased(Person)
    rows = db.session.execute(
        select(Absence.id, Absence.starts_at, Absence.ends_at, deputy.name, Absence.note)
        .outerjoin(deputy, deputy.id == Absence.deputy_id)
        .where(Absence.person_id == viewer.person_id, or_(Absence.ends_at.is_(None), Absence.ends_at > now))
        .order_by(Absence.starts_at, Absence.id)
    )
    return tuple(OwnAbsence(*row) for row in rows)


def colleagues(viewer: Viewer, now: datetime) -> tuple[Colleague, ...]:
    """Everyone with a post in the viewer's own house: the institution of each of their seats; for those who
    stand above the institutions, the others at that very unit. The trained roles first, the viewer among
    them. Two statements."""
    away = select(Absence.id).where(Absence.person_id == Post.person_id, is_away_at(now)).exists()
    today = now.astimezone(ZONE).date()
    rows = db.session.execute(
        select(Post.person_id, Person.name, Post.role, Unit.name, Post.trained_on, away)
        .join(Person, Person.id == Post.person_id)
        .join(Unit, Unit.id == Post.unit_id)
        .where(
            Post.municipality_id == viewer.municipality_id,
            Unit.municipality_id == viewer.municipality_id,
            is_valid_on(today),
            or_(Person.left_on.is_(None), Person.left_on > today),
            or_(false(), *_in_own_houses(viewer)),
        )
        .order_by(Unit.path, Person.name, Post.id)
    )
    found = [Colleague(*row) for row in rows]
    return tuple(sorted(found, key=lambda one: one.role not in TRAINED_ROLES))


def possible_deputies(viewer: Viewer, house: Sequence[Colleague]) -> list[tuple[PersonId, str]]:
    """Those of the viewer's `house` who may stand in for them: each once, not the viewer. By name."""
    names = {one.person_id: one.name for one in house}
    names.pop(viewer.person_id, None)
    return sorted(names.items(), key=lambda pair: pair[1])


def _in_own_houses(viewer: Viewer) -> list[ColumnElement[bool]]:
    own = [seat for seat in viewer.seats if not seat.as_deputy]
    ids = {UnitId(one) for seat in own for one in unit_ids(seat.unit_path)}
    houses = db.session.scalars(
        select(Unit.path).where(Unit.id.in_(sorted(ids)), Unit.kind.in_(HOUSES)).order_by(Unit.path)
    ).all()
    above = {s.unit_path for s in own if not any(s.unit_path.startswith(path) for path in houses)}
    ranges = [path_range(path) for path in houses]
    inside = [and_(Unit.path >= low, Unit.path < high) for low, high in ranges]
    return [*inside, *(Unit.path == path for path in sorted(above))]
