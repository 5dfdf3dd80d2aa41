#!/usr/bin/env python3
"""What it costs to understand a message: usual ones, the largest that come, and ones made to be dear.

Usage: scripts/bench_mail_parse.py. Prints size, seconds and the peak of memory of each, in a process of its
own, and at the end the slowest and the largest.
"""

import base64
import multiprocessing
import os
import resource
import sys
import zlib
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from ticketing.mail.message import NotAMessage
from ticketing.mail.parse import parse

HEAD = b"From: mor@privat.example\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
LINES = (b"y" * 70 + b"\r\n") * 340_000
MULTIPART = b'Content-Type: multipart/mixed; boundary="g"\r\n\r\n'
HTML = b"Content-Type: text/html\r\n\r\n"


def attached() -> bytes:
    """A 25 MB message with one file of 18 MB."""
    content = base64.encodebytes(zlib.compress(os.urandom(18 * 1024 * 1024))).replace(b"\n", b"\r\n")
    part = b"Content-Type: application/zip; name=a.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n" + content
    return HEAD + MULTIPART + b"--g\r\n\r\nhej\r\n--g\r\n" + part + b"--g--\r\n"


def nested(depth: int) -> bytes:
    """Boundaries inside boundaries around 25 MB of lines."""
    around = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\r\n\r\n--b{n}\r\n' for n in range(depth))
    return HEAD + around.encode() + b"\r\n" + LINES


MESSAGES: dict[str, Callable[[], bytes]] = {
    "a usual letter": lambda: HEAD + b"\r\n" + b"Jeg kan ikke logge ind.\r\n" * 20,
    "a usual HTML letter": lambda: (
        HEAD + HTML + b"<div><p>Hej</p><table><tr><td>x</td></tr></table></div>" * 200
    ),
    "25 MB with a file": attached,
    "25 MB of text": lambda: HEAD + b"\r\n" + LINES,
    "25 MB on one line": lambda: HEAD + b"\r\n" + b"y" * 25_000_000,
    "25 MB in an unknown charset": lambda: (
        HEAD + b"Content-Type: text/plain; charset=x\r\n\r\n" + b"\xe6" * 25_000_000
    ),
    "25 MB of HTML": lambda: HEAD + HTML + b"<div>" * 5_000_000,
    "25 MB of quoted-printable": lambda: (
        HEAD + b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + b"=C3=\r\n" * 4_000_000
    ),
    "25 MB of line feeds": lambda: HEAD + b"\r\n" + b"\n" * 25_000_000,
    "25 MB of header lines": lambda: HEAD + b"a:\n" * 8_000_000,
    "25 MB of a part's header lines": lambda: HEAD + MULTIPART + b"--g\r\n" + b"a:b\r\n" * 5_000_000,
    "25 MB of parts": lambda: HEAD + MULTIPART + b"--g\n\n" * 5_000_000,
    "25 MB inside 38 boundaries": lambda: nested(38),
    "25 MB inside 3,000 boundaries": lambda: nested(3000),
    "25 MB inside 35 messages": lambda: HEAD + b"Content-Type: message/rfc822\r\n\r\n" * 35 + b"\r\n" + LINES,
    "a Content-Type of 25 MB": lambda: (
        HEAD + b"Content-Type: text/plain" + b";a=b" * 6_000_000 + b"\r\n\r\nhej"
    ),
    "a subject of 25 MB": lambda: HEAD + b"Subject: " + b"=?utf-8?q?a" * 2_000_000 + b"\r\n\r\nhej",
    "a To of 25 MB": lambda: HEAD + b"To: " + b"a@b.example, " * 2_000_000 + b"\r\n\r\nhej",
    "HTML: paragraphs in bold": lambda: HEAD + HTML + b"<b><p>" * 50_000,
    "HTML: ends without beginnings": lambda: HEAD + HTML + b"<b></div>" * 33_000,
    "HTML: tables in links": lambda: HEAD + HTML + b"<a><table>" * 30_000,
    "history: On On On": lambda: HEAD + b"\r\n" + b"On " * 60_000 + b"\nwrote:" * 1000,
    "history: Fra Sendt": lambda: HEAD + b"\r\n" + b"Fra: a\nSendt: " * 14_000,
    "history: quotation marks": lambda: HEAD + b"\r\n" + b"> " * 50_000 + b"\n>" * 50_000,
}


def main() -> None:
    rows = [(name, *measured(make)) for name, make in MESSAGES.items()]
    for name, size, seconds, peak in rows:
        print(f"{name:32} {size / 1e6:6.2f} MB {seconds:6.2f} s {peak:5d} MB at the peak")
    print(f"slowest {max(row[2] for row in rows):.2f} s, largest {max(row[3] for row in rows)} MB")


def measured(make: Callable[[], bytes]) -> tuple[int, float, int]:
    """(bytes, seconds, peak of memory in MB) of one message, in a process of its own."""
    reader, writer = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(target=_measure, args=(make, writer))
    process.start()
    found = reader.recv()
    process.join()
    return found


def _measure(make: Callable[[], bytes], writer: Connection) -> None:
    raw = make()
    started = perf_counter()
    with suppress(NotAMessage):
        parse(raw)
    seconds = perf_counter() - started
    writer.send((len(raw), seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024))


if __name__ == "__main__":
    main()
