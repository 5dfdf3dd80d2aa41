"""Business time: opening hours, and the arithmetic of due times. Pure: no clock read, no files, no database.

An instant is open when the wall clock of the calendar's zone shows an opening time. Wall times that a
daylight-saving change skips are never open, and those it repeats are open twice; what is counted is
always real elapsed seconds. Fractions of a second are dropped.

Border rules:
1. A start in closed time counts from the next opening.
2. An end on the closing second belongs to that day: 3 600 s from 14:00 until a 15:00 closing is 15:00.
3. An opening past midnight ("22:00-06:00") belongs to the day it starts on, also when the next is closed.
4. A date has, in this order: its one-off opening, nothing if closed, the hours of the weekly version in force.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from statistics import median_low
from zoneinfo import ZoneInfo

#: An opening in seconds from local midnight; the end is beyond `DAY` when it is past midnight.
Interval = tuple[int, int]

DAY = 86_400
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_SECOND = timedelta(seconds=1)
#: Openings are compiled a piece at a time; a leap year is long enough that most sums touch one or two.
_PIECE = 366 * DAY


class CalendarError(ValueError):
    """Opening hours that can't be: the text says what is wrong."""


def parse_time(text: str) -> int:
    """Seconds from midnight of "HH:MM", up to and including "24:00". Raises `CalendarError`."""
    hours, colon, minutes = text.strip().partition(":")
    if colon and hours.isdecimal() and minutes.isdecimal() and len(hours) <= 2 and len(minutes) == 2:
        seconds = int(hours) * 3600 + int(minutes) * 60
        if int(minutes) < 60 and seconds <= DAY:
            return seconds
    raise CalendarError(f'expected a time such as "07:45" (at most "24:00"), not {text!r}')


def interval(opens: str, closes: str) -> Interval:
    """The opening from `opens` to `closes`; a closing that is earlier is the next day's. `CalendarError`."""
    start, end = parse_time(opens), parse_time(closes)
    if start in (DAY, end):
        raise CalendarError(f"{opens}-{closes} has no length; all day is 00:00-24:00")
    return (start, end if end > start else end + DAY)


def parse_interval(text: str) -> Interval:
    """The opening in "07:45-15:00" (also with an en dash). Raises `CalendarError`."""
    opens, dash, closes = text.replace("–", "-").partition("-")
    if not dash:
        raise CalendarError(f'expected an opening such as "07:45-15:00", not {text!r}')
    return interval(opens, closes)


@dataclass(frozen=True)
class OpeningHours:
    """A week: seven days from Monday, each with any number of openings (overlapping ones count once)."""

    days: tuple[tuple[Interval, ...], ...]

    def __post_init__(self) -> None:
        if len(self.days) != 7:
            raise CalendarError("a week has seven days")
        for start, end in (opening for day in self.days for opening in day):
            if not 0 <= start < DAY or not start < end <= start + DAY:
                raise CalendarError(f"an opening from second {start} to {end} is not within a day's length")

    @property
    def is_never_open(self) -> bool:
        """True when no day of the week has an opening."""
        return not any(self.days)


@dataclass(frozen=True)
class Version:
    """Weekly hours that hold from local midnight of `valid_from` (None: since always)."""

    hours: OpeningHours
    valid_from: date | None = None


@dataclass(frozen=True)
class _Piece:
    """Compiled openings of one stretch of time, in seconds since 1970: when each starts and ends, and how
    many open seconds lie before each within the stretch."""

    starts: list[int]
    ends: list[int]
    before: list[int]
    total: int


@dataclass(frozen=True)
class Calendar:
    """When somebody works. Every answer is in UTC and takes any aware datetime.

    `versions` replace one another by date; `closed` dates have no openings and `openings` are one-off
    days with their own. Raises `CalendarError` when it never opens again after its last version begins.
    """

    zone: ZoneInfo
    versions: tuple[Version, ...]
    closed: frozenset[date] = frozenset()
    openings: Mapping[date, tuple[Interval, ...]] = field(default_factory=dict)
    _pieces: dict[int, _Piece] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.versions:
            raise CalendarError("a calendar needs opening hours")
        begins = [version.valid_from or date.min for version in self.versions]
        if any(later <= earlier for earlier, later in pairwise(begins)):
            raise CalendarError("the versions' dates (valid_from) must be in order and differ")
        if self.versions[-1].hours.is_never_open:
            raise CalendarError("the calendar never opens; give at least one day of the week an opening")

    @property
    def day_seconds(self) -> int:
        """The usual day: the median length in seconds of the newest version's open weekdays."""
        days = self.versions[-1].hours.days
        return median_low(sum(end - start for start, end in _merged(sorted(day))) for day in days if day)

    def due(self, start: datetime, seconds: int) -> datetime:
        """The instant when `seconds` (0 or more) of open time have passed since `start`.

        Raises `ValueError` for negative seconds, `OverflowError` when the answer lies beyond year 9999.
        """
        if seconds < 0:
            raise ValueError(f"seconds must not be negative: {seconds}")
        if seconds == 0:
            return self._due_at_once(start)
        at = (start - _EPOCH) // _SECOND
        number = at // _PIECE
        wanted = self._open_before(number, at) + seconds
        piece = self._piece(number)
        while wanted > piece.total:
            wanted -= piece.total
            number += 1
            piece = self._piece(number)
        # The last opening with less than `wanted` before it: on a closing second the day that closes (rule 2).
        index = bisect_left(piece.before, wanted) - 1
        return _EPOCH + timedelta(seconds=piece.starts[index] + wanted - piece.before[index])

    def _due_at_once(self, start: datetime) -> datetime:
        opening = self.next_opening(start)
        whole = _EPOCH + (start - _EPOCH) // _SECOND * _SECOND
        return whole if self.is_open(whole - _SECOND) else opening

    def elapsed(self, start: datetime, end: datetime) -> int:
        """Open seconds from `start` to `end`; negative when `end` is earlier."""
        first, last = (start - _EPOCH) // _SECOND, (end - _EPOCH) // _SECOND
        if last < first:
            return -self.elapsed(end, start)
        number, final = first // _PIECE, last // _PIECE
        seconds = self._open_before(final, last) - self._open_before(number, first)
        return seconds + sum(self._piece(passed).total for passed in range(number, final))

    def is_open(self, at: datetime) -> bool:
        """True from the opening second until, not including, the closing second."""
        second = (at - _EPOCH) // _SECOND
        piece = self._piece(second // _PIECE)
        index = bisect_right(piece.starts, second) - 1
        return index >= 0 and second < piece.ends[index]

    def next_opening(self, at: datetime) -> datetime:
        """The first open instant not before `at`: `at` itself (whole seconds) when it is open."""
        second = (at - _EPOCH) // _SECOND
        number = second // _PIECE
        while True:
            piece = self._piece(number)
            index = bisect_right(piece.ends, second)
            if index < len(piece.starts):
                return _EPOCH + timedelta(seconds=max(second, piece.starts[index]))
            number += 1

    def open_stretches(self, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
        """The open time between `start` and `end`, stretch by stretch."""
        stretches: list[tuple[datetime, datetime]] = []
        at = self.next_opening(start)
        while at < end:
            second = (at - _EPOCH) // _SECOND
            piece = self._piece(second // _PIECE)
            closes = _EPOCH + timedelta(seconds=piece.ends[bisect_right(piece.starts, second) - 1])
            if stretches and stretches[-1][1] == at:
                stretches[-1] = (stretches[-1][0], min(closes, end))  # open over the border of a piece
            else:
                stretches.append((at, min(closes, end)))
            at = self.next_opening(closes)
        return stretches

    def hours_on(self, day: date) -> tuple[Interval, ...]:
        """The openings that start on `day`, as wall time (border rule 4)."""
        if day in self.openings:
            return self.openings[day]
        if day in self.closed:
            return ()
        for version in reversed(self.versions):
            if version.valid_from is None or version.valid_from <= day:
                return version.hours.days[day.weekday()]
        return ()

    def last_closing(self, day: date) -> datetime | None:
        """When the last opening ends that starts on `day` or, where it is closed, on a day before (60 at
        most), in UTC; None where there was none."""
        for back in range(60):
            hours = self.hours_on(day - timedelta(days=back))
            if hours:
                days, seconds = divmod(max(end for _, end in hours), DAY)
                at = datetime.combine(day + timedelta(days=days - back), time(), self.zone)
                return (at + timedelta(seconds=seconds)).astimezone(UTC)
        return None

    def _open_before(self, number: int, second: int) -> int:
        piece = self._piece(number)
        index = bisect_right(piece.starts, second) - 1
        if index < 0:
            return 0
        return piece.before[index] + min(second, piece.ends[index]) - piece.starts[index]

    def _piece(self, number: int) -> _Piece:
        piece = self._pieces.get(number)
        if piece is None:
            # Two threads may both compile it: they make the same piece.
            piece = self._pieces[number] = self._compile(number * _PIECE, (number + 1) * _PIECE)
        return piece

    def _compile(self, begin: int, end: int) -> _Piece:
        """1. The wall-clock openings of every date that can touch the stretch, in order, merged.
        2. For each run of one UTC offset: those openings as UTC, clipped to the run. The hour that a change
        skips falls outside both runs, the one it repeats falls in both."""
        wall: list[Interval] = []
        for ordinal in range(begin // DAY - 2, end // DAY + 2):
            midnight = ordinal * DAY
            hours = self.hours_on(date.fromordinal(ordinal + _EPOCH_ORDINAL))
            wall += [(midnight + opens, midnight + closes) for opens, closes in hours]
        wall = _merged(sorted(wall))
        openings: list[Interval] = []
        for run_begin, run_end, offset in _runs(self.zone, begin, end):
            clipped = (
                (max(opens - offset, run_begin), min(closes - offset, run_end)) for opens, closes in wall
            )
            openings += [opening for opening in clipped if opening[0] < opening[1]]
        openings = _merged(openings)
        before, total = [], 0
        for opens, closes in openings:
            before.append(total)
            total += closes - opens
        return _Piece([opens for opens, _ in openings], [closes for _, closes in openings], before, total)


def _merged(openings: Sequence[Interval]) -> list[Interval]:
    merged: list[Interval] = []
    for opens, closes in openings:
        if merged and opens <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], closes))
        else:
            merged.append((opens, closes))
    return merged


def _runs(zone: ZoneInfo, begin: int, end: int) -> list[tuple[int, int, int]]:
    """The stretches of constant UTC offset from `begin` to `end`: (begin, end, offset), all in seconds."""
    runs = []
    run_begin, offset = begin, _offset(zone, begin)
    for midnight in range(begin + DAY, end + 1, DAY):
        if _offset(zone, midnight) != offset:
            low, high = midnight - DAY, midnight
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if _offset(zone, middle) == offset else (low, middle)
            runs.append((run_begin, high, offset))
            run_begin, offset = high, _offset(zone, high)
    runs.append((run_begin, end, offset))
    return runs


def _offset(zone: ZoneInfo, second: int) -> int:
    shift = (_EPOCH + timedelta(seconds=second)).astimezone(zone).utcoffset()
    return int(shift.total_seconds()) if shift else 0


ALWAYS = Calendar(ZoneInfo("UTC"), (Version(OpeningHours((((0, DAY),),) * 7)),))
