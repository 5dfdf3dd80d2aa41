"""What the pages of those who ask show: where one may ask for, and what became of it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from ticketing.accounts.rules import Viewer
from ticketing.accounts.visibility import readable
from ticketing.database import db, path_range
from ticketing.organisation.models import Municipality, Unit
from ticketing.vocabulary import ItemKind, MunicipalityId, Sector, UnitId, UnitKind
from ticketing.work.models import Message, WorkItem
from ticketing.work.rules import may_reopen

HOUSES = frozenset({UnitKind.INSTITUTION, UnitKind.DEPARTMENT, UnitKind.ROOM})
#: The newest of a person's own cases; older ones are found by number.
OWN_CASES_SHOWN = 100


@dataclass(frozen=True)
class AskingUnit:
    """A unit that a question may be logged for."""

    id: UnitId
    key: str
    name: str
    sector: Sector | None


def units_to_ask_for(viewer: Viewer) -> list[AskingUnit]:
    """The houses where the viewer works, the first post's first; for one who works above or beside the
    houses (a sector, IT) every institution that they help."""
    ids = [seat.unit_id for seat in viewer.seats if not seat.as_deputy]
    own = {unit.id: unit for unit in db.session.scalars(select(Unit).where(Unit.id.in_(ids)))}
    houses = [own[key] for key in dict.fromkeys(ids) if own[key].kind in HOUSES]
    if not houses:
        sectors = [own[key].path for key in ids if own[key].kind in (UnitKind.SECTOR, UnitKind.AREA)]
        houses = _institutions(viewer.municipality_id, sectors)
    return [AskingUnit(unit.id, unit.key, unit.name, unit.sector) for unit in houses]


def institutions_for_parents(municipality_id: MunicipalityId) -> list[AskingUnit]:
    """Every institution that has children, by name."""
    return [
        AskingUnit(unit.id, unit.key, unit.name, unit.sector) for unit in _institutions(municipality_id, [])
    ]


def municipality_by_key(key: str) -> Municipality | None:
    """The municipality whose form stands at /hjaelp/`key`."""
    return db.session.scalars(select(Municipality).where(Municipality.key == key)).one_or_none()


def unit_for_parents(municipality_id: MunicipalityId, key: str) -> Unit | None:
    """The house with that key, if parents may write to it."""
    return db.session.scalars(
        select(Unit).where(
            Unit.municipality_id == municipality_id,
            Unit.key == key,
            Unit.kind.in_(HOUSES),
            Unit.sector != Sector.IT,
        )
    ).one_or_none()


def own_cases(viewer: Viewer) -> list[WorkItem]:
    """Tickets the viewer logged, asked about or holds: open ones first, the most urgent of them on top,
    then the finished ones, the newest on top."""
    me = viewer.person_id
    items = db.session.scalars(
        select(WorkItem)
        .options(joinedload(WorkItem.unit))
        .where(
            WorkItem.municipality_id == viewer.municipality_id,
            WorkItem.kind == ItemKind.TICKET,
            or_(WorkItem.logged_by_id == me, WorkItem.requester_id == me, WorkItem.holder_id == me),
            readable(viewer),
        )
        .order_by(
            WorkItem.is_open.desc(), WorkItem.due_at.is_(None), WorkItem.due_at, WorkItem.opened_at.desc()
        )
        .limit(OWN_CASES_SHOWN)
    )
    return list(items)


def public_messages(item: WorkItem) -> list[Message]:
    """What the requester wrote and was answered, oldest first; never a note among colleagues."""
    return list(
        db.session.scalars(
            select(Message)
            .where(Message.item_id == item.id, Message.is_public)
            .order_by(Message.at, Message.id)
        )
    )


def may_still_write(item: WorkItem, now: datetime) -> bool:
    """Whether a message from the requester would be heard: while it is open, and a while after (R12)."""
    return item.is_open or may_reopen(item.solved_at, item.closed_at, now)


def _institutions(municipality_id: MunicipalityId, inside: list[str]) -> list[Unit]:
    ranges = [path_range(path) for path in inside]
    query = select(Unit).where(
        Unit.municipality_id == municipality_id,
        Unit.kind == UnitKind.INSTITUTION,
        Unit.sector != Sector.IT,
    )
    if ranges:
        query = query.where(or_(*((Unit.path >= low) & (Unit.path < high) for low, high in ranges)))
    return list(db.session.scalars(query.order_by(Unit.name)))
