"""What a new policy would do to the clocks of one item. Pure; nothing is decided here, only told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ticketing.clocks.derive import derive
from ticketing.clocks.running import Calendars, ClockEvent, ClockValue
from ticketing.vocabulary import ClockState, EventKind, Reach

Policy = Mapping[str, Any]
_CALENDARS = ("rung_calendar", "total_calendar")
_NUMBERS = ("first_response", "rung", "total", "warn_share", "notice")


@dataclass(frozen=True)
class Effect:
    """The item's clocks without and with the policy."""

    before: tuple[ClockValue, ...]
    after: tuple[ClockValue, ...]

    @property
    def changes(self) -> bool:
        """Whether a clock counts otherwise: its target, what it has used or when it is due."""
        return [_counted(clock) for clock in self.before] != [_counted(clock) for clock in self.after]

    @property
    def due_before(self) -> datetime | None:
        """When the next clock runs out as it is."""
        return _due(self.before)

    @property
    def due_after(self) -> datetime | None:
        """When the next clock would run out."""
        return _due(self.after)

    @property
    def is_late_at_once(self) -> bool:
        """Whether a clock that is within its target would be over it."""
        was_late = {(clock.kind, clock.visit) for clock in self.before if _is_over(clock)}
        return any(_is_over(clock) and (clock.kind, clock.visit) not in was_late for clock in self.after)


def effect_of(
    events: Sequence[ClockEvent], policy: Policy, reach: Reach, now: datetime, calendars: Calendars
) -> Effect:
    """What `policy` does to the item with these events when it comes into force at `now`. Both sides are
    counted up to `now`."""
    last = events[-1]
    seq, at = last.seq + 1, max(last.at, now)
    as_it_is = ClockEvent(seq, at, EventKind.NOTED, {}, "system")
    changed = ClockEvent(seq, at, EventKind.POLICY_CHANGED, {"policy": policy, "reach": reach}, "system")
    return Effect(
        tuple(derive([*events, as_it_is], calendars)),
        tuple(derive([*events, changed], calendars)),
    )


def means_the_same(one: Policy, other: Policy, calendars: Calendars) -> bool:
    """Whether two policies promise the same: equal numbers, and calendars that are open at the same times."""
    if any(one.get(name) != other.get(name) for name in _NUMBERS):
        return False
    if "until" in one and "until" in other and one["until"] != other["until"]:
        return False
    return all(
        one[name] == other[name] or calendars(one[name]) == calendars(other[name]) for name in _CALENDARS
    )


def _counted(clock: ClockValue) -> tuple[object, ...]:
    return (clock.kind, clock.visit, clock.state, clock.target_seconds, clock.used_seconds, clock.due_at)


def _due(clocks: Sequence[ClockValue]) -> datetime | None:
    return min((clock.due_at for clock in clocks if clock.due_at is not None), default=None)


def _is_over(clock: ClockValue) -> bool:
    over = clock.state is ClockState.RUNNING and clock.used_seconds >= clock.target_seconds
    return over or (clock.state is ClockState.MISSED and clock.is_counting)
