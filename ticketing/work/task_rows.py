"""A task of the plan as rows of the tables, for when hundreds are written at once: what `opening` and
`change` write for one item, in the same words."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from ticketing.clocks.derive import Calendars, ClockEvent, derive
from ticketing.ladder.rules import Target
from ticketing.vocabulary import (
    Channel,
    ClockState,
    EventKind,
    ItemKind,
    Lane,
    MunicipalityId,
    PersonId,
    Priority,
    RequesterRole,
    Role,
    Sector,
    State,
    UnitId,
)
from ticketing.work.change import Actor

CATEGORY = "OPGAVE"
PRIORITY = Priority.P3


@dataclass(frozen=True)
class PlannedTask:
    """One task to be: `key` names it for ever, so that the same is never made twice. `person_id` holds it
    from the start; otherwise it stands in the queue of `role` at its unit."""

    key: str
    activity_id: int
    unit_id: UnitId
    role: Role
    lane: Lane
    title: str
    body: str
    planned_on: date | None
    person_id: PersonId | None = None


@dataclass(frozen=True)
class PlacedTask:
    """A task with the queue it goes to and the targets in force there."""

    task: PlannedTask
    target: Target
    policy: dict[str, Any]
    unit_path: str
    sector: Sector | None

    @property
    def state(self) -> State:
        return State.TAKEN if self.task.person_id is not None else State.NEW

    def data(self) -> dict[str, Any]:
        """What its first event keeps, with the role that is responsible."""
        return {
            "state": self.state.value,
            "to_step": self.target.step.key,
            "to_unit": self.target.unit.id,
            "to_holder": self.task.person_id,
            "role": self.task.role.value,
            "skipped": [{"step": step, "why": why} for step, why in self.target.skipped],
            "tag": "dækning mangler" if self.target.without_cover else None,
            "lane": self.task.lane.value,
            "priority": PRIORITY.value,
            "category": CATEGORY,
            "channel": Channel.SYSTEM.value,
            "visit": {"rung": self.target.step.rung.value},
            "policy": self.policy,
        }


def item_row(one: PlacedTask, municipality_id: MunicipalityId, number: int, now: datetime) -> dict[str, Any]:
    """The row of `work_item`."""
    task, target = one.task, one.target
    return {
        "municipality_id": municipality_id,
        "kind": ItemKind.TASK,
        "number": number,
        "version": 1,
        "title": task.title[:200],
        "unit_id": task.unit_id,
        "unit_path": one.unit_path,
        "sector": one.sector,
        "category": CATEGORY,
        "lane": task.lane,
        "priority": PRIORITY,
        "channel": Channel.SYSTEM,
        "state": one.state,
        "is_open": True,
        "step": target.step.key,
        "rung": target.step.rung,
        "queue_unit_id": target.unit.id,
        "queue_path": target.unit.path,
        "holder_id": task.person_id,
        "requester_role": RequesterRole.ADMINISTRATOR,
        "without_cover": target.without_cover,
        "reached_servicedesk": target.step.sees_minimised,
        "task_key": task.key,
        "activity_id": task.activity_id,
        "planned_on": task.planned_on,
        "opened_at": now,
        "rung_entered_at": now,
        "state_changed_at": now,
    }


def event_row(item_id: int, data: dict[str, Any], actor: Actor, now: datetime) -> dict[str, Any]:
    """The row of its first `event`, without the municipality."""
    return {
        "item_id": item_id,
        "seq": 1,
        "at": now,
        "kind": EventKind.OPENED,
        "actor_id": actor.person_id,
        "actor_kind": actor.kind,
        "data": data,
    }


def message_row(item_id: int, event_id: int, one: PlacedTask, actor: Actor, now: datetime) -> dict[str, Any]:
    """The row of the `message` that says what to do, without the municipality."""
    return {
        "item_id": item_id,
        "event_id": event_id,
        "at": now,
        "author_id": actor.person_id,
        "author_kind": actor.kind,
        "is_public": False,
        "body": one.task.body,
    }


def clock_rows(
    item_id: int, data: dict[str, Any], actor: Actor, now: datetime, calendars: Calendars
) -> list[dict[str, Any]]:
    """The rows of its clocks after the first event, without the municipality."""
    event = ClockEvent(1, now, EventKind.OPENED, data, actor.kind)
    return [
        {
            "item_id": item_id,
            "kind": value.kind,
            "visit": value.visit,
            "rung": value.rung,
            "calendar": value.calendar,
            "target_seconds": value.target_seconds,
            "used_seconds": value.used_seconds,
            "state": value.state,
            "started_at": value.started_at,
            "due_at": value.due_at,
            "warn_at": value.warn_at,
        }
        for value in derive([event], calendars)
    ]


def due_times(clock: dict[str, Any]) -> dict[str, Any] | None:
    """What the item remembers of its only clock: when it is due, warns and fires next."""
    if clock["state"] is not ClockState.RUNNING or clock["due_at"] is None:
        return None
    first = clock["due_at"] if clock["warn_at"] is None else min(clock["due_at"], clock["warn_at"])
    return {"key": clock["item_id"], "due": clock["due_at"], "warn": clock["warn_at"], "next": first}
