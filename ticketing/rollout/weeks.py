"""Days as a plan writes them: ISO dates, ISO weeks, Danish dates, "uge 43 2019". Pure."""

import re
from datetime import date, timedelta

_ISO_WEEK = re.compile(r"(\d{4})-?W(\d{1,2})", re.IGNORECASE)
_DANISH_WEEK = re.compile(r"uge\s*(\d{1,2})[\s,/]+(\d{4})", re.IGNORECASE)
_DANISH_DATE = re.compile(r"(\d{1,2})[.\-/](\d{1,2})[.\-/](\d{4}|\d{2})")


class NoSuchDay(ValueError):
    """The text names no day; the message says what was expected, in Danish."""


def weeks_in(year: int) -> int:
    """How many ISO weeks a year has: the week of 28 December is always the last."""
    return date(year, 12, 28).isocalendar().week


def week(year: int, number: int) -> tuple[date, date]:
    """Monday and Friday of an ISO week. Raises `NoSuchDay` for a week that the year doesn't have."""
    if not 1 <= number <= weeks_in(year):
        raise NoSuchDay(f"uge {number} findes ikke i {year}, som har {weeks_in(year)} uger")
    monday = date.fromisocalendar(year, number, 1)
    return monday, monday + timedelta(days=4)


def read_day(text: str, *, last: bool) -> date:
    """The day in `text`: 2019-10-07, 07.10.19, 2019-W41 or "uge 41 2019"; of a week its Friday if `last`,
    else its Monday. Raises `NoSuchDay`."""
    text = text.strip()
    found = _ISO_WEEK.fullmatch(text)
    if found:
        return week(int(found[1]), int(found[2]))[last]
    found = _DANISH_WEEK.fullmatch(text)
    if found:
        return week(int(found[2]), int(found[1]))[last]
    found = _DANISH_DATE.fullmatch(text)
    try:
        if found:
            return date(full_year(found[3]), int(found[2]), int(found[1]))
        return date.fromisoformat(text)
    except ValueError:
        raise NoSuchDay(f"forventede en dag som 2019-10-07, 07.10.19 eller 2019-W41, ikke »{text}«") from None


def full_year(text: str) -> int:
    """A year written with two or four digits."""
    return int(text) + 2000 if len(text) == 2 else int(text)
