"""What a date of the plan brought: questions a week around it, compared and forecast. Pure.

Week 0 begins on the date itself; two weeks before and eight after are looked at (domain §3). Rates are
questions for each 100 people who work in the unit (the organisation knows no head count of parents).
"""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from ticketing.vocabulary import UnitId

#: Weeks before (negative) and after a date that are looked at.
WEEKS = range(-2, 9)
#: A forecast's interval holds this share of what may happen.
INTERVAL = 0.8
_DRAWS = 1_000
#: So that the same figures always give the same forecast.
_SEED = 20_190_826


@dataclass(frozen=True)
class UnitLoad:
    """One unit's questions around its own date, by week and category. `users`: people who work there.
    `coverage`: the share of its departments that had a trained superuser on that date, 0 to 1."""

    unit_id: UnitId
    name: str
    on: date
    users: int
    coverage: float
    counts: Mapping[int, Mapping[str, int]] = field(default_factory=dict)

    @property
    def is_trained(self) -> bool:
        """Whether every department had a trained superuser on the date."""
        return self.coverage >= 1

    def in_week(self, week: int) -> int:
        """Questions of one week."""
        return sum(self.counts.get(week, {}).values())

    @property
    def total(self) -> int:
        """Questions from week 0 on."""
        return sum(self.in_week(week) for week in WEEKS if week >= 0)


@dataclass(frozen=True)
class Group:
    """Several units together, such as the trained ones."""

    units: tuple[UnitLoad, ...]

    @property
    def users(self) -> int:
        """People who work in the units."""
        return sum(unit.users for unit in self.units)

    @property
    def coverage(self) -> float | None:
        """The mean of the units' coverage, 0 to 1; None without a unit."""
        return sum(unit.coverage for unit in self.units) / len(self.units) if self.units else None

    def in_week(self, week: int) -> int:
        """Questions of one week."""
        return sum(unit.in_week(week) for unit in self.units)

    def rate(self, week: int, today: date | None = None) -> float | None:
        """Questions for each 100 people in one week; None where nobody works, and for a week that is not over
        everywhere on `today`: part of a week is no figure to compare."""
        if today is not None and any(first_day(week + 1, unit.on) > today for unit in self.units):
            return None
        return 100 * self.in_week(week) / self.users if self.users else None

    @property
    def total(self) -> int:
        """Questions from week 0 on."""
        return sum(unit.total for unit in self.units)

    @property
    def total_rate(self) -> float | None:
        """Questions for each 100 people from week 0 on; None where nobody works."""
        return 100 * self.total / self.users if self.users else None

    def by_category(self) -> dict[str, int]:
        """Questions from week 0 on by category, the most first."""
        sums: dict[str, int] = {}
        for unit in self.units:
            for week, counts in unit.counts.items():
                for category, count in counts.items():
                    if week >= 0:
                        sums[category] = sums.get(category, 0) + count
        return dict(sorted(sums.items(), key=lambda pair: (-pair[1], pair[0])))


def week_of(day: date, on: date) -> int:
    """The week of `day` around the date `on`: 0 for its first seven days, -1 for the seven before."""
    return (day - on).days // 7


def first_day(week: int, on: date) -> date:
    """The day on which a week around `on` begins."""
    return on + timedelta(weeks=week)


def trained_and_not(units: Iterable[UnitLoad]) -> tuple[Group, Group]:
    """The units whose superusers were trained at their date, and the others."""
    units = tuple(units)
    return (
        Group(tuple(unit for unit in units if unit.is_trained)),
        Group(tuple(unit for unit in units if not unit.is_trained)),
    )


def waves(units: Iterable[UnitLoad]) -> dict[date, Group]:
    """The units by their date, the first wave first."""
    by_date: dict[date, list[UnitLoad]] = {}
    for unit in units:
        by_date.setdefault(unit.on, []).append(unit)
    return {on: Group(tuple(by_date[on])) for on in sorted(by_date)}


@dataclass(frozen=True)
class Forecast:
    """How many questions a week of the next wave brings: most likely, and the bounds between which four of
    five such weeks lie. `from_units`: how many units it was learnt from."""

    week: int
    expected: float
    low: int
    high: int
    from_units: int


def forecast(past: Sequence[UnitLoad], users_next: Sequence[int], week: int) -> Forecast | None:
    """What `week` brings to units with `users_next` people each, learnt from units that have been through it.

    Each draw gives every coming unit the rate of a unit of the past, drawn with replacement, and counts a
    Poisson number of questions by it: so both the difference between units and chance are in the interval.
    None without a unit of the past in which somebody works, or without one to come.
    """
    rates = [unit.in_week(week) / unit.users for unit in past if unit.users]
    if not rates or not users_next:
        return None
    chance = random.Random(_SEED + week)  # noqa: S311 - a repeatable draw, no secret
    sums = sorted(
        sum(_poisson(users * chance.choice(rates), chance) for users in users_next) for _ in range(_DRAWS)
    )
    outside = int(_DRAWS * (1 - INTERVAL) / 2)
    return Forecast(
        week=week,
        expected=sum(users_next) * sum(rates) / len(rates),
        low=sums[outside],
        high=sums[-outside - 1],
        from_units=len(rates),
    )


def _poisson(expected: float, chance: random.Random) -> int:
    """A number of rare events. Large numbers are near enough to the normal curve."""
    if expected > 30:
        return max(round(chance.gauss(expected, expected**0.5)), 0)
    passed, count = chance.expovariate(1), 0
    while passed < expected:
        passed += chance.expovariate(1)
        count += 1
    return count


@dataclass(frozen=True)
class Recurring:
    """A topic of the course that comes back as questions: how many, and how many for each 100 people, of
    those whose unit was trained and of the others."""

    topic: str
    categories: tuple[str, ...]
    count: int
    trained_rate: float | None
    other_rate: float | None


def recurring_topics(
    units: Sequence[UnitLoad], categories_of: Mapping[str, Sequence[str]], at_least: int = 3
) -> list[Recurring]:
    """The course's topics by how many questions they brought after the date, the most first."""
    trained, others = trained_and_not(units)
    sums, own, other = Group(tuple(units)).by_category(), trained.by_category(), others.by_category()
    found = []
    for topic, categories in categories_of.items():
        count = sum(sums.get(category, 0) for category in categories)
        if count >= at_least:
            rate = _rate(own, categories, trained.users), _rate(other, categories, others.users)
            found.append(Recurring(topic, tuple(categories), count, *rate))
    return sorted(found, key=lambda topic: -topic.count)


def _rate(counts: Mapping[str, int], categories: Sequence[str], users: int) -> float | None:
    return 100 * sum(counts.get(category, 0) for category in categories) / users if users else None
