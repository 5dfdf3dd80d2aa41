"""Clocks from events: the same events always give the same clocks. Pure.

1. END_TO_END (visit 0) starts at the first event, stands still while the requester is waited for, ends when
   the item is solved or closed, and continues when it is reopened.
2. RUNG (visit 1, 2, …) starts at an event with a `visit`, or a reopening without one; stands still in every
   waiting state; ends at the next visit and when the item is solved or closed.
3. FIRST_RESPONSE is as RUNG, but ends at the first event by a person that answers, takes or moves the item.
   A visit that ends without one drops it when its time was not up: nobody responded, nobody was late.
4. BREACH_NOTICE (visit 0) exists while the policy has a `notice`: 72 hours on the wall from the first event,
   whatever is waited for, until the item is solved (GDPR art. 33).
5. A policy changes targets and calendars from its event on; the business seconds used so far stay used. With
   the reach FROM_START it is as if its numbers and calendar had held since the clock started: the stretches
   in which it ran are counted anew by the new calendar.
6. The verdict is MET when the seconds used are within the target at the end, else MISSED. A CLOCK_BREACHED
   event makes it MISSED at once. MISSED stays for ever, with its target and the due time it passed.
7. Attaching to a known fault drops RUNG and FIRST_RESPONSE: the fault's own clocks count. None begins until
   the item is detached or reopened, wherever it is moved meanwhile.
8. A task of the plan has no FIRST_RESPONSE and no END_TO_END (its policy says null). Where its policy names an
   `until`, RUNG runs out just then, by whatever calendar. A new date (REPLANNED) drops the old RUNG.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ticketing.clocks.running import Calendars, ClockEvent, ClockValue, RunningClock, Span
from ticketing.vocabulary import ClockKind, ClockState, EventKind, Reach, Rung, State

__all__ = [
    "Calendars",
    "ClockEvent",
    "ClockValue",
    "Explained",
    "HistoryError",
    "Span",
    "derive",
    "explain",
    "used_at",
]

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
#: Rule 7: what takes an item onto a known fault and off it.
_HANGS = {EventKind.ATTACHED: True, EventKind.DETACHED: False, EventKind.REOPENED: False}
_ENDED = frozenset({State.SOLVED, State.CLOSED})
_DROPS = frozenset({EventKind.ATTACHED, EventKind.REPLANNED})
_SECOND = timedelta(seconds=1)
_FIRED = frozenset({EventKind.CLOCK_WARNED, EventKind.CLOCK_BREACHED})
_PER_VISIT = (ClockKind.FIRST_RESPONSE, ClockKind.RUNG)
#: The calendar of BREACH_NOTICE: hours on the wall.
_ALWAYS = "always"


class HistoryError(ValueError):
    """The events can't be a work item's: event `seq` lacks what the clocks need."""

    def __init__(self, seq: int, missing: str) -> None:
        self.seq = seq
        self.missing = missing
        super().__init__(f"event {seq}: {missing}")


def derive(events: Sequence[ClockEvent], calendars: Calendars) -> list[ClockValue]:
    """Every clock that the item has had, in the order they started. `events` in order of `seq`.

    Raises `HistoryError` when no event before the first visit carries a policy.
    """
    return [clock.value() for clock in _replay(events, calendars)]


def used_at(clock: ClockValue, calendars: Calendars, at: datetime) -> int:
    """The seconds that `clock` will have used at `at`, not before its last event, if nothing happens."""
    if clock.due_at is None:
        return clock.used_seconds
    return clock.target_seconds - calendars(clock.calendar).elapsed(at, clock.due_at)


@dataclass(frozen=True)
class Explained:
    """A clock, and how it ran and stood still, stretch by stretch."""

    value: ClockValue
    spans: tuple[Span, ...]


def explain(events: Sequence[ClockEvent], calendars: Calendars) -> list[Explained]:
    """As `derive`, each clock with its stretches."""
    return [Explained(clock.value(), tuple(clock.explained())) for clock in _replay(events, calendars)]


def derive_on_time(events: Sequence[ClockEvent], calendars: Calendars, until: datetime) -> list[ClockValue]:
    """As `derive`, up to `until`, had every clock run out in its own second: a clock is MISSED as soon as an
    event or `until` lies past its due time. What fired in truth only tells, within the second when a clock runs
    out, whether it did so ahead of what else happened."""
    replay = _Replay(calendars)
    for event in events:
        replay.run_out(max(event.at, replay.at or event.at))
        if event.kind is EventKind.CLOCK_BREACHED:
            replay.run_out(event.at + _SECOND, event.data["clock"])
        elif event.kind not in _FIRED:
            replay.read(event)
    replay.run_out(until)
    replay.at = max(until, replay.at or until)
    return [clock.value() for clock in replay.finished()]


@dataclass
class _Replay:
    """The item while its events are read one by one."""

    calendars: Calendars
    clocks: dict[tuple[ClockKind, int], RunningClock] = field(default_factory=dict)
    policy: Mapping[str, Any] | None = None
    state: State = State.NEW
    visit: int = 0
    rung: Rung | None = None
    hangs_on_fault: bool = False
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
        self.hangs_on_fault = _HANGS.get(event.kind, self.hangs_on_fault)
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

    def run_out(self, at: datetime, named: Mapping[str, Any] | None = None) -> None:
        """Misses every clock whose due time has passed at `at`; with `named` only that one."""
        whole = at.replace(microsecond=0)
        for clock in self._counting():
            if named is not None and (clock.kind, clock.visit) != (named["kind"], int(named["visit"])):
                continue
            if clock.state is ClockState.RUNNING and (due := clock.due()) < whole:
                clock.miss(due)

    def finished(self) -> list[RunningClock]:
        """The clocks, counted up to where the replay has come."""
        for clock in self.clocks.values():
            clock.last_at = self.at
        return list(self.clocks.values())

    def _counting(self) -> list[RunningClock]:
        return [clock for clock in self.clocks.values() if clock.is_counting]

    def _end(self, event: ClockEvent, at: datetime, *, begins_visit: bool) -> None:
        responds = event.kind in _RESPONSES and event.actor_kind == "person"
        ends = self.state in _ENDED
        for clock in self._counting():
            if clock.kind is ClockKind.FIRST_RESPONSE and responds:
                clock.end(at)
            elif event.kind in _DROPS and clock.kind in _PER_VISIT:
                clock.end(at, within=ClockState.DROPPED)
            elif ends or (begins_visit and clock.kind in _PER_VISIT):
                unanswered = clock.kind is ClockKind.FIRST_RESPONSE and clock.used_at(at) <= clock.target
                clock.end(at, within=ClockState.DROPPED if unanswered else ClockState.MET)

    def _set_policy(self, event: ClockEvent, at: datetime) -> list[RunningClock]:
        """Rule 5, for the clocks that count. Returns those whose target or calendar changed."""
        if "policy" not in event.data:
            return []
        self.policy = event.data["policy"]
        from_start = event.data.get("reach") == Reach.FROM_START
        changed = []
        for clock in self._counting():
            target = self._target(clock.kind, event)
            if target is None:
                clock.end(at, within=ClockState.DROPPED)
                continue
            # Hours on the wall have passed whatever the policy says, and rule 8 counts from now.
            given = clock.kind is ClockKind.RUNG and bool(self.policy.get("until"))
            anew = from_start and not given and clock.kind is not ClockKind.BREACH_NOTICE
            if (clock.restart if anew else clock.retarget)(at, *target):
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
            for kind in () if self.hangs_on_fault else _PER_VISIT:
                target = self._target(kind, event)
                if target:
                    self._begin(kind, self.visit, self.rung, at, target)

    def _begin(
        self, kind: ClockKind, visit: int, rung: Rung | None, at: datetime, target: tuple[str, int, float]
    ) -> None:
        calendar, seconds, share = target
        self.clocks[kind, visit] = RunningClock(
            kind, visit, rung, self.calendars, calendar, seconds, share, started_at=at, anchor_at=at
        )

    def _continue(
        self, clock: RunningClock, event: ClockEvent, at: datetime, target: tuple[str, int, float]
    ) -> None:
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
            return self._promised(policy["total_calendar"], policy["total"], share)
        if kind is ClockKind.RUNG and policy.get("until"):
            seconds = self._seconds_until(policy["rung_calendar"], datetime.fromisoformat(policy["until"]))
            return (policy["rung_calendar"], seconds, share)
        seconds = policy["rung"] if kind is ClockKind.RUNG else policy["first_response"]
        return self._promised(policy["rung_calendar"], seconds, share)

    def _promised(self, calendar: str, seconds: int | None, share: float) -> tuple[str, int, float] | None:
        return None if seconds is None else (calendar, int(seconds), share)

    def _seconds_until(self, calendar: str, until: datetime) -> int:
        """Rule 8: what the present visit has used, and what is left until then."""
        assert self.at is not None
        clock = self.clocks.get((ClockKind.RUNG, self.visit))
        used = clock.used_at(self.at) if clock is not None and clock.is_counting else 0
        return used + max(0, self.calendars(calendar).elapsed(self.at, until))

    def _fire(self, event: ClockEvent, at: datetime) -> None:
        if event.kind not in _FIRED:
            return
        named = event.data["clock"]
        clock = self.clocks.get((ClockKind(named["kind"]), int(named["visit"])))
        if clock is None:
            raise HistoryError(event.seq, f"there is no clock {named['kind']} {named['visit']}")
        clock.warned = True
        if event.kind is EventKind.CLOCK_BREACHED:
            clock.miss(at)


def _replay(events: Sequence[ClockEvent], calendars: Calendars) -> list[RunningClock]:
    replay = _Replay(calendars)
    for event in events:
        replay.read(event)
    return replay.finished()
