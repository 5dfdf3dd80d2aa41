"""`ticketing report unresolved`: the leader's figures for a terminal or another program."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from click.testing import CliRunner
from flask import Flask

from tests.factories import WorkItemFactory, small_municipality
from ticketing import cli
from ticketing.cli import main


@pytest.fixture(autouse=True)
def town(app: Flask, session: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command's application is the test's."""

    @contextmanager
    def application() -> Iterator[Flask]:
        yield app

    monkeypatch.setattr(cli, "application", application)
    made = small_municipality()
    WorkItemFactory(unit=made.school_indskoling, confidential=True)
    WorkItemFactory(unit=made.daycare_room)


def test_the_whole_municipality_as_json() -> None:
    result = CliRunner().invoke(main, ["report", "unresolved", "--json"])
    rows = {row["unit"]: row for row in json.loads(result.output)}
    assert rows["Engskolen"]["open"] == rows["Børnehuset Mælkebøtten"]["open"] == 1
    assert rows["Engskolen"]["open_by_rung"]["superuser"] == 1
    assert rows["Engskolen"]["coverage"] == "covered"


def test_as_one_leader_sees_it_in_a_table() -> None:
    result = CliRunner().invoke(main, ["report", "unresolved", "--as", "school_leader@vesterkaer.example"])
    assert "Engskolen" in result.output and "Mælkebøtten" not in result.output


def test_an_unknown_person_is_an_error_without_a_traceback() -> None:
    result = CliRunner().invoke(main, ["report", "unresolved", "--as", "ingen@vesterkaer.example"])
    assert result.exit_code == 1
    assert "nobody in Vesterkær Kommune has the e-mail ingen@vesterkaer.example" in result.output
