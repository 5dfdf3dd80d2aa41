"""A calendar as people look at it: month by month, and the sum of a due time day by day. Pure."""

from calendar import Calendar as Weeks
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from ticketing.clocks.rules import Calendar, Interval

#: A sum of more lines than this is shown by its first and last.
LINES = 12
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Day:
    """One date: its openings in seconds from midnight (none: closed), and why it is special, if it is."""

    day: date
    hours: tuple[Interval, ...]
    why: str | None
    in_month: bool


@dataclass(frozen=True)
class Line:
    """Days in a row in a sum: open ones with the seconds they give and the total so far, or closed ones with
    why. `begins` and `ends` are instants (UTC) and set for a single open day."""

    first: date
    last: date
    seconds: int
    total: int
    why: str | None = None
    begins: datetime | None = None
    ends: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether it adds to the sum."""
        return self.seconds > 0


def month(calendar: Calendar, names: Mapping[date, str], year: int, number: int) -> list[list[Day]]:
    """The month's weeks from Monday to Sunday, with the days of its neighbours that fill them."""
    return [
        [Day(day, calendar.hours_on(day), names.get(day), day.month == number) for day in week]
        for week in Weeks().monthdatescalendar(year, number)
    ]


def sum_of(
    calendar: Calendar, names: Mapping[date, str], start: datetime, seconds: int
) -> tuple[datetime, list[Line]]:
    """When `seconds` of open time have passed since `start`, and the days that they are made of. A long sum
    keeps its first and last lines, with one between that stands for the rest."""
    due = calendar.due(start, seconds)
    lines: list[Line] = []
    total, day = 0, start.astimezone(calendar.zone).date()
    while day <= due.astimezone(calendar.zone).date():
        begins = max(start, _midnight(calendar, day))
        ends = min(due, _midnight(calendar, day + _DAY))
        found = calendar.elapsed(begins, ends) if begins < ends else 0
        total += found
        if found:
            opened = calendar.next_opening(begins)
            lines.append(Line(day, day, found, total, begins=opened, ends=calendar.due(opened, found)))
        elif lines and not lines[-1].is_open and lines[-1].why == names.get(day):
            lines[-1] = Line(lines[-1].first, day, 0, total, names.get(day))
        else:
            lines.append(Line(day, day, 0, total, names.get(day)))
        day += _DAY
    return due, _shortened(lines)


def _shortened(lines: list[Line]) -> list[Line]:
    if len(lines) <= LINES:
        return lines
    head, rest, tail = lines[: LINES - 5], lines[LINES - 5 : -4], lines[-4:]
    between = Line(rest[0].first, rest[-1].last, sum(line.seconds for line in rest), rest[-1].total)
    return [*head, between, *tail]


def _midnight(calendar: Calendar, day: date) -> datetime:
    return datetime.combine(day, time(0), calendar.zone).astimezone(UTC)
