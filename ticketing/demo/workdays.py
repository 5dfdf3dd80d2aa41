"""Moments of the demo's past: working days from early morning to the afternoon, in Danish time."""

import random
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Copenhagen")
WEEKS = 6


def working_moment(chance: random.Random, now: datetime) -> datetime:
    """A moment of the last six weeks; the last days come more often, and half of a day's before nine."""
    back = WEEKS * 7 * chance.random() ** 1.5
    day = (now - timedelta(days=back)).astimezone(ZONE).date()
    hour = chance.uniform(7.2, 9) if chance.random() < 0.5 else chance.uniform(9, 15)
    moment = datetime.combine(day, time(), ZONE) + timedelta(hours=hour)
    moment = in_working_hours(moment.astimezone(UTC))
    while moment >= now:  # nobody has asked yet today: that was another day
        moment = in_working_hours(moment - timedelta(days=3 if moment.astimezone(ZONE).weekday() == 0 else 1))
    return moment


def days_back(now: datetime, days: int, hour: float) -> datetime:
    """At `hour` o'clock (9.5: half past nine) `days` working days before today."""
    day = now.astimezone(ZONE).date()
    while days:
        day -= timedelta(days=1)
        days -= day.weekday() < 5
    moment = datetime.combine(day, time(), ZONE) + timedelta(hours=hour)
    return moment.astimezone(UTC)


def in_working_hours(moment: datetime) -> datetime:
    """The moment itself, or the next working day's morning."""
    local = moment.astimezone(ZONE)
    if local.hour >= 15:
        local = _morning(local.date() + timedelta(days=1), local.minute)
    elif local.hour < 7:
        local = _morning(local.date(), local.minute)
    while local.weekday() >= 5:
        local = _morning(local.date() + timedelta(days=1), local.minute)
    return local.astimezone(UTC)


def _morning(day: date, minute: int) -> datetime:
    return datetime.combine(day, time(7, 40), ZONE) + timedelta(minutes=minute)
