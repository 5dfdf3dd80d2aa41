"""The calendars and targets that are shipped, and `clocks due` on them."""

import json
import shutil
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from ticketing.cli import main
from ticketing.clocks.config import danish_holidays, load_clock_config
from ticketing.configuration import ConfigurationError
from ticketing.vocabulary import Lane, Priority, Rung, Sector

CONFIG = Path(__file__).parents[2] / "config"


def test_store_bededag_is_a_holiday_up_to_2023() -> None:
    assert date(2023, 5, 5) in danish_holidays()
    assert date(2024, 4, 26) not in danish_holidays()


@pytest.mark.parametrize(
    ("lane", "priority", "notice"), [(Lane.BREACH, Priority.P3, 72 * 3600), (Lane.GUIDANCE, Priority.P1, None)]
)
def test_p1_and_a_breach_never_stand_still(lane, priority, notice) -> None:
    policy = load_clock_config(CONFIG).policy(Sector("skole"), Rung.SUPERUSER, lane, priority, None)
    assert (policy.rung_calendar, policy.total_calendar, policy.notice) == ("always", "always", notice)


def test_a_wrong_value_names_file_line_and_key(tmp_path) -> None:
    shutil.copytree(CONFIG, tmp_path / "config")
    targets = tmp_path / "config" / "targets.yaml"
    lines = targets.read_text().replace("warn_share: 0.75", "warn_share: 7").splitlines()
    targets.write_text("\n".join(lines))
    number = lines.index("warn_share: 7") + 1
    with pytest.raises(ConfigurationError) as refused:
        load_clock_config(tmp_path / "config")
    assert f"targets.yaml:{number}" in str(refused.value) and "warn_share" in str(refused.value)


def test_a_file_of_cases_is_answered_line_by_line() -> None:
    hours = {day: [["07:45", "15:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
    case = {"id": "a", "tz": "Europe/Copenhagen", "hours": hours, "holidays": ["2026-11-23"]}
    case |= {"start": "2026-11-20T14:59:00+01:00", "minutes": 2}
    result = CliRunner().invoke(main, ["clocks", "due", "--cases", "-"], input=json.dumps(case) + "\n")
    assert json.loads(result.output) == {"id": "a", "due": "2026-11-24T07:46:00+01:00"}
