"""Hypercare: tighter targets and earlier warnings around a unit's go-live. Pure.

1. The window runs from the first minute of the `before`-th open day ahead of the go-live until the last of
   the `after`-th open day past it, by the calendar of the unit whose go-live it is.
2. A policy in the window keeps the tightened numbers and, under `normal`, those it goes back to.
3. What runs when the window opens keeps its used time, and what is left of it shrinks by the share: nothing
   is late at the stroke of midnight that was in good time the day before. Rule 3 holds for the whole visit.
4. When the window closes the normal numbers return. What has fired stays fired (rule 6 of `derive`).
The 72 hours of a data breach are the law's and are left alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from math import ceil
from typing import Any

from ticketing.clocks.rules import Calendar
from ticketing.vocabulary import ClockKind, Sector

#: The numbers of a policy that hypercare tightens, with the clock each is the target of.
TIGHTENED = {
    "first_response": ClockKind.FIRST_RESPONSE,
    "rung": ClockKind.RUNG,
    "total": ClockKind.END_TO_END,
}
_DAY = timedelta(days=1)
#: No window reaches further from its go-live than this, whatever the calendar's holidays.
LONGEST = timedelta(days=200)

Policy = Mapping[str, Any]


@dataclass(frozen=True)
class Hypercare:
    """How many open days around the go-live, and what share of targets and of the warning's share."""

    before: int
    after: int
    share: float
    warn_share: float
    #: When a sector goes live whose units have no date of their own.
    go_live: Mapping[Sector, date] = field(default_factory=dict)

    def window(self, go_live: date, calendar: Calendar) -> tuple[datetime, datetime]:
        """From (included) and to (not included), in UTC."""
        first = _open_day(calendar, go_live, -self.before)
        last = _open_day(calendar, go_live, self.after)
        return _midnight(first, calendar), _midnight(last + _DAY, calendar)

    def covers(self, go_live: date | None, calendar: Calendar, now: datetime) -> bool:
        """Whether `now` lies in the window around `go_live` (None: there is none)."""
        if go_live is None or abs(go_live - now.date()) > LONGEST:
            return False
        begins, ends = self.window(go_live, calendar)
        return begins <= now < ends


def tighten(policy: Policy, care: Hypercare, used: Mapping[ClockKind, int] | None = None) -> dict[str, Any]:
    """`policy` under hypercare (rule 2); `used` names the seconds that running clocks have used (rule 3)."""
    tight = {
        name: _shrunk(policy[name], care.share, (used or {}).get(kind, 0)) for name, kind in TIGHTENED.items()
    }
    normal = {name: policy[name] for name in (*TIGHTENED, "warn_share")}
    return {**policy, **tight, "warn_share": care.warn_share, "hypercare": True, "normal": normal}


def relax(policy: Policy) -> dict[str, Any]:
    """The policy that was in force before hypercare tightened it (rule 4)."""
    kept = {name: value for name, value in policy.items() if name not in ("hypercare", "normal")}
    return {**kept, **policy["normal"]}


def keep_promises(policy: Policy, last: Policy | None, *, same_visit: bool) -> dict[str, Any]:
    """Rule 3 for a later event of the same item: a number that `last` tightened from the same normal one
    stays as it was; those of a rung only while the item's visit there goes on."""
    if last is None or not (policy.get("hypercare") and last.get("hypercare")):
        return dict(policy)
    names = TIGHTENED if same_visit else ("total",)
    same = {name: last[name] for name in names if last["normal"][name] == policy["normal"][name]}
    return {**policy, **same}


def _shrunk(target: int, share: float, used: int) -> int:
    """In whole minutes, never under what is used."""
    tight = used + (target - used) * share
    return target if used >= target else min(target, ceil(tight / 60) * 60)


def _open_day(calendar: Calendar, start: date, steps: int) -> date:
    """The day that many open days from `start`, which is itself not counted; backwards when negative."""
    day, step = start, _DAY if steps > 0 else -_DAY
    left = abs(steps)
    while left and abs(day - start) < LONGEST:
        day += step
        left -= bool(calendar.hours_on(day))
    return day


def _midnight(day: date, calendar: Calendar) -> datetime:
    return datetime.combine(day, time(0), calendar.zone).astimezone(UTC)
