"""What a reading needs from outside, put together where the plan comes in: command line and page."""

from datetime import date
from pathlib import Path

from ticketing.clocks.config import ClockConfig, danish_holidays, load_clock_config
from ticketing.rollout.config import load_plan
from ticketing.rollout.documents import Known
from ticketing.rollout.schoolyear import DaysOff


def known(config_dir: Path) -> Known:
    """Organisations and days off, from the configuration. Raises `ConfigurationError`."""
    return Known(load_plan(config_dir).organisations, days_off(load_clock_config(config_dir)))


def days_off(config: ClockConfig) -> DaysOff:
    """Public holidays of all years, and the school holidays of the years that the calendars list whole."""
    public = frozenset(danish_holidays())
    closed = frozenset(
        day for key in config.school_calendars for day in config.calendar(key).closed if day not in public
    )
    years = {day.year for day in closed}
    return DaysOff(public, closed, frozenset(year for year in years if _is_whole(year, closed)))


def _is_whole(year: int, closed: frozenset[date]) -> bool:
    """A calendar that lists winter, summer, autumn and Christmas holidays of a year lists all of them."""
    return {2, 7, 10, 12} <= {day.month for day in closed if day.year == year}
