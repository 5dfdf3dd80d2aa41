"""The shipped plan is the source's: 38 rows with their dates, seats and lines, and everything that is odd."""

import json
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from ticketing.cli import main
from ticketing.rollout.config import load_plan
from ticketing.rollout.forward import slipped
from ticketing.rollout.plan import Activity, Period, SeatCount, seats_and_persons

CONFIG = Path(__file__).parents[2] / "config"
PLAN = load_plan(CONFIG)
ROWS = {activity.id: activity for activity in PLAN.activities}

#: id, category, sector, start, end, paid seats, line, what it waits for, warnings.
EXPECTED = """
P01 phase    skole     2018-11-01 2019-11-30 -  276 -       W20
P02 phase    dagtilbud 2020-09-22 2021-01-31 -  278 -       W20
U01 training skole     2019-01-28 2019-01-29 1  309 -       W03
U02 training skole     2019-01-24 2019-01-24 2  311 -       W04
U03 training skole     2019-03-04 2019-03-11 69 314 S10     W06
U04 training it        2019-03-04 2019-03-11 4  315 -       -
U05 training dagtilbud 2020-09-02 2020-09-03 2  318 -       W03,W07,W14
U06 training dagtilbud 2020-09-16 2020-09-16 1  321 U05     W03,W07,W14
U07 training dagtilbud 2020-11-16 2020-11-19 56 324 S10,U09 W05,W06
U08 training dagtilbud 2020-09-30 2020-09-30 -  402 U05,U06 W07,W12
U09 training dagtilbud 2020-10-21 2020-10-22 -  403 U08,S06 W12
U10 training skole     2019-01-25 2019-02-28 -  393 U01,U02 W01,W02,W15
U11 training skole     2019-05-16 2019-06-21 -  397 U03     W16
U12 training it        2019-05-16 2019-06-21 -  397 U04     -
U13 training dagtilbud 2020-11-23 2020-12-14 -  406 U07     -
U14 training skole     -          -          -  412 U03     W02,W18
U15 training dagtilbud -          -          -  412 U05     W18
U16 training dagpleje  -          -          -  153 U07     W18
U17 training dagpleje  -          -          -  228 U06     W08,W18
U18 training -         -          -          -  187 S10     W13
S01 setup    skole     -          -          -  203 U01     W15
S02 setup    dagtilbud -          -          -  132 U05     -
S03 setup    dagpleje  -          -          -  137 U05     -
S04 setup    skole     -          -          -  109 U10,S01 W15
S05 setup    dagtilbud 2020-10-21 -          -  248 U09,S02 -
S06 setup    dagtilbud -          2020-10-20 -  244 U08     -
S07 setup    -         -          -          -  183 S01,S02 -
S08 setup    -         -          -          -  178 -       -
S09 setup    -         -          -          -  180 -       -
S10 setup    -         -          -          -  197 -       W06
F01 families skole     2018-10-22 2018-10-26 -  467 -       -
F02 families skole     2019-10-07 2019-10-25 -  473 U11,S04 W16
F03 families dagtilbud 2021-01-11 2021-01-18 -  481 U13,S05 -
F04 families skole     2019-10-21 -          -  477 G01     W12
F05 families dagtilbud 2021-01-18 2021-05-04 -  485 G02     W14
G01 go_live  skole     2019-10-21 2019-10-21 -  477 F02,S04 W17
G02 go_live  dagtilbud 2021-01-18 2021-01-18 -  485 F03,S05 W17
G03 go_live  -         -          -          -  503 G01,G02 W10
"""


def _dash(value: object) -> str:
    return "-" if value in (None, "") else str(value)


def _as_expected(row: Activity) -> list[str]:
    return [
        row.id,
        row.category,
        _dash(row.sector),
        _dash(row.period.start),
        _dash(row.period.end),
        _dash(row.quota.paid),
        _dash(row.line),
        _dash(",".join(row.depends_on)),
        _dash(",".join(sorted({warning.code for warning in row.warnings}))),
    ]


@pytest.mark.parametrize("expected", EXPECTED.strip().splitlines(), ids=lambda line: line[:3])
def test_each_row_is_the_sources(expected: str) -> None:
    assert _as_expected(ROWS[expected[:3]]) == expected.split()


def test_nothing_is_added_to_the_38_rows() -> None:
    assert Counter(row.category for row in PLAN.activities) == {
        "phase": 2,
        "training": 18,
        "setup": 10,
        "families": 5,
        "go_live": 3,
    }


def test_all_twenty_warnings_are_on_a_row_or_on_the_plan() -> None:
    on_rows = {warning.code for row in PLAN.activities for warning in row.warnings}
    on_plan = {warning.code for warning in PLAN.warnings}
    assert on_rows | on_plan == {f"W{number:02}" for number in range(1, 21)}
    assert {"W09", "W11", "W13", "W19"} == on_plan


def test_seats_are_counted_as_seats_and_as_persons() -> None:
    assert [row.quota.paid for row in PLAN.activities if row.quota.paid] == [1, 2, 69, 4, 2, 1, 56]
    assert seats_and_persons(PLAN.activities) == SeatCount(seats=135, persons=133)


def test_extra_seats_are_unknown_and_not_none() -> None:
    assert {row.quota.extra for row in PLAN.activities} == {None}


def test_a_superseded_period_is_kept_beside_the_one_that_counts() -> None:
    row = ROWS["P02"]
    assert (str(row.baseline.start), str(row.baseline.end)) == ("2019-11-01", "2020-08-31")


def test_every_row_has_the_words_of_the_source_and_nobodys_name() -> None:
    assert all(row.raw and row.line and row.section and row.responsible for row in PLAN.activities)
    assert "[person uden rolle i kilden]" in ROWS["U10"].raw


def test_the_plan_can_be_moved_by_the_forward_pass() -> None:
    moved = slipped(
        PLAN.activities, "U05", Period(date(2020, 9, 16), date(2020, 9, 17)), lambda day: day.weekday() < 5
    )
    assert {"U05", "U06"} <= set(moved)


def test_show_prints_it_without_a_database(tmp_path: Path) -> None:
    code = "import sys; from ticketing.cli import main; main(['plan', 'show', '--json'])"
    environment = {"TICKETING_DATA": str(tmp_path / "none"), "PYTHONPATH": str(CONFIG.parent), "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    rows = json.loads(done.stdout)["rows"]
    wanted = {
        "id",
        "category",
        "sector",
        "audience",
        "start",
        "end",
        "paid_seats",
        "raw",
        "line",
        "inferred",
        "warnings",
    }
    assert len(rows) == 38 and all(wanted <= row.keys() for row in rows)
    assert list(tmp_path.iterdir()) == []


def test_show_prints_a_table_for_people() -> None:
    shown = CliRunner().invoke(main, ["plan", "show"]).output
    assert "38 rækker, 135 betalte pladser til 133 personer" in shown
