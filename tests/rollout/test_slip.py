"""A later date moves what waits for it, and nothing else."""

from datetime import date

import pytest

from ticketing.rollout.forward import Cycle, applied, slipped, starting
from ticketing.rollout.plan import Activity, Period


def weekday(day: date) -> bool:
    return day.weekday() < 5


def row(id_: str, start: date | None, end: date | None, *waits: str) -> Activity:
    return Activity(id_, "training", "school", "staff", baseline=Period(start, end), depends_on=waits)


PLAN = [
    row("A", date(2025, 3, 3), date(2025, 3, 7)),
    row("B", date(2025, 3, 10), date(2025, 3, 11), "A"),
    row("C", None, None, "A"),
    row("D", date(2025, 3, 5), date(2025, 3, 6)),
]


def test_followers_move_to_the_next_working_day_and_keep_their_length() -> None:
    moved = slipped(PLAN, "A", starting(PLAN[0].period, date(2025, 3, 10)), weekday)
    assert moved == {
        "A": Period(date(2025, 3, 10), date(2025, 3, 14)),
        "B": Period(date(2025, 3, 17), date(2025, 3, 18)),
    }
    later = applied(PLAN, moved)
    assert later[1].baseline == PLAN[1].baseline
    assert slipped(later, "A", later[0].period, weekday) == {"A": moved["A"]}


def test_a_circle_is_named() -> None:
    with pytest.raises(Cycle, match="→"):
        slipped([row("A", None, None, "B"), row("B", None, None, "A")], "A", Period(date(2025, 3, 3)), weekday)
