"""What waits for one person, grouped by what is due: the queue page's question in three statements."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from enum import IntEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, case, false, func, or_, select
from sqlalchemy.engine import Row
from sqlalchemy.orm import aliased

from ticketing.accounts.rules import Viewer, unit_ids
from ticketing.accounts.visibility import visible
from ticketing.database import db
from ticketing.organisation.models import Person, Unit
from ticketing.vocabulary import (
    WAITING_STATES,
    Channel,
    ItemKind,
    Lane,
    PersonId,
    Priority,
    Rung,
    State,
    UnitId,
)
from ticketing.work.models import WorkItem

#: "Today" ends at midnight here.
ZONE = ZoneInfo("Europe/Copenhagen")
PAGE_SIZE = 100


class Due(IntEnum):
    """The groups of a work list, in the order they are worked through."""

    LATE = 1
    TODAY = 2
    LATER = 3
    WAITING = 4
    PLAN = 5


@dataclass(frozen=True)
class ListedItem:
    """One row of a work list: what the row shows and what its buttons need."""

    id: int
    number: int
    kind: ItemKind
    version: int
    title: str
    lane: Lane
    priority: Priority
    state: State
    step: str
    rung: Rung
    due_at: datetime | None
    confidential: bool
    without_cover: bool
    sender_unproven: bool
    holder_id: PersonId | None
    holder_name: str | None
    unit_name: str
    group: Due


@dataclass(frozen=True)
class QueuePage:
    """The rows to show, at most `PAGE_SIZE`, and exact counts of all there are."""

    rows: tuple[ListedItem, ...]
    counts: dict[Due, int] = field(default_factory=dict)

    @property
    def open_count(self) -> int:
        """All open items, shown or not."""
        return sum(self.counts.values())

    @property
    def unshown_count(self) -> int:
        """How many more there are than rows."""
        return self.open_count - len(self.rows)

    def count(self, group: Due) -> int:
        """How many open items are in `group`, shown or not."""
        return self.counts.get(group, 0)

    def groups(self) -> list[tuple[Due, list[ListedItem]]]:
        """The groups that have rows, in working order, each with its rows."""
        found = [(group, [row for row in self.rows if row.group is group]) for group in Due]
        return [(group, rows) for group, rows in found if rows]


def queue_page(viewer: Viewer, now: datetime) -> QueuePage:
    """Everything open that the viewer holds, or that waits in a queue they serve, also as a deputy.

    Two statements whatever the number of items; both read only this viewer's part of an index.
    """
    wanted = and_(in_reach(viewer), visible(viewer, among_open=True))
    return listed(wanted, now, PAGE_SIZE)


def listed(wanted: ColumnElement[bool], now: datetime, limit: int) -> QueuePage:
    """The open items that meet `wanted`, most urgent first, with counts of each group."""
    group = due_group(now)
    counts = db.session.execute(select(group, func.count()).where(wanted).group_by(group))
    rows = db.session.execute(
        listed_columns(now).where(wanted).order_by(group, WorkItem.due_at, WorkItem.id).limit(limit)
    )
    return QueuePage(
        rows=tuple(to_listed(row) for row in rows), counts={Due(key): int(number) for key, number in counts}
    )


def in_reach(viewer: Viewer) -> ColumnElement[bool]:
    """A condition for open items that the viewer holds or whose queue they serve.

    A seat serves its role's steps at its own unit and at every unit above, so a queue is named by a
    handful of unit ids; each branch is one range of `ix_work_item_queue`.
    """
    mine = and_(WorkItem.holder_id == viewer.person_id, WorkItem.is_open)
    queues = [
        and_(
            WorkItem.municipality_id == viewer.municipality_id,
            WorkItem.queue_unit_id.in_(sorted(units)),
            WorkItem.step.in_(sorted(steps)),
            WorkItem.is_open,
        )
        for steps, units in served_queues(viewer).items()
    ]
    return or_(false(), mine, *queues)


def served_queues(viewer: Viewer) -> dict[frozenset[str], frozenset[UnitId]]:
    """The queues the viewer serves: for each set of steps the units they serve them at."""
    served: dict[frozenset[str], frozenset[UnitId]] = {}
    for seat in viewer.seats:
        steps = frozenset(key for key, roles in viewer.steps.items() if seat.role in roles)
        if steps:
            served[steps] = served.get(steps, frozenset()) | frozenset(unit_ids(seat.unit_path))
    return served


def due_group(now: datetime) -> ColumnElement[int]:
    """The group of an open item at `now`. What is late is late, be it a question or a task of the plan; what
    waits for others, or hangs on a known fault (R11), is never late on this list."""
    waits = or_(WorkItem.state.in_(sorted(WAITING_STATES)), WorkItem.known_fault_id.is_not(None))
    return case(
        (waits, int(Due.WAITING)),
        (WorkItem.due_at <= now, int(Due.LATE)),
        (WorkItem.due_at < end_of_day(now), int(Due.TODAY)),
        (WorkItem.kind == ItemKind.TASK, int(Due.PLAN)),
        else_=int(Due.LATER),
    )


def end_of_day(now: datetime) -> datetime:
    """The coming midnight in Copenhagen, in UTC."""
    tomorrow = now.astimezone(ZONE).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), ZONE).astimezone(UTC)


def listed_columns(now: datetime) -> Select[*tuple[Any, ...]]:
    """A select of a `ListedItem`'s columns; read its rows with `to_listed`."""
    holder = aliased(Person)
    return (
        select(
            WorkItem.id,
            WorkItem.number,
            WorkItem.kind,
            WorkItem.version,
            WorkItem.title,
            WorkItem.lane,
            WorkItem.priority,
            WorkItem.state,
            WorkItem.step,
            WorkItem.rung,
            WorkItem.due_at,
            WorkItem.confidential,
            WorkItem.without_cover,
            and_(WorkItem.channel == Channel.MAIL, WorkItem.sender_verified.is_(False)).label(
                "sender_unproven"
            ),
            WorkItem.holder_id,
            holder.name.label("holder_name"),
            Unit.name.label("unit_name"),
            due_group(now).label("due_group"),
        )
        .join(Unit, Unit.id == WorkItem.unit_id)
        .outerjoin(holder, holder.id == WorkItem.holder_id)
    )


def to_listed(row: Row[*tuple[Any, ...]], without: tuple[str, ...] = ()) -> ListedItem:
    """The row of `listed_columns` as a value; `without` names columns that were added to it."""
    values = {name: value for name, value in row._mapping.items() if name not in without}
    return ListedItem(group=Due(values.pop("due_group")), **values)
