"""`ticketing clocks due`: one due time, or one for each line of a file; a bad line spoils no other."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ticketing.cli import main

DAY = {"mon": [["07:45", "15:00"]], "tue": [["07:45", "15:00"]]}
OFFICE = {"mon": [["08:00", "16:00"]]}
#: What is answered by hand: (calendar, zone, start, minutes, due).
ANSWERS = {
    "the closing second is that day's": (
        DAY,
        "CPH",
        "2026-11-23T14:00:00+01:00",
        60,
        "2026-11-23T15:00:00+01:00",
    ),
    "over the night": (DAY, "CPH", "2026-11-23T14:30:00+01:00", 60, "2026-11-24T08:15:00+01:00"),
    "24:00 ends a day": (
        {"sat": [["18:00", "24:00"]], "sun": [["00:00", "24:00"]]},
        "CPH",
        "2026-11-21T17:00:00+01:00",
        361,
        "2026-11-22T00:01:00+01:00",
    ),
    "past midnight, into a holiday": (
        {"mon": [["22:00", "06:00"]]},
        "CPH",
        "2026-11-23T12:00:00+01:00",
        480,
        "2026-11-24T06:00:00+01:00",
    ),
    "an hour skipped": (
        {"sun": [["00:00", "24:00"]]},
        "CPH",
        "2026-03-29T00:00:00+01:00",
        180,
        "2026-03-29T04:00:00+02:00",
    ),
    "an hour twice": (
        {"sun": [["00:00", "24:00"]]},
        "CPH",
        "2026-10-25T00:00:00+02:00",
        240,
        "2026-10-25T03:00:00+01:00",
    ),
    "an opening in the skipped hour": (
        {"sun": [["02:15", "02:45"], ["05:00", "06:00"]]},
        "CPH",
        "2026-03-29T00:00:00+01:00",
        10,
        "2026-03-29T05:10:00+02:00",
    ),
    "an opening in the hour that comes twice": (
        {"sun": [["02:15", "02:45"]]},
        "CPH",
        "2026-10-25T00:00:00+02:00",
        45,
        "2026-10-25T02:30:00+01:00",
    ),
    "New York": (
        {"sun": [["01:00", "04:00"]]},
        "America/New_York",
        "2026-11-01T00:00:00-04:00",
        120,
        "2026-11-01T02:00:00-05:00",
    ),
    "half an hour of change": (
        {"sun": [["01:00", "03:00"]]},
        "Australia/Lord_Howe",
        "2026-04-05T00:00:00+11:00",
        60,
        "2026-04-05T01:30:00+10:30",
    ),
    "nothing to wait, open": (OFFICE, "CPH", "2026-11-23T10:00:00+01:00", 0, "2026-11-23T10:00:00+01:00"),
    "nothing to wait, closed": (OFFICE, "CPH", "2026-11-24T10:00:00+01:00", 0, "2026-11-30T08:00:00+01:00"),
    "another offset": (OFFICE, "CPH", "2026-11-23T04:00:00-05:00", 30, "2026-11-23T10:30:00+01:00"),
    "Z": (OFFICE, "CPH", "2026-11-23T09:00:00Z", 30, "2026-11-23T10:30:00+01:00"),
    "openings that overlap": (
        {"mon": [["08:00", "16:00"], ["12:00", "18:00"], ["09:00", "10:00"]]},
        "CPH",
        "2026-11-23T07:00:00+01:00",
        600,
        "2026-11-23T18:00:00+01:00",
    ),
}
HOLIDAYS = {"past midnight, into a holiday": ["2026-11-24"]}
GOOD = {"id": "g", "tz": "UTC", "hours": OFFICE, "start": "2026-11-23T09:00:00Z", "minutes": 1}
#: A bad line and what is said of it.
BAD = {
    "not json": "expected a JSON object on one line",
    "[1, 2]": "expected a JSON object",
    '{"id": 1}': "missing: tz, hours, start, minutes",
    json.dumps(GOOD | {"tz": "Europe/Nowhere"}): "tz: no time zone 'Europe/Nowhere'",
    json.dumps(GOOD | {"hours": {}}): "hours: the calendar never opens",
    json.dumps(GOOD | {"hours": {"man": [["08:00", "16:00"]]}}): "hours: expected openings by weekday (mon",
    json.dumps(GOOD | {"hours": {"mon": [["08:00", "08:00"]]}}): "hours: 08:00-08:00 has no length",
    json.dumps(GOOD | {"hours": {"mon": ["08:00-16:00"]}}): "hours: expected lists of pairs",
    json.dumps(GOOD | {"holidays": ["23.11.2026"]}): "holidays: expected an ISO date",
    json.dumps(GOOD | {"start": "2026-11-23T09:00:00"}): "start: expected an offset such as +01:00",
    json.dumps(GOOD | {"minutes": -5}): "minutes: expected a whole number, 0 or more, not -5",
    json.dumps(GOOD | {"minutes": 1.5}): "minutes: expected a whole number, 0 or more, not 1.5",
    json.dumps(GOOD | {"start": "9999-12-31T23:00:00Z"}): "the answer lies beyond the years 1 to 9999",
}


def due(*words: str, lines: list[str] | None = None) -> Result:
    return CliRunner().invoke(main, ["clocks", "due", *words], input="\n".join(lines) if lines else None)


def test_nasty_cases_are_answered_as_a_person_counts_them() -> None:
    lines = [
        json.dumps(
            {
                "id": name,
                "tz": "Europe/Copenhagen" if zone == "CPH" else zone,
                "hours": hours,
                "holidays": HOLIDAYS.get(name, []),
                "start": start,
                "minutes": minutes,
            }
        )
        for name, (hours, zone, start, minutes, _due) in ANSWERS.items()
    ]
    result = due("--cases", "-", lines=lines)
    assert result.exit_code == 0, result.output
    answers = {one["id"]: one["due"] for one in map(json.loads, result.output.splitlines())}
    assert answers == {name: case[-1] for name, case in ANSWERS.items()}


@pytest.mark.parametrize("line", BAD)
def test_a_bad_line_is_told_by_its_number_and_the_rest_is_answered(line: str, tmp_path: Path) -> None:
    file = tmp_path / "cases.jsonl"
    file.write_text("\n".join([json.dumps(GOOD), "", line, json.dumps(GOOD | {"id": "h"})]))
    result = due("--cases", str(file))
    assert result.exit_code == 1
    assert [json.loads(one)["id"] for one in result.stdout.splitlines()] == ["g", "h"]
    assert f"{file}:3: {BAD[line]}" in result.stderr


def test_one_due_time_by_a_calendar_of_the_municipality() -> None:
    result = due("--calendar", "skole", "--start", "2026-11-23T14:00", "--minutes", "120")
    assert (result.exit_code, result.output) == (0, "2026-11-24T08:45:00+01:00\n")
    assert "no calendar 'nat'" in due("--calendar", "nat", "--start", "2026-11-23", "--minutes", "1").output
    assert "Give --calendar, --start and --minutes" in due("--calendar", "skole").output
