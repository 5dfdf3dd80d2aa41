"""A plan written as prose and tables is read: every row, every count, and what is wrong with it.

Four texts, each in a municipality's own wording. `vesterkaer.txt` has the shape of the plan that the product
was first made for, with fictitious names; beside each text stands what a careful reader finds in it.
"""

from collections import Counter
from pathlib import Path

import pytest

from ticketing.clocks.config import danish_holidays
from ticketing.rollout.plan import Warning
from ticketing.rollout.reading import Proposed, read_plan
from ticketing.rollout.schoolyear import DaysOff

TEXTS = Path(__file__).parent / "texts"
NAMES = ("vesterkaer", "nordhavn", "sydby", "aakaer")


def read(name: str) -> Proposed:
    text = (TEXTS / f"{name}.txt").read_text(encoding="utf-8")
    return read_plan(text, {"netcompany": "Netcompany"}, DaysOff(public=frozenset(danish_holidays())))


def shown(name: str) -> list[str]:
    """What was found, a line each, in the form of the .expected files."""
    proposed = read(name)
    rows = [
        f"{row.line} {row.category} {row.sector or '-'} {row.period.start or '-'} {row.period.end or '-'} "
        f"{row.quota.paid or '-'} {','.join(row.inferred_values) or '-'} | {row.audience}"
        for row in proposed.activities
    ]
    seats = [f"{seat.line} {seat.count} {seat.role} {seat.hours or '-'}" for seat in proposed.quotas]
    warnings = [f"{warning.line} {warning.kind}" for warning in proposed.all_warnings]
    return ["# rows", *rows, "# seats", *seats, "# warnings", *warnings]


@pytest.mark.parametrize("name", NAMES)
def test_what_a_careful_reader_finds_is_found(name: str) -> None:
    expected = (TEXTS / f"{name}.expected").read_text(encoding="utf-8").splitlines()
    assert shown(name) == expected


def test_the_sixteen_rows_of_the_three_time_tables() -> None:
    periods = [(str(row.period.start), str(row.period.end)) for row in read("vesterkaer").activities]
    at_the_vendor = [
        ("2019-01-28", "2019-01-29"),
        ("2019-01-24", "2019-01-24"),
        ("2019-03-04", "2019-03-11"),
        ("2020-09-02", "2020-09-03"),
        ("2020-09-16", "2020-09-16"),
        ("2020-11-16", "2020-11-19"),
    ]
    local = [
        ("2019-01-25", "2019-02-28"),
        ("2019-05-16", "2019-06-21"),
        ("2020-09-30", "2020-09-30"),
        ("2020-10-21", "2020-10-22"),
        ("2020-11-23", "2020-12-14"),
    ]
    roll_out = [
        ("2018-10-22", "2018-10-26"),
        ("2019-10-07", "2019-10-25"),
        ("2019-10-21", "None"),
        ("2021-01-11", "2021-01-18"),
        ("2021-01-18", "2021-05-04"),
    ]
    assert periods == at_the_vendor + local + roll_out


def test_the_seven_counts_are_135_seats_with_their_hours() -> None:
    seats = read("vesterkaer").quotas
    assert [seat.count for seat in seats] == [1, 2, 2, 1, 69, 56, 4]
    assert sum(seat.count for seat in seats) == 135
    assert [seat.hours for seat in seats] == [14, 14, 7, 7, 7, 7, 7]
    assert sum(row.quota.paid or 0 for row in read("vesterkaer").activities) == 135


def test_an_end_before_its_start_is_told_and_never_silently_corrected() -> None:
    proposed = read("vesterkaer")
    row = next(row for row in proposed.activities if "25.01.19" in row.raw)
    assert "25.01.19 til 28.02.18" in row.raw
    assert row.inferred_values == ("end",)
    told = next(warning for warning in row.warnings if warning.kind == "end_before_start")
    assert told == Warning("end_before_start", 393, told.text)
    assert "25.01.19 til 28.02.18" in told.text and "28.02.2019; bekræft" in told.text


def test_nothing_is_said_of_a_plan_that_is_in_order() -> None:
    text = """Tidsplan

| Målgruppe | Periode | Underviser |
|---|---|---|
| Kommunal administrator | 11.-12. januar 2027 | Netcompany |
| Superbrugere på skolerne | 18.01.27 – 22.01.27 | Netcompany |
| Skolernes lærere | uge 9-10 2027 | Superbrugere |

| Opgave | Periode |
|---|---|
| Skolerne informerer forældre | uge 14 2027 |
| Aula tages i brug på skolerne | 12. april 2027 |
"""
    proposed = read_plan(text, {}, DaysOff(public=frozenset(danish_holidays())))
    assert [warning.kind for warning in proposed.all_warnings] == []
    assert Counter(row.category for row in proposed.activities) == {"training": 3, "families": 1, "go_live": 1}


LAYOUTS = {
    "pipes": "| Hvem | Periode |\n|---|---|\n| Superbrugere på skolerne | {a} |\n| Skolernes lærere | {b} |\n",
    "tabs": "Målgruppe\tPeriode\nSuperbrugere på skolerne\t{a}\nSkolernes lærere\t{b}\n",
    "semicolons": "Målgruppe;Periode\nSuperbrugere på skolerne;{a}\nSkolernes lærere;{b}\n",
    "spaces": "Hvem                    Periode\nSuperbrugere på skolerne  {a}\nSkolernes lærere        {b}\n",
    "tab-led": "\tHvem:\n\tPeriode\n\n\tSuperbrugere på skolerne\n\t{a}\n\n\tSkolernes lærere\n\t{b}\n",
    "a cell a line": "Målgruppe\nPeriode\n\nSuperbrugere på skolerne\n{a}\n\nSkolernes lærere\n{b}\n",
    "period first": "Periode | Målgruppe\n{a} | Superbrugere på skolerne\n{b} | Skolernes lærere\n",
    "a list": "Tidsplanen er:\n- Superbrugere på skolerne: {a}\n- Skolernes lærere: {b}\n",
    "a list by date": "Tidsplanen er:\n- {a}: Superbrugere på skolerne\n- {b}: Skolernes lærere\n",
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_table_is_found_however_its_frame_was_lost(layout: str) -> None:
    text = f"Indledning.\n\n{LAYOUTS[layout]}\n".format(a="01.03.27 til 05.03.27", b="uge 15-16 2027")
    rows = read_plan(text, {}, DaysOff()).activities
    assert [(row.audience, str(row.period.start), str(row.period.end)) for row in rows] == [
        ("Superbrugere på skolerne", "2027-03-01", "2027-03-05"),
        ("Skolernes lærere", "2027-04-12", "2027-04-23"),
    ]


@pytest.mark.parametrize("name", NAMES)
def test_every_row_keeps_the_words_that_it_was_read_from(name: str) -> None:
    text = " ".join((TEXTS / f"{name}.txt").read_text(encoding="utf-8").split())
    for row in read(name).activities:
        first = row.raw.splitlines()[0].strip("-·* ")
        assert " ".join(first.split()) in text


def test_prose_without_a_plan_gives_no_row() -> None:
    text = "Aula blev indført i 2019.\n\nSkolerne har 12 superbrugere, og mødet den 3. maj 2021 gik godt.\n" * 5
    proposed = read_plan(text, {}, DaysOff())
    assert (proposed.activities, proposed.quotas) == ((), ())


def test_an_empty_text_and_a_binary_one_are_read_without_a_crash() -> None:
    for text in ("", "\x00\x01\t\t|||\n;;;\n---\n", "\t\n" * 200, "| |\n" * 50):
        assert read_plan(text, {}, DaysOff()).activities == ()
