"""A file is handed out when the scanner has said that it is clean, and never before. The scanner is a server
here that speaks clamd's INSTREAM protocol; it knows one virus (the EICAR test string) and a limit of size."""

import socket
import socketserver
import struct
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import NOW, SmallMunicipality, small_municipality
from tests.insight.test_unresolved import sign_in
from ticketing.settings import SettingsError, read_settings
from ticketing.vocabulary import Channel, RequesterRole, Scan
from ticketing.work.actions import Actor, Draft, NewFile, open_ticket
from ticketing.work.models import Attachment, WorkItem
from ticketing.work.scanning import Scanned, scan_due

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
LIMIT = 200_000


class Clamd(socketserver.StreamRequestHandler):
    """What it does not cover: sessions, other commands, archives."""

    def handle(self) -> None:
        assert self.rfile.readline().strip() in (b"nINSTREAM", b"zINSTREAM")
        content = b""
        while size := struct.unpack("!L", self.rfile.read(4))[0]:
            content += self.rfile.read(size)
            if len(content) > LIMIT:
                self.wfile.write(b"INSTREAM size limit exceeded. ERROR\n")
                return
        self.wfile.write(b"stream: Eicar-Signature FOUND\n" if EICAR in content else b"stream: OK\n")


@pytest.fixture
def clamd(app: Flask) -> Iterator[str]:
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Clamd)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"tcp://127.0.0.1:{server.server_address[1]}"
    before = app.config["SETTINGS"]
    app.config["SETTINGS"] = replace(before, clamd=address)
    yield address
    app.config["SETTINGS"] = before
    server.shutdown()
    server.server_close()


@pytest.fixture
def away(app: Flask) -> Iterator[None]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    before = app.config["SETTINGS"]
    app.config["SETTINGS"] = replace(before, clamd=f"tcp://127.0.0.1:{port}")
    yield
    app.config["SETTINGS"] = before


@pytest.fixture
def town(session: Session) -> SmallMunicipality:
    return small_municipality()


def _ticket(town: SmallMunicipality, content: bytes) -> WorkItem:
    draft = Draft(
        municipality_id=town.municipality.id,
        unit_id=town.school_indskoling.id,
        title="Se filen",
        body="Den er her",
        category="FILER",
        channel=Channel.MAIL,
        requester_role=RequesterRole.PARENT,
    )
    return open_ticket(draft, Actor("requester"), NOW, files=[NewFile("brev.txt", "text/plain", content)])


def _file(session: Session) -> Attachment:
    return session.scalars(select(Attachment).execution_options(populate_existing=True)).one()


def _opens(client: FlaskClient, session: Session, town: SmallMunicipality, item: WorkItem) -> bool:
    sign_in(client, town.superuser)
    return client.get(f"/sager/A-{item.number}/fil/{_file(session).id}").status_code == 200


def test_a_file_waits_for_the_scanner_and_opens_when_it_is_clean(
    session: Session, client: FlaskClient, town: SmallMunicipality, clamd: str
) -> None:
    item = _ticket(town, b"hej")
    assert not _opens(client, session, town, item)
    assert "Venter på virusscanning" in client.get(f"/sager/A-{item.number}").text
    assert scan_due(NOW) == Scanned(clean=1)
    assert _opens(client, session, town, item)
    assert scan_due(NOW) == Scanned()


def test_what_is_flagged_is_held_and_the_page_says_so(
    session: Session, client: FlaskClient, town: SmallMunicipality, clamd: str
) -> None:
    item = _ticket(town, b"hej " + EICAR)
    assert scan_due(NOW) == Scanned(held=1)
    assert not _opens(client, session, town, item)
    page = client.get(f"/sager/A-{item.number}").text
    assert "Holdt tilbage af virusscanneren" in page
    assert "Eicar-Signature" in page
    assert _file(session).scan is Scan.HELD


def test_while_the_scanner_is_away_nothing_is_handed_out_and_nothing_lost(
    session: Session, client: FlaskClient, town: SmallMunicipality, away: None
) -> None:
    item = _ticket(town, b"hej")
    assert scan_due(NOW) == Scanned(waiting=1)
    assert not _opens(client, session, town, item)
    assert scan_due(NOW) == Scanned()  # not before its next time
    assert scan_due(NOW + timedelta(minutes=1), look=lambda _content: None) == Scanned(clean=1)
    assert _opens(client, session, town, item)


def test_what_the_scanner_never_takes_is_held_in_the_end(
    session: Session, town: SmallMunicipality, clamd: str
) -> None:
    _ticket(town, b"x" * (LIMIT + 1))
    at, results = NOW, []
    for _ in range(12):
        results.append(scan_due(at))
        at += timedelta(hours=1)
    assert _file(session).scan is Scan.HELD
    assert sum(one.held for one in results) == 1


def test_without_a_scanner_files_open_at_once(
    session: Session, client: FlaskClient, town: SmallMunicipality
) -> None:
    assert _opens(client, session, town, _ticket(town, b"hej"))


@pytest.mark.parametrize("address", ["clamd", "http://x:1", "tcp://x", "unix:"])
def test_an_address_that_is_none_stops_the_start(address: str, tmp_path: object) -> None:
    with pytest.raises(SettingsError, match="TICKETING_CLAMD"):
        read_settings(
            {"TICKETING_CLAMD": address, "TICKETING_DATA": str(tmp_path), "TICKETING_SECRET_KEY": "k"}
        )
