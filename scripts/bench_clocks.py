#!/usr/bin/env python3
"""How long one due time takes: ours, a counter of minutes, and the package `businesstimedelta`.

Usage: scripts/bench_clocks.py [ROUNDS]. Prints microseconds a call for a 30-day target from 1,000 starts in
a year, all in one run. The peers know one shift a day without a break, so all three get such a calendar;
ours is timed on the shipped school calendar (holidays of 60 years, breaks) as well.
"""

import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import businesstimedelta
import holidays

from ticketing.clocks.config import load_clock_config
from ticketing.clocks.rules import Calendar, OpeningHours, Version, parse_interval
from ticketing.settings import shipped

ZONE = ZoneInfo("Europe/Copenhagen")
DAYS_OFF = holidays.country_holidays("DK", years=range(2025, 2030))
OFFICE = Calendar(
    ZONE, (Version(OpeningHours(((parse_interval("08:00-16:00"),),) * 5 + ((),) * 2)),), frozenset(DAYS_OFF)
)
TARGET = 30 * 8 * 3600
STARTS = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=8.7 * n) for n in range(1000)]


def by_minutes(start: datetime) -> datetime:
    """The naive counter: asks every minute whether the wall clock shows an opening hour."""
    at, left = start, TARGET // 60
    while left:
        wall = at.astimezone(ZONE)
        left -= wall.weekday() < 5 and 8 <= wall.hour < 16 and wall.date() not in DAYS_OFF
        at += timedelta(minutes=1)
    return at


def by_package() -> Callable[[datetime], datetime]:
    shift = businesstimedelta.WorkDayRule(start_time=time(8), end_time=time(16), working_days=[0, 1, 2, 3, 4])
    rules = businesstimedelta.Rules([shift, businesstimedelta.HolidayRule(DAYS_OFF)])
    wait = businesstimedelta.BusinessTimeDelta(rules, hours=TARGET // 3600)
    return lambda start: start.astimezone(ZONE) + wait


def microseconds(run: Callable[[datetime], object], starts: list[datetime], rounds: int) -> float:
    """The median over `rounds` of the mean microseconds a call."""
    times = []
    for _ in range(rounds):
        began = perf_counter()
        for start in starts:
            run(start)
        times.append((perf_counter() - began) / len(starts) * 1e6)
    return median(times)


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    school = load_clock_config(shipped("config")).calendar("skole")
    away = [start + timedelta(days=47) for start in STARTS]
    package = by_package()
    whole = [start for start in STARTS if OFFICE.due(start, TARGET).astimezone(ZONE).date() > date(2026, 1, 1)]
    same = sum(by_minutes(s) == OFFICE.due(s, TARGET) for s in whole[:20])
    print(f"the minute counter agrees on {same} of 20 starts")
    rows = [
        ("due, usual calendar", microseconds(lambda s: OFFICE.due(s, TARGET), STARTS, rounds)),
        ("due, shipped school calendar", microseconds(lambda s: school.due(s, TARGET), STARTS, rounds)),
        (
            "elapsed over 47 days",
            microseconds(lambda s: school.elapsed(s, s + timedelta(days=47)), away, rounds),
        ),
        ("businesstimedelta", microseconds(package, STARTS[:50], 1)),
        ("counter of minutes", microseconds(by_minutes, STARTS[:10], 1)),
    ]
    for name, figure in rows:
        print(f"{name:<30} {figure:12.2f} µs")


if __name__ == "__main__":
    main()
