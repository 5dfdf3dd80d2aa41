"""Mail servers for the tests of this room, each started once a test process."""

import dataclasses
import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import current_app
from sqlalchemy.orm import Session

from tests.factories import NOW, SmallMunicipality, small_municipality
from tests.mail.servers.certificates import Certificates, make_certificates
from tests.mail.servers.dovecot import Dovecot, dovecot
from ticketing.mail.ingest import Outcome, ingest
from ticketing.mail.mailboxes import FILE, Mailbox, load_mailboxes, our_addresses

SECRET = "AULA_TEST_SECRET"


@pytest.fixture(scope="session")
def open_folder() -> Iterator[Path]:
    """A folder that a server without our privileges can enter, with a path short enough for its sockets."""
    folder = Path(tempfile.mkdtemp(prefix="tkt-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def certificates(open_folder: Path) -> Certificates:
    return make_certificates(open_folder)


@pytest.fixture(scope="session")
def imap_server(open_folder: Path, certificates: Certificates) -> Iterator[Dovecot]:
    with dovecot(open_folder, certificates) as server:
        yield server


@pytest.fixture
def place(session: Session) -> SmallMunicipality:
    made = small_municipality()
    session.commit()
    return made


@pytest.fixture
def take_in(place: SmallMunicipality):
    def take(raw: bytes, minutes: int = 0) -> Outcome:
        return ingest(raw, place.municipality.id, NOW + timedelta(minutes=minutes))

    return take


@pytest.fixture
def configure(session: Session, tmp_path: Path) -> Iterator[Callable[..., Mailbox]]:
    """Adds a mailbox to mailboxes.yaml and reads that file again, as a start of the application would."""
    before = {name: current_app.extensions[name] for name in ("mailboxes", "our_addresses")}
    file = tmp_path / FILE
    file.write_text("mailboxes:\n", encoding="utf-8")

    def add(key: str = "faelles", **keys: object) -> Mailbox:
        values = {
            "municipality": "vesterkaer",
            "quarantine_folder": "Karantæne",
            "secret_variable": SECRET,
            **keys,
        }
        lines = [f"    {name}: {value}\n" for name, value in values.items()]
        with file.open("a", encoding="utf-8") as opened:
            opened.write(f"  {key}:\n" + "".join(lines))
        boxes = load_mailboxes(file)
        current_app.extensions.update(mailboxes=boxes, our_addresses=our_addresses(boxes))
        return boxes[key]

    yield add
    current_app.extensions.update(before)


@pytest.fixture
def fresh_settings(session: Session) -> Iterator[Callable[..., None]]:
    """Changes settings for the length of a test."""
    before = current_app.config["SETTINGS"]

    def change(**changes: object) -> None:
        current_app.config["SETTINGS"] = dataclasses.replace(current_app.config["SETTINGS"], **changes)

    yield change
    current_app.config["SETTINGS"] = before
