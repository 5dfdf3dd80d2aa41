"""One clock while its events are replayed: runs, stands still, is given a new target, ends. Pure.

The rules by number stand in `ticketing.clocks.derive`, which decides when each of these happens.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from ticketing.clocks.rules import Calendar
from ticketing.vocabulary import WAITING_STATES, ClockKind, ClockState, EventKind, Rung, State

Calendars = Callable[[str], Calendar]

#: The item's states in which each kind of clock stands still.
PAUSES = {
    ClockKind.END_TO_END: frozenset({State.WAITING_REQUESTER}),
    ClockKind.RUNG: WAITING_STATES,
    ClockKind.FIRST_RESPONSE: WAITING_STATES,
    ClockKind.BREACH_NOTICE: frozenset[State](),
}


@dataclass(frozen=True)
class ClockEvent:
    """What the clocks need of an event. `data` as `work.models.Event` keeps it."""

    seq: int
    at: datetime
    kind: EventKind
    data: Mapping[str, Any]
    #: "person", "requester" or "system".
    actor_kind: str = "person"


@dataclass(frozen=True)
class ClockValue:
    """A clock after the last event. Seconds are business seconds of `calendar`.

    `due_at` and `warn_at` are None unless the clock is running; `warn_at` also once it has warned.
    `ended_at` of a MISSED clock is the due time that it passed. `is_counting`: the work is not done, so
    that a missed clock still counts the seconds it is over.
    """

    kind: ClockKind
    visit: int
    rung: Rung | None
    calendar: str
    target_seconds: int
    used_seconds: int
    state: ClockState
    started_at: datetime
    ended_at: datetime | None
    due_at: datetime | None
    warn_at: datetime | None
    is_counting: bool = False


@dataclass(frozen=True)
class Span:
    """A stretch of a clock's life under one calendar and target: `state` of the item says why it stood
    still. `cause` is the event that began it; `ended_at` is None for the last stretch of a live clock."""

    started_at: datetime
    ended_at: datetime | None
    is_running: bool
    state: State
    cause: EventKind
    calendar: str
    target_seconds: int
    used_seconds: int


@dataclass
class RunningClock:
    """A clock being replayed. From `anchor_at` on, `used` seconds were used before it."""

    kind: ClockKind
    visit: int
    rung: Rung | None
    calendars: Calendars
    calendar: str
    target: int
    warn_share: float
    started_at: datetime
    anchor_at: datetime
    used: int = 0
    state: ClockState = ClockState.PAUSED
    ended_at: datetime | None = None
    is_counting: bool = True
    is_running: bool = False
    warned: bool = False
    last_at: datetime | None = None
    #: When the target was used up, if that was before `anchor_at` and nobody has told of it yet.
    passed_at: datetime | None = None
    spans: list[Span] = field(default_factory=list)

    def used_at(self, at: datetime) -> int:
        """Seconds used when the wall clock says `at`."""
        if not (self.is_counting and self.is_running):
            return self.used
        return self.used + self.calendars(self.calendar).elapsed(self.anchor_at, at)

    def anchor(self, at: datetime) -> None:
        """Counts up to `at` and goes on from there."""
        if self.passed_at is None and self.used_at(at) > self.target >= self.used:
            self.passed_at = self.due()
        self.used, self.anchor_at = self.used_at(at), at

    def due(self, share: float = 1.0) -> datetime:
        """When `share` of the target is used if the clock runs on, or was."""
        if self.passed_at is not None and share == 1.0:
            return self.passed_at
        left = max(round(self.target * share) - self.used, 0)
        return self.calendars(self.calendar).due(self.anchor_at, left)

    def run(self, at: datetime, event: ClockEvent, item_state: State) -> None:
        """Runs or stands still as the item's state says."""
        runs = item_state not in PAUSES[self.kind]
        waits_otherwise = not runs and self.spans and self.spans[-1].state is not item_state
        if runs != self.is_running or waits_otherwise or not self.spans:
            self.anchor(at)
            self.is_running = runs
            if self.state is not ClockState.MISSED:
                self.state = ClockState.RUNNING if runs else ClockState.PAUSED
            self.mark(at, event, item_state)

    def retarget(self, at: datetime, calendar: str, target: int, warn_share: float) -> bool:
        """Rule 5. True when calendar or target changed; a missed clock keeps its own (rule 6)."""
        if self.state is ClockState.MISSED:
            return False
        changed = (calendar, target) != (self.calendar, self.target)
        if changed:
            self.anchor(at)
        self.calendar, self.target, self.warn_share = calendar, target, warn_share
        if self.used <= target:
            self.passed_at = None
        return changed

    def restart(self, at: datetime, calendar: str, target: int, warn_share: float) -> bool:
        """Rule 5, FROM_START: the stretches so far are counted by `calendar`. False for a missed clock."""
        if self.state is ClockState.MISSED:
            return False
        self.anchor(at)
        self.close_span(at, self.used)
        hours = self.calendars(calendar)
        self.spans = [
            replace(
                span,
                calendar=calendar,
                target_seconds=target,
                used_seconds=hours.elapsed(span.started_at, span.ended_at or at) if span.is_running else 0,
            )
            for span in self.spans
        ]
        self.used, self.passed_at = sum(span.used_seconds for span in self.spans), None
        self.calendar, self.target, self.warn_share = calendar, target, warn_share
        return True

    def miss(self, at: datetime) -> None:
        """Rule 6: the verdict, at the due time that has passed. Counting goes on."""
        if self.state is not ClockState.MISSED:
            self.ended_at = self.passed_at or (min(self.due(), at) if self.is_running else at)
            self.state = ClockState.MISSED

    def end(self, at: datetime, within: ClockState = ClockState.MET) -> None:
        """The work is done: the verdict is `within` unless the target has passed."""
        if not self.is_counting:
            return
        used = self.used_at(at)
        if used > self.target and within is not ClockState.DROPPED:
            self.miss(at)
        if self.state is not ClockState.MISSED:
            self.state, self.ended_at = within, at
        self.used, self.is_counting, self.is_running = used, False, False
        self.close_span(at, used)

    def go_on(self, at: datetime, event: ClockEvent, item_state: State) -> None:
        """A reopened item's clock counts again from where it stood."""
        self.anchor_at, self.is_counting = at, True
        if self.state is not ClockState.MISSED:
            self.ended_at, self.state = None, ClockState.PAUSED
        self.is_running = item_state not in PAUSES[self.kind]
        if self.is_running and self.state is not ClockState.MISSED:
            self.state = ClockState.RUNNING
        self.mark(at, event, item_state)

    def mark(self, at: datetime, event: ClockEvent, item_state: State) -> None:
        """Begins a stretch of the explanation."""
        self.close_span(at, self.used)
        self.spans.append(
            Span(at, None, self.is_running, item_state, event.kind, self.calendar, self.target, self.used)
        )

    def close_span(self, at: datetime, used: int) -> None:
        """Ends the stretch that is open; `used_seconds` becomes what was used within it."""
        if self.spans and self.spans[-1].ended_at is None:
            last = self.spans[-1]
            self.spans[-1] = Span(
                last.started_at,
                at,
                last.is_running,
                last.state,
                last.cause,
                last.calendar,
                last.target_seconds,
                used - last.used_seconds,
            )

    def explained(self) -> list[Span]:
        """The stretches; the open one with what is used up to the last event."""
        if self.spans and self.spans[-1].ended_at is None:
            last = self.spans[-1]
            used = self.used_at(self.last_at or last.started_at) - last.used_seconds
            return [*self.spans[:-1], Span(**{**vars(last), "used_seconds": used})]
        return list(self.spans)

    def value(self) -> ClockValue:
        """The clock as it stands after the last event."""
        runs = self.state is ClockState.RUNNING
        return ClockValue(
            kind=self.kind,
            visit=self.visit,
            rung=self.rung,
            calendar=self.calendar,
            target_seconds=self.target,
            used_seconds=self.used_at(self.last_at or self.anchor_at),
            state=self.state,
            started_at=self.started_at,
            ended_at=self.ended_at,
            due_at=self.due() if runs else None,
            warn_at=self.due(self.warn_share) if runs and not self.warned else None,
            is_counting=self.is_counting,
        )
