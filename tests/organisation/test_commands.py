"""The organisation by the command line, as an administrator runs it."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import create_engine, text

from ticketing.cli import main

UNITS = "nøgle;navn;type;sektor;overordnet\nskole;Skole;sektor;skole;\n"


@pytest.fixture
def ticketing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Runs `ticketing` in an empty data folder with a municipality."""
    monkeypatch.delenv("TICKETING_DATABASE", raising=False)
    monkeypatch.setenv("TICKETING_DATA", str(tmp_path))

    def run(*words: str | Path) -> Result:
        return CliRunner().invoke(main, [str(word) for word in words])

    assert run("db", "upgrade").exit_code == 0
    assert run("org", "create", "vesterkaer", "Vesterkær Kommune").exit_code == 0
    return run


def units(tmp_path: Path) -> int:
    with create_engine(f"sqlite:///{tmp_path / 'ticketing.db'}").connect() as connection:
        return int(connection.execute(text("SELECT count(*) FROM unit")).scalar_one())


def test_good_files_are_imported(ticketing, tmp_path: Path) -> None:
    (tmp_path / "enheder.csv").write_text(UNITS)
    result = ticketing("org", "import", tmp_path / "enheder.csv", "--municipality", "vesterkaer")
    assert result.exit_code == 0
    assert "enheder: 1 nye, 0 ændrede" in result.output
    assert units(tmp_path) == 2


def test_a_bad_row_ends_with_code_1_and_its_place(ticketing, tmp_path: Path) -> None:
    (tmp_path / "enheder.csv").write_text(UNITS + "x;X;hytte;;\n")
    result = ticketing("org", "import", tmp_path / "enheder.csv", "--municipality", "vesterkaer")
    assert result.exit_code == 1
    assert "enheder.csv, række 3, type: hytte er ikke en type enhed" in result.output
    assert units(tmp_path) == 1


def test_a_dry_run_says_so_and_keeps_nothing(ticketing, tmp_path: Path) -> None:
    (tmp_path / "enheder.csv").write_text(UNITS)
    result = ticketing("org", "import", tmp_path / "enheder.csv", "--municipality", "vesterkaer", "--dry-run")
    assert "intet er gemt" in result.output
    assert units(tmp_path) == 1


def test_an_unknown_municipality_is_named(ticketing, tmp_path: Path) -> None:
    (tmp_path / "enheder.csv").write_text(UNITS)
    result = ticketing("org", "import", tmp_path / "enheder.csv", "--municipality", "intet")
    assert result.exit_code == 1
    assert "Kommunen intet findes ikke" in result.output


def test_a_first_administrator_gets_a_password(ticketing) -> None:
    made = ticketing(
        "user", "add", "ny@vesterkaer.example", "--municipality", "vesterkaer", "--name", "Ny Leder",
        "--password", "en lang sætning her",
    )  # fmt: skip
    assert "Ny Leder can sign in as ny@vesterkaer.example." in made.output
    weak = ticketing(
        "user", "add", "ny@vesterkaer.example", "--municipality", "vesterkaer", "--password", "kort"
    )
    assert weak.exit_code == 1
