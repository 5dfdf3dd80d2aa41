"""The picture of the plan: what lies where, in units of the drawing. Pure; `templates/plan` turns it into SVG.

Time runs to the right over `WIDTH` units. Each sector is a band with a row an activity: the baseline as a thin
line under the bar of the period that counts, and what has no date in a list of its own, never left out.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, timedelta

from ticketing.rollout.plan import Activity, Period, Progress
from ticketing.vocabulary import ActivityCategory, Sector

#: The drawing, in its own units: labels to the left, time to the right.
LABELS, WIDTH = 300, 900
ROW, BAND, HEAD = 30, 30, 34
#: A bar that lasts a day must still be seen and pressed.
NARROWEST = 8.0


@dataclass(frozen=True)
class Span:
    """From `x` over `width` units; `is_open` when it has no end."""

    x: float
    width: float
    is_open: bool = False

    @property
    def end(self) -> float:
        """Where it stops."""
        return self.x + self.width


@dataclass(frozen=True)
class Row:
    """One activity in the drawing. `y` is the top of its row; `bar` is None when it lies outside the window."""

    activity: Activity
    y: int
    bar: Span | None
    baseline: Span | None
    progress: Progress
    is_done: bool
    #: Whole days past the end, where it is not done; 0 otherwise.
    days_late: int

    @property
    def has_moved(self) -> bool:
        """True when the period that counts is not the first one."""
        first = self.activity.baseline
        return self.activity.revised not in (None, first) and first != Period()


@dataclass(frozen=True)
class Band:
    """The rows of one sector (None: all sectors together), below each other."""

    sector: Sector | None
    y: int
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Tick:
    """Where a month or year begins. `is_year`: draw it stronger and write the year."""

    x: float
    day: date
    is_year: bool


@dataclass(frozen=True)
class Link:
    """A dependency, from the end of one bar to the start of another."""

    before: str
    after: str
    x1: float
    y1: float
    x2: float
    y2: float
    #: The follower starts before what it waits for has ended.
    is_broken: bool


@dataclass(frozen=True)
class Drawing:
    """All that is drawn. `undated` have neither start nor end; `outside` lie before or after the window."""

    first: date
    last: date
    height: int
    bands: tuple[Band, ...]
    ticks: tuple[Tick, ...]
    links: tuple[Link, ...]
    today_x: float | None
    undated: tuple[Activity, ...]
    outside: int


def draw(
    activities: Sequence[Activity],
    progress: Mapping[str, Progress],
    finished: Set[str],
    today: date,
    window: Period | None = None,
) -> Drawing:
    """The drawing of `activities`, in bands by sector and in order of time. `finished` are done as a whole.

    `window` cuts out a stretch of time; where it is open the plan itself decides, with today in it when the
    plan is not long over or far ahead.
    """
    dated = [one for one in activities if _begins(one.period) is not None]
    undated = tuple(one for one in activities if _begins(one.period) is None)
    first, last = _window(dated, today, window or Period())
    scale = _Scale(first, last)
    shown = [one for one in dated if scale.touches(one.period) or scale.touches(one.baseline)]
    bands, y = [], HEAD
    for sector in dict.fromkeys(one.sector for one in shown):
        rows = sorted((one for one in shown if one.sector == sector), key=_order)
        y += BAND
        bands.append(
            Band(
                sector,
                y - BAND,
                tuple(_row(one, y + ROW * n, scale, progress, finished, today) for n, one in enumerate(rows)),
            )
        )
        y += ROW * len(rows)
    return Drawing(
        first=first,
        last=last,
        height=y + ROW // 2,
        bands=tuple(bands),
        ticks=_ticks(scale),
        links=_links([row for band in bands for row in band.rows]),
        today_x=scale.x(today) if first <= today <= last else None,
        undated=undated,
        outside=len(dated) - len(shown),
    )


def days_late(activity: Activity, *, is_done: bool, today: date) -> int:
    """Whole days since it should have been done; 0 when it is done, not over yet, or open-ended."""
    end = activity.period.end
    return 0 if end is None or is_done else max((today - end).days, 0)


class _Scale:
    def __init__(self, first: date, last: date) -> None:
        self.first, self.last = first, last
        self._days = max((last - first).days, 1)

    def x(self, day: date) -> float:
        return round(LABELS + WIDTH * (day - self.first).days / self._days, 1)

    def touches(self, period: Period) -> bool:
        begins = _begins(period)
        ends = period.end or (self.last if period.start else None)
        return begins is not None and ends is not None and begins <= self.last and ends >= self.first

    def span(self, period: Period) -> Span | None:
        """The part of `period` inside the window; both days are whole."""
        begins = _begins(period)
        if begins is None or not self.touches(period):
            return None
        left = self.x(max(begins, self.first))
        right = self.x(min(period.end or self.last, self.last) + timedelta(days=1))
        right = min(right, LABELS + WIDTH)
        left = min(left, right - NARROWEST)
        return Span(left, round(right - left, 1), is_open=period.end is None)


def _begins(period: Period) -> date | None:
    """What has only an end is drawn on that day: "before the 21st" is a date to be seen."""
    return period.start or period.end


def _order(activity: Activity) -> tuple[date, date, str]:
    begins = _begins(activity.period)
    assert begins is not None
    return begins, activity.period.end or date.max, activity.id


def _window(dated: Sequence[Activity], today: date, window: Period) -> tuple[date, date]:
    days = [
        day
        for one in dated
        for period in (one.period, one.baseline)
        for day in (period.start, period.end)
        if day
    ]
    first, last = min(days, default=today), max(days, default=today + timedelta(days=90))
    if first - timedelta(days=200) <= today <= last + timedelta(days=200):
        first, last = min(first, today), max(last, today)
    first = window.start or (first - timedelta(days=7)).replace(day=1)
    last = window.end or last + timedelta(days=14)
    return first, max(last, first + timedelta(days=7))


def _row(
    one: Activity, y: int, scale: _Scale, progress: Mapping[str, Progress], finished: Set[str], today: date
) -> Row:
    done = progress.get(one.id, Progress())
    is_done = done.is_done or one.id in finished
    late = 0 if one.category is ActivityCategory.PHASE else days_late(one, is_done=is_done, today=today)
    return Row(one, y, scale.span(one.period), scale.span(one.baseline), done, is_done, late)


def _ticks(scale: _Scale) -> tuple[Tick, ...]:
    months = (scale.last.year - scale.first.year) * 12 + scale.last.month - scale.first.month
    every = next(step for step in (1, 2, 3, 6, 12, 10_000) if months / step <= 14)
    ticks, day = [], scale.first.replace(day=1)
    while day <= scale.last:
        if day >= scale.first and (day.month - 1) % every == 0:
            ticks.append(Tick(scale.x(day), day, is_year=day.month == 1))
        day = (day + timedelta(days=32)).replace(day=1)
    return tuple(ticks)


def _links(rows: Sequence[Row]) -> tuple[Link, ...]:
    drawn = {row.activity.id: row for row in rows if row.bar is not None}
    links = []
    for row in drawn.values():
        for needed in row.activity.depends_on:
            before = drawn.get(needed)
            if before is None or before.bar is None or row.bar is None:
                continue
            middle = ROW / 2
            links.append(
                Link(
                    needed,
                    row.activity.id,
                    before.bar.end if not before.bar.is_open else before.bar.x,
                    before.y + middle,
                    row.bar.x,
                    row.y + middle,
                    is_broken=_starts_too_early(before.activity, row.activity),
                )
            )
    return tuple(links)


def _starts_too_early(before: Activity, after: Activity) -> bool:
    ended, begins = before.period.end, after.period.start
    return ended is not None and begins is not None and begins <= ended and begins != ended
