"""Trying a due time out: what a question would get, without opening one. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from ticketing.clocks.config import ClockConfig
from ticketing.clocks.days import parse_reference
from ticketing.clocks.month import Line, sum_of
from ticketing.clocks.running import Calendars
from ticketing.clocks.targets import Duration, first_match
from ticketing.vocabulary import ClockKind, Lane, Priority, Rung, Sector


@dataclass(frozen=True)
class Question:
    """What is tried: an item of this kind that comes to `rung` at `start`."""

    sector: Sector | None
    rung: Rung
    lane: Lane
    priority: Priority
    start: datetime


@dataclass(frozen=True)
class Attempt:
    """One clock of it: how long, by which calendar, when it is due and the days that the time is made of."""

    kind: ClockKind
    target: str
    seconds: int
    calendar: str
    due_at: datetime
    lines: tuple[Line, ...]


def attempts(
    config: ClockConfig,
    question: Question,
    policy: Mapping[str, Any],
    calendars: Calendars,
    names: Callable[[str], Mapping[date, str]],
    changed: Mapping[ClockKind, Duration],
) -> list[Attempt]:
    """First response, time at the rung and the whole way, by `policy`; `changed` are targets that are tried in
    place of those of `config`. `names` says for a calendar's name why its special days are special."""
    asked = (question.sector, question.rung, question.lane, question.priority)
    at_rung, whole = first_match(config.rung_targets, *asked), first_match(config.end_to_end, *asked)
    assert at_rung and whole, "every item has a target, the texts have been checked"
    targets = {
        ClockKind.FIRST_RESPONSE: (at_rung.first_response, policy["rung_calendar"]),
        ClockKind.RUNG: (at_rung.rung, policy["rung_calendar"]),
        ClockKind.END_TO_END: (whole.within, policy["total_calendar"]),
    }
    found = []
    for kind, (usual, name) in targets.items():
        target = changed.get(kind, usual)
        base = parse_reference(name).base
        seconds = target.seconds(config.calendar(base))
        due, lines = sum_of(calendars(name), names(name), question.start, seconds)
        found.append(Attempt(kind, str(target), seconds, config.name_of(base), due, tuple(lines)))
    return found
