"""The organisation as it stands, kept in memory for as long as nobody changes it.

A municipality has a token that the database changes with every unit, person, post or absence that is written,
whoever writes it (triggers, migration 0060). What was read under a token is true while the token stands, so
one read of a row by its key replaces the reading of hundreds.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import NamedTuple, TypeVar, cast

from sqlalchemy import ColumnElement, and_, bindparam, or_, select
from sqlalchemy.orm import Session, aliased

from ticketing.database import path_range
from ticketing.organisation.models import Absence, OrganisationVersion, Person, Post, Unit
from ticketing.organisation.rules import unit_ids
from ticketing.vocabulary import MunicipalityId, PersonId, Role, Sector, UnitId, UnitKind

#: So many answers are kept of one municipality.
LARGEST_KEPT = 2_000
#: Roles that serve a whole sector or municipality, wherever their unit stands.
WIDE_ROLES = (
    Role.MUNICIPAL_ADMIN,
    Role.ADMIN_SUPERUSER,
    Role.IT_SERVICEDESK,
    Role.PROJECT_GROUP,
    Role.COMM_GROUP,
    Role.DATA_PROTECTION,
)
_HOUSES = (UnitKind.INSTITUTION, UnitKind.ADMINISTRATION)
_ABOVE_HOUSES = (UnitKind.MUNICIPALITY, UnitKind.SECTOR, UnitKind.AREA)

Answer = TypeVar("Answer")


class UnitRow(NamedTuple):
    """A unit, as `models.Unit` keeps it."""

    id: UnitId
    municipality_id: MunicipalityId
    path: str
    kind: UnitKind
    sector: Sector | None
    name: str
    calendar: str | None
    calendar_revision: int | None
    go_live_on: date | None


class PostRow(NamedTuple):
    """A post with its person; both ends as in `models.Post`."""

    person_id: PersonId
    name: str
    phone: str | None
    role: Role
    path: str
    trained_on: date | None
    valid_from: date
    valid_to: date | None
    left_on: date | None

    def holds_on(self, day: date) -> bool:
        """In force on `day`, and its person hasn't left."""
        return (
            self.valid_from <= day
            and (self.valid_to is None or self.valid_to > day)
            and (self.left_on is None or self.left_on > day)
        )


class AbsenceRow(NamedTuple):
    """An absence with its deputy, if one is named."""

    person_id: PersonId
    starts_at: datetime
    ends_at: datetime | None
    deputy_id: PersonId | None
    deputy_name: str | None
    deputy_left_on: date | None


@dataclass(frozen=True)
class _Kept:
    token: str
    answers: dict[tuple[str, object], object] = field(default_factory=dict)


_KEPT: dict[MunicipalityId, _Kept] = {}
_TOKEN = select(OrganisationVersion.token).where(
    OrganisationVersion.municipality_id == bindparam("municipality_id")
)
_UNIT = select(
    Unit.id,
    Unit.municipality_id,
    Unit.path,
    Unit.kind,
    Unit.sector,
    Unit.name,
    Unit.calendar,
    Unit.calendar_revision,
    Unit.go_live_on,
)


@dataclass(frozen=True)
class Snapshot:
    """The organisation of one municipality at one moment. Each answer costs its statement once a token."""

    session: Session
    municipality_id: MunicipalityId
    kept: _Kept

    def unit(self, unit_id: UnitId) -> UnitRow | None:
        """The municipality's unit with this id."""
        return next(iter(self._units("unit", unit_id, lambda: Unit.id == unit_id)), None)

    def unit_with_mail_key(self, key: str) -> UnitRow | None:
        """The unit that mail to `aula+<key>@…` goes to."""
        return next(iter(self._units("mail key", key, lambda: Unit.mail_key == key)), None)

    def root(self) -> UnitRow:
        """The municipality's own node."""
        return self._units("root", None, lambda: Unit.parent_id.is_(None))[0]

    def chain(self, path: str) -> Sequence[UnitRow]:
        """The units from the municipality down to the one with this path."""
        return self._once("chain", path, lambda: self._read_units(Unit.id.in_(unit_ids(path))))

    def it_units(self) -> Sequence[UnitRow]:
        """The municipality's IT, usually one unit."""
        return self._units("it", None, lambda: Unit.kind == UnitKind.IT)

    def posts_around(self, path: str) -> Sequence[PostRow]:
        """Every post, past and coming ones too, that may serve an item of the unit with this path: in its
        house, in a unit above it, or with a role that serves widely."""
        return self._once("posts", path, lambda: self._read_posts(path))

    def absences(self, at: datetime) -> Sequence[AbsenceRow]:
        """The municipality's absences but for those that ended before the month of `at`."""
        month = at.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        return self._once("absences", month, lambda: self._read_absences(month))

    def _units(self, what: str, key: object, fits: Callable[[], ColumnElement[bool]]) -> Sequence[UnitRow]:
        return self._once(
            what,
            key,
            lambda: self._read_units(and_(Unit.municipality_id == self.municipality_id, fits())),
        )

    def _read_units(self, fits: ColumnElement[bool]) -> Sequence[UnitRow]:
        rows = self.session.execute(_UNIT.where(fits).order_by(Unit.path)).all()
        return tuple(UnitRow(*row) for row in rows)

    def _read_posts(self, path: str) -> Sequence[PostRow]:
        chain = self.chain(path)
        house = next((unit for unit in chain if unit.kind in _HOUSES), chain[-1])
        low, high = path_range(house.path)
        in_house = and_(Unit.path >= low, Unit.path < high)
        if house.kind in _ABOVE_HOUSES:
            in_house = and_(in_house, Post.role != Role.EMPLOYEE)
        rows = self.session.execute(
            select(
                Post.person_id,
                Person.name,
                Person.phone,
                Post.role,
                Unit.path,
                Post.trained_on,
                Post.valid_from,
                Post.valid_to,
                Person.left_on,
            )
            .join(Person, Person.id == Post.person_id)
            .join(Unit, Unit.id == Post.unit_id)
            .where(
                Post.municipality_id == self.municipality_id,
                or_(in_house, Post.unit_id.in_([unit.id for unit in chain]), Post.role.in_(WIDE_ROLES)),
            )
            .order_by(Post.id)
        ).all()
        return tuple(PostRow(*row) for row in rows)

    def _read_absences(self, since: datetime) -> Sequence[AbsenceRow]:
        deputy = aliased(Person)
        rows = self.session.execute(
            select(
                Absence.person_id, Absence.starts_at, Absence.ends_at, deputy.id, deputy.name, deputy.left_on
            )
            .outerjoin(deputy, deputy.id == Absence.deputy_id)
            .where(
                Absence.municipality_id == self.municipality_id,
                or_(Absence.ends_at.is_(None), Absence.ends_at > since),
            )
            .order_by(Absence.id)
        ).all()
        return tuple(AbsenceRow(*row) for row in rows)

    def _once(self, what: str, key: object, read: Callable[[], Answer]) -> Answer:
        answers = self.kept.answers
        if (what, key) not in answers:
            answer = read()
            if len(answers) >= LARGEST_KEPT:
                answers.clear()
            answers[what, key] = answer
            return answer
        return cast("Answer", answers[what, key])


def organisation_now(session: Session, municipality_id: MunicipalityId) -> Snapshot:
    """The organisation of the municipality as it stands now, the session's own changes included. One statement.

    Ask for it anew after a change: a snapshot may go on saying what was."""
    token = session.scalar(_TOKEN, {"municipality_id": municipality_id}) or ""
    kept = _KEPT.get(municipality_id)
    if kept is None or kept.token != token:
        kept = _KEPT[municipality_id] = _Kept(token)
    return Snapshot(session, municipality_id, kept)
