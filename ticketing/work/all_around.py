"""The surroundings of many units at once: what `queries.surroundings` answers for one, for a whole plan."""

from collections import defaultdict
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from ticketing.ladder.rules import Place, Server, Surroundings
from ticketing.organisation.models import Person, Post, Unit
from ticketing.organisation.rules import unit_ids
from ticketing.organisation.snapshot import WIDE_ROLES
from ticketing.vocabulary import MunicipalityId, Role, UnitId, UnitKind
from ticketing.work.queries import LOCAL_ZONE, Around, absences_now, server_of
from ticketing.work.unit_hours import from_rows, hours_at

_HOUSES = (UnitKind.INSTITUTION, UnitKind.ADMINISTRATION)


class AllAround:
    """Every unit of a municipality with who serves it at `now`, read in three statements."""

    def __init__(self, session: Session, municipality_id: MunicipalityId, now: datetime) -> None:
        units = session.scalars(select(Unit).where(Unit.municipality_id == municipality_id)).all()
        self.units: dict[UnitId, Unit] = {UnitId(unit.id): unit for unit in units}
        self._places = {
            UnitId(u.id): Place(u.id, u.path, UnitKind(u.kind), u.sector, u.name) for u in self.units.values()
        }
        self._hours = from_rows(self.units.values())
        self._it = next((place for place in self._places.values() if place.kind is UnitKind.IT), None)
        self._wide: list[Server] = []
        self._leading: list[Server] = []
        self._at: dict[UnitId, list[Server]] = defaultdict(list)
        self._in_house: dict[UnitId, list[Server]] = defaultdict(list)
        self._read_posts(session, municipality_id, now)

    def of(self, unit_id: UnitId) -> Around:
        """What stands around the unit."""
        ids = unit_ids(self._places[unit_id].path)
        chain = tuple(self._places[one] for one in ids)
        return Around(
            Surroundings(chain, self._it, self._servers(chain)), hours_at(chain[-1].path, self._hours)
        )

    def _servers(self, chain: tuple[Place, ...]) -> tuple[Server, ...]:
        house = next((place for place in chain if place.kind in _HOUSES), None)
        above = [server for place in chain if place is not house for server in self._at[place.id]]
        if house is not None:
            inside = self._in_house[house.id]
        else:
            inside = [server for server in self._leading if server.unit_path.startswith(chain[-1].path)]
        return tuple(dict.fromkeys((*self._wide, *above, *inside)))

    def _read_posts(self, session: Session, municipality_id: MunicipalityId, now: datetime) -> None:
        today = now.astimezone(LOCAL_ZONE).date()
        away = absences_now(session, municipality_id, now)
        posts = session.execute(
            select(Post.person_id, Person.name, Person.phone, Post.role, Unit.id, Unit.path, Post.trained_on)
            .join(Person, Person.id == Post.person_id)
            .join(Unit, Unit.id == Post.unit_id)
            .where(
                Post.municipality_id == municipality_id,
                Post.valid_from <= today,
                or_(Post.valid_to.is_(None), Post.valid_to > today),
                or_(Person.left_on.is_(None), Person.left_on > today),
            )
            .order_by(Post.id)
        )
        for post in posts:
            server = server_of(post, away, today)
            self._at[UnitId(post.id)].append(server)
            if server.role is not Role.EMPLOYEE:
                self._leading.append(server)
            if server.role in WIDE_ROLES:
                self._wide.append(server)
            house = next((one for one in unit_ids(post.path) if self._places[one].kind in _HOUSES), None)
            if house is not None:
                self._in_house[house].append(server)
