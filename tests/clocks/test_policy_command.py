"""`ticketing clocks policy`: a municipality's targets shown, a change tried out and put in force."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from tests.clocks.test_editions import with_target
from tests.clocks.test_local_days import ask
from tests.factories import SmallMunicipality, small_municipality
from ticketing.cli import policy
from ticketing.clocks.models import ClockEdition
from ticketing.vocabulary import EventKind
from ticketing.work.models import Event


@pytest.fixture
def town(session, app, monkeypatch) -> SmallMunicipality:
    monkeypatch.setattr("ticketing.app.create_app", lambda: app)
    made = small_municipality()
    ask(made, made.school_indskoling)
    session.commit()
    return made


def run(*words: str) -> Result:
    return CliRunner().invoke(policy.policy, [words[0], "--municipality", "vesterkaer", *words[1:]])


@pytest.fixture
def targets(session, town, tmp_path) -> str:
    file = tmp_path / "targets.yaml"
    file.write_text(with_target("4 h").targets, encoding="utf-8")
    return str(file)


def test_the_targets_are_shown_as_the_municipalitys_own(town) -> None:
    shown = run("show").output
    assert "kommunens egne, ikke kildedokumentets" in shown
    assert "superuser       30 min / 1 h      2 h / 4 h         1 d / 2 d" in shown
    assert "Udgave 1" in shown


def test_a_text_goes_out_and_in_again_unchanged(town, tmp_path) -> None:
    file = tmp_path / "same.yaml"
    file.write_text(run("show", "--text", "targets").output, encoding="utf-8")
    refused = run("apply", "--targets", str(file), "--reason", "Intet")
    assert refused.exit_code == 1 and "intet at gemme" in refused.output


def test_a_change_is_tried_and_then_put_in_force(session, town, targets) -> None:
    assert "1 af 1 åbne sager" in run("preview", "--targets", targets).output
    assert "1 sager siden" in run("replay", "--targets", targets, "--days", "400").output
    assert session.scalars(select(ClockEdition.number)).all() == [1]
    done = run("apply", "--targets", targets, "--from-start", "--reason", "Flere superbrugere")
    assert done.output == "Udgave 2 gælder nu; 1 åbne sager følger den.\n"
    assert "Udgave 2" in run("show").output and "1 d / 4 h" in run("show").output
    session.rollback()  # the command wrote in a session of its own
    (event,) = session.scalars(select(Event).where(Event.kind == EventKind.POLICY_CHANGED))
    assert (event.data["number"], event.data["reach"]) == (2, "from_start")


def test_every_fault_is_told_in_danish_with_line_and_key(town, targets) -> None:
    file = Path(targets)
    file.write_text(file.read_text().replace("warn_share: 0.75", "warn_share: 2\nanden: ting"))
    told = run("check", "--targets", targets)
    assert told.exit_code == 1
    assert "targets.yaml, linje 16: »warn_share«: skriv en andel over 0 og højst 1" in told.output
    assert "targets.yaml, linje 17: »anden«: kendes ikke" in told.output
