"""The two clocks of an item as one line of time that a person can add up. Pure.

A leg is a stretch in which nothing changed for either clock: the same rung, the same state, both running or
standing still. The legs' seconds add up to what `derive` says is used: of the whole journey over all legs, of a
rung over the legs of its visit.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise

from ticketing.clocks.derive import Explained
from ticketing.clocks.rules import Calendar
from ticketing.clocks.running import Calendars, Span
from ticketing.vocabulary import ClockKind, Rung, State


@dataclass(frozen=True)
class Part:
    """What one clock did in a leg: the seconds it counted, and whether it ran at all."""

    runs: bool
    seconds: int
    calendar: str


@dataclass(frozen=True)
class Leg:
    """From `begins` to `ends`. None for a clock: it was not there, because the item was solved or hung on a
    known fault. `state` says why one stands still; None where none does."""

    begins: datetime
    ends: datetime
    state: State | None
    visit: int
    rung: Rung | None
    on_rung: Part | None
    whole: Part | None

    def continues(self, before: "Leg") -> bool:
        """Whether nothing that is shown changed since `before`."""
        return (self.state, self.visit, _way(self.on_rung), _way(self.whole)) == (
            before.state,
            before.visit,
            _way(before.on_rung),
            _way(before.whole),
        )


def legs(clocks: Sequence[Explained], calendars: Calendars, now: datetime) -> list[Leg]:
    """The item's life until `now`, in order and without gaps."""
    whole = [span for clock in clocks if clock.value.kind is ClockKind.END_TO_END for span in clock.spans]
    visits = [(clock, span) for clock in clocks if clock.value.kind is ClockKind.RUNG for span in clock.spans]
    spans = [*whole, *(span for _, span in visits)]
    borders = sorted({border for span in spans for border in (span.started_at, min(span.ended_at or now, now))})
    found: list[Leg] = []
    for begins, ends in pairwise(borders):
        way = next((span for span in whole if _covers(span, begins, now)), None)
        visit, stay = next((one for one in visits if _covers(one[1], begins, now)), (None, None))
        leg = Leg(
            begins,
            ends,
            _state(stay, way),
            visit.value.visit if visit else 0,
            visit.value.rung if visit else None,
            _part(stay, calendars, begins, ends),
            _part(way, calendars, begins, ends),
        )
        if found and leg.continues(found[-1]):
            found[-1] = _joined(found[-1], leg)
        else:
            found.append(leg)
    return found


def day_by_day(calendar: Calendar, begins: datetime, ends: datetime) -> list[tuple[date, int]]:
    """How many seconds are open on each date of the calendar's zone from `begins` to `ends`; 0: closed."""
    first, last = (moment.astimezone(calendar.zone).date() for moment in (begins, ends))
    days = []
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        midnight = datetime(day.year, day.month, day.day, tzinfo=calendar.zone)
        following = day + timedelta(days=1)
        next_midnight = datetime(following.year, following.month, following.day, tzinfo=calendar.zone)
        days.append((day, calendar.elapsed(max(begins, midnight), min(ends, next_midnight))))
    return days


def used_now(clock: Explained, calendars: Calendars, now: datetime) -> int:
    """What `clock` has used at `now`; a missed one that still counts goes on above its target."""
    last = clock.spans[-1] if clock.spans else None
    if last is None or last.ended_at is not None or not last.is_running:
        return clock.value.used_seconds
    before = clock.value.used_seconds - last.used_seconds
    return before + calendars(last.calendar).elapsed(last.started_at, now)


def _covers(span: Span, at: datetime, now: datetime) -> bool:
    return span.started_at <= at < (span.ended_at or max(now, at + timedelta(seconds=1)))


def _state(stay: Span | None, way: Span | None) -> State | None:
    return next((span.state for span in (stay, way) if span is not None and not span.is_running), None)


def _part(span: Span | None, calendars: Calendars, begins: datetime, ends: datetime) -> Part | None:
    if span is None:
        return None
    seconds = calendars(span.calendar).elapsed(begins, ends) if span.is_running else 0
    return Part(span.is_running, seconds, span.calendar)


def _way(part: Part | None) -> bool | None:
    return None if part is None else part.runs


def _joined(before: Leg, leg: Leg) -> Leg:
    def both(one: Part | None, other: Part | None) -> Part | None:
        return replace(other, seconds=one.seconds + other.seconds) if one and other else other

    return replace(
        leg,
        begins=before.begins,
        on_rung=both(before.on_rung, leg.on_rung),
        whole=both(before.whole, leg.whole),
    )
