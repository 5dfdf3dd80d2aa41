"""Wraps files and text as Outlook does in winmail.dat ([MS-OXTNEF] 2.1.3), for the tests."""

import struct

SIGNATURE = b"\x78\x9f\x3e\x22\x01\x00"
BODY, DATA, TITLE, RENDERING, PROPERTIES, FILE_PROPERTIES = 0x800C, 0x800F, 0x8010, 0x9002, 0x9003, 0x9005


def winmail(text: bytes = b"", *files: tuple[str, bytes], html: bytes = b"") -> bytes:
    """A winmail.dat with a plain body, an HTML body and files with long names."""
    made = SIGNATURE
    if text:
        made += wrapped(1, BODY, text + b"\x00")
    if html:
        made += wrapped(1, PROPERTIES, struct.pack("<I", 1) + binary(0x1013, html))
    for name, content in files:
        made += wrapped(2, RENDERING, b"\x00" * 14)
        made += wrapped(2, TITLE, b"KORT~1.PNG\x00")
        made += wrapped(2, DATA, content)
        made += wrapped(2, FILE_PROPERTIES, struct.pack("<I", 1) + unicode(0x3707, name))
    return made


def wrapped(level: int, kind: int, data: bytes, length: int | None = None) -> bytes:
    """One object; `length` lies about how long it is."""
    size = len(data) if length is None else length
    return struct.pack("<BHHI", level, kind, 6, size) + data + struct.pack("<H", sum(data) & 0xFFFF)


def binary(number: int, value: bytes) -> bytes:
    """A property of bytes."""
    return struct.pack("<HHII", 0x102, number, 1, len(value)) + value + b"\x00" * (-len(value) % 4)


def unicode(number: int, value: str) -> bytes:
    """A property of text."""
    encoded = (value + "\x00").encode("utf-16-le")
    return struct.pack("<HHII", 0x1F, number, 1, len(encoded)) + encoded + b"\x00" * (-len(encoded) % 4)
