"""The drawn line of time: where each stretch of an item's two clocks lies, as shares of the line's width. Pure.

The line is as long as the opening hours are: a night or a weekend is a narrow gap, so that what is filled is
what is used. Above lies the whole journey, below it each rung's stay, one after the other.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ticketing.clocks.rules import Calendar
from ticketing.clocks.story import Leg, Part

Stretch = tuple[datetime, datetime]

#: An hour when all are closed takes this share of an open hour's width, and never more than so many hours.
CLOSED_SHARE, CLOSED_AT_MOST = 0.03, timedelta(hours=1.5)
#: With more openings than this on the line a stretch is drawn whole, without its nights.
DRAWN_APART = 80
#: Day names stand at least this far apart, in percent.
LABELS_APART = 9.0


@dataclass(frozen=True)
class Bar:
    """A piece of a clock: `look` is run, over (after it ran out), stand or left (what is to come)."""

    look: str
    x: float
    width: float


@dataclass(frozen=True)
class Stay:
    """A visit at a rung, as wide as it lasted."""

    visit: int
    x: float
    width: float


@dataclass(frozen=True)
class Tick:
    """Midnight. `day` is the date that begins; it is named where there is room."""

    x: float
    day: datetime
    is_named: bool


@dataclass(frozen=True)
class Line:
    """All in percent of the width. A due time beyond the end is None, with `goes_on` set; `now` is None when
    it all ended before."""

    whole: tuple[Bar, ...]
    rung: tuple[Bar, ...]
    stays: tuple[Stay, ...]
    ticks: tuple[Tick, ...]
    now: float | None
    whole_due: float | None
    rung_due: float | None
    goes_on: bool


@dataclass(frozen=True)
class Due:
    """When a clock runs out, or ran out; its calendar says what of the time until then is open."""

    at: datetime
    calendar: Calendar


def draw(
    line: Sequence[Leg],
    calendars: Iterable[Calendar],
    zone: ZoneInfo,
    now: datetime,
    whole_due: Due | None,
    rung_due: Due | None,
) -> Line | None:
    """The line of `line` until its end or the due times, whichever is later; None without a leg. A due time
    that lies far beyond is not drawn to scale: it would press all that has happened into a corner."""
    if not line:
        return None
    begins, known = line[0].begins, list(calendars)
    ends, goes_on = _end(begins, now, whole_due, rung_due, line[-1].ends)
    axis = _Axis(begins, ends, _merged(known, begins, ends))
    return Line(
        whole=tuple(_bars(axis, [(leg, leg.whole) for leg in line], now, whole_due)),
        rung=tuple(_bars(axis, [(leg, leg.on_rung) for leg in line], now, rung_due)),
        stays=tuple(_stays(axis, line)),
        ticks=tuple(_ticks(axis, zone)),
        now=axis.at(now) if now <= ends else None,
        whole_due=_within(axis, whole_due),
        rung_due=_within(axis, rung_due),
        goes_on=goes_on,
    )


def _end(
    begins: datetime, now: datetime, whole_due: Due | None, rung_due: Due | None, last: datetime
) -> tuple[datetime, bool]:
    near = max([last, *([max(now, rung_due.at)] if rung_due else [])])
    if whole_due is None or whole_due.at <= near:
        return max(near, begins + timedelta(hours=1)), False
    calendar = whole_due.calendar
    so_far = max(calendar.elapsed(begins, near), 6 * 3600)
    if calendar.elapsed(near, whole_due.at) <= 3 * so_far:
        return whole_due.at, False
    return calendar.due(near, so_far), True


class _Axis:
    """From time to percent."""

    def __init__(self, begins: datetime, ends: datetime, open_stretches: list[Stretch]) -> None:
        self.begins, self.ends, self.open = begins, ends, open_stretches
        self._marks: list[tuple[datetime, float]] = [(begins, 0.0)]
        at = begins
        for opens, closes in open_stretches:
            self._go(at, opens, is_open=False)
            self._go(opens, closes, is_open=True)
            at = closes
        self._go(at, ends, is_open=False)

    def _go(self, start: datetime, end: datetime, *, is_open: bool) -> None:
        if end > start:
            length = end - start if is_open else min((end - start) * CLOSED_SHARE, CLOSED_AT_MOST)
            self._marks.append((end, self._marks[-1][1] + length.total_seconds()))

    def at(self, moment: datetime) -> float:
        """0 for the beginning, 100 for the end."""
        total = self._marks[-1][1] or 1.0
        (before, width), (after, further) = self._marks[0], self._marks[-1]
        for mark, place in self._marks:
            if mark <= moment:
                before, width = mark, place
            else:
                after, further = mark, place
                break
        else:
            return 100.0
        share = (moment - before) / (after - before) if after > before else 0.0
        return round(100 * (width + max(0.0, share) * (further - width)) / total, 2)


def _merged(calendars: Iterable[Calendar], begins: datetime, ends: datetime) -> list[Stretch]:
    """When any of them is open."""
    stretches = sorted(stretch for one in calendars for stretch in one.open_stretches(begins, ends))
    merged: list[Stretch] = []
    for opens, closes in stretches:
        if merged and opens <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(closes, merged[-1][1]))
        else:
            merged.append((opens, closes))
    return merged


def _bars(
    axis: _Axis, parts: Iterable[tuple[Leg, Part | None]], now: datetime, due: Due | None
) -> Iterable[Bar]:
    for leg, part in parts:
        if part is None:
            continue
        if not part.runs:
            yield _bar("stand", axis, leg.begins, leg.ends)
            continue
        until = min(leg.ends, due.at) if due and due.at > leg.begins else leg.ends
        is_over = due is not None and due.at <= leg.begins
        yield from _open(axis, "over" if is_over else "run", leg.begins, until)
        yield from _open(axis, "over", until, leg.ends)
    if due is not None and due.at > now:
        yield from _open(axis, "left", now, min(due.at, axis.ends))


def _open(axis: _Axis, look: str, begins: datetime, ends: datetime) -> Iterable[Bar]:
    if len(axis.open) > DRAWN_APART:
        if ends > begins:
            yield _bar(look, axis, begins, ends)
        return
    for opens, closes in axis.open:
        if max(opens, begins) < min(closes, ends):
            yield _bar(look, axis, max(opens, begins), min(closes, ends))


def _bar(look: str, axis: _Axis, begins: datetime, ends: datetime) -> Bar:
    x = axis.at(begins)
    return Bar(look, x, round(max(axis.at(ends) - x, 0.2), 2))


def _stays(axis: _Axis, line: Sequence[Leg]) -> Iterable[Stay]:
    for visit in dict.fromkeys(leg.visit for leg in line if leg.visit):
        of_visit = [leg for leg in line if leg.visit == visit]
        x = axis.at(of_visit[0].begins)
        yield Stay(visit, x, round(axis.at(of_visit[-1].ends) - x, 2))


def _ticks(axis: _Axis, zone: ZoneInfo) -> Iterable[Tick]:
    """A tick a midnight, as long as there is room for them at all."""
    day = axis.begins.astimezone(zone).date() + timedelta(days=1)
    named_at, last = -LABELS_APART, -1.0
    while (midnight := datetime.combine(day, time(0), zone)).astimezone(UTC) < axis.ends:
        day += timedelta(days=1)
        x = axis.at(midnight.astimezone(UTC))
        if x - last < 1.0:
            continue
        last = x
        following = datetime.combine(day, time(0), zone).astimezone(UTC)
        works = any(opens < following and closes > midnight for opens, closes in axis.open)
        is_named = works and x - named_at >= LABELS_APART and x <= 100 - LABELS_APART / 2
        named_at = x if is_named else named_at
        yield Tick(x, midnight, is_named)


def _within(axis: _Axis, due: Due | None) -> float | None:
    return axis.at(due.at) if due is not None and axis.begins <= due.at <= axis.ends else None
