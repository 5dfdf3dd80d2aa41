"""Tasks that a plan asks for, many at once: made once each, and moved when the plan moves."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from ticketing.clocks.editions import in_force_for_writing
from ticketing.clocks.targets import for_task
from ticketing.database import transaction
from ticketing.ladder.rules import Facts, Ladder, held_by
from ticketing.organisation.models import Municipality
from ticketing.vocabulary import (
    EventKind,
    Lane,
    MunicipalityId,
    PersonId,
    RequesterRole,
    Role,
)
from ticketing.work.all_around import AllAround
from ticketing.work.change import LARGEST_NOTIFIED_TEAM, Actor, Change
from ticketing.work.models import Clock, Event, Message, WorkItem
from ticketing.work.notices import staff_letter
from ticketing.work.opening import ask_for_appointment
from ticketing.work.queries import Around, calendars, clock_config, ladder_of
from ticketing.work.task_rows import (
    CATEGORY,
    PRIORITY,
    PlacedTask,
    PlannedTask,
    clock_rows,
    due_times,
    event_row,
    item_row,
    message_row,
)

#: So many tasks are made in one transaction: what a crash loses is made by asking again.
BATCH = 500


@dataclass(frozen=True)
class TasksMade:
    """How many tasks were made now, and how many were there already."""

    made: int = 0
    known: int = 0


def make_tasks(
    municipality_id: MunicipalityId, tasks: Sequence[PlannedTask], actor: Actor, now: datetime
) -> TasksMade:
    """Makes those of `tasks` whose key is new, each with its first event, its text and its clock.

    1. `BATCH` tasks are one transaction, which begins by locking the municipality's row: two who ask at once
       take turns, and the second finds the first one's tasks.
    2. Whoever is to do something gets one mail a batch, not one a task.
    """
    made = 0
    for start in range(0, len(tasks), BATCH):
        batch = tasks[start : start + BATCH]
        with transaction() as session:
            made += _Maker(session, municipality_id, actor, now).make(batch)
    return TasksMade(made, len(tasks) - made)


def move_tasks(
    municipality_id: MunicipalityId,
    activity_id: int,
    planned_on: date | None,
    actor: Actor,
    now: datetime,
    *,
    reason: str = "Planen er ændret",
) -> int:
    """Lets the open tasks of an activity follow its new day; how many moved. Those that are done stay as
    they are. One that climbed because it was late and that nobody has taken goes back to where it belongs.
    Done again it changes nothing, so a move that was cut short is ended by asking again."""
    moved = 0
    while True:
        with transaction() as session:
            stale = (
                select(WorkItem)
                .where(
                    WorkItem.municipality_id == municipality_id,
                    WorkItem.activity_id == activity_id,
                    WorkItem.is_open,
                    WorkItem.planned_on.is_distinct_from(planned_on),
                )
                .order_by(WorkItem.id)
                .limit(BATCH)
                .with_for_update()
            )
            items = session.scalars(stale.execution_options(populate_existing=True)).all()
            around = AllAround(session, municipality_id, now) if items else None
            for item in items:
                assert around is not None
                _move(session, item, around.of(item.unit_id), planned_on, actor, now, reason)
        moved += len(items)
        if len(items) < BATCH:
            return moved


def _move(
    session: Session,
    item: WorkItem,
    around: Around,
    planned_on: date | None,
    actor: Actor,
    now: datetime,
    reason: str,
) -> None:
    change = Change(session, item, actor, now)
    change.around = around
    before, item.planned_on = item.planned_on, planned_on
    dates: dict[str, Any] = {
        "from_day": before.isoformat() if before else None,
        "to_day": planned_on.isoformat() if planned_on else None,
    }
    home = change.events[0].data
    climbed = item.holder_id is None and (item.step, item.queue_unit_id) != (home["to_step"], home["to_unit"])
    if climbed and "role" in home:
        target = held_by(change.ladder, Role(home["role"]), _facts(item.sector, item.lane), around.places)
        dates |= change.place(target)
    else:
        item.rung_entered_at = now
        dates |= {"visit": {"rung": item.rung.value}, "policy": change.policy()}
    event = change.record(EventKind.REPLANNED, reason, **dates)
    change.tell(event, [item.holder_id], "En opgave fra planen har fået en ny dato.")
    change.finish()


class _Maker:
    def __init__(self, session: Session, municipality_id: MunicipalityId, actor: Actor, now: datetime) -> None:
        self.session, self.municipality_id, self.actor, self.now = session, municipality_id, actor, now
        self.calendars = calendars(session)
        self.config = in_force_for_writing(session, municipality_id, clock_config(), now)

    def make(self, batch: Sequence[PlannedTask]) -> int:
        municipality = self.session.get_one(
            Municipality, self.municipality_id, with_for_update=True, populate_existing=True
        )
        new = self._new_ones(batch)
        if not new:
            return 0
        ladder = ladder_of(self.session, self.municipality_id)
        around = AllAround(self.session, self.municipality_id, self.now)
        placed = [self._place(task, ladder, around) for task in new]
        first = municipality.next_number
        municipality.next_number = first + len(placed)
        self.session.flush()
        data = [one.data() for one in placed]
        numbered = enumerate(placed, first)
        ids = self._insert(WorkItem, [item_row(one, self.municipality_id, n, self.now) for n, one in numbered])
        whole = list(zip(ids, data, placed, strict=True))
        events = self._insert(Event, [event_row(i, d, self.actor, self.now) for i, d, _ in whole])
        self._insert(
            Message,
            [
                message_row(i, event, one, self.actor, self.now)
                for (i, _, one), event in zip(whole, events, strict=True)
            ],
        )
        clocks = (clock_rows(i, d, self.actor, self.now, self.calendars) for i, d, _ in whole)
        self._clocks([row for rows in clocks for row in rows])
        self._tell(municipality, placed, first)
        self._appoint(placed, ladder)
        return len(placed)

    def _new_ones(self, batch: Sequence[PlannedTask]) -> list[PlannedTask]:
        mine = WorkItem.municipality_id == self.municipality_id
        keys = select(WorkItem.task_key).where(mine, WorkItem.task_key.in_([task.key for task in batch]))
        known = set(self.session.scalars(keys))
        return list({task.key: task for task in batch if task.key not in known}.values())

    def _place(self, task: PlannedTask, ladder: Ladder, all_around: AllAround) -> PlacedTask:
        around, unit = all_around.of(task.unit_id), all_around.units[task.unit_id]
        target = held_by(ladder, task.role, _facts(unit.sector, task.lane), around.places)
        policy = around.hours.policy(self.config, unit.sector, target.step.rung, task.lane, PRIORITY)
        calendar = self.calendars(policy["rung_calendar"])
        until = calendar.last_closing(task.planned_on) if task.planned_on else None
        data = for_task(policy, until, self.now)
        return PlacedTask(task, target, data, unit.path, unit.sector)

    def _clocks(self, rows: list[dict[str, Any]]) -> None:
        """The clocks, and the due times that each item remembers of its own."""
        if not rows:
            return
        self._insert(Clock, rows)
        remembered = [times for row in rows if (times := due_times(row)) is not None]
        if remembered:
            table: Any = WorkItem.__table__
            times = {"due_at": bindparam("due"), "warn_at": bindparam("warn"), "next_at": bindparam("next")}
            statement = update(table).where(table.c.id == bindparam("key")).values(times)
            self.session.connection().execute(statement, remembered)

    def _insert(self, model: Any, rows: list[dict[str, Any]]) -> list[int]:
        """The ids of the new rows, in their order."""
        table = model.__table__
        rows = [{**row, "municipality_id": self.municipality_id} for row in rows]
        added = self.session.execute(insert(table).returning(table.c.id, sort_by_parameter_order=True), rows)
        return [int(row.id) for row in added]

    def _tell(self, municipality: Municipality, placed: Sequence[PlacedTask], first: int) -> None:
        """One mail for each person who has got something to do, whatever the number of tasks."""
        counts: dict[PersonId, int] = {}
        for one in placed:
            for person_id in _who(one):
                if person_id != self.actor.person_id:
                    counts[person_id] = counts.get(person_id, 0) + 1
        for person_id, count in sorted(counts.items()):
            tasks = "en ny opgave" if count == 1 else f"{count} nye opgaver"
            staff_letter(
                self.session,
                municipality,
                person_id,
                self.now,
                purpose="notice",
                key=f"tasks:{first}:{person_id}",
                subject=f"Du har fået {tasks} fra udrulningsplanen",
                lines=[f"Du har fået {tasks} fra udrulningsplanen.", "Se dem i din kø: {base}/koe"],
            )

    def _appoint(self, placed: Sequence[PlacedTask], ladder: Ladder) -> None:
        wanted = {(key, place.id): place for one in placed for key, place in one.target.appoint}
        for (key, _unit_id), place in wanted.items():
            ask_for_appointment(self.session, self.municipality_id, ladder.steps[key], place, self.now)


def _who(one: PlacedTask) -> Iterator[PersonId]:
    if one.task.person_id is not None:
        yield one.task.person_id
        return
    there = {s.person_id if s.present else s.deputy_id for s in one.target.servers if s.is_reachable}
    if one.target.step.height > 1 and len(there) <= LARGEST_NOTIFIED_TEAM:
        yield from sorted(person_id for person_id in there if person_id is not None)


def _facts(sector: Any, lane: Lane) -> Facts:
    return Facts(sector, lane, CATEGORY, RequesterRole.ADMINISTRATOR, PRIORITY)
