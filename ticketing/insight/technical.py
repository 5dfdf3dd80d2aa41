"""What IT ServiceDesk sees first: its queue, what is about to be late, and the known faults."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, func, select
from sqlalchemy.orm import aliased

from ticketing.accounts.rules import Viewer
from ticketing.accounts.visibility import titled, visible
from ticketing.database import db, path_range
from ticketing.insight.worklist import ListedItem, QueuePage, in_reach, listed, listed_columns, to_listed
from ticketing.organisation.models import Unit
from ticketing.vocabulary import WAITING_STATES, UnitId, UnitKind
from ticketing.work.models import WorkItem

SOON = timedelta(hours=4)
LIST_LENGTH = 20
#: Units that somebody on the phone names; rooms and sectors are not asked for.
SEARCHED_KINDS = (UnitKind.INSTITUTION, UnitKind.DEPARTMENT, UnitKind.ADMINISTRATION, UnitKind.IT)


@dataclass(frozen=True)
class KnownFault:
    """A fault that many items hang on."""

    id: int
    number: int
    title: str
    unit_name: str
    opened_at: datetime
    duplicate_count: int


@dataclass(frozen=True)
class TechnicalPage:
    """The queue, the items elsewhere on the ladder that are late or soon will be, and the known faults."""

    queue: QueuePage
    soon: tuple[ListedItem, ...]
    faults: tuple[KnownFault, ...]


@dataclass(frozen=True)
class FoundUnit:
    """A unit that a search found, with the institution it belongs to where it is a part of one."""

    id: UnitId
    name: str
    inside: str | None


def technical_page(viewer: Viewer, now: datetime, limit: int) -> TechnicalPage:
    """Four statements: the viewer's queue (counts and rows), what is soon late, the known faults."""
    queue = listed(and_(in_reach(viewer), visible(viewer, among_open=True)), now, limit)
    return TechnicalPage(queue, _soon_late(viewer, now), known_faults(viewer))


def known_faults(viewer: Viewer) -> tuple[KnownFault, ...]:
    """Open known faults whose title the viewer may read, the newest first, at most `LIST_LENGTH`."""
    duplicate = aliased(WorkItem)
    count = (
        select(func.count())
        .where(duplicate.known_fault_id == WorkItem.id)
        .correlate(WorkItem)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(WorkItem.id, WorkItem.number, WorkItem.title, Unit.name, WorkItem.opened_at, count)
        .join(Unit, Unit.id == WorkItem.unit_id)
        .where(
            WorkItem.municipality_id == viewer.municipality_id,
            WorkItem.is_known_fault,
            WorkItem.is_open,
            titled(viewer),
        )
        .order_by(WorkItem.opened_at.desc())
        .limit(LIST_LENGTH)
    )
    return tuple(KnownFault(*row) for row in rows)


def search_units(viewer: Viewer, text: str) -> tuple[FoundUnit, ...]:
    """Units of the viewer's municipality with `text` in their name, institutions first; at most
    `LIST_LENGTH`. One statement over the municipality's units, which are hundreds and not thousands."""
    wanted = text.strip().casefold()
    if not wanted:
        return ()
    parent = aliased(Unit)
    rows = db.session.execute(
        select(Unit.id, Unit.name, Unit.kind, parent.name, parent.kind)
        .outerjoin(parent, parent.id == Unit.parent_id)
        .where(Unit.municipality_id == viewer.municipality_id, Unit.kind.in_(SEARCHED_KINDS))
        .order_by(Unit.path)
    ).all()
    # SQLite's LIKE knows no Danish letters, so the comparison is Python's on both engines.
    found = [row for row in rows if wanted in row[1].casefold()]
    found.sort(key=lambda row: (row[2] == UnitKind.DEPARTMENT, not row[1].casefold().startswith(wanted)))
    return tuple(
        FoundUnit(row[0], row[1], row[3] if row[4] == UnitKind.INSTITUTION else None)
        for row in found[:LIST_LENGTH]
    )


def unit_names_within(viewer: Viewer, path: str) -> list[tuple[UnitId, str]]:
    """The institutions and departments inside `path`, each with its name, in the tree's order."""
    low, high = path_range(path)
    rows = db.session.execute(
        select(Unit.id, Unit.name, Unit.kind)
        .where(
            Unit.municipality_id == viewer.municipality_id,
            Unit.path >= low,
            Unit.path < high,
            Unit.kind.in_(SEARCHED_KINDS),
        )
        .order_by(Unit.path)
    )
    return [(row[0], f"– {row[1]}" if row[2] == UnitKind.DEPARTMENT else row[1]) for row in rows]


def _soon_late(viewer: Viewer, now: datetime) -> tuple[ListedItem, ...]:
    """Late or late within `SOON`, at whatever rung; naming every step lets one index give them in order."""
    rows = db.session.execute(
        listed_columns(now)
        .where(
            WorkItem.municipality_id == viewer.municipality_id,
            WorkItem.is_open,
            WorkItem.step.in_(sorted(viewer.steps)),
            WorkItem.due_at < now + SOON,
            WorkItem.state.not_in(sorted(WAITING_STATES)),
            titled(viewer, among_open=True),
        )
        .order_by(WorkItem.due_at, WorkItem.id)
        .limit(LIST_LENGTH)
    )
    return tuple(to_listed(row) for row in rows)
