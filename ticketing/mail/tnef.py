"""Opens winmail.dat: the files and the text that Outlook wraps for other Outlooks ([MS-OXTNEF]).

Our own reading and not tnefparse's: that one believes each count in the file, and a few bytes that say "four
billion properties" keep it busy for hours. Here every step is paid for by bytes that are really there.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from ticketing.mail.charsets import decoded

_SIGNATURE = b"\x78\x9f\x3e\x22"
_OBJECTS = 2_000
_PROPERTIES = 2_000
_BODY, _ATTACHED_DATA, _ATTACHED_TITLE, _ATTACHMENT_BEGINS = 0x800C, 0x800F, 0x8010, 0x9002
_MESSAGE_PROPERTIES, _ATTACHMENT_PROPERTIES, _CODE_PAGE = 0x9003, 0x9005, 0x9007
_LONG_FILE_NAME, _FILE_DATA, _TEXT, _HTML = 0x3707, 0x3701, 0x1000, 0x1013
_STRING8, _UNICODE, _BINARY, _OBJECT = 0x1E, 0x1F, 0x102, 0x0D
_FIXED_BYTES = {0x1: 0, 0x2: 4, 0x3: 4, 0x4: 4, 0x5: 8, 0x6: 8, 0x7: 8, 0xA: 4, 0xB: 4, 0x14: 8, 0x40: 8}
_FIXED_BYTES |= {0x48: 16}
_GUID_NAMED, _SEVERAL = 0x8000, 0x1000


@dataclass
class Opened:
    """What was wrapped: files by name (may be empty) and content, the plain text and the HTML."""

    files: list[tuple[str, bytes]] = field(default_factory=list)
    text: str = ""
    html: str = ""


def opened(content: bytes) -> Opened | None:
    """What `content` wraps, as far as it can be read; None when it isn't TNEF. Never raises."""
    if not content.startswith(_SIGNATURE):
        return None
    found, code_page = Opened(), "cp1252"
    for kind, data in _objects(content):
        if kind == _CODE_PAGE and len(data) >= 4:
            code_page = f"cp{int.from_bytes(data[:4], 'little')}"
        elif kind == _ATTACHMENT_BEGINS:
            found.files.append(("", b""))
        elif kind == _BODY:
            found.text = found.text or _text(data, code_page)
        elif kind == _MESSAGE_PROPERTIES:
            for name, value in _properties(data, code_page):
                if name == _TEXT:
                    found.text = value if isinstance(value, str) else _text(value, code_page)
                elif name == _HTML:
                    found.html = value if isinstance(value, str) else _text(value, None)
        elif found.files:
            found.files[-1] = _file(found.files[-1], kind, data, code_page)
    found.files = [one for one in found.files if one[1]]
    return found


def _file(known: tuple[str, bytes], kind: int, data: bytes, code_page: str) -> tuple[str, bytes]:
    name, content = known
    if kind == _ATTACHED_TITLE:
        return name or _text(data, code_page), content
    if kind == _ATTACHED_DATA:
        return name, data
    if kind == _ATTACHMENT_PROPERTIES:
        for number, value in _properties(data, code_page):
            if number == _LONG_FILE_NAME and isinstance(value, str) and value:
                name = value
            elif number == _FILE_DATA and isinstance(value, bytes) and not content:
                content = value
    return name, content


def _objects(content: bytes) -> Iterator[tuple[int, bytes]]:
    """(identifier, data) of each object: level, identifier and type, length, data, checksum."""
    at = 6
    for _ in range(_OBJECTS):
        if at + 11 > len(content):
            return
        _level, kind, _type, length = struct.unpack_from("<BHHI", content, at)
        yield kind, content[at + 9 : at + 9 + length]
        at += 11 + length


def _properties(data: bytes, code_page: str) -> Iterator[tuple[int, str | bytes]]:
    """(number, value) of the properties that hold text or bytes; ends where the data make no sense."""
    try:
        at = 4
        for _ in range(min(int.from_bytes(data[:4], "little"), _PROPERTIES)):
            kind, number = struct.unpack_from("<HH", data, at)
            at += 4
            if number & _GUID_NAMED:
                at = _after_name(data, at)
            if kind & _SEVERAL:
                return  # none that we want has several values, and none stands after them in practice
            if kind in _FIXED_BYTES:
                at += _FIXED_BYTES[kind]
            elif kind in (_STRING8, _UNICODE, _BINARY, _OBJECT):
                count, length = struct.unpack_from("<II", data, at)
                if count != 1:
                    return
                value = data[at + 8 : at + 8 + length]
                at += 8 + length + -length % 4
                yield number, _value(kind, value, code_page)
            else:
                return
    except struct.error:
        return


def _after_name(data: bytes, at: int) -> int:
    (kind,) = struct.unpack_from("<I", data, at + 16)
    if kind == 0:
        return at + 24
    (length,) = struct.unpack_from("<I", data, at + 20)
    return int(at + 24 + length + -length % 4)


def _value(kind: int, value: bytes, code_page: str) -> str | bytes:
    if kind == _UNICODE:
        return value.decode("utf-16-le", "replace").rstrip("\x00")
    if kind == _STRING8:
        return _text(value, code_page)
    return value[16:] if kind == _OBJECT else value  # an object begins with the GUID of its interface


def _text(data: bytes, code_page: str | None) -> str:
    return decoded(data.rstrip(b"\x00"), code_page)[0]
