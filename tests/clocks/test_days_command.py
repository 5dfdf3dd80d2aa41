"""`ticketing clocks days` and `go-live`: a municipality's own dates by the command line."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ticketing.cli import main


@pytest.fixture
def days(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Runs `ticketing clocks days … --municipality vesterkaer` in an empty data folder."""
    monkeypatch.delenv("TICKETING_DATABASE", raising=False)
    monkeypatch.setenv("TICKETING_DATA", str(tmp_path))

    def run(*words: str | Path) -> Result:
        return CliRunner().invoke(main, [str(word) for word in words])

    assert run("db", "upgrade").exit_code == 0
    assert run("org", "create", "vesterkaer", "Vesterkær Kommune").exit_code == 0
    return lambda *words: run("clocks", "days", *words, "--municipality", "vesterkaer")


def test_days_are_imported_listed_and_taken_away(days, tmp_path: Path) -> None:
    file = tmp_path / "dage.csv"
    file.write_text("fra;til;navn;type\n12.10.26;16.10.26;Efterårsferie;skoleferie\n")
    assert "intet er gemt" in days("import", file, "--dry-run").output
    assert "1 perioder er gemt, 0 kendtes" in days("import", file).output
    assert "0 perioder er gemt, 1 kendtes" in days("import", file).output
    listed = days("list").output
    assert "2026-10-12 – 2026-10-16" in listed and "Efterårsferie" in listed
    assert "1 perioder er fjernet" in days("remove", listed.split(":")[0]).output
    assert days("list").output == ""


def test_one_bad_line_keeps_all_out(days, tmp_path: Path) -> None:
    file = tmp_path / "dage.csv"
    file.write_text("fra;til;navn\n12.10.26;;Fridag\n99.10.26;;Fridag\n")
    result = days("import", file)
    assert result.exit_code == 1
    assert "dage.csv, linje 3: datoen kan ikke læses" in result.output
    assert days("list").output == ""


def test_an_unknown_unit_or_number_is_told(days) -> None:
    assert "Enheden intet findes ikke" in days("list", "--unit", "intet").output
    assert "Et af numrene er ikke enhedens" in days("remove", "7").output


def test_a_go_live_is_set_and_taken_away(days) -> None:
    def go_live(*words: str) -> str:
        return CliRunner().invoke(main, ["clocks", "go-live", *words, "--municipality", "vesterkaer"]).output

    assert "Vesterkær Kommune går i drift 2026-11-02; 0 åbne sager" in go_live("2026-11-02")
    assert "følger enheden over sig" in go_live("none")
    assert "er ingen dato" in go_live("i morgen")
