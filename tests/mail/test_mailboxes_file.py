"""mailboxes.yaml holds several mailboxes and no secret, and a faulty line is named."""

import dataclasses
import shutil
from pathlib import Path

import pytest

from tests.engines import settings_for
from ticketing.app import create_app
from ticketing.configuration import ConfigurationError
from ticketing.mail.mailboxes import FILE, Protocol, load_mailboxes, our_addresses
from ticketing.settings import shipped

ONE = """  {key}:
    municipality: vesterkaer
    protocol: imap
    server: imap.vesterkaer.example
    address: {address}
    quarantine_folder: Karantæne
    secret_variable: {variable}
"""


def _file(folder: Path, *entries: str) -> Path:
    path = folder / "mailboxes.yaml"
    path.write_text("mailboxes:\n" + "".join(entries), encoding="utf-8")
    return path


def _entry(key: str, address: str = "aula@vesterkaer.example", variable: str = "AULA_SECRET") -> str:
    return ONE.format(key=key, address=address, variable=variable)


def test_a_municipality_may_have_several_mailboxes(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("AULA_SECRET", "s3cret")
    school = _entry("skolen", "skolen@vesterkaer.example") + "    unit: skolen\n"
    boxes = load_mailboxes(_file(tmp_path, _entry("faelles"), school))
    assert boxes["faelles"].protocol is Protocol.IMAP and boxes["faelles"].unit is None
    assert boxes["skolen"].unit == "skolen" and boxes["skolen"].secret() == "s3cret"


@pytest.mark.parametrize(
    ("entries", "line"),
    [
        ([_entry("a", variable="hemmeligt-kodeord")], 8),
        ([_entry("a", address="aula")], 6),
        ([_entry("a") + "    folder: Karantæne\n"], 7),
        ([_entry("a"), _entry("b", address="AULA@vesterkaer.example")], 13),
    ],
)
def test_a_faulty_line_is_named(tmp_path, entries: list[str], line: int) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_mailboxes(_file(tmp_path, *entries))
    assert caught.value.problems[0][0] == line


GRAPH = """  {key}:
    municipality: vesterkaer
    protocol: graph
    address: aula@vesterkaer.example
    quarantine_folder: Karantæne
    secret_variable: AULA_SECRET
"""


@pytest.mark.parametrize(
    ("entry", "key", "words"),
    [
        (GRAPH, "tenant", "expected tenant"),
        (GRAPH + "    tenant: t\n    client_id: c\n    server: http://graph.x.example\n", "server", "https"),
        (_entry("a") + "    security: none\n", "server", "could be read on its way"),
        (_entry("a") + "    sign_in: ntlm\n", "sign_in", "protocol exchange"),
        (_entry("a").replace("imap\n", "exchange\n", 1).replace("    server: imap.vesterkaer.example\n", ""),
         "server", "EWS"),
        (_entry("a") + "    poll_seconds: 1\n", "poll_seconds", "5"),
    ],
)  # fmt: skip
def test_what_can_not_work_is_said_at_the_start(tmp_path, entry: str, key: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_mailboxes(_file(tmp_path, entry.format(key="a")))
    [(line, where, expected)] = caught.value.problems
    assert line > 1 and where == f"mailboxes.a.{key}" and words in expected


def test_a_wrong_file_stops_the_start(tmp_path) -> None:
    shutil.copytree(shipped("config"), tmp_path / "config")
    _file(tmp_path / "config", _entry("a", address="aula"))
    settings = dataclasses.replace(settings_for("sqlite://", tmp_path), config_dir=tmp_path / "config")
    with pytest.raises(ConfigurationError, match=r"mailboxes.yaml:6: mailboxes.a.address"):
        create_app(settings)


def test_without_the_file_there_are_no_mailboxes(tmp_path) -> None:
    assert load_mailboxes(tmp_path / "mailboxes.yaml") == {}


def test_mail_goes_out_from_the_municipalitys_own_mailbox_and_all_are_ours(tmp_path) -> None:
    school = _entry("skolen", "skolen@vesterkaer.example") + "    unit: skolen\n"
    common = _entry("faelles", "Support@vesterkaer.example") + "    smtp_server: smtp.vesterkaer.example\n"
    ours = our_addresses(load_mailboxes(_file(tmp_path, school, common)))["vesterkaer"]
    assert ours.sends_from == "support@vesterkaer.example"
    assert ours.every == {"skolen@vesterkaer.example", "support@vesterkaer.example"}


def test_the_example_is_right_and_holds_no_active_mailbox() -> None:
    boxes = load_mailboxes(shipped("config") / "mailboxes.example.yaml")
    assert {one.protocol for one in boxes.values()} == set(Protocol)
    assert not (shipped("config") / FILE).exists()
