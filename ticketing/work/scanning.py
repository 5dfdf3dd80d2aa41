"""Files are looked at by a virus scanner (clamd) before anybody may open them, where one is set up.

A file is kept at once and opened later: it waits (`Scan.PENDING`) until the scanner has said that it is clean.
What it flags is held for good. While the scanner is away files go on waiting; nothing is handed out unseen.
"""

import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import select

from ticketing.database import transaction
from ticketing.vocabulary import Scan
from ticketing.work.files import path_of
from ticketing.work.links import settings
from ticketing.work.models import Attachment

SECONDS = 60
_PIECE = 65_536
BATCH = 20
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)
#: A file that the scanner can't take (its own limit of size) so many times is held: it was never looked at.
TRIES = 10

#: Takes a file's content; gives the name of what was found, or None for a clean one.
Look = Callable[[bytes], str | None]


class ScannerAway(Exception):
    """The scanner did not answer; nothing is known of the file."""


@dataclass(frozen=True)
class Scanned:
    """How many files were found clean, were held, and go on waiting."""

    clean: int = 0
    held: int = 0
    waiting: int = 0


def scan_due(now: datetime, look: Look | None = None) -> Scanned:
    """Scans the files whose time has come, oldest first. Each verdict is a transaction of its own, and the
    scanner is asked outside of any, so a slow one holds no lock; asked twice, it says the same."""
    address = settings().clamd
    if look is None:
        if address is None:
            return Scanned()
        look = scanner(address)
    counts = {"clean": 0, "held": 0, "waiting": 0}
    for file_id, sha256 in _due(now):
        try:
            found = look(path_of(sha256).read_bytes())
        except (ScannerAway, OSError) as error:
            counts["held" if _wait(file_id, now, str(error)) else "waiting"] += 1
            continue
        _settle(file_id, found)
        counts["clean" if found is None else "held"] += 1
    return Scanned(**counts)


def scanner(address: str) -> Look:
    """The scanner at "tcp://host:port" or "unix:/path"."""

    def look(content: bytes) -> str | None:
        try:
            with _connection(address) as server:
                answer = _ask(server, content)
        except OSError as error:
            raise ScannerAway(f"{type(error).__name__}: {error}"[:200]) from error
        verdict = answer.removeprefix("stream: ")
        if verdict == "OK":
            return None
        if verdict.endswith(" FOUND"):
            return verdict.removesuffix(" FOUND")[:200]
        raise ScannerAway(verdict[:200] or "the scanner hung up")

    return look


def _ask(server: socket.socket, content: bytes) -> str:
    """clamd's INSTREAM: pieces with their length before them, an empty one last, then its verdict in a line. A
    scanner that has had enough says so and hangs up while we still send: its word counts then."""
    with suppress(BrokenPipeError, ConnectionResetError):
        server.sendall(b"nINSTREAM\n")
        for start in range(0, len(content), _PIECE):
            piece = content[start : start + _PIECE]
            server.sendall(struct.pack("!L", len(piece)) + piece)
        server.sendall(struct.pack("!L", 0))
    answer = b""
    while not answer.endswith(b"\n") and (more := server.recv(4096)):
        answer += more
    return answer.decode("utf-8", "replace").strip()


def _connection(address: str) -> socket.socket:
    if address.startswith("unix:"):
        server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        server.settimeout(SECONDS)
        try:
            server.connect(address.removeprefix("unix:"))
        except OSError:
            server.close()
            raise
        return server
    parts = urlsplit(address)
    return socket.create_connection((parts.hostname or "", parts.port or 0), timeout=SECONDS)


def _due(now: datetime) -> list[tuple[int, str]]:
    with transaction() as session:
        rows = session.execute(
            select(Attachment.id, Attachment.sha256)
            .where(Attachment.scan_at <= now)
            .order_by(Attachment.scan_at, Attachment.id)
            .limit(BATCH)
        )
        return [(row.id, row.sha256) for row in rows]


def _settle(file_id: int, found: str | None) -> None:
    with transaction() as session:
        file = session.get_one(Attachment, file_id, with_for_update=True, populate_existing=True)
        file.scan, file.scan_note = (Scan.CLEAN, None) if found is None else (Scan.HELD, found)
        file.scan_at = None


def _wait(file_id: int, now: datetime, why: str) -> bool:
    """Tries again later; True when that was the last time and the file is held."""
    with transaction() as session:
        file = session.get_one(Attachment, file_id, with_for_update=True, populate_existing=True)
        file.scan_tries += 1
        file.scan_note = why[:200]
        refused = "limit" in why.lower()
        if refused and file.scan_tries >= TRIES:
            file.scan, file.scan_at = Scan.HELD, None
            return True
        doublings: int = 2 ** min(file.scan_tries - 1, 10)
        file.scan_at = now + min(FIRST_WAIT * doublings, LONGEST_WAIT)
        return False
