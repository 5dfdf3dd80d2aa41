"""One item's history under other rules: what was missed, and what would have been. Pure.

1. What people did is taken as it was, at the times when they did it. Only what was promised is another: each
   event's policy is replaced by the one that `policy_for` has for the item where it stood then.
2. Every clock fires in its own second, so that a worker which was late, or not there, plays no part.
3. Under the rules that were in force the whole time the verdicts are those that stand.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ticketing.clocks.derive import derive, derive_on_time
from ticketing.clocks.running import Calendars, ClockEvent, ClockValue
from ticketing.vocabulary import ClockKind, ClockState, EventKind, Lane, Priority, Rung, UnitId

Policy = Mapping[str, Any]


@dataclass(frozen=True)
class Situation:
    """Where an item stood when an event gave it its targets, and what those were."""

    unit_id: UnitId
    rung: Rung
    lane: Lane
    priority: Priority
    recorded: Policy


@dataclass(frozen=True)
class Outcome:
    """One clock of the item: missed then, and missed under the other rules. END_TO_END has no rung."""

    kind: ClockKind
    visit: int
    rung: Rung | None
    was_missed: bool
    would_be_missed: bool


def outcomes(
    events: Sequence[ClockEvent],
    unit_id: UnitId,
    policy_for: Callable[[Situation], Policy],
    calendars: Calendars,
    until: datetime,
) -> list[Outcome]:
    """Every clock of a ticket with these events, up to `until`; `unit_id` is the unit it is about now."""
    was = {(clock.kind, clock.visit): clock for clock in derive(events, calendars)}
    other = derive_on_time(list(replayed(events, unit_id, policy_for)), calendars, until)
    return [
        Outcome(clock.kind, clock.visit, clock.rung, _is_missed(then, until), _is_missed(clock, until))
        for clock in other
        if clock.kind is not ClockKind.BREACH_NOTICE and (then := was.get((clock.kind, clock.visit)))
    ]


def replayed(
    events: Sequence[ClockEvent], unit_id: UnitId, policy_for: Callable[[Situation], Policy]
) -> Iterator[ClockEvent]:
    """The events with the policies that `policy_for` has. A change of rules within the time is none here: the
    other rules hold from the first event on."""
    moved = (event.data["about_from"] for event in events if event.kind is EventKind.MOVED_UNIT)
    unit = UnitId(next(moved, unit_id))
    rung, lane, priority = Rung.EMPLOYEE, Lane.GUIDANCE, Priority.P3
    for event in events:
        data = event.data
        lane = Lane(data.get("lane") or lane)
        priority = Priority(data.get("priority") or priority)
        rung = Rung((data.get("visit") or {}).get("rung") or rung)
        if event.kind is EventKind.MOVED_UNIT:
            unit = UnitId(data["about_to"])
        if "policy" not in data:
            yield event
            continue
        policy = policy_for(Situation(unit, rung, lane, priority, data["policy"]))
        kept = {name: value for name, value in data.items() if name != "reach"}
        yield replace(event, data={**kept, "policy": policy})


def _is_missed(clock: ClockValue, until: datetime) -> bool:
    over = clock.due_at is not None and clock.due_at < until
    return clock.state is ClockState.MISSED or over
