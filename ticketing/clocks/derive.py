"""Clocks from events: the same events always give the same clocks. Pure.

1. END_TO_END (visit 0) starts at the first event, stands still while the requester is waited for, ends when
   the item is solved or closed, and continues when it is reopened.
2. RUNG (visit 1, 2, …) starts at an event with a `visit`, or a reopening without one; stands still in every
   waiting state; ends at the next visit and when the item is solved or closed.
3. FIRST_RESPONSE is as RUNG, but ends at the first event by a person that answers, takes or moves the item.
   A visit that ends without one drops it when its time was not up: nobody responded, nobody was late.
4. BREACH_NOTICE (visit 0) exists while the policy has a `notice`: 72 hours on the wall from the first event,
   whatever is waited for, until the item is solved (GDPR art. 33).
5. A policy changes targets and calendars from its event on; the business seconds used so far stay used.
6. The verdict is MET when the seconds used are within the target at the end, else MISSED. A CLOCK_BREACHED
   event makes it MISSED at once. MISSED stays for ever, with its target and the due time it passed.
7. Attaching to a known fault drops RUNG and FIRST_RESPONSE: the fault's own clocks count.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ticketing.clocks.rules import Calendar
from ticketing.vocabulary import WAITING_STATES, ClockKind, ClockState, EventKind, Rung, State

Calendars = Callable[[str], Calendar]

_RESPONSES = frozenset(
    {
        EventKind.TAKEN,
        EventKind.ANSWERED,
        EventKind.ASKED_REQUESTER,
        EventKind.WAITING_SYNC,
        EventKind.WAITING_VENDOR,
        EventKind.SOLVED,
        EventKind.ESCALATED,
        EventKind.REFERRED,
        EventKind.RETURNED,
        EventKind.HANDED_OVER,
        EventKind.MOVED_SIDEWAYS,
    }
)
_ENDED = frozenset({State.SOLVED, State.CLOSED})
_PER_VISIT = (ClockKind.FIRST_RESPONSE, ClockKind.RUNG)
_PAUSES = {
    ClockKind.END_TO_END: frozenset({State.WAITING_REQUESTER}),
    ClockKind.RUNG: WAITING_STATES,
    ClockKind.FIRST_RESPONSE: WAITING_STATES,
    ClockKind.BREACH_NOTICE: frozenset[State](),
}
#: The calendar of BREACH_NOTICE: hours on the wall.
_ALWAYS = "always"


class HistoryError(ValueError):
    """The events can't be a work item's: event `seq` lacks what the clocks need."""

    def __init__(self, seq: int, missing: str) -> None:
        self.seq = seq
        self.missing = missing
        super().__init__(f"event {seq}: {missing}")


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


def derive(events: Sequence[ClockEvent], calendars: Calendars) -> list[ClockValue]:
    """Every clock that the item has had, in the order they started. `events` in order of `seq`.

    Raises `HistoryError` when no event before the first visit carries a policy.
    """
    return [clock.value() for clock in _replay(events, calendars)]


def explain(events: Sequence[ClockEvent], calendars: Calendars, kind: ClockKind, visit: int) -> list[Span]:
    """How one clock ran and stood still, stretch by stretch; empty when the item has no such clock."""
    for clock in _replay(events, calendars):
        if (clock.kind, clock.visit) == (kind, visit):
            return clock.explained()
    return []


@dataclass
class _Clock:
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
    spans: list[Span] = field(default_factory=list)

    def used_at(self, at: datetime) -> int:
        """Seconds used when the wall clock says `at`."""
        if not (self.is_counting and self.is_running):
            return self.used
        return self.used + self.calendars(self.calendar).elapsed(self.anchor_at, at)

    def anchor(self, at: datetime) -> None:
        """Counts up to `at` and goes on from there."""
        self.used, self.anchor_at = self.used_at(at), at

    def due(self, share: float = 1.0) -> datetime:
        """When `share` of the target is used if the clock runs on."""
        left = max(round(self.target * share) - self.used, 0)
        return self.calendars(self.calendar).due(self.anchor_at, left)

    def run(self, at: datetime, event: ClockEvent, item_state: State) -> None:
        """Runs or stands still as the item's state says."""
        runs = item_state not in _PAUSES[self.kind]
        if runs != self.is_running or not self.spans:
            self.anchor(at)
            self.is_running = runs
            if self.state is not ClockState.MISSED:
                self.state = ClockState.RUNNING if runs else ClockState.PAUSED
            self.mark(at, event, item_state)

    def retarget(self, at: datetime, calendar: str, target: int, warn_share: float) -> bool:
        """Rule 5. True when something changed; a missed clock keeps its own (rule 6)."""
        if self.state is ClockState.MISSED or (calendar, target) == (self.calendar, self.target):
            return False
        self.anchor(at)
        self.calendar, self.target, self.warn_share = calendar, target, warn_share
        return True

    def miss(self, at: datetime) -> None:
        """Rule 6: the verdict, at the due time that has passed. Counting goes on."""
        if self.state is not ClockState.MISSED:
            self.ended_at = min(self.due(), at) if self.is_running else at
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
        self.is_running = item_state not in _PAUSES[self.kind]
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


@dataclass
class _Replay:
    """The item while its events are read one by one."""

    calendars: Calendars
    clocks: dict[tuple[ClockKind, int], _Clock] = field(default_factory=dict)
    policy: Mapping[str, Any] | None = None
    state: State = State.NEW
    visit: int = 0
    rung: Rung | None = None
    opened_at: datetime | None = None
    at: datetime | None = None

    def read(self, event: ClockEvent) -> None:
        """1. The state after the event. 2. What it ends. 3. The new policy. 4. What it starts, and whether
        each clock runs. 5. What fired."""
        before = self.state
        # Two machines' clocks may differ by a little; time never goes back for an item.
        at = self.at = max(event.at, self.at or event.at)
        self.opened_at = self.opened_at or at
        self.state = State(event.data.get("state", before))
        visit = event.data.get("visit")
        reopens = before in _ENDED and self.state not in _ENDED
        if visit is None and reopens and self.rung:
            visit = {"rung": self.rung}
        self._end(event, at, begins_visit=visit is not None)
        changed = self._set_policy(event, at)
        if self.state not in _ENDED:
            self._start(event, at, visit, reopens=reopens)
            for clock in self._counting():
                clock.run(at, event, self.state)
        for clock in changed:
            if clock.is_counting:
                clock.mark(at, event, self.state)
        self._fire(event, at)

    def _counting(self) -> list[_Clock]:
        return [clock for clock in self.clocks.values() if clock.is_counting]

    def _end(self, event: ClockEvent, at: datetime, *, begins_visit: bool) -> None:
        responds = event.kind in _RESPONSES and event.actor_kind != "system"
        ends = self.state in _ENDED
        for clock in self._counting():
            if clock.kind is ClockKind.FIRST_RESPONSE and responds:
                clock.end(at)
            elif event.kind is EventKind.ATTACHED and clock.kind in _PER_VISIT:
                clock.end(at, within=ClockState.DROPPED)
            elif ends or (begins_visit and clock.kind in _PER_VISIT):
                unanswered = clock.kind is ClockKind.FIRST_RESPONSE and clock.used_at(at) <= clock.target
                clock.end(at, within=ClockState.DROPPED if unanswered else ClockState.MET)

    def _set_policy(self, event: ClockEvent, at: datetime) -> list[_Clock]:
        """Rule 5, for the clocks that count. Returns those whose target or calendar changed."""
        if "policy" not in event.data:
            return []
        self.policy = event.data["policy"]
        changed = []
        for clock in self._counting():
            target = self._target(clock.kind, event)
            if target is None:
                clock.end(at, within=ClockState.DROPPED)
            elif clock.retarget(at, *target):
                changed.append(clock)
        return changed

    def _start(
        self, event: ClockEvent, at: datetime, visit: Mapping[str, Any] | None, *, reopens: bool
    ) -> None:
        for kind in (ClockKind.END_TO_END, ClockKind.BREACH_NOTICE):
            target = self._target(kind, event)
            clock = self.clocks.get((kind, 0))
            if target is None:
                continue
            if clock is None:
                began = at if kind is ClockKind.END_TO_END else self.opened_at or at
                self._begin(kind, 0, None, began, target)
                # Known late as a breach: the hours since the question came in have passed.
                self.clocks[kind, 0].used = self.calendars(target[0]).elapsed(began, at)
            elif not clock.is_counting and (reopens or clock.state is ClockState.DROPPED):
                self._continue(clock, event, at, target)
        if visit is not None:
            self.visit += 1
            self.rung = Rung(visit["rung"])
            for kind in _PER_VISIT:
                target = self._target(kind, event)
                if target:
                    self._begin(kind, self.visit, self.rung, at, target)

    def _begin(
        self, kind: ClockKind, visit: int, rung: Rung | None, at: datetime, target: tuple[str, int, float]
    ) -> None:
        calendar, seconds, share = target
        self.clocks[kind, visit] = _Clock(
            kind, visit, rung, self.calendars, calendar, seconds, share, started_at=at, anchor_at=at
        )

    def _continue(self, clock: _Clock, event: ClockEvent, at: datetime, target: tuple[str, int, float]) -> None:
        clock.retarget(at, *target)
        if clock.kind is ClockKind.BREACH_NOTICE and clock.state is not ClockState.MISSED:
            # 72 hours on the wall: those that passed while it was not counted have passed all the same.
            clock.used = self.calendars(_ALWAYS).elapsed(clock.started_at, at)
        clock.go_on(at, event, self.state)

    def _target(self, kind: ClockKind, event: ClockEvent) -> tuple[str, int, float] | None:
        """(calendar, seconds, share to warn at) by the policy in force; None: no such clock."""
        policy = self.policy
        if policy is None:
            raise HistoryError(event.seq, "no policy yet; the first event must carry one")
        share = float(policy["warn_share"])
        if kind is ClockKind.BREACH_NOTICE:
            return (_ALWAYS, int(policy["notice"]), share) if policy.get("notice") else None
        if kind is ClockKind.END_TO_END:
            return (policy["total_calendar"], int(policy["total"]), share)
        seconds = policy["rung"] if kind is ClockKind.RUNG else policy["first_response"]
        return (policy["rung_calendar"], int(seconds), share)

    def _fire(self, event: ClockEvent, at: datetime) -> None:
        if event.kind not in (EventKind.CLOCK_WARNED, EventKind.CLOCK_BREACHED):
            return
        named = event.data["clock"]
        clock = self.clocks.get((ClockKind(named["kind"]), int(named["visit"])))
        if clock is None:
            raise HistoryError(event.seq, f"there is no clock {named['kind']} {named['visit']}")
        clock.warned = True
        if event.kind is EventKind.CLOCK_BREACHED:
            clock.miss(at)


def _replay(events: Sequence[ClockEvent], calendars: Calendars) -> list[_Clock]:
    replay = _Replay(calendars)
    for event in events:
        replay.read(event)
    for clock in replay.clocks.values():
        clock.last_at = replay.at
    return list(replay.clocks.values())
