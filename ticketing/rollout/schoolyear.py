"""Which days schools are closed, for years that no calendar lists: the rule that most municipalities follow.

Week 7 and week 42, the days around Christmas and before Easter, and the summer up to the second week of
August. A municipality's own calendar comes first, for the years that it has. Pure.
"""

from collections.abc import Set
from dataclasses import dataclass
from datetime import date, timedelta

_AUTUMN, _WINTER = 42, 7


@dataclass(frozen=True)
class DaysOff:
    """Public holidays, and the school holidays of the years that are known."""

    public: Set[date] = frozenset()
    school: Set[date] = frozenset()
    years: Set[int] = frozenset()

    def is_working(self, day: date) -> bool:
        """Whether grown-ups work: not at weekends nor on public holidays."""
        return day.weekday() < 5 and day not in self.public

    def school_holiday(self, day: date) -> str | None:
        """The school holiday that a weekday lies in, by name."""
        if day.weekday() >= 5:
            return None
        name = _by_rule(day)
        if day.year in self.years:
            return (name or "skoleferie") if day in self.school else None
        return name


def easter(year: int) -> date:
    """Easter Sunday (the anonymous Gregorian computus)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = b // 4, b % 4
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = c // 4, c % 4
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)


def _by_rule(day: date) -> str | None:
    number = day.isocalendar().week
    if number == _AUTUMN:
        return "efterårsferie (uge 42)"
    if number == _WINTER:
        return "vinterferie (uge 7)"
    if (day.month, day.day) >= (12, 22) or (day.month, day.day) <= (1, 2):
        return "juleferie"
    sunday = easter(day.year)
    if sunday - timedelta(days=6) <= day <= sunday + timedelta(days=1):
        return "påskeferie"
    return "sommerferie" if _summer(day.year, day) else None


def _summer(year: int, day: date) -> bool:
    first = date(year, 6, 30)
    first -= timedelta(days=(first.weekday() - 5) % 7)
    back = date(year, 8, 8)
    back += timedelta(days=-back.weekday() % 7)
    return first <= day < back
