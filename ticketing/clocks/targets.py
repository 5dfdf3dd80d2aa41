"""What is promised: targets by sector, rung, lane and priority, first match wins. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from ticketing.clocks.rules import Calendar
from ticketing.vocabulary import Lane, Priority, Rung, Sector

_DURATION = re.compile(r"(\d+) ?(min|h|d)")
_SECONDS = {"min": 60, "h": 3600}


@dataclass(frozen=True)
class Duration:
    """An amount of business time as it is written: "15 min", "4 h" or "2 d" (a calendar's usual days)."""

    amount: int
    unit: str

    def seconds(self, calendar: Calendar) -> int:
        """Business seconds on `calendar`."""
        return self.amount * (calendar.day_seconds if self.unit == "d" else _SECONDS[self.unit])

    def __str__(self) -> str:
        return f"{self.amount} {self.unit}"


def parse_duration(text: str) -> Duration:
    """The duration in "15 min", "4 h" or "2 d". Raises `ValueError`."""
    found = _DURATION.fullmatch(text.strip())
    if not found or int(found[1]) == 0:
        raise ValueError(f'expected a time such as "15 min", "4 h" or "2 d", not {text!r}')
    return Duration(int(found[1]), found[2])


@dataclass(frozen=True)
class Selector:
    """Which items a row is for; None means any."""

    sector: Sector | None = None
    rung: Rung | None = None
    lane: Lane | None = None
    priority: Priority | None = None

    def matches(self, sector: Sector | None, rung: Rung, lane: Lane, priority: Priority) -> bool:
        """True when every named property is the item's own."""
        return (
            self.sector in (None, sector)
            and self.rung in (None, rung)
            and self.lane in (None, lane)
            and self.priority in (None, priority)
        )


@dataclass(frozen=True)
class RungTarget:
    """At a rung: a first response within, and solved or passed on within."""

    selector: Selector
    first_response: Duration
    rung: Duration


@dataclass(frozen=True)
class SpanTarget:
    """One length of time: the end-to-end cap, or how often a vendor is asked again."""

    selector: Selector
    within: Duration


Row = TypeVar("Row", RungTarget, SpanTarget)


def first_match(
    rows: Sequence[Row], sector: Sector | None, rung: Rung, lane: Lane, priority: Priority
) -> Row | None:
    """The first of `rows` that is for such an item."""
    return next((row for row in rows if row.selector.matches(sector, rung, lane, priority)), None)


@dataclass(frozen=True)
class Policy:
    """The targets in force for an item at a rung, as seconds of the named calendars."""

    rung_calendar: str
    first_response: int
    rung: int
    total_calendar: str
    total: int
    warn_share: float
    #: Lane `brud`: within how many calendar seconds the authority is told (GDPR art. 33).
    notice: int | None = None
    #: The edition that it comes from; None: the files in config/.
    edition: int | None = None

    def as_data(self) -> dict[str, Any]:
        """What an event keeps as its `policy`."""
        data = {name: getattr(self, name) for name in _KEPT}
        return data | {name: value for name in _MAY_LACK if (value := getattr(self, name)) is not None}


def for_task(policy: Mapping[str, Any], until: datetime | None, now: datetime) -> dict[str, Any]:
    """The policy of a task of the plan, as an event keeps it: nobody waits for a first answer or counts the
    whole way. It runs out at `until`; one whose day has passed has the rung's usual time from now; one
    without a day (None) has no time at all."""
    data = {**policy, "first_response": None, "total": None}
    if until is None:
        return data | {"rung": None}
    return data | {"until": until.isoformat()} if until > now else data


_MAY_LACK = ("notice", "edition")
_KEPT = ("rung_calendar", "first_response", "rung", "total_calendar", "total", "warn_share")
