"""The words for opening hours, targets and their choices. Pure."""

from collections.abc import Sequence
from datetime import date, datetime

from flask_babel import gettext as _

from ticketing.clocks.month import Line
from ticketing.clocks.rules import Calendar, Interval
from ticketing.vocabulary import Lane, Priority, Rung, Sector
from ticketing.web.wording import COPENHAGEN, MONTHS, WEEKDAYS, lane_word, priority_word, rung_word, sector_word

_UNITS = {"min": "min", "h": "t", "d": "d"}


def clock_time(seconds: int) -> str:
    """A time of day from seconds since midnight: "07.45"; past midnight as the next day shows it."""
    hours, rest = divmod(seconds, 3600)
    return f"{hours - 24 if hours > 24 else hours:02}.{rest // 60:02}"


def wall(at: datetime) -> str:
    """An instant as the clock on the wall shows it: "07.45"."""
    return f"{at.astimezone(COPENHAGEN):%H.%M}"


def hours_word(hours: Sequence[Interval]) -> str:
    """A day's openings: "08.00–12.00 og 12.30–15.00"."""
    shown = [f"{clock_time(opens)}–{clock_time(closes)}" for opens, closes in hours]
    return _(" og ").join(shown) if shown else _("lukket")


def week(calendar: Calendar) -> list[tuple[str, str]]:
    """The usual week of the newest version, days with the same hours together: ("man.–fre.", "07.45–15.00")."""
    groups: list[tuple[list[int], str]] = []
    for number, hours in enumerate(calendar.versions[-1].hours.days):
        word = hours_word(hours)
        if groups and groups[-1][1] == word:
            groups[-1][0].append(number)
        else:
            groups.append(([number], word))
    return [(_span(days), word) for days, word in groups if word != _("lukket")]


def length(text: str) -> str:
    """A target as people write it: "4 t", "2 d", "15 min"."""
    amount, _space, unit = str(text).partition(" ")
    return f"{amount}\u00a0{_UNITS.get(unit, unit)}"


def seconds_word(seconds: int) -> str:
    """Business time as hours and minutes: "7 t 15 min"."""
    hours, minutes = seconds // 3600, seconds % 3600 // 60
    parts = [_("%(n)s t", n=hours)] if hours else []
    parts += [_("%(n)s min", n=minutes)] if minutes or not hours else []
    return "\u00a0".join(" ".join(parts).split())


def day_word(day: date) -> str:
    """A date with its weekday: "tir. 24. nov."."""
    return f"{WEEKDAYS[day.weekday()][:3]}.\u00a0{day.day}.\u00a0{MONTHS[day.month - 1]}"


def days_word(line: Line) -> str:
    """The days of a line of a sum."""
    if line.first == line.last:
        return day_word(line.first)
    return f"{day_word(line.first)} – {day_word(line.last)}"


def choices() -> dict[str, list[tuple[str, str]]]:
    """What can be chosen when a target is looked up."""
    return {
        "sectors": [("", _("Ingen sektor")), *((str(one), sector_word(one)) for one in Sector)],
        "rungs": [(str(one), rung_word(one)) for one in Rung if one is not Rung.VENDOR],
        "lanes": [(str(one), lane_word(one)) for one in Lane],
        "priorities": [(str(one), priority_word(one)) for one in Priority],
    }


def _span(days: list[int]) -> str:
    first, last = WEEKDAYS[days[0]][:3] + ".", WEEKDAYS[days[-1]][:3] + "."
    return first if len(days) == 1 else f"{first}–{last}"
