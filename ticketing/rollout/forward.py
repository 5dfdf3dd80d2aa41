"""What follows if an activity slips: a forward pass over the plan's dependencies."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, timedelta
from graphlib import CycleError, TopologicalSorter

from ticketing.rollout.plan import Activity, Period


class Cycle(ValueError):
    """Activities that wait for each other; ``ids`` in order, the first repeated last."""

    def __init__(self, ids: list[str]) -> None:
        super().__init__(" → ".join(ids))
        self.ids = ids


def slipped(
    activities: Iterable[Activity], moved: str, to: Period, is_working_day: Callable[[date], bool]
) -> dict[str, Period]:
    """The new period of each activity that moves when ``moved`` is given the period ``to``.

    A follower keeps its length in calendar days and starts on a working day. Overlap that the plan
    itself has is kept, and undated activities stay undated. An earlier start moves nothing else.

    Raises:
        Cycle: activities depend on each other in a circle.
        KeyError: ``moved`` is not in the plan.
    """
    plan = {activity.id: activity for activity in activities}
    if moved not in plan:
        raise KeyError(moved)
    periods = {moved: to}
    for id_ in _in_order(plan):
        own = plan[id_].period
        if id_ == moved or own.start is None:
            continue
        earliest = max(
            (_after(plan[d].period, periods[d], own.start) for d in plan[id_].depends_on if d in periods),
            default=own.start,
        )
        if earliest > own.start:
            periods[id_] = starting(own, _next_working(earliest, is_working_day))
    return periods


def applied(activities: Iterable[Activity], periods: dict[str, Period]) -> list[Activity]:
    """The plan with ``periods`` as its revised ones; the baseline stays."""
    return [replace(a, revised=periods[a.id]) if a.id in periods else a for a in activities]


def _in_order(plan: dict[str, Activity]) -> list[str]:
    graph = {a.id: [d for d in a.depends_on if d in plan] for a in plan.values()}
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        raise Cycle(list(error.args[1])) from error


def _after(was: Period, now: Period, start: date) -> date:
    """The first day of a follower planned for ``start``, when its precondition moved to ``now``."""
    finished, finishes = was.end or was.start, now.end or now.start
    if finishes is None:
        return start
    gap = 1 if finished is None else min(1, (start - finished).days)
    return finishes + timedelta(days=gap)


def starting(period: Period, start: date) -> Period:
    """``period`` moved to ``start``, as long as it was; open-ended where no length is known."""
    if period.start is None or period.end is None:
        return Period(start, None)
    return Period(start, start + (period.end - period.start))


def _next_working(day: date, is_working_day: Callable[[date], bool]) -> date:
    for days in range(60):
        if is_working_day(day + timedelta(days=days)):
            return day + timedelta(days=days)
    return day
