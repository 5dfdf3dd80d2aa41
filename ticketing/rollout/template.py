"""The plan as a template: every date as so many days from its sector's go-live, moved to a new one. Pure.

1. A sector's go-live is the day of its go-live row. What belongs to no sector follows the first of them.
2. Each date keeps its distance in whole weeks and lands on the same weekday; a period keeps its length. One
   that would begin or end on a day off begins on the next working day and ends on the last one before.
3. Counts of people and seats are the source's own and unknown here; what was odd about the source stays
behind. The general checks look at the new dates.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from ticketing.rollout.plan import Activity, Period, Plan, Quota, Warning
from ticketing.rollout.schoolyear import DaysOff
from ticketing.vocabulary import ActivityCategory, Sector

_FREE_DAYS_IN_A_ROW = 14


class NoGoLive(ValueError):
    """The plan has no go-live for the sector, so nothing can be placed by it."""

    def __init__(self, sector: Sector) -> None:
        super().__init__(sector.value)
        self.sector = sector


def go_lives(plan: Plan) -> dict[Sector, date]:
    """The day on which each sector goes live."""
    found: dict[Sector, date] = {}
    for row in plan.activities:
        if row.category is ActivityCategory.GO_LIVE and row.period.start:
            for sector in row.sectors:
                found.setdefault(sector, row.period.start)
    return found


def from_template(plan: Plan, new: Mapping[Sector, date], off: DaysOff) -> Plan:
    """`plan` with the go-lives of `new`. Rows of sectors that `new` leaves out are left out as well, with what
    waits for them; those of no sector stay. Raises `NoGoLive`."""
    old = go_lives(plan)
    for sector in new:
        if sector not in old:
            raise NoGoLive(sector)
    kept = [row for row in plan.activities if _concerned(row, new, old)]
    ids = {row.id for row in kept}
    moved = [_moved(_narrowed(row, new, ids), old, new, off) for row in kept]
    checked = check_plan(moved, off)
    return Plan(tuple(checked), (), plan.organisations)


def check_plan(activities: Sequence[Activity], off: DaysOff) -> list[Activity]:
    """The rows with what the general checks say of their dates: days off, and order."""
    by_id = {row.id: row for row in activities}
    return [
        replace(row, warnings=(*row.warnings, *_days_off(row, off), *_order(row, by_id))) for row in activities
    ]


def _concerned(row: Activity, new: Mapping[Sector, date], old: Mapping[Sector, date]) -> bool:
    """IT trains with whoever goes live; a row of no sector is everybody's."""
    return not row.sectors or any(sector in new or sector not in old for sector in row.sectors)


def _narrowed(row: Activity, new: Mapping[Sector, date], ids: set[str]) -> Activity:
    sectors = tuple(sector for sector in row.sectors if sector in new or sector is Sector.IT)
    return replace(
        row,
        audience=_without_count(row.audience),
        quota=Quota(),
        participants=None,
        same_people={},
        note=None if row.category is ActivityCategory.PHASE else row.note,
        sector=sectors[0] if sectors else None,
        other_sectors=sectors[1:],
        depends_on=tuple(key for key in row.depends_on if key in ids),
        warnings=(),
        line=None,
        raw="",
        section=None,
    )


def _without_count(text: str) -> str:
    """ "69 pædagogiske superbrugere" are another municipality's number."""
    words = re.sub(r"^\d+\s+", "", text)
    return words[:1].upper() + words[1:]


def _moved(row: Activity, old: Mapping[Sector, date], new: Mapping[Sector, date], off: DaysOff) -> Activity:
    """The first baseline is history; the plan that counted is what is moved."""
    sector = row.sector if row.sector is not None and row.sector in new else _nearest(row, old, new)
    shift = _weeks(old[sector], new[sector])
    is_go_live = row.category is ActivityCategory.GO_LIVE and row.sector in new
    period = _shifted(row.period, shift, off, whole=row.category is ActivityCategory.PHASE)
    if is_go_live and row.period.start:
        length = (row.period.end - row.period.start) if row.period.end else None
        period = Period(new[sector], new[sector] + length if length is not None else None)
    dated = tuple(name for name, day in (("start", period.start), ("end", period.end)) if day)
    inferred = tuple(dict.fromkeys((*(n for n in row.inferred_values if n not in ("start", "end")), *dated)))
    return replace(row, baseline=period, revised=None, inferred_values=inferred)


def _nearest(row: Activity, old: Mapping[Sector, date], new: Mapping[Sector, date]) -> Sector:
    """The go-live that a row of no such sector belongs to: the next one after it, else the first."""
    start = row.period.start
    ahead = [sector for sector in new if start and old[sector] >= start]
    return min(ahead or new, key=lambda sector: old[sector])


def _weeks(old: date, new: date) -> timedelta:
    """The distance in whole weeks: weekdays stay."""
    return timedelta(weeks=round((new - old).days / 7))


def _shifted(period: Period, shift: timedelta, off: DaysOff, *, whole: bool) -> Period:
    start = period.start + shift if period.start else None
    end = period.end + shift if period.end else None
    if whole:
        return Period(start, end)
    landed = _working(start, off, 1) if start else None
    if start and end and landed:
        # A single day or a short course moves as a whole; a long one gives up its days off.
        last = end + (landed - start) if (end - start).days < 5 else end
        forwards = (end - start).days < 5
        return Period(landed, max(landed, _working(last, off, 1 if forwards else -1)))
    return Period(landed, _working(end, off, -1) if end else None)


def _working(day: date, off: DaysOff, step: int) -> date:
    for days in range(_FREE_DAYS_IN_A_ROW):
        if off.is_working(day + timedelta(days=step * days)):
            return day + timedelta(days=step * days)
    return day


def _days_off(row: Activity, off: DaysOff) -> list[Warning]:
    start, end = row.period.start, row.period.end or row.period.start
    if row.category is ActivityCategory.PHASE or not start or not end or (end - start).days > 45:
        return []
    days = [start + timedelta(days=n) for n in range((end - start).days + 1)]
    names = list(dict.fromkeys(name for day in days if (name := off.school_holiday(day))))
    if not names:
        return []
    return [Warning("school_holiday", None, f"Perioden rammer {' og '.join(names)}.")]


def _order(row: Activity, by_id: Mapping[str, Activity]) -> list[Warning]:
    """A course that begins before what it waits for is over; anything else before that has begun."""
    found = []
    for key in row.depends_on:
        before = by_id[key].period
        last = before.end or before.start
        over = last if row.category is ActivityCategory.TRAINING else before.start
        if over and row.period.start and row.period.start < over:
            text = f"Begynder {row.period.start:%d.%m.%Y}, men venter på {key} ({over:%d.%m.%Y})."
            found.append(Warning("dependency_order", None, text))
    return found
