"""mailboxes.yaml holds several mailboxes and no secret, and a faulty line is named."""

from pathlib import Path

import pytest

from ticketing.configuration import ConfigurationError
from ticketing.mail.mailboxes import Protocol, load_mailboxes

ONE = """  {key}:
    municipality: vesterkaer
    protocol: imap
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
        ([_entry("a", variable="hemmeligt-kodeord")], 7),
        ([_entry("a", address="aula")], 5),
        ([_entry("a") + "    folder: Karantæne\n"], 6),
        ([_entry("a"), _entry("b", address="AULA@vesterkaer.example")], 11),
    ],
)
def test_a_faulty_line_is_named(tmp_path, entries: list[str], line: int) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_mailboxes(_file(tmp_path, *entries))
    assert caught.value.problems[0][0] == line
