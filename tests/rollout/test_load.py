"""Questions around a date of the plan: counted by week, compared, and forecast with an honest interval."""

import random
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ticketing.rollout.load import (
    WEEKS,
    Group,
    UnitLoad,
    first_day,
    forecast,
    recurring_topics,
    trained_and_not,
    waves,
    week_of,
)
from ticketing.vocabulary import UnitId

LIVE = date(2027, 8, 16)


def _unit(number: int, users: int, per_week: int, *, trained: bool = True, on: date = LIVE) -> UnitLoad:
    counts = {week: {"LOGIN": per_week} for week in WEEKS}
    return UnitLoad(UnitId(number), f"Skole {number}", on, users, float(trained), counts)


@given(st.integers(-400, 400))
def test_a_day_lies_in_the_week_that_begins_at_most_six_days_before_it(days: int) -> None:
    day = LIVE + timedelta(days=days)
    begins = first_day(week_of(day, LIVE), LIVE)
    assert timedelta(0) <= day - begins < timedelta(days=7)


def test_a_rate_is_for_a_hundred_people_and_counts_from_the_date_on() -> None:
    trained, others = trained_and_not([_unit(1, 50, 1), _unit(2, 50, 2), _unit(3, 20, 4, trained=False)])
    assert (trained.rate(0), others.rate(0)) == (3.0, 20.0)
    assert trained.total == 9 * 3
    assert trained.by_category() == {"LOGIN": 27}


def test_where_nobody_works_there_is_no_rate() -> None:
    assert Group((_unit(1, 0, 3),)).rate(0) is None
    assert forecast([_unit(1, 0, 3)], [40], 0) is None
    assert forecast([_unit(1, 40, 3)], [], 0) is None


def test_each_date_is_a_wave() -> None:
    later = LIVE + timedelta(weeks=4)
    found = waves([_unit(1, 10, 1, on=later), _unit(2, 10, 1), _unit(3, 10, 1, on=later)])
    assert [(on, len(group.units)) for on, group in found.items()] == [(LIVE, 1), (later, 2)]


def test_four_of_five_weeks_lie_in_the_forecasts_interval() -> None:
    """Towns made by a known rule: each unit's rate is drawn anew, then its questions."""
    chance = random.Random(1)
    inside = 0
    for _ in range(150):
        past = [_drawn(number, chance) for number in range(25)]
        coming = [_drawn(number, chance) for number in range(15)]
        seen = forecast(past, [unit.users for unit in coming], 0)
        assert seen is not None
        inside += seen.low <= sum(unit.in_week(0) for unit in coming) <= seen.high
    assert 0.7 <= inside / 150 <= 0.9


def _drawn(number: int, chance: random.Random) -> UnitLoad:
    users = chance.randint(20, 60)
    expected = users * chance.gammavariate(4, 0.01)
    count = sum(chance.random() < expected / 200 for _ in range(200))
    return _unit(number, users, count)


def test_the_same_figures_give_the_same_forecast() -> None:
    past = [_unit(1, 40, 3), _unit(2, 30, 1)]
    assert forecast(past, [40, 25], 0) == forecast(past, [40, 25], 0)


def test_a_topic_that_comes_back_is_shown_with_both_rates() -> None:
    units = [_unit(1, 100, 1), _unit(2, 100, 5, trained=False)]
    (login,) = recurring_topics(units, {"Sikkerhed/Login": ["LOGIN"], "Journalisering": ["FILER"]})
    assert (login.topic, login.count, login.trained_rate, login.other_rate) == (
        "Sikkerhed/Login",
        54,
        9.0,
        45.0,
    )
